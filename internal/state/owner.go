package state

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"example.com/webserver-cluster/internal/project"
)

// Foreign returns an error that names the bucket, the table or both, if they
// exist and were not made by this project. Whether they exist, the caller knows.
func (s *Store) Foreign(ctx context.Context, bucket, table bool) error {
	var errs []error
	note := func(kind Kind, name string, ours bool, err error) {
		if err == nil && !ours {
			err = s.fail(kind, "", "the "+name+" exists, and this project did not make it",
				fmt.Errorf("it lacks the tags %s=%s, %s=%s", project.ProjectTag, s.Settings.Project, project.EnvironmentTag, project.StateStack))
		}
		errs = append(errs, err)
	}
	if bucket {
		ours, err := s.ourBucket(ctx)
		if err == nil && !ours {
			ours, err = s.Untouched(ctx, s.Settings.StateBucket)
		}
		note(ForeignBucket, "bucket "+s.Settings.StateBucket, ours, err)
	}
	if table {
		ours, err := s.ourTable(ctx)
		note(ForeignTable, "table "+s.Settings.LockTable, ours, err)
	}
	return errors.Join(errs...)
}

// ourBucket tells whether this project made the bucket.
func (s *Store) ourBucket(ctx context.Context) (bool, error) {
	tags, err := s.BucketTags(ctx, s.Settings.StateBucket)
	if err != nil {
		return false, err
	}
	return s.ours(ctx, tags, "aws_s3_bucket", s.Settings.StateBucket)
}

// ourTable tells whether this project made the table.
func (s *Store) ourTable(ctx context.Context) (bool, error) {
	tags, err := s.TableTags(ctx, s.Settings.LockTable)
	if err != nil {
		return false, err
	}
	return s.ours(ctx, tags, "aws_dynamodb_table", s.Settings.LockTable)
}

// ours tells whether tags are those that the app gives to the bucket and the
// table. Where somebody took them away, the store's own state counts.
func (s *Store) ours(ctx context.Context, tags map[string]string, kind, id string) (bool, error) {
	if tags[project.ProjectTag] != "" || tags[project.EnvironmentTag] != "" {
		return tags[project.ProjectTag] == s.Settings.Project && tags[project.EnvironmentTag] == project.StateStack, nil
	}
	if _, err := s.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &s.Settings.StateBucket}); NotFound(err) {
		return false, nil
	}
	object, err := s.Stack(project.StateStack).Load(ctx, "")
	if errors.Is(err, ErrNoState) || errors.Is(err, ErrDeleted) || errors.Is(err, ErrBroken) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(object.Resources, func(r Resource) bool { return r.Type == kind && r.ID == id }), nil
}

// BucketTags are the tags of a bucket; none is no error.
func (s *Store) BucketTags(ctx context.Context, bucket string) (map[string]string, error) {
	output, err := s.s3.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &bucket})
	if says(err, "NoSuchTagSet") {
		return nil, nil
	}
	if err != nil {
		return nil, s.explain("read the tags of the bucket", err)
	}
	tags := map[string]string{}
	for _, tag := range output.TagSet {
		tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return tags, nil
}

// TableTags are the tags of a table.
func (s *Store) TableTags(ctx context.Context, table string) (map[string]string, error) {
	output, err := s.db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		return nil, s.explain("look at the lock table", err)
	}
	tags, input := map[string]string{}, &dynamodb.ListTagsOfResourceInput{ResourceArn: output.Table.TableArn}
	for {
		page, err := s.db.ListTagsOfResource(ctx, input)
		if err != nil {
			return nil, s.explain("read the tags of the lock table", err)
		}
		for _, tag := range page.Tags {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
		if input.NextToken = page.NextToken; input.NextToken == nil {
			return tags, nil
		}
	}
}

// Untouched tells whether a bucket is as it was made: empty, without tags,
// policy and lifecycle rules, never versioned. Terraform tags a bucket only after it
// has made it, so one killed in between leaves such a one. Of somebody else's,
// nothing could be lost.
func (s *Store) Untouched(ctx context.Context, bucket string) (bool, error) {
	tags, err := s.BucketTags(ctx, bucket)
	if err != nil || len(tags) > 0 {
		return false, err
	}
	versioning, err := s.s3.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &bucket})
	if err != nil || versioning.Status != "" {
		return false, s.explain("see whether the bucket keeps versions", err)
	}
	if _, err := s.s3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &bucket}); !says(err, "NoSuchBucketPolicy") {
		return false, s.explain("read the bucket's policy", err)
	}
	if _, err := s.s3.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &bucket}); !says(err, "NoSuchLifecycleConfiguration") {
		return false, s.explain("read the bucket's lifecycle rules", err)
	}
	objects, err := s.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, MaxKeys: aws.Int32(1)})
	if err != nil {
		return false, s.explain("list what is in the bucket", err)
	}
	return len(objects.Contents) == 0, nil
}

// says tells whether AWS answered with an error of that code.
func says(err error, code string) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == code
}
