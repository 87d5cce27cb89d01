package localaws

import (
	"cmp"
	"strings"
	"sync"

	"github.com/beevik/etree"

	"example.com/webserver-cluster/tests/localaws/front"
)

// forgetful describes settings that moto accepts but does not give back, or
// gives back with made-up values. The next plan then shows changes nobody
// made. AWS describes a thing with the settings it was given.
type forgetful struct {
	service  string
	set      []string          // actions that set them; the first one creates the thing, as those do that restore one
	describe string            // the action whose answer lacks them
	things   string            // path of the things in that answer
	id       []string          // what names a thing, as parameters and as elements
	settings map[string]string // names, with the value of a thing that was given none; "" leaves it out
	params   map[string]string // parameters that are called otherwise than the element, by its name
}

// forgotten is documented by AWS action by action:
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AutoScalingGroup.html (…API_ScalingPolicy),
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html.
var forgotten = []forgetful{
	{
		service:  "autoscaling",
		set:      []string{"CreateAutoScalingGroup", "UpdateAutoScalingGroup"},
		describe: "DescribeAutoScalingGroups",
		things:   "AutoScalingGroups/member",
		id:       []string{"AutoScalingGroupName"},
		settings: map[string]string{
			"AvailabilityZoneDistribution": "",
			"DefaultInstanceWarmup":        "",
			"InstanceMaintenancePolicy":    "",
			"MaxInstanceLifetime":          "",
		},
	},
	{
		service:  "autoscaling",
		set:      []string{"PutScalingPolicy"},
		describe: "DescribePolicies",
		things:   "ScalingPolicies/member",
		id:       []string{"AutoScalingGroupName", "PolicyName"},
		settings: map[string]string{
			"Enabled":                        "true",
			"PredictiveScalingConfiguration": "", // moto has an empty one
		},
	},
	{
		service:  "rds",
		set:      []string{"CreateDBInstance", "ModifyDBInstance", "RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceToPointInTime"},
		describe: "DescribeDBInstances",
		things:   "DBInstances/DBInstance",
		id:       []string{"DBInstanceIdentifier"},
		settings: map[string]string{
			"MonitoringInterval":                 "0",
			"MonitoringRoleArn":                  "",
			"PerformanceInsightsEnabled":         "false",
			"PerformanceInsightsRetentionPeriod": "",
		},
		params: map[string]string{
			"DBInstanceIdentifier":       "TargetDBInstanceIdentifier", // of RestoreDBInstanceToPointInTime
			"PerformanceInsightsEnabled": "EnablePerformanceInsights",
		},
	},
}

// close has f remember the settings, and write them into the descriptions.
func (g forgetful) close(f *front.Front) {
	var mu sync.Mutex
	given := map[string]map[string]*etree.Element{} // by thing and setting

	remember := func(create bool) front.Handler {
		return func(r *front.Request, next front.Next) (*front.Response, error) {
			resp, err := next(r)
			if err != nil || !resp.OK() {
				return resp, err
			}
			mu.Lock()
			defer mu.Unlock()
			thing := g.name(r.Region, func(name string) string {
				return cmp.Or(r.Params.Get(name), r.Params.Get(g.params[name]))
			})
			if create || given[thing] == nil {
				given[thing] = map[string]*etree.Element{}
			}
			for setting := range g.settings {
				if e := r.ParamElement(cmp.Or(g.params[setting], setting)); e != nil {
					e.Tag = setting
					given[thing][setting] = e
				}
			}
			return resp, nil
		}
	}
	for i, action := range g.set {
		f.Handle(g.service, action, remember(i == 0 || strings.HasPrefix(action, "Restore")))
	}

	f.Handle(g.service, g.describe, func(r *front.Request, next front.Next) (*front.Response, error) {
		resp, err := next(r)
		if err != nil {
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		return resp, resp.UpdateXML(func(root *etree.Element) {
			for _, e := range root.FindElements(".//" + g.things) {
				values := given[g.name(r.Region, func(name string) string { return childText(e, name) })]
				for setting, otherwise := range g.settings {
					setChild(e, setting, values[setting], otherwise)
				}
			}
		})
	})
}

// name is what tells a thing from all others, given where to read its ids.
func (g forgetful) name(region string, get func(string) string) string {
	parts := []string{region}
	for _, id := range g.id {
		parts = append(parts, get(id))
	}
	return strings.Join(parts, "/")
}

// setChild replaces e's child of a name by value, or by one that holds
// otherwise if there is no value. -1 is Auto Scaling's way to unset a setting.
func setChild(e *etree.Element, name string, value *etree.Element, otherwise string) {
	if old := e.SelectElement(name); old != nil {
		e.RemoveChild(old)
	}
	switch {
	case value != nil && !unset(value):
		e.AddChild(value.Copy())
	case otherwise != "":
		e.CreateElement(name).SetText(otherwise)
	}
}

// unset tells whether all that e holds is -1.
func unset(e *etree.Element) bool {
	for _, child := range e.ChildElements() {
		if !unset(child) {
			return false
		}
	}
	return len(e.ChildElements()) > 0 || e.Text() == "-1"
}

func childText(e *etree.Element, name string) string {
	if child := e.SelectElement(name); child != nil {
		return child.Text()
	}
	return ""
}
