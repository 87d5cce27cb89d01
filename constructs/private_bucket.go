package constructs

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsiampolicydocument"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucket"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketlifecycleconfiguration"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketownershipcontrols"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketpolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketpublicaccessblock"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketserversideencryptionconfiguration"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketversioning"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// privateBucket says what an S3 bucket of ours is like besides what all of them are:
// versioned, encrypted, without public access or ACLs, reached by TLS only.
type privateBucket struct {
	name         string // or
	namePrefix   string
	forceDestroy bool // with all that is in it
	lifecycle    *cdktf.TerraformResourceLifecycle

	// Of an object's old versions, oldVersionsKept (at most 100) are kept however old
	// they are, and all for oldVersionDays.
	oldVersionDays, oldVersionsKept int
	// expireDays is how long an object is kept; 0: until somebody deletes it.
	expireDays int
	// statements are what the policy of the bucket with that ARN says besides; nil: nothing.
	statements func(arn string) []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatement
}

// madeBucket is such a bucket, and what has to be there before objects are put in it:
// its versioning, its policy.
type madeBucket struct {
	bucket s3bucket.S3Bucket
	ready  []cdktf.ITerraformDependable
}

// privateBucket makes the bucket's resources, whose roles begin with prefix.
func (s scope) privateBucket(prefix string, b privateBucket) madeBucket {
	config := &s3bucket.S3BucketConfig{Lifecycle: b.lifecycle}
	if b.name != "" {
		config.Bucket = jsii.String(b.name)
	} else {
		config.BucketPrefix = jsii.String(b.namePrefix)
	}
	if b.forceDestroy {
		config.ForceDestroy = jsii.Bool(true)
	}
	bucket := add(s, prefix+"bucket", s3bucket.NewS3Bucket, config)
	versioning := add(s, prefix+"versioning", s3bucketversioning.NewS3BucketVersioningA, &s3bucketversioning.S3BucketVersioningAConfig{
		Bucket:                  bucket.Id(),
		VersioningConfiguration: &s3bucketversioning.S3BucketVersioningVersioningConfiguration{Status: jsii.String("Enabled")},
		Lifecycle:               b.lifecycle,
	})
	add(s, prefix+"encryption", s3bucketserversideencryptionconfiguration.NewS3BucketServerSideEncryptionConfigurationA, &s3bucketserversideencryptionconfiguration.S3BucketServerSideEncryptionConfigurationAConfig{
		Bucket: bucket.Id(),
		Rule: []*s3bucketserversideencryptionconfiguration.S3BucketServerSideEncryptionConfigurationRuleA{{
			ApplyServerSideEncryptionByDefault: &s3bucketserversideencryptionconfiguration.S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA{
				SseAlgorithm: jsii.String("AES256"),
			},
		}},
	})
	private := add(s, prefix+"public_access_block", s3bucketpublicaccessblock.NewS3BucketPublicAccessBlock, &s3bucketpublicaccessblock.S3BucketPublicAccessBlockConfig{
		Bucket:                bucket.Id(),
		BlockPublicAcls:       jsii.Bool(true),
		BlockPublicPolicy:     jsii.Bool(true),
		IgnorePublicAcls:      jsii.Bool(true),
		RestrictPublicBuckets: jsii.Bool(true),
	})
	// No ACL counts: whatever is in the bucket belongs to the bucket's owner.
	add(s, prefix+"ownership", s3bucketownershipcontrols.NewS3BucketOwnershipControls, &s3bucketownershipcontrols.S3BucketOwnershipControlsConfig{
		Bucket: bucket.Id(),
		Rule:   &s3bucketownershipcontrols.S3BucketOwnershipControlsRule{ObjectOwnership: jsii.String("BucketOwnerEnforced")},
	})
	statements := []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatement{{
		Sid:       jsii.String("DenyWithoutTLS"),
		Effect:    jsii.String("Deny"),
		Actions:   jsii.Strings("s3:*"),
		Resources: jsii.Strings(*bucket.Arn(), *bucket.Arn()+"/*"),
		Principals: []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatementPrincipals{{
			Type: jsii.String("*"), Identifiers: jsii.Strings("*"),
		}},
		Condition: []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatementCondition{{
			Test: jsii.String("Bool"), Variable: jsii.String("aws:SecureTransport"), Values: jsii.Strings("false"),
		}},
	}}
	if b.statements != nil {
		statements = append(statements, b.statements(*bucket.Arn())...)
	}
	tlsOnly := add(s, prefix+"tls_only", dataawsiampolicydocument.NewDataAwsIamPolicyDocument, &dataawsiampolicydocument.DataAwsIamPolicyDocumentConfig{
		Statement: statements,
	})
	policy := add(s, prefix+"policy", s3bucketpolicy.NewS3BucketPolicy, &s3bucketpolicy.S3BucketPolicyConfig{
		Bucket: bucket.Id(),
		Policy: tlsOnly.Json(),
		// S3 answers one of two changes to a bucket's access at the same time
		// with "conflicting conditional operation".
		DependsOn: &[]cdktf.ITerraformDependable{private},
	})
	old := &s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration{NoncurrentDays: jsii.Number(b.oldVersionDays)}
	if b.oldVersionsKept > 0 {
		old.NewerNoncurrentVersions = jsii.Number(b.oldVersionsKept)
	}
	rule := &s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRule{
		Id:                          jsii.String("expire-old-versions"),
		Status:                      jsii.String("Enabled"),
		Filter:                      []*s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRuleFilter{{Prefix: jsii.String("")}},
		NoncurrentVersionExpiration: []*s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration{old},
		AbortIncompleteMultipartUpload: []*s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload{{
			DaysAfterInitiation: jsii.Number(7),
		}},
	}
	if b.expireDays > 0 {
		rule.Expiration = []*s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRuleExpiration{{Days: jsii.Number(b.expireDays)}}
	}
	add(s, prefix+"old_versions", s3bucketlifecycleconfiguration.NewS3BucketLifecycleConfiguration, &s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationConfig{
		Bucket: bucket.Id(),
		Rule:   []*s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRule{rule},
		// The rule is about versions, and S3 has none before this.
		DependsOn: &[]cdktf.ITerraformDependable{versioning},
	})
	return madeBucket{bucket, []cdktf.ITerraformDependable{versioning, policy}}
}
