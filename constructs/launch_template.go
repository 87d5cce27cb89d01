package constructs

import (
	"fmt"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawspartition"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsssmparameter"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iaminstanceprofile"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicyattachment"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/launchtemplate"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/ssmparameter"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// role is what the instances may do in AWS: be reached by Session Manager.
func (c *cluster) role() iamrole.IamRole {
	partition := add(c.scope, "partition", dataawspartition.NewDataAwsPartition, &dataawspartition.DataAwsPartitionConfig{})
	role := add(c.scope, "role", iamrole.NewIamRole, &iamrole.IamRoleConfig{
		NamePrefix: jsii.String(namePrefix(c.props.Name, maxRoleNamePrefix)),
		// In China, EC2 is called otherwise than in all other partitions.
		// https://github.com/hashicorp/terraform-provider-aws/pull/47141
		AssumeRolePolicy: assumableBy(c.scope, "trust",
			fmt.Sprintf(`ec2.amazonaws.com${%s.partition == "aws-cn" ? ".cn" : ""}`, "data.aws_partition."+c.prefix+"partition")),
	})
	add(c.scope, "session_manager", iamrolepolicyattachment.NewIamRolePolicyAttachment, &iamrolepolicyattachment.IamRolePolicyAttachmentConfig{
		Role: role.Name(),
		// https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-instance-permissions.html
		PolicyArn: jsii.String("arn:" + *partition.Partition() + ":iam::aws:policy/AmazonSSMManagedInstanceCore"),
	})
	return role
}

// image is the id of the image, and the name of the parameter that pins it.
func (c *cluster) image() (id, pinned string) {
	if c.props.AMI != "" {
		return c.props.AMI, ""
	}
	// insecure_value: an image's id is no secret, and value would hide it from
	// whoever reviews the plan.
	newest := add(c.scope, "newest_image", dataawsssmparameter.NewDataAwsSsmParameter, &dataawsssmparameter.DataAwsSsmParameterConfig{
		Name: jsii.String(c.props.AMIParameter),
	}).InsecureValue()
	if !c.props.PinAMI {
		return *newest, ""
	}
	pinned = "/" + c.props.Name + "/image"
	image := add(c.scope, "image", ssmparameter.NewSsmParameter, &ssmparameter.SsmParameterConfig{
		Name:          jsii.String(pinned),
		Description:   jsii.String("Image of the instances of " + c.props.Name + ": put another id here and deploy"),
		Type:          jsii.String("String"),
		InsecureValue: newest,
		Lifecycle:     &cdktf.TerraformResourceLifecycle{IgnoreChanges: jsii.Strings("insecure_value")},
	})
	return *image.InsecureValue(), pinned
}

func (c *cluster) launchTemplate(image string, role iamrole.IamRole, securityGroupID string) launchtemplate.LaunchTemplate {
	p := c.props
	profile := add(c.scope, "profile", iaminstanceprofile.NewIamInstanceProfile, &iaminstanceprofile.IamInstanceProfileConfig{
		NamePrefix: jsii.String(p.Name + "-"),
		Role:       role.Name(),
	})
	// A list with a line each, so that a review of the synthesized JSON can
	// read the script.
	script := cdktf.NewTerraformLocal(c.scope.Construct, jsii.String("boot_script"), jsii.Strings(c.props.bootScript()...))
	script.OverrideLogicalId(jsii.String(c.prefix + "boot_script"))

	tags := nameTag(p.Name)
	for key, value := range p.Tags {
		(*tags)[key] = jsii.String(value)
	}
	var specifications []*launchtemplate.LaunchTemplateTagSpecifications
	for _, resource := range []string{"instance", "volume", "network-interface"} {
		specifications = append(specifications, &launchtemplate.LaunchTemplateTagSpecifications{
			ResourceType: jsii.String(resource), Tags: tags,
		})
	}
	config := &launchtemplate.LaunchTemplateConfig{
		NamePrefix:   jsii.String(p.Name + "-"),
		ImageId:      jsii.String(image),
		InstanceType: jsii.String(p.InstanceType),
		UserData:     cdktf.Fn_Base64encode(cdktf.Fn_Join(jsii.String("\n"), cdktf.Token_AsList(script.Expression(), nil))),
		IamInstanceProfile: &launchtemplate.LaunchTemplateIamInstanceProfile{
			Arn: profile.Arn(),
		},
		NetworkInterfaces: []*launchtemplate.LaunchTemplateNetworkInterfaces{{
			AssociatePublicIpAddress: jsii.String("false"),
			DeleteOnTermination:      jsii.String("true"),
			SecurityGroups:           jsii.Strings(securityGroupID),
		}},
		MetadataOptions: &launchtemplate.LaunchTemplateMetadataOptions{
			HttpEndpoint: jsii.String("enabled"),
			// IMDSv2 only, and its answer travels one hop: not out of the
			// instance through a proxy or a container.
			HttpTokens:              jsii.String("required"),
			HttpPutResponseHopLimit: jsii.Number(1),
		},
		BlockDeviceMappings: []*launchtemplate.LaunchTemplateBlockDeviceMappings{{
			// Amazon Linux 2023's root device.
			DeviceName: jsii.String("/dev/xvda"),
			Ebs: &launchtemplate.LaunchTemplateBlockDeviceMappingsEbs{
				VolumeType:          jsii.String("gp3"),
				VolumeSize:          jsii.Number(p.VolumeGiB),
				Encrypted:           jsii.String("true"),
				DeleteOnTermination: jsii.String("true"),
			},
		}},
		Monitoring:        &launchtemplate.LaunchTemplateMonitoring{Enabled: jsii.Bool(p.DetailedMonitoring)},
		TagSpecifications: specifications,
		Lifecycle:         &cdktf.TerraformResourceLifecycle{CreateBeforeDestroy: jsii.Bool(true)},
	}
	if burstableRule.MatchString(p.InstanceType) {
		// A server that has used up its credits costs a little more instead of
		// slowing down; an alarm tells.
		config.CreditSpecification = &launchtemplate.LaunchTemplateCreditSpecification{CpuCredits: jsii.String("unlimited")}
	}
	return add(c.scope, "template", launchtemplate.NewLaunchTemplate, config)
}
