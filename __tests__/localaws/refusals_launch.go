package localaws

import (
	"cmp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"example.com/webserver-cluster/tests/localaws/strict"
)

// architecture: an instance type runs images of its own architecture. moto runs any on any.
// An image that moto does not know, such as a test's own, runs on all.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-types.html#instance-type-compatibility
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ComponentsAMIs.html
func (a *AWS) architecture(call strict.Call) []strict.Fault {
	image, kind := call.Text("ImageId"), call.Text("InstanceType")
	if template, err := a.templateData(call.Request); err == nil && template != nil {
		image, kind = cmp.Or(image, aws.ToString(template.ImageId)), cmp.Or(kind, string(template.InstanceType))
	}
	ctx, config := a.lookup(call)
	client := ec2.NewFromConfig(config)
	images, err := client.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{image}})
	if err != nil || len(images.Images) != 1 {
		return nil
	}
	kinds, err := client.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{types.InstanceType(kind)}})
	if err != nil || len(kinds.InstanceTypes) != 1 || kinds.InstanceTypes[0].ProcessorInfo == nil {
		return nil
	}
	has, can := images.Images[0].Architecture, kinds.InstanceTypes[0].ProcessorInfo.SupportedArchitectures
	if len(can) == 0 || slices.Contains(can, types.ArchitectureType(has)) {
		return nil
	}
	return []strict.Fault{strict.Faultf("InvalidParameterValue",
		"The architecture '%s' of the specified instance type does not match the architecture '%s' of the specified AMI. Specify an instance type and an AMI that have the same architecture, and try again.", can[0], has)}
}
