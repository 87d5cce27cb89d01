package strict_test

import (
	"fmt"
	"testing"
)

// TestDashboards: what CloudWatch says of a dashboard's body.
func TestDashboards(t *testing.T) {
	body := func(name, body string) request {
		return request{service: "monitoring", form: form("2010-08-01", "PutDashboard", "DashboardName="+name, "DashboardBody="+body)}
	}
	widget := func(format string, args ...any) request {
		return body("web", fmt.Sprintf(`{"widgets":[`+format+`]}`, args...))
	}
	graph := func(metric string) request {
		return widget(`{"type":"metric","properties":{"region":"eu-central-1","metrics":[%s]}}`, metric)
	}
	run(t, []test{
		{"nothing", body("web", `{"widgets":[]}`), nil},
		{"a name", body("web.stage", `{"widgets":[]}`), []string{"InvalidParameterInput", "web.stage", "DashboardName"}},
		{"no JSON", body("web", `{"widgets":[}`), []string{"InvalidParameterInput", "valid JSON"}},
		{"a text", widget(`{"type":"text","x":0,"y":0,"width":24,"height":6,"properties":{"markdown":"# web"}}`), nil},
		{"a text without any", widget(`{"type":"text","properties":{}}`), []string{"/widgets/0: a text needs markdown"}},
		{"a place", widget(`{"type":"text","x":24,"width":25,"height":0,"y":-1,"properties":{"markdown":""}}`), []string{"x must be 0 to 23", "width must be 1 to 24", "height must be 1 to 1000", "y must be 0 or more"}},
		{"a type", widget(`{"type":"graph"}`), []string{"no type graph"}},
		{"alarms", widget(`{"type":"alarm","properties":{"alarms":["arn:aws:cloudwatch:eu-central-1:123456789012:alarm:a"]}}`), nil},
		{"an alarm's name", widget(`{"type":"alarm","properties":{"alarms":["a"]}}`), []string{"a is no ARN of an alarm"}},
		{"no alarm", widget(`{"type":"alarm","properties":{"alarms":[]}}`), []string{"alarms must be 1 to 100"}},
		{"a graph", graph(`["AWS/EC2","CPUUtilization","InstanceId","i-1",{"stat":"Average","color":"#1f77b4"}]`), nil},
		{"a graph of a formula", graph(`[{"expression":"m1/m2"}]`), nil},
		{"half a dimension", graph(`["AWS/EC2","CPUUtilization","InstanceId"]`), []string{"pairs of a dimension's name and value"}},
		{"a metric without a value", graph(`["AWS/EC2","CPUUtilization","InstanceId",""]`), []string{"is no text in a metric"}},
		{"a colour", graph(`["AWS/EC2","CPUUtilization",{"color":"red"}]`), []string{"red is no colour"}},
		{"a graph without a region", widget(`{"type":"metric","properties":{"metrics":[["a","b"]]}}`), []string{"needs a region"}},
		{"a graph of nothing", widget(`{"type":"metric","properties":{"region":"eu-central-1"}}`), []string{"needs metrics"}},
		{"an axis, a period and a view", widget(`{"type":"metric","properties":{"region":"eu-central-1","metrics":[["a","b"]],"period":90,"view":"line","yAxis":{"top":{"min":0}}}}`), []string{"multiple of 60", "no view line", "no axis top"}},
	})
}
