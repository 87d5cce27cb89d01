package constructs

import (
	"maps"
	"strings"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsssmparameter"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iaminstanceprofile"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/launchtemplate"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/ssmparameter"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/internal/project"
)

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
	// An image is for one architecture: another family of instances has another
	// parameter.
	pinned = project.ImageParameter(c.props.Name, c.props.architecture())
	image := add(c.scope, "image", ssmparameter.NewSsmParameter, &ssmparameter.SsmParameterConfig{
		Name:          jsii.String(pinned),
		Description:   jsii.String("Image of the instances of " + c.props.Name + ": put another id here and deploy"),
		Type:          jsii.String("String"),
		InsecureValue: newest,
		Lifecycle:     &cdktf.TerraformResourceLifecycle{IgnoreChanges: jsii.Strings("insecure_value")},
	})
	return *image.InsecureValue(), pinned
}

func (c *cluster) launchTemplate(image string, role iamrole.IamRole, securityGroupID *string, application packed) launchtemplate.LaunchTemplate {
	p := c.props
	profile := add(c.scope, "profile", iaminstanceprofile.NewIamInstanceProfile, &iaminstanceprofile.IamInstanceProfileConfig{
		NamePrefix: jsii.String(p.Name + "-"),
		Role:       role.Name(),
	})
	// A list with a line each, so that a review of the synthesized JSON can
	// read the script.
	script := cdktf.NewTerraformLocal(c.scope.Construct, jsii.String("boot_script"), jsii.Strings(c.bootScript(application)...))
	script.OverrideLogicalId(jsii.String(c.prefix + "boot_script"))

	tags := map[string]*string{}
	for key, value := range c.launchTags() {
		tags[key] = jsii.String(value)
	}
	var specifications []*launchtemplate.LaunchTemplateTagSpecifications
	for _, resource := range []string{"instance", "volume", "network-interface"} {
		specifications = append(specifications, &launchtemplate.LaunchTemplateTagSpecifications{
			ResourceType: jsii.String(resource), Tags: &tags,
		})
	}
	if application.digest != "" {
		tags := maps.Clone(tags)
		tags[project.ApplicationTag] = jsii.String(application.digest)
		specifications[0].Tags = &tags
	}
	config := &launchtemplate.LaunchTemplateConfig{
		// The provider wants three characters: with a Name of one, there are two hyphens.
		NamePrefix:   jsii.String(p.Name + strings.Repeat("-", max(1, 3-len(p.Name)))),
		ImageId:      jsii.String(image),
		InstanceType: jsii.String(p.InstanceType),
		UserData:     cdktf.Fn_Base64encode(cdktf.Fn_Join(jsii.String("\n"), cdktf.Token_AsList(script.Expression(), nil))),
		IamInstanceProfile: &launchtemplate.LaunchTemplateIamInstanceProfile{
			Arn: profile.Arn(),
		},
		NetworkInterfaces: []*launchtemplate.LaunchTemplateNetworkInterfaces{{
			AssociatePublicIpAddress: jsii.String("false"),
			DeleteOnTermination:      jsii.String("true"),
			SecurityGroups:           &[]*string{securityGroupID},
		}},
		MetadataOptions: &launchtemplate.LaunchTemplateMetadataOptions{
			HttpEndpoint: jsii.String("enabled"),
			// IMDSv2 only, and its answer travels one hop: not out of the
			// instance through a proxy or a container.
			HttpTokens:              jsii.String("required"),
			HttpPutResponseHopLimit: jsii.Number(1),
		},
		BlockDeviceMappings: []*launchtemplate.LaunchTemplateBlockDeviceMappings{{
			DeviceName: jsii.String(p.RootDeviceName),
			Ebs: &launchtemplate.LaunchTemplateBlockDeviceMappingsEbs{
				VolumeType:          jsii.String("gp3"),
				VolumeSize:          jsii.Number(p.RootVolumeGiB),
				Encrypted:           jsii.String("true"),
				DeleteOnTermination: jsii.String("true"),
			},
		}},
		Monitoring:        &launchtemplate.LaunchTemplateMonitoring{Enabled: jsii.Bool(p.DetailedMonitoring)},
		TagSpecifications: specifications,
		Lifecycle:         &cdktf.TerraformResourceLifecycle{CreateBeforeDestroy: jsii.Bool(true)},
	}
	if burstable(p.everyType()) {
		// A server that has used up its credits costs a little more instead of
		// slowing down; an alarm tells. EC2 refuses the argument for other types.
		config.CreditSpecification = &launchtemplate.LaunchTemplateCreditSpecification{CpuCredits: jsii.String("unlimited")}
	}
	return add(c.scope, "template", launchtemplate.NewLaunchTemplate, config)
}
