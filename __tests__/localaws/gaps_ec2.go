package localaws

import (
	"fmt"
	"sync"

	"github.com/beevik/etree"

	"example.com/webserver-cluster/tests/localaws/front"
)

// keepUserData: moto takes the user data of a further version of a launch
// template unparsed, and the next instance that a group launches from it dies
// of an AssertionError (status 500). On AWS a further version is like the
// first,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplateVersion.html.
// moto gets the version without user data, and the front describes it with.
func keepUserData(f *front.Front) {
	const parameter = "LaunchTemplateData.UserData"
	var userData sync.Map // by launch template id and version number

	f.Handle("ec2", "CreateLaunchTemplateVersion", func(r *front.Request, next front.Next) (*front.Response, error) {
		data := r.Params.Get(parameter)
		r.Params.Del(parameter)
		resp, err := next(r)
		if err != nil {
			return nil, err
		}
		return resp, resp.UpdateXML(func(root *etree.Element) {
			if version := root.SelectElement("launchTemplateVersion"); version != nil && data != "" {
				userData.Store(versionID(version), data)
				setUserData(version, data)
			}
		})
	})
	f.Handle("ec2", "DescribeLaunchTemplateVersions", func(r *front.Request, next front.Next) (*front.Response, error) {
		resp, err := next(r)
		if err != nil {
			return nil, err
		}
		return resp, resp.UpdateXML(func(root *etree.Element) {
			for _, version := range root.FindElements("./launchTemplateVersionSet/item") {
				if data, ok := userData.Load(versionID(version)); ok {
					setUserData(version, data.(string))
				}
			}
		})
	})
}

func versionID(version *etree.Element) string {
	return childText(version, "launchTemplateId") + "/" + childText(version, "versionNumber")
}

func setUserData(version *etree.Element, data string) {
	if template := version.SelectElement("launchTemplateData"); template != nil {
		template.CreateElement("userData").SetText(data)
	}
}

// keepTemplateTagsApart: moto lists a launch template's own tags among those
// that its instances and volumes get, where Terraform finds a block it never
// wrote. AWS keeps the two apart ("The tags to apply to the launch template
// on creation … the resource type must be launch-template"),
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html.
func keepTemplateTagsApart(f *front.Front) {
	f.Handle("ec2", "DescribeLaunchTemplateVersions", func(r *front.Request, next front.Next) (*front.Response, error) {
		resp, err := next(r)
		if err != nil {
			return nil, err
		}
		return resp, resp.UpdateXML(func(root *etree.Element) {
			for _, e := range root.FindElements(".//tagSpecificationSet/item[resourceType='launch-template']") {
				e.Parent().RemoveChild(e)
			}
		})
	})
}

// keepRuleDescriptions: moto forgets the description of a security group rule
// whose other side is a security group. On AWS every rule keeps its own,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html.
func keepRuleDescriptions(f *front.Front) {
	var descriptions sync.Map // by the rule's id

	for _, action := range []string{"AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress"} {
		f.Handle("ec2", action, func(r *front.Request, next front.Next) (*front.Response, error) {
			resp, err := next(r)
			// A request for several rules at once has several descriptions;
			// Terraform makes one rule at a time.
			description := r.Params.Get("IpPermissions.1.Groups.1.Description")
			if err != nil || !resp.OK() || description == "" {
				return resp, err
			}
			return resp, resp.UpdateXML(func(root *etree.Element) {
				for _, rule := range root.FindElements("./securityGroupRuleSet/item") {
					descriptions.Store(childText(rule, "securityGroupRuleId"), description)
				}
			})
		})
	}
	f.Handle("ec2", "ModifySecurityGroupRules", func(r *front.Request, next front.Next) (*front.Response, error) {
		resp, err := next(r)
		if err == nil && resp.OK() {
			for i := 1; r.Params.Has(fmt.Sprintf("SecurityGroupRule.%d.SecurityGroupRuleId", i)); i++ {
				rule := fmt.Sprintf("SecurityGroupRule.%d.SecurityGroupRule", i)
				descriptions.Store(r.Params.Get(rule+"Id"), r.Params.Get(rule+".Description"))
			}
		}
		return resp, err
	})
	f.Handle("ec2", "DescribeSecurityGroupRules", func(r *front.Request, next front.Next) (*front.Response, error) {
		resp, err := next(r)
		if err != nil {
			return nil, err
		}
		return resp, resp.UpdateXML(func(root *etree.Element) {
			for _, rule := range root.FindElements("./securityGroupRuleSet/item") {
				if description, ok := descriptions.Load(childText(rule, "securityGroupRuleId")); ok {
					setChild(rule, "description", nil, description.(string))
				}
			}
		})
	})
}
