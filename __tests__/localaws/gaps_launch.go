package localaws

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/beevik/etree"

	"example.com/webserver-cluster/tests/localaws/front"
)

// launchAsTemplated: of a launch template, moto's RunInstances takes neither the
// instance profile nor the metadata options, and the security groups of its network
// interface not at all. On AWS a parameter that a request does not have is the
// template's,
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/launch-instances-from-launch-template.html.
func (a *AWS) launchAsTemplated() {
	a.Front.Handle("ec2", "RunInstances", func(r *front.Request, next front.Next) (*front.Response, error) {
		data, err := a.templateData(r)
		if err != nil {
			return nil, err
		}
		if data != nil {
			complete(r, data)
		}
		return next(r)
	})
}

// templateData is that of the launch template that a RunInstances request names;
// nil if it names none, or one that moto will say it does not know.
func (a *AWS) templateData(r *front.Request) (*types.ResponseLaunchTemplateData, error) {
	var in ec2.RunInstancesInput
	if err := r.DecodeQuery(&in); err != nil {
		return nil, err
	}
	if in.LaunchTemplate == nil {
		return nil, nil
	}
	version := aws.ToString(in.LaunchTemplate.Version)
	if version == "" {
		version = "$Default"
	}
	client := ec2.NewFromConfig(a.MotoConfig(), func(o *ec2.Options) { o.Region = r.Region })
	out, err := client.DescribeLaunchTemplateVersions(context.WithoutCancel(r.HTTP.Context()), &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: in.LaunchTemplate.LaunchTemplateId, LaunchTemplateName: in.LaunchTemplate.LaunchTemplateName, Versions: []string{version},
	})
	if err != nil || len(out.LaunchTemplateVersions) == 0 {
		return nil, nil
	}
	return out.LaunchTemplateVersions[0].LaunchTemplateData, nil
}

// complete sets the parameters of r that data has and r has not.
func complete(r *front.Request, data *types.ResponseLaunchTemplateData) {
	set := func(name, value string) {
		if value != "" && !r.Params.Has(name) {
			r.Params.Set(name, value)
		}
	}
	if p := data.IamInstanceProfile; p != nil && !r.Params.Has("IamInstanceProfile.Arn") && !r.Params.Has("IamInstanceProfile.Name") {
		set("IamInstanceProfile.Arn", aws.ToString(p.Arn))
		set("IamInstanceProfile.Name", aws.ToString(p.Name))
	}
	if m := data.MetadataOptions; m != nil {
		set("MetadataOptions.HttpTokens", string(m.HttpTokens))
		set("MetadataOptions.HttpEndpoint", string(m.HttpEndpoint))
		set("MetadataOptions.InstanceMetadataTags", string(m.InstanceMetadataTags))
		if m.HttpPutResponseHopLimit != nil {
			set("MetadataOptions.HttpPutResponseHopLimit", fmt.Sprint(*m.HttpPutResponseHopLimit))
		}
	}
	groups := data.SecurityGroupIds
	if len(data.NetworkInterfaces) > 0 {
		groups = data.NetworkInterfaces[0].Groups
	}
	if !r.Params.Has("SecurityGroupId.1") {
		for i, group := range groups {
			set(fmt.Sprintf("SecurityGroupId.%d", i+1), group)
		}
	}
}

// tagTemplates: moto tells the tags that a launch template was made with, whatever has
// become of them.
func (a *AWS) tagTemplates() {
	a.Front.Handle("ec2", "DescribeLaunchTemplates", func(r *front.Request, next front.Next) (*front.Response, error) {
		resp, err := next(r)
		if err != nil || !resp.OK() {
			return resp, err
		}
		client := ec2.NewFromConfig(a.MotoConfig(), func(o *ec2.Options) { o.Region = r.Region })
		found, err := client.DescribeTags(r.HTTP.Context(), &ec2.DescribeTagsInput{
			Filters: []types.Filter{{Name: aws.String("resource-type"), Values: []string{"launch-template"}}},
		})
		if err != nil {
			return nil, err
		}
		return resp, resp.UpdateXML(func(root *etree.Element) {
			for _, template := range root.FindElements("launchTemplates/item") {
				for _, before := range template.SelectElements("tagSet") {
					template.RemoveChild(before)
				}
				tags := template.CreateElement("tagSet")
				for _, t := range found.Tags {
					if aws.ToString(t.ResourceId) == childText(template, "launchTemplateId") {
						item := tags.CreateElement("item")
						item.CreateElement("key").SetText(aws.ToString(t.Key))
						item.CreateElement("value").SetText(aws.ToString(t.Value))
					}
				}
			}
		})
	})
}
