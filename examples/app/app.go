// Package app is what every example starts with: an app of one stack with the AWS
// provider. Its state stays on this machine.
package app

import (
	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/fastjsii"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// Synthesize writes a stack in a region to cdktf.out.
func Synthesize(name, region string, fill func(cdktf.TerraformStack)) {
	defer fastjsii.Close()
	app := cdktf.NewApp(nil)
	stack := cdktf.NewTerraformStack(app, jsii.String(name))
	// The bindings ask for exactly the provider that they were made from.
	stack.AddOverride(jsii.String("terraform.required_providers.aws.version"), jsii.String("~> 5.99"))
	provider.NewAwsProvider(stack, jsii.String("aws"), &provider.AwsProviderConfig{Region: jsii.String(region)})
	fill(stack)
	constructs.Synthesize(app)
}

// Output makes an output of a stack.
func Output(stack cdktf.TerraformStack, name, value string) {
	cdktf.NewTerraformOutput(stack, jsii.String(name), &cdktf.TerraformOutputConfig{Value: jsii.String(value)})
}
