package orphan

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/state"
)

// roles finds IAM roles. The tagging API lists none, and IAM lists them without
// their tags.
// https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
func (f *finder) roles(ctx context.Context) error {
	const kind = "aws_iam_role"
	if f.config.Resource[kind] == nil {
		return nil
	}
	client := iam.NewFromConfig(f.cfg)
	pages := iam.NewListRolesPaginator(client, &iam.ListRolesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list IAM roles: %w", err)
		}
		for _, role := range page.Roles {
			if !f.mayBe(kind, *role.RoleName) {
				continue
			}
			output, err := client.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: role.RoleName})
			if state.NotFound(err) { // deleted since it was listed
				continue
			}
			if err != nil {
				return fmt.Errorf("list the tags of %s: %w", *role.Arn, err)
			}
			f.identity(*role.Arn, output.Tags)
		}
	}
	return nil
}

// instanceProfiles finds IAM instance profiles: the tagging API lists them in one
// region only, as they belong to none.
func (f *finder) instanceProfiles(ctx context.Context) error {
	const kind = "aws_iam_instance_profile"
	if f.config.Resource[kind] == nil {
		return nil
	}
	client := iam.NewFromConfig(f.cfg)
	pages := iam.NewListInstanceProfilesPaginator(client, &iam.ListInstanceProfilesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list IAM instance profiles: %w", err)
		}
		for _, profile := range page.InstanceProfiles {
			if !f.mayBe(kind, *profile.InstanceProfileName) {
				continue
			}
			output, err := client.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: profile.InstanceProfileName})
			if state.NotFound(err) { // deleted since it was listed
				continue
			}
			if err != nil {
				return fmt.Errorf("list the tags of %s: %w", *profile.Arn, err)
			}
			f.identity(*profile.Arn, output.InstanceProfile.Tags)
		}
	}
	return nil
}

// policies finds IAM policies: like instance profiles, they belong to no region.
func (f *finder) policies(ctx context.Context) error {
	const kind = "aws_iam_policy"
	if f.config.Resource[kind] == nil {
		return nil
	}
	client := iam.NewFromConfig(f.cfg)
	pages := iam.NewListPoliciesPaginator(client, &iam.ListPoliciesInput{Scope: iamtypes.PolicyScopeTypeLocal})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list IAM policies: %w", err)
		}
		for _, policy := range page.Policies {
			if !f.mayBe(kind, *policy.PolicyName) {
				continue
			}
			output, err := client.ListPolicyTags(ctx, &iam.ListPolicyTagsInput{PolicyArn: policy.Arn})
			if state.NotFound(err) { // deleted since it was listed
				continue
			}
			if err != nil {
				return fmt.Errorf("list the tags of %s: %w", *policy.Arn, err)
			}
			f.identity(*policy.Arn, output.Tags)
		}
	}
	return nil
}

// openIDConnectProviders finds IAM's OIDC providers, which belong to no region either.
func (f *finder) openIDConnectProviders(ctx context.Context) error {
	if f.config.Resource["aws_iam_openid_connect_provider"] == nil {
		return nil
	}
	client := iam.NewFromConfig(f.cfg)
	list, err := client.ListOpenIDConnectProviders(ctx, &iam.ListOpenIDConnectProvidersInput{})
	if err != nil {
		return fmt.Errorf("list OIDC providers: %w", err)
	}
	for _, provider := range list.OpenIDConnectProviderList {
		output, err := client.ListOpenIDConnectProviderTags(ctx, &iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: provider.Arn})
		if state.NotFound(err) { // deleted since it was listed
			continue
		}
		if err != nil {
			return fmt.Errorf("list the tags of %s: %w", *provider.Arn, err)
		}
		f.identity(*provider.Arn, output.Tags)
	}
	return nil
}

// mayBe tells whether a name is, or starts with, one that the configuration
// gives to a resource of the type. Only these are asked for their tags.
func (f *finder) mayBe(kind, name string) bool {
	for block := range f.config.Resource[kind] {
		if strings.HasPrefix(name, f.config.argument(kind, block, "name_prefix")+f.config.argument(kind, block, Types[kind].Name)) {
			return true
		}
	}
	return false
}

// identity adds what the tags say is the stack's.
func (f *finder) identity(arn string, list []iamtypes.Tag) {
	tags := map[string]string{}
	for _, tag := range list {
		tags[*tag.Key] = *tag.Value
	}
	if block := tags[project.TerraformNameTag]; block != "" && f.config.owns(tags) {
		f.add(block, arn)
	}
}
