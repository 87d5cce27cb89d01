package state_test

import (
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// makeStore makes the bucket and the table, as this project's.
func (p *project) makeStore() {
	p.makeBucket()
	p.tagBucket("Project", p.name, "Environment", "state")
	p.makeTable(dbtypes.Tag{Key: aws.String("Project"), Value: &p.name}, dbtypes.Tag{Key: aws.String("Environment"), Value: aws.String("state")})
}

// tagBucket gives the bucket tags: keys, each with its value behind it.
func (p *project) tagBucket(tags ...string) {
	p.t.Helper()
	set := &s3types.Tagging{}
	for i := 0; i < len(tags); i += 2 {
		set.TagSet = append(set.TagSet, s3types.Tag{Key: &tags[i], Value: &tags[i+1]})
	}
	_, err := s3.NewFromConfig(cloud.Config()).PutBucketTagging(p.t.Context(), &s3.PutBucketTaggingInput{Bucket: &p.bucket, Tagging: set})
	must(p.t, err)
}

func (p *project) makeTable(tags ...dbtypes.Tag) {
	p.t.Helper()
	_, err := dynamodb.NewFromConfig(cloud.Config()).CreateTable(p.t.Context(), &dynamodb.CreateTableInput{
		TableName:                 &p.table,
		BillingMode:               dbtypes.BillingModePayPerRequest,
		KeySchema:                 []dbtypes.KeySchemaElement{{AttributeName: aws.String("LockID"), KeyType: dbtypes.KeyTypeHash}},
		AttributeDefinitions:      []dbtypes.AttributeDefinition{{AttributeName: aws.String("LockID"), AttributeType: dbtypes.ScalarAttributeTypeS}},
		DeletionProtectionEnabled: aws.Bool(true),
		Tags:                      tags,
	})
	must(p.t, err)
}

func (p *project) makeBucket() {
	ctx, buckets := p.t.Context(), s3.NewFromConfig(cloud.Config())
	_, err := buckets.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket:                    &p.bucket,
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	})
	must(p.t, err)
	p.versioning(s3types.BucketVersioningStatusEnabled)
	p.denyWithout("aws:SecureTransport")
	_, err = buckets.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{
		Bucket: &p.bucket,
		PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{
			BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true),
			IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true),
		},
	})
	must(p.t, err)
}

// deleteBucket deletes the bucket and every version of what is in it.
func (p *project) deleteBucket() {
	ctx, buckets := p.t.Context(), s3.NewFromConfig(cloud.Config())
	list, err := buckets.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: &p.bucket})
	must(p.t, err)
	var objects []s3types.ObjectIdentifier
	for _, v := range list.Versions {
		objects = append(objects, s3types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
	}
	for _, m := range list.DeleteMarkers {
		objects = append(objects, s3types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
	}
	_, err = buckets.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &p.bucket, Delete: &s3types.Delete{Objects: objects}})
	must(p.t, err)
	_, err = buckets.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &p.bucket})
	must(p.t, err)
}

func (p *project) versioning(status s3types.BucketVersioningStatus) {
	_, err := s3.NewFromConfig(cloud.Config()).PutBucketVersioning(p.t.Context(), &s3.PutBucketVersioningInput{
		Bucket: &p.bucket, VersioningConfiguration: &s3types.VersioningConfiguration{Status: status},
	})
	must(p.t, err)
}

// denyWithout gives the bucket a policy that denies all requests for which the
// condition key is false; all requests at all for "".
func (p *project) denyWithout(key string) {
	p.putPolicy(p.deny(key))
}

// deny is the statement for denyWithout.
func (p *project) deny(key string) block {
	statement := block{
		"Effect": "Deny", "Principal": "*", "Action": "s3:*",
		"Resource": []string{"arn:aws:s3:::" + p.bucket, "arn:aws:s3:::" + p.bucket + "/*"},
	}
	if key != "" {
		statement["Condition"] = block{"Bool": block{key: "false"}}
	}
	return statement
}

func (p *project) putPolicy(statement block) {
	document, err := json.Marshal(block{"Version": "2012-10-17", "Statement": []block{statement}})
	must(p.t, err)
	policy := string(document)
	_, err = s3.NewFromConfig(cloud.Config()).PutBucketPolicy(p.t.Context(), &s3.PutBucketPolicyInput{Bucket: &p.bucket, Policy: &policy})
	must(p.t, err)
}

// deleteTable deletes the table.
func (p *project) deleteTable() {
	p.t.Helper()
	tables := dynamodb.NewFromConfig(cloud.Config())
	_, err := tables.UpdateTable(p.t.Context(), &dynamodb.UpdateTableInput{TableName: &p.table, DeletionProtectionEnabled: aws.Bool(false)})
	must(p.t, err)
	_, err = tables.DeleteTable(p.t.Context(), &dynamodb.DeleteTableInput{TableName: &p.table})
	must(p.t, err)
}

// bareBucket makes a bucket and nothing else.
func (p *project) bareBucket() {
	p.t.Helper()
	_, err := s3.NewFromConfig(cloud.Config()).CreateBucket(p.t.Context(), &s3.CreateBucketInput{
		Bucket: &p.bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	})
	must(p.t, err)
}

// othersBucket makes a bucket with a policy and a lifecycle rule of its owner.
func (p *project) othersBucket() {
	p.t.Helper()
	p.bareBucket()
	p.denyWithout("aws:SecureTransport")
	_, err := s3.NewFromConfig(cloud.Config()).PutBucketLifecycleConfiguration(p.t.Context(), &s3.PutBucketLifecycleConfigurationInput{
		Bucket: &p.bucket,
		LifecycleConfiguration: &s3types.BucketLifecycleConfiguration{Rules: []s3types.LifecycleRule{{
			ID: aws.String("theirs"), Status: s3types.ExpirationStatusEnabled, Filter: &s3types.LifecycleRuleFilter{Prefix: aws.String("logs/")},
			Expiration: &s3types.LifecycleExpiration{Days: aws.Int32(30)},
		}}},
	})
	must(p.t, err)
}

func (p *project) put(key string) {
	p.t.Helper()
	_, err := s3.NewFromConfig(cloud.Config()).PutObject(p.t.Context(), &s3.PutObjectInput{Bucket: &p.bucket, Key: &key})
	must(p.t, err)
}

// store describes bucket and table: what they are like, not what is in them.
func (p *project) store() string {
	ctx, buckets, tables := p.t.Context(), s3.NewFromConfig(cloud.Config()), dynamodb.NewFromConfig(cloud.Config())
	description := ""
	if policy, err := buckets.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &p.bucket}); err == nil {
		description += fmt.Sprintln("policy", *policy.Policy)
	}
	if rules, err := buckets.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &p.bucket}); err == nil {
		for _, rule := range rules.Rules {
			description += fmt.Sprintln("rule", *rule.ID)
		}
	}
	if tags, err := buckets.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &p.bucket}); err == nil {
		for _, tag := range tags.TagSet {
			description += fmt.Sprintln("tag", *tag.Key, *tag.Value)
		}
	}
	if versioning, err := buckets.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &p.bucket}); err == nil {
		description += fmt.Sprintln("versioning", versioning.Status)
	}
	if table, err := tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &p.table}); err == nil {
		tags, err := tables.ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: table.Table.TableArn})
		must(p.t, err)
		description += fmt.Sprintln("table", *table.Table.TableArn, aws.ToBool(table.Table.DeletionProtectionEnabled), len(tags.Tags), "tags")
	}
	return description
}
