package orphan

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// named finds buckets and tables by the name that the configuration gives
// them: the list of tags has them late, and a bucket gets its tags only after it was
// made. One that belongs to somebody else is left alone.
func (f *finder) named(ctx context.Context) error {
	buckets, tables := s3.NewFromConfig(f.cfg), dynamodb.NewFromConfig(f.cfg)
	for kind, look := range map[string]struct {
		argument string
		exists   func(name string) error
		ours     func(name string) (bool, error)
	}{
		"aws_s3_bucket": {"bucket", func(name string) error {
			_, err := buckets.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
			return err
		}, func(name string) (bool, error) {
			tags, err := f.store.BucketTags(ctx, name)
			if err != nil || f.config.owns(tags) {
				return err == nil, err
			}
			return f.store.Untouched(ctx, name)
		}},
		"aws_dynamodb_table": {"name", func(name string) error {
			_, err := tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
			return err
		}, func(name string) (bool, error) {
			tags, err := f.store.TableTags(ctx, name)
			return f.config.owns(tags), err
		}},
	} {
		for name := range f.config.Resource[kind] {
			id, address := f.config.argument(kind, name, look.argument), kind+"."+name
			// What answers with an error is not there, or not ours.
			if id == "" || f.id(address) != "" || look.exists(id) != nil {
				continue
			}
			ours, err := look.ours(id)
			if err != nil {
				return err
			}
			if ours {
				f.note(kind, name, id)
			} else {
				f.strays = append(f.strays, Stray{id, fmt.Sprintf("exists, but without the tags of %s: left alone", address)})
			}
		}
	}
	return nil
}
