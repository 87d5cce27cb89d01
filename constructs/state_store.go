package constructs

import (
	"regexp"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsiampolicydocument"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dynamodbtable"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucket"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketlifecycleconfiguration"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketownershipcontrols"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketpolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketpublicaccessblock"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketserversideencryptionconfiguration"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/s3bucketversioning"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/internal/faults"
	"example.com/webserver-cluster/internal/project"
)

// StateStoreProps says what a StateStore is like.
type StateStoreProps struct {
	// BucketName is the S3 bucket's name, unique in all of AWS: 3 to 63 lower-case
	// letters, digits and hyphens. Required.
	BucketName string
	// TableName is the DynamoDB table's name: 3 to 255 letters, digits, and _ . -.
	// Required.
	TableName string
	// OldVersionDays is how long a version of a state is kept after a newer
	// one took its place, in days. Default 365.
	OldVersionDays int
	// OldVersionsKept is how many of a state's old versions are kept however
	// old they are, 1 to 100. Default 50.
	OldVersionsKept int
}

// StateStore is what Terraform's S3 backend needs: a bucket that keeps every
// version of every state, and a table that holds the locks. Terraform cannot
// destroy either of them.
type StateStore struct {
	BucketName string
	BucketARN  string
	TableName  string
	TableARN   string

	// Bucket and Table are its main resources, for overrides.
	Bucket s3bucket.S3Bucket
	Table  dynamodbtable.DynamodbTable
}

func (p StateStoreProps) withDefaults() StateStoreProps {
	p.OldVersionDays = orDefault(p.OldVersionDays, 365)
	p.OldVersionsKept = orDefault(p.OldVersionsKept, 50)
	return p
}

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
var tableNameRule = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)

// Validate returns every fault of the props, or nil.
func (p StateStoreProps) Validate() error {
	p = p.withDefaults()
	var f faults.List
	if rule := newBucketFault(p.BucketName); rule != "" && !isToken(p.BucketName) {
		f.Add("BucketName", p.BucketName, "%s", rule)
	}
	if !tableNameRule.MatchString(p.TableName) && !isToken(p.TableName) {
		f.Add("TableName", p.TableName, "must be 3 to 255 letters, digits, and _ . -")
	}
	if p.OldVersionDays < 1 {
		f.Add("OldVersionDays", p.OldVersionDays, "must be 1 or more")
	}
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_NoncurrentVersionExpiration.html
	if p.OldVersionsKept < 1 || p.OldVersionsKept > 100 {
		f.Add("OldVersionsKept", p.OldVersionsKept, "must be 1 to 100")
	}
	return f.Err()
}

