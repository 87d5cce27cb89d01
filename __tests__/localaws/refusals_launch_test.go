package localaws_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// TestArchitecture: instance type and image have one architecture, of a launch template,
// too.
func TestArchitecture(t *testing.T) {
	cloud := start(t)
	ctx, client := t.Context(), ec2.NewFromConfig(cloud.Config())
	image := func(architecture string) *string {
		name := "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-" + architecture
		return must[*ssm.GetParameterOutput](t)(ssm.NewFromConfig(cloud.Config()).GetParameter(ctx, &ssm.GetParameterInput{Name: &name})).Parameter.Value
	}
	x86, arm := image("x86_64"), image("arm64")
	template := must[*ec2.CreateLaunchTemplateOutput](t)(client.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("arm"), LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: arm},
	})).LaunchTemplate.LaunchTemplateId
	run := func(kind types.InstanceType, image, template *string) error {
		in := &ec2.RunInstancesInput{MinCount: aws.Int32(1), MaxCount: aws.Int32(1), InstanceType: kind, ImageId: image}
		if template != nil {
			in.LaunchTemplate = &types.LaunchTemplateSpecification{LaunchTemplateId: template}
		}
		_, err := client.RunInstances(ctx, in)
		return err
	}
	refused(t, run("t3.micro", x86, nil), "", "")
	refused(t, run("t4g.micro", arm, nil), "", "")
	refused(t, run("t4g.micro", nil, template), "", "")
	refused(t, run("t4g.micro", x86, nil), "InvalidParameterValue", "does not match the architecture 'x86_64'")
	refused(t, run("t3.micro", nil, template), "InvalidParameterValue", "does not match the architecture 'arm64'")
	refused(t, run("t4g.micro", aws.String("ami-00000000000000001"), nil), "", "")
}
