package stacks

import (
	"maps"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/internal/outdir"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/providerlock"
)

// credentials are what an AWS provider acts with: without a profile and a role, those of
// whoever deploys, in any account where none is said.
type credentials struct{ accountID, profile, roleARN string }

// newStack makes a stack that holds nothing but the AWS provider.
func newStack(app cdktf.App, id, region string, defaultTags map[string]string, c credentials) cdktf.TerraformStack {
	stack := cdktf.NewTerraformStack(app, jsii.String(id))
	stack.AddOverride(jsii.String("terraform.required_version"), jsii.String(">= 1.10"))
	// The bindings ask for exactly the provider that they were made from.
	stack.AddOverride(jsii.String("terraform.required_providers.aws.version"), jsii.String(providerlock.Constraint))
	lockProvider(outdir.Stack(*app.Outdir(), id))
	tags := map[string]*string{}
	for key, value := range defaultTags {
		tags[key] = jsii.String(value)
	}
	config := &provider.AwsProviderConfig{
		Region: jsii.String(region),
		// The settings have checked it, by a newer list than the provider's.
		SkipRegionValidation: jsii.Bool(true),
		DefaultTags:          []*provider.AwsProviderDefaultTags{{Tags: &tags}},
	}
	if c.accountID != "" {
		config.AllowedAccountIds = jsii.Strings(c.accountID)
	}
	if c.profile != "" {
		config.Profile = jsii.String(c.profile)
	}
	if c.roleARN != "" {
		config.AssumeRole = []*provider.AwsProviderAssumeRole{{RoleArn: jsii.String(c.roleARN)}}
	}
	provider.NewAwsProvider(stack, jsii.String("aws"), config)
	return stack
}

// withDefaultTags are the tags of everything in a stack: more, and what more does
// not say otherwise.
func withDefaultTags(more map[string]string, s project.Settings, id string) map[string]string {
	tags := map[string]string{project.ProjectTag: s.Project, project.EnvironmentTag: id, project.ManagedByTag: "terraform"}
	maps.Copy(tags, more)
	return tags
}

// useS3Backend keeps the stack's state in the state bucket, locked as the
// settings say: by default in DynamoDB, and besides, since Terraform has
// deprecated that, in S3 itself.
func useS3Backend(stack cdktf.TerraformStack, id string, s project.Settings) {
	config := &cdktf.S3BackendConfig{
		Bucket:  jsii.String(s.StateBucket),
		Key:     jsii.String(project.StateKey(id)),
		Region:  jsii.String(s.Region),
		Encrypt: jsii.Bool(true),
		// Likewise: Terraform's list is older still.
		SkipRegionValidation: jsii.Bool(true),
	}
	if s.StateLock != project.LockS3 {
		config.DynamodbTable = jsii.String(s.LockTable)
	}
	backend := cdktf.NewS3Backend(stack, config)
	if s.StateLock != project.LockDynamoDB {
		// CDKTF's typed config does not know it.
		backend.AddOverride(jsii.String("use_lockfile"), jsii.Bool(true))
	}
}

// output is one of a stack's outputs.
type output struct{ name, value, description string }

// addOutputs makes the outputs of a stack.
func addOutputs(stack cdktf.TerraformStack, outputs []output) {
	for _, o := range outputs {
		cdktf.NewTerraformOutput(stack, jsii.String(o.name), &cdktf.TerraformOutputConfig{
			Value:       jsii.String(o.value),
			Description: jsii.String(o.description),
		})
	}
}
