// Command app is what the tests run: how jsii starts, and what it leaves
// behind, shows only in a process of its own. Its argument says what it does.
package main

import (
	"fmt"
	"io"
	"os"

	"example.com/webserver-cluster/internal/fastjsii"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/subnet"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/vpc"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

func main() {
	defer fastjsii.Close()
	fmt.Println("status:", fastjsii.Status())
	for _, name := range []string{"JSII_RUNTIME", "SHELL", "NODE_EXTRA_CA_CERTS"} {
		fmt.Printf("%s=%s\n", name, os.Getenv(name))
	}
	if os.Args[1] == "quit" {
		return
	}
	fastjsii.Load()
	app := cdktf.NewApp(nil)
	stack := cdktf.NewTerraformStack(app, jsii.String("stack"))
	provider.NewAwsProvider(stack, jsii.String("aws"), &provider.AwsProviderConfig{Region: jsii.String("eu-central-1")})
	cdktf.NewS3Backend(stack, &cdktf.S3BackendConfig{Bucket: jsii.String("state"), Key: jsii.String("stack")})
	network := vpc.NewVpc(stack, jsii.String("vpc"), &vpc.VpcConfig{CidrBlock: jsii.String("10.0.0.0/16")})
	subnet.NewSubnet(stack, jsii.String("subnet"), &subnet.SubnetConfig{
		VpcId:     network.Id(),
		CidrBlock: cdktf.Fn_Cidrsubnet(network.CidrBlock(), jsii.Number(8), jsii.Number(1)),
	})
	if os.Args[1] == "wait" {
		if err := os.WriteFile("waiting", nil, 0o644); err != nil {
			panic(err)
		}
		_, _ = io.Copy(io.Discard, os.Stdin)
	}
	app.Synth()
}
