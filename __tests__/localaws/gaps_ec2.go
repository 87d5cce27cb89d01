package localaws

import (
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
