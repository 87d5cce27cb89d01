package orphan

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	taggingtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/state"
)

// tagged finds what AWS's list of all tags has. New resources appear there
// some minutes late.
func (f *finder) tagged(ctx context.Context) error {
	input := &tagging.GetResourcesInput{TagFilters: []taggingtypes.TagFilter{{Key: aws.String(project.TerraformNameTag)}}}
	for key, value := range f.config.tags() {
		input.TagFilters = append(input.TagFilters, taggingtypes.TagFilter{Key: &key, Values: []string{value}})
	}
	pages := tagging.NewGetResourcesPaginator(tagging.NewFromConfig(f.cfg), input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list resources by their tags: %w", err)
		}
		for _, r := range page.ResourceTagMappingList {
			if strings.Contains(*r.ResourceARN, ":snapshot:") {
				continue // RDS copies a database's tags to those it makes of it
			}
			if deleted, err := f.deletedKey(ctx, *r.ResourceARN); err != nil {
				return err
			} else if deleted {
				continue
			}
			for _, tag := range r.Tags {
				if *tag.Key == project.TerraformNameTag {
					f.add(*tag.Value, *r.ResourceARN)
				}
			}
		}
	}
	return nil
}

// deletedKey tells whether an ARN is that of a KMS key that waits for its deletion,
// which takes a week at the least. Terraform counts it as gone.
// https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
func (f *finder) deletedKey(ctx context.Context, arn string) (bool, error) {
	if !strings.Contains(arn, ":kms:") {
		return false, nil
	}
	key, err := kms.NewFromConfig(f.cfg).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &arn})
	if state.NotFound(err) { // the list of tags is not always the newest
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at the key %s: %w", arn, err)
	}
	return key.KeyMetadata.KeyState == kmstypes.KeyStatePendingDeletion, nil
}

// tagsOfEC2 finds what belongs to EC2, the network above all, by EC2's own list of
// tags, which is up to date at once. Nothing in it is unique by name, so what is
// missed is made twice.
func (f *finder) tagsOfEC2(ctx context.Context) error {
	filter := ec2types.Filter{Name: aws.String("key"), Values: []string{project.TerraformNameTag}}
	for key := range f.config.tags() {
		filter.Values = append(filter.Values, key)
	}
	resources := map[string]map[string]string{} // id to tags
	pages := ec2.NewDescribeTagsPaginator(ec2.NewFromConfig(f.cfg), &ec2.DescribeTagsInput{Filters: []ec2types.Filter{filter}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list the tags of EC2's resources: %w", err)
		}
		for _, tag := range page.Tags {
			if resources[*tag.ResourceId] == nil {
				resources[*tag.ResourceId] = map[string]string{}
			}
			resources[*tag.ResourceId][*tag.Key] = *tag.Value
		}
	}
	for id, tags := range resources {
		name := tags[project.TerraformNameTag]
		kind := f.config.kind(name)
		if kind != "" && f.config.owns(tags) && !f.knows(kind, id, "") {
			f.note(Orphan{Address: kind + "." + name, ID: id})
		}
	}
	return nil
}
