package stacks

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// newStack makes a stack that holds nothing but the AWS provider.
func newStack(app cdktf.App, id string, settings Settings) cdktf.TerraformStack {
	stack := cdktf.NewTerraformStack(app, jsii.String(id))
	stack.AddOverride(jsii.String("terraform.required_version"), jsii.String(">= 1.10"))
	// The bindings ask for exactly the provider that they were made from. Any
	// later 5.x serves as well, and gets fixes.
	stack.AddOverride(jsii.String("terraform.required_providers.aws.version"), jsii.String("~> 5.99"))
	provider.NewAwsProvider(stack, jsii.String("aws"), &provider.AwsProviderConfig{
		Region: jsii.String(settings.Region),
		DefaultTags: []*provider.AwsProviderDefaultTags{{
			Tags: &map[string]*string{
				"Project":     jsii.String(settings.Project),
				"Environment": jsii.String(id),
				"ManagedBy":   jsii.String("terraform"),
			},
		}},
	})
	return stack
}

// useS3Backend keeps the stack's state in the state bucket, locked by the lock
// table.
func useS3Backend(stack cdktf.TerraformStack, id string, settings Settings) {
	backend := cdktf.NewS3Backend(stack, &cdktf.S3BackendConfig{
		Bucket:        jsii.String(settings.StateBucket),
		Key:           jsii.String(StateKey(id)),
		Region:        jsii.String(settings.Region),
		Encrypt:       jsii.Bool(true),
		DynamodbTable: jsii.String(settings.LockTable),
	})
	// S3's own lock beside DynamoDB's, which Terraform has deprecated: both
	// have to be free. CDKTF's typed config does not know it.
	backend.AddOverride(jsii.String("use_lockfile"), jsii.Bool(true))
}

// StateKey is the key of a stack's state in the state bucket.
func StateKey(stack string) string { return stack + "/terraform.tfstate" }

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
