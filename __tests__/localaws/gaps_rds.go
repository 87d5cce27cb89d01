package localaws

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

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

// tellDatabasesApart gives every DB instance a resource id of its own, which stays when
// the instance gets another name: moto's is the same constant for all of them, and
// Terraform, which finds an instance by it, finds none as soon as there are two.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html
func tellDatabasesApart(f *front.Front) {
	ids := resourceIDs{given: map[string]string{}}
	made := []string{"CreateDBInstance", "RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceToPointInTime"}
	for _, action := range append(made, "ModifyDBInstance", "DeleteDBInstance", "DescribeDBInstances") {
		f.Handle("rds", action, func(r *front.Request, next front.Next) (*front.Response, error) {
			wanted := takeResourceIDs(r.Params)
			resp, err := next(r)
			if err != nil {
				return nil, err
			}
			return resp, resp.UpdateXML(func(root *etree.Element) {
				for _, id := range root.FindElements(".//DbiResourceId") {
					instance := id.Parent()
					arn := instance.SelectElement("DBInstanceArn").Text()
					switch {
					case slices.Contains(made, action):
						ids.give(arn)
					case r.Params.Get("NewDBInstanceIdentifier") != "":
						ids.move(arn[:strings.LastIndex(arn, ":")+1]+r.Params.Get("DBInstanceIdentifier"), arn)
					}
					id.SetText(ids.of(arn))
					if wanted != nil && !slices.Contains(wanted, id.Text()) {
						instance.Parent().RemoveChild(instance)
					}
				}
			})
		})
	}
}

// resourceIDs are the resource ids of the DB instances by their ARNs.
type resourceIDs struct {
	mu    sync.Mutex
	made  int
	given map[string]string
}

// give gives a new instance an id in AWS's form.
func (r *resourceIDs) give(arn string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made++
	digest := sha256.Sum256(fmt.Append(nil, r.made, arn))
	r.given[arn] = "db-" + base32.StdEncoding.EncodeToString(digest[:])[:26]
}

// move has an instance keep its id under a new name.
func (r *resourceIDs) move(from, to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if id, ok := r.given[from]; ok && from != to {
		r.given[to] = id
		delete(r.given, from)
	}
}

func (r *resourceIDs) of(arn string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.given[arn]
}

// tellRestoredFromReplicas: moto takes a DB instance that was restored to a point in time
// for a read replica of its source. On AWS it has nothing to do with it any more.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIT.html
func tellRestoredFromReplicas(f *front.Front) {
	const restore = "RestoreDBInstanceToPointInTime"
	var restored sync.Map // by resource id
	for _, action := range []string{restore, "ModifyDBInstance", "DeleteDBInstance", "DescribeDBInstances"} {
		f.Handle("rds", action, func(r *front.Request, next front.Next) (*front.Response, error) {
			resp, err := next(r)
			if err != nil {
				return nil, err
			}
			return resp, resp.UpdateXML(func(root *etree.Element) {
				for _, id := range root.FindElements(".//DbiResourceId") {
					if action == restore {
						restored.Store(id.Text(), true)
					}
					if _, ok := restored.Load(id.Text()); ok {
						setChild(id.Parent(), "ReadReplicaSourceDBInstanceIdentifier", nil, "")
					}
				}
			})
		})
	}
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
