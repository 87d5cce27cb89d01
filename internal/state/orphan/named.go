package orphan

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"example.com/webserver-cluster/internal/state"
)

// buckets finds buckets by the name that the configuration gives them: the
// list of tags has them late, and Terraform tags a bucket only after it has made it.
func (f *finder) buckets(ctx context.Context) error {
	client := s3.NewFromConfig(f.cfg)
	return f.named("aws_s3_bucket", func(name string) (ours bool, err error) {
		if _, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name}); err != nil {
			return false, err
		}
		tags, err := f.store.BucketTags(ctx, name)
		if err != nil || f.config.owns(tags) {
			return err == nil, err
		}
		return f.store.Untouched(ctx, name)
	})
}

// tables finds DynamoDB tables by their name: the list of tags has them late.
func (f *finder) tables(ctx context.Context) error {
	client := dynamodb.NewFromConfig(f.cfg)
	return f.named("aws_dynamodb_table", func(name string) (ours bool, err error) {
		if _, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name}); err != nil {
			return false, err
		}
		tags, err := f.store.TableTags(ctx, name)
		return f.config.owns(tags), err
	})
}

// named notes what exists under the names that the configuration gives to
// resources of a type. look tells whether the one of that name is the stack's; one that is
// not is left alone. Only "not found" means that there is none: whoever may not
// look, or cannot reach AWS, knows nothing of it.
func (f *finder) named(kind string, look func(name string) (ours bool, err error)) error {
	for block := range f.config.Resource[kind] {
		address := kind + "." + block
		name := f.config.argument(kind, block, Types[kind].Name)
		if name == "" || f.inState(address) {
			continue
		}
		ours, err := look(name)
		switch {
		case state.NotFound(err):
		case err != nil:
			return fmt.Errorf("see whether %s (%s) exists: %w", address, name, err)
		case ours:
			f.note(Orphan{Address: address, ID: name})
		default:
			f.strays = append(f.strays, Stray{Reason: NotTagged, Found: name, Address: address})
		}
	}
	return nil
}