// NewStateStore makes a StateStore called id in parent. It panics if props are
// not valid.
func NewStateStore(parent constructs.Construct, id string, props StateStoreProps) *StateStore {
	mustBeValid(id, props.Validate())
	props = props.withDefaults()
	s := newScope(parent, id, nil)
	protected := &cdktf.TerraformResourceLifecycle{PreventDestroy: jsii.Bool(true)}

	bucket := add(s, "bucket", s3bucket.NewS3Bucket, &s3bucket.S3BucketConfig{
		Bucket:    jsii.String(props.BucketName),
		Lifecycle: protected,
	})
	versioning := add(s, "versioning", s3bucketversioning.NewS3BucketVersioningA, &s3bucketversioning.S3BucketVersioningAConfig{
		Bucket:                  bucket.Id(),
		VersioningConfiguration: &s3bucketversioning.S3BucketVersioningVersioningConfiguration{Status: jsii.String("Enabled")},
		Lifecycle:               protected,
	})
	add(s, "encryption", s3bucketserversideencryptionconfiguration.NewS3BucketServerSideEncryptionConfigurationA, &s3bucketserversideencryptionconfiguration.S3BucketServerSideEncryptionConfigurationAConfig{
		Bucket: bucket.Id(),
		Rule: []*s3bucketserversideencryptionconfiguration.S3BucketServerSideEncryptionConfigurationRuleA{{
			ApplyServerSideEncryptionByDefault: &s3bucketserversideencryptionconfiguration.S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA{
				SseAlgorithm: jsii.String("AES256"),
			},
		}},
	})
	private := add(s, "public_access_block", s3bucketpublicaccessblock.NewS3BucketPublicAccessBlock, &s3bucketpublicaccessblock.S3BucketPublicAccessBlockConfig{
		Bucket:                bucket.Id(),
		BlockPublicAcls:       jsii.Bool(true),
		BlockPublicPolicy:     jsii.Bool(true),
		IgnorePublicAcls:      jsii.Bool(true),
		RestrictPublicBuckets: jsii.Bool(true),
	})
	// No ACL counts: whatever is in the bucket belongs to the bucket's owner.
	add(s, "ownership", s3bucketownershipcontrols.NewS3BucketOwnershipControls, &s3bucketownershipcontrols.S3BucketOwnershipControlsConfig{
		Bucket: bucket.Id(),
		Rule:   &s3bucketownershipcontrols.S3BucketOwnershipControlsRule{ObjectOwnership: jsii.String("BucketOwnerEnforced")},
	})
	tlsOnly := add(s, "tls_only", dataawsiampolicydocument.NewDataAwsIamPolicyDocument, &dataawsiampolicydocument.DataAwsIamPolicyDocumentConfig{
		Statement: []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatement{{
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
		}},
	})
	add(s, "policy", s3bucketpolicy.NewS3BucketPolicy, &s3bucketpolicy.S3BucketPolicyConfig{
		Bucket: bucket.Id(),
		Policy: tlsOnly.Json(),
		// S3 answers one of two changes to a bucket's access at the same time
		// with "conflicting conditional operation".
		DependsOn: &[]cdktf.ITerraformDependable{private},
	})
	add(s, "old_versions", s3bucketlifecycleconfiguration.NewS3BucketLifecycleConfiguration, &s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationConfig{
		Bucket: bucket.Id(),
		Rule: []*s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRule{{
			Id:     jsii.String("expire-old-versions"),
			Status: jsii.String("Enabled"),
			Filter: []*s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRuleFilter{{Prefix: jsii.String("")}},
			NoncurrentVersionExpiration: []*s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration{{
				NoncurrentDays:          jsii.Number(props.OldVersionDays),
				NewerNoncurrentVersions: jsii.Number(props.OldVersionsKept),
			}},
			AbortIncompleteMultipartUpload: []*s3bucketlifecycleconfiguration.S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload{{
				DaysAfterInitiation: jsii.Number(7),
			}},
		}},
		// The rule is about versions, and S3 has none before this.
		DependsOn: &[]cdktf.ITerraformDependable{versioning},
	})

	table := add(s, "locks", dynamodbtable.NewDynamodbTable, &dynamodbtable.DynamodbTableConfig{
		Name:        jsii.String(props.TableName),
		BillingMode: jsii.String("PAY_PER_REQUEST"),
		HashKey:     jsii.String(project.LockKey),
		Attribute: []*dynamodbtable.DynamodbTableAttribute{{
			Name: jsii.String(project.LockKey), Type: jsii.String("S"),
		}},
		PointInTimeRecovery:       &dynamodbtable.DynamodbTablePointInTimeRecovery{Enabled: jsii.Bool(true)},
		ServerSideEncryption:      &dynamodbtable.DynamodbTableServerSideEncryption{Enabled: jsii.Bool(true)},
		DeletionProtectionEnabled: jsii.Bool(true),
		Lifecycle:                 protected,
	})

	return &StateStore{
		BucketName: *bucket.Id(),
		BucketARN:  *bucket.Arn(),
		TableName:  *table.Name(),
		TableARN:   *table.Arn(),
		Bucket:     bucket,
		Table:      table,
	}
}
