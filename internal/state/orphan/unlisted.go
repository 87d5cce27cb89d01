package orphan

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	autoscalingtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"example.com/webserver-cluster/internal/project"
)

// groups finds Auto Scaling groups: the tagging API lists none.
// https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
func (f *finder) groups(ctx context.Context) error {
	input := &autoscaling.DescribeAutoScalingGroupsInput{}
	for key, value := range f.config.tags() {
		input.Filters = append(input.Filters, autoscalingtypes.Filter{Name: aws.String("tag:" + key), Values: []string{value}})
	}
	pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(autoscaling.NewFromConfig(f.cfg), input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list Auto Scaling groups: %w", err)
		}
		for _, group := range page.AutoScalingGroups {
			for _, tag := range group.Tags {
				if *tag.Key == project.TerraformNameTag {
					f.add(*tag.Value, *group.AutoScalingGroupARN)
				}
			}
		}
	}
	return nil
}

// identities finds IAM roles and instance profiles. The tagging API lists no
// roles, and what belongs to no region in one region only; IAM lists both without
// their tags. Only those with a name from the configuration are asked for them.
func (f *finder) identities(ctx context.Context) error {
	client := iam.NewFromConfig(f.cfg)
	if f.config.Resource[roleType] != nil {
		pages := iam.NewListRolesPaginator(client, &iam.ListRolesInput{})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return fmt.Errorf("list IAM roles: %w", err)
			}
			for _, role := range page.Roles {
				if err := f.identity(roleType, *role.RoleName, *role.Arn, func() ([]iamtypes.Tag, error) {
					output, err := client.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: role.RoleName})
					if err != nil {
						return nil, err
					}
					return output.Tags, nil
				}); err != nil {
					return err
				}
			}
		}
	}
	if f.config.Resource[profileType] != nil {
		pages := iam.NewListInstanceProfilesPaginator(client, &iam.ListInstanceProfilesInput{})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return fmt.Errorf("list IAM instance profiles: %w", err)
			}
			for _, profile := range page.InstanceProfiles {
				if err := f.identity(profileType, *profile.InstanceProfileName, *profile.Arn, func() ([]iamtypes.Tag, error) {
					output, err := client.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: profile.InstanceProfileName})
					if err != nil {
						return nil, err
					}
					return output.InstanceProfile.Tags, nil
				}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// identity notes a role or an instance profile if it is one of the stack's. list
// asks for its tags.
func (f *finder) identity(kind, name, arn string, list func() ([]iamtypes.Tag, error)) error {
	ours := false
	for block := range f.config.Resource[kind] {
		start := f.config.argument(kind, block, "name_prefix") + f.config.argument(kind, block, "name")
		ours = ours || strings.HasPrefix(name, start)
	}
	if !ours {
		return nil
	}
	output, err := list()
	if err != nil {
		return fmt.Errorf("list the tags of %s: %w", arn, err)
	}
	tags := map[string]string{}
	for _, tag := range output {
		tags[*tag.Key] = *tag.Value
	}
	if block := tags[project.TerraformNameTag]; block != "" && f.config.owns(tags) {
		f.add(block, arn)
	}
	return nil
}
