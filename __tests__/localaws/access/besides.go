package access

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"example.com/webserver-cluster/tests/localaws/access/reference"
)

// tagging are the actions that AWS asks for, too, where something is made with tags.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/tagging-resources-during-creation.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags_roles.html
var tagging = map[string]string{
	"acm": "AddTagsToCertificate", "autoscaling": "CreateOrUpdateTags", "cloudwatch": "TagResource", "dynamodb": "TagResource",
	"ec2": "CreateTags", "elasticloadbalancing": "AddTags", "kms": "TagResource", "logs": "TagResource",
	"rds": "AddTagsToResource", "secretsmanager": "TagResource", "sns": "TagResource", "ssm": "AddTagsToResource",
}

// besides tells what AWS asks for besides the request's own action.
func (c call) besides(own []question) []question {
	all := append(c.tagsMade(own), c.rolesPassed()...)
	if c.prefix == "autoscaling" {
		all = append(all, c.launches()...)
	}
	if c.prefix == "rds" && c.input["ManageMasterUserPassword"] == true {
		// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html#rds-secrets-manager-permissions
		secrets := call{judge: c.judge, ctx: c.ctx, prefix: "secretsmanager", region: c.region, account: c.account}
		secret := []resource{{kind: "Secret", arn: "arn:aws:secretsmanager:" + c.region + ":" + c.account + ":secret:rds!db-*", made: true}}
		for _, action := range []string{"CreateSecret", "TagResource"} {
			all = append(all, secrets.questions(action, secret)...)
		}
	}
	return all
}

// tagsMade asks for the tagging of what is made with tags.
func (c call) tagsMade(own []question) []question {
	action := tagging[c.prefix]
	if c.prefix == "iam" { // CreateRole: TagRole
		action = strings.Replace(c.name, "Create", "Tag", 1)
	}
	if action == "" || strings.EqualFold(action, c.name) || strings.Contains(c.name, "Tag") || reference.Load().Find(c.prefix+":"+action) == nil {
		return nil
	}
	var made []resource
	known := reference.Load().Find(c.prefix + ":" + action)
	for _, q := range own {
		if q.resource == "*" && len(known.Types) > 0 { // it is made, and has no name yet
			q.resource = reference.Fill(reference.Load().ARN(c.prefix+":", known.Types[0].Name), c.variables(nil))
		}
		kind := kindOf(c.prefix, known, q.resource)
		if len(c.requestTags(kind.Name)) == 0 {
			continue
		}
		made = append(made, resource{kind: kind.Name, arn: q.resource, keys: kind.Keys, made: true, values: map[string]string{c.prefix + ":createaction": c.name}})
	}
	if len(made) == 0 {
		return nil
	}
	return c.questions(action, made)
}

// kindOf is the type among an action's that an ARN is of.
func kindOf(prefix string, action *reference.Action, arn string) reference.Type {
	for _, t := range action.Types {
		if Matches(reference.Fill(reference.Load().ARN(prefix+":", t.Name), nil), arn) {
			return t
		}
	}
	return reference.Type{}
}

// rolesPassed asks for the passing of each role that the request hands to a service.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
func (c call) rolesPassed() []question {
	switch c.prefix + ":" + c.name {
	case "ec2:CreateFlowLogs":
		return c.passes(c.text("DeliverLogsPermissionArn"), "vpc-flow-logs.amazonaws.com")
	case "iam:AddRoleToInstanceProfile":
		return c.passes(c.byName("RoleNameWithPath", "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}", c.text("RoleName")), "ec2.amazonaws.com")
	}
	return nil
}

func (c call) passes(role, service string) []question {
	if role == "" {
		return nil
	}
	return []question{{action: "iam:PassRole", resource: role, values: map[string]string{"iam:passedtoservice": service}}}
}

// launches asks for what starting instances from a launch template takes, where a group is
// given one: Auto Scaling asks for it on behalf of the group.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html
func (c call) launches() []question {
	template, version := c.template()
	switch c.name {
	case "CreateAutoScalingGroup", "UpdateAutoScalingGroup", "StartInstanceRefresh":
	default:
		return nil
	}
	if template == "" {
		return nil
	}
	config := c.judge.config
	config.Region = c.region
	out, err := ec2.NewFromConfig(config).DescribeLaunchTemplateVersions(c.ctx, &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &template, Versions: []string{version}})
	if err != nil || len(out.LaunchTemplateVersions) == 0 {
		return nil // as AWS will say
	}
	data := out.LaunchTemplateVersions[0].LaunchTemplateData
	named := []any{template, aws.ToString(data.ImageId)}
	for _, n := range data.NetworkInterfaces {
		for _, group := range n.Groups {
			named = append(named, group)
		}
	}
	for subnet := range strings.SplitSeq(c.text("VPCZoneIdentifier"), ",") {
		named = append(named, subnet)
	}
	run := call{judge: c.judge, ctx: c.ctx, prefix: "ec2", name: "RunInstances", region: c.region, account: c.account, input: map[string]any{
		"Named": named, "TagSpecifications": specifications(data.TagSpecifications),
	}}
	asked := run.questions("RunInstances", run.resources("RunInstances"))
	asked = append(asked, run.tagsMade(asked)...)
	if data.IamInstanceProfile == nil {
		return asked
	}
	if _, role, err := c.judge.roles.ofProfile(c.ctx, aws.ToString(data.IamInstanceProfile.Arn)); err == nil {
		asked = append(asked, c.passes(role, "ec2.amazonaws.com")...)
	}
	return asked
}

// template is the launch template that a request to Auto Scaling names, and its version.
func (c call) template() (template, version string) {
	walk(c.input, "", func(name, text string) {
		switch name {
		case "LaunchTemplateId", "LaunchTemplateName":
			template = text
		case "Version":
			version = text
		}
	})
	return template, version
}

// versionSpecified is "true" if a template's version is a number, "false" for $Latest,
// $Default or none, which is $Default; "" without a template.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html#amazonec2autoscaling-policy-keys
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplateSpecification.html
func (c call) versionSpecified() string {
	template, version := c.template()
	if template == "" {
		return ""
	}
	_, err := strconv.Atoi(version)
	return strconv.FormatBool(err == nil)
}

// specifications are a template's tags in the form of a request's.
func specifications(list []ec2types.LaunchTemplateTagSpecification) []any {
	var all []any
	for _, s := range list {
		var tags []any
		for _, t := range s.Tags {
			tags = append(tags, map[string]any{"Key": aws.ToString(t.Key), "Value": aws.ToString(t.Value)})
		}
		all = append(all, map[string]any{"ResourceType": string(s.ResourceType), "Tags": tags})
	}
	return all
}
