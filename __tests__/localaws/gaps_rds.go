package localaws

import (
	"github.com/beevik/etree"

	"example.com/webserver-cluster/tests/localaws/front"
)

// nameParameterSource: moto lists the parameters that were set, without saying
// so, and Terraform passes over a parameter of no source. On AWS their Source
// is "user",
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_Parameter.html.
func nameParameterSource(f *front.Front) {
	f.Handle("rds", "DescribeDBParameters", func(r *front.Request, next front.Next) (*front.Response, error) {
		resp, err := next(r)
		if err != nil {
			return nil, err
		}
		return resp, resp.UpdateXML(func(root *etree.Element) {
			for _, parameter := range root.FindElements(".//Parameters/Parameter") {
				setChild(parameter, "Source", nil, "user")
			}
		})
	})
}
