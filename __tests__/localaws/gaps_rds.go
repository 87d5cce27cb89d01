package localaws

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

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

// tellDatabasesApart gives every DB instance a resource id of its own: moto's is
// the same constant for all of them, and Terraform, which finds an instance by
// it, finds none as soon as there are two.
func tellDatabasesApart(f *front.Front) {
	for _, action := range []string{"CreateDBInstance", "ModifyDBInstance", "DeleteDBInstance", "DescribeDBInstances"} {
		f.Handle("rds", action, func(r *front.Request, next front.Next) (*front.Response, error) {
			wanted := takeResourceIDs(r.Params)
			resp, err := next(r)
			if err != nil {
				return nil, err
			}
			return resp, resp.UpdateXML(func(root *etree.Element) {
				for _, id := range root.FindElements(".//DbiResourceId") {
					instance := id.Parent()
					id.SetText(resourceID(instance.SelectElement("DBInstanceArn").Text()))
					if wanted != nil && !slices.Contains(wanted, id.Text()) {
						instance.Parent().RemoveChild(instance)
					}
				}
			})
		})
	}
}

// resourceID is a resource id in AWS's form that follows from an ARN.
func resourceID(arn string) string {
	digest := sha256.Sum256([]byte(arn))
	return "db-" + base32.StdEncoding.EncodeToString(digest[:])[:26]
}

// takeResourceIDs takes the filter by resource id out of the parameters and
// returns its values; nil if there is no such filter.
func takeResourceIDs(params url.Values) []string {
	for i := 1; ; i++ {
		filter := fmt.Sprintf("Filters.Filter.%d.", i)
		switch params.Get(filter + "Name") {
		case "":
			return nil
		case "dbi-resource-id":
			values := []string{}
			for j := 1; params.Has(fmt.Sprintf("%sValues.Value.%d", filter, j)); j++ {
				values = append(values, params.Get(fmt.Sprintf("%sValues.Value.%d", filter, j)))
			}
			maps.DeleteFunc(params, func(name string, _ []string) bool { return strings.HasPrefix(name, filter) })
			return values
		}
	}
}
