package constructs

import (
	"fmt"
	"time"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchdashboard"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawspartition"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/internal/faults"
)

// DashboardProps says what a Dashboard shows. Name and Cluster are required.
type DashboardProps struct {
	// Name is the dashboard's name. Required.
	Name string
	// Cluster is the cluster that it shows. Required.
	Cluster *WebserverCluster
	// Database is the database that it shows, one made by NewMySQL: of another one, nothing
	// tells CloudWatch's name. Default: none.
	Database *MySQL
}

// Dashboard is a page in CloudWatch for whoever is on call: which alarms have gone off
// and what to look at first, then requests, errors and latency, then web servers, then
// the database. Errors are red, what is at its best is green, and every axis begins at 0.
// CloudWatch charges for a dashboard by the month, from the fourth one of an account on.
type Dashboard struct {
	// URL is where it is in AWS's console.
	URL string

	// Dashboard is its main resource, for overrides.
	Dashboard cloudwatchdashboard.CloudwatchDashboard
}

// Validate returns every fault of the props, or nil.
func (p DashboardProps) Validate() error {
	var f faults.List
	checkName(&f, p.Name, maxOtherName, "a dashboard's name")
	if p.Cluster == nil {
		f.Missing("Cluster", "the cluster that the dashboard shows")
	}
	return f.Err()
}

// dashboard is what the parts of NewDashboard share.
type dashboard struct {
	scope
	props   DashboardProps
	cluster *WebserverCluster
	// console is the host of AWS's console, region where all of it is.
	console, region string
}

// NewDashboard makes a Dashboard called id in parent. It panics if props are not valid.
func NewDashboard(parent constructs.Construct, id string, props DashboardProps) *Dashboard {
	mustBeValid(id, props.Validate())
	d := dashboard{scope: newScope(parent, id, nil), props: props, cluster: props.Cluster, region: props.Cluster.region}
	partition := add(d.scope, "partition", dataawspartition.NewDataAwsPartition, &dataawspartition.DataAwsPartitionConfig{})
	d.console = *d.local("console", fmt.Sprintf(
		`${lookup({ aws-cn = "console.amazonaws.cn", aws-us-gov = "console.amazonaws-us-gov.com", aws-eusc = "console.amazonaws-eusc.eu" }, "%s", "console.aws.amazon.com")}`,
		*partition.Partition()))
	// Locals, so that a review of the synthesized JSON can read the text and the widgets.
	guide := cdktf.Fn_Join(jsii.String("\n"), cdktf.Token_AsList(d.local("guide", jsii.Strings(d.guide()...)), nil))
	body := d.local("body", map[string]any{
		"start":   "-PT3H",
		"widgets": d.widgets(*guide),
	})
	made := add(d.scope, "dashboard", cloudwatchdashboard.NewCloudwatchDashboard, &cloudwatchdashboard.CloudwatchDashboardConfig{
		DashboardName: jsii.String(props.Name),
		DashboardBody: cdktf.Fn_Jsonencode(body),
	})
	return &Dashboard{
		URL:       d.link("cloudwatch", "dashboards/dashboard/"+props.Name),
		Dashboard: made,
	}
}

// local makes a local value, and returns the reference to it.
func (d dashboard) local(role string, value any) *string {
	local := cdktf.NewTerraformLocal(d.scope.Construct, jsii.String(role), value)
	local.OverrideLogicalId(jsii.String(d.prefix + role))
	return cdktf.Token_AsString(local.Expression(), nil)
}

// link is the address of a page in AWS's console.
func (d dashboard) link(service, page string) string {
	return fmt.Sprintf("https://%s/%s/home?region=%s#%s", d.console, service, d.region, page)
}

// guide are the lines of Markdown that say what to do first.
func (d dashboard) guide() []string {
	group := d.cluster.AutoScalingGroupName
	logs := "`journalctl -e`"
	switch p := d.cluster.props; {
	case p.Application != nil:
		logs = "`journalctl -e -u application`"
	case p.UserData == "" && p.UserDataFrom == nil:
		logs = "`journalctl -e -u webserver`"
	}
	lines := []string{
		"# " + d.props.Name,
		fmt.Sprintf("[The site](%s) · [targets, and why they are unhealthy](%s) · [the group's activity, and why instances end](%s)", d.cluster.URL,
			d.link("ec2", "TargetGroup:targetGroupArn="+d.cluster.TargetGroupARN),
			d.link("ec2", "AutoScalingGroupDetails:id="+group+";view=activity")),
		"",
		"| alarm | what to do first |",
		"| --- | --- |",
		"| no-healthy-hosts, balancer-5xx | Users get nothing. Is a rollout under way? `go run ./cmd/rollout status --region " + d.region + " --group " + group + "`. Then targets, activity |",
		"| target-5xx, unhealthy-hosts | The web servers fail. Since a deploy: deploy the version before. Else read the log of one, by Session Manager: " + logs + " |",
		"| latency-p99 | Is CPU high, or the database slow? If neither: what the web servers call |",
		"| cpu | Is the group's size at the most? Raise `MaxSize` and deploy |",
		"| cpu-credits | No hurry: a larger instance type may be cheaper |",
		"| rejected-connections | More connections than the load balancer has room for. Where do they come from? |",
	}
	if d.props.Database != nil {
		lines = append(lines, "| of the database | [Its events, and the log of slow queries]("+d.link("rds", "databases:")+") |")
	}
	return lines
}

// Colours: of errors and alarms, of what is at its best, and of what is neither.
const (
	red, orange, green, blue, grey = "#d13212", "#ff7f0e", "#2ca02c", "#1f77b4", "#7f7f7f"
)

// widgets are the widgets, on a grid of 24 columns.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
func (d dashboard) widgets(guide string) []any {
	c, p := d.cluster, d.cluster.props
	const elb, group, ec2 = "AWS/ApplicationELB", "AWS/AutoScaling", "AWS/EC2"
	balancer := []string{"LoadBalancer", *c.LoadBalancer.ArnSuffix()}
	targets := append([]string{"TargetGroup", *c.TargetGroup.ArnSuffix()}, balancer...)
	ofGroup := []string{"AutoScalingGroupName", c.AutoScalingGroupName}
	thresholds := p.Alarms
	minutes := 5 // between two of EC2's values
	if p.DetailedMonitoring {
		minutes = 1
	}
	widgets := []any{
		place(0, 0, 16, 8, "text", map[string]any{"markdown": guide}),
		place(16, 0, 8, 8, "alarm", map[string]any{"title": "Alarms", "alarms": d.alarms()}),

		d.graph(0, 8, 8, graph{title: "Requests a minute", minutes: 1, lines: []line{
			{elb, "RequestCount", "Sum", "requests", blue, balancer},
		}}),
		d.graph(8, 8, 8, graph{title: "Errors a minute", minutes: 1, alarm: float64(thresholds.Target5XX), lines: []line{
			{elb, "HTTPCode_Target_5XX_Count", "Sum", "5xx of web servers", red, targets},
			{elb, "HTTPCode_ELB_5XX_Count", "Sum", "5xx of the load balancer", orange, balancer},
			{elb, "RejectedConnectionCount", "Sum", "connections turned down", blue, balancer},
			{elb, "HTTPCode_Target_4XX_Count", "Sum", "4xx of web servers", grey, targets},
		}}),
		d.graph(16, 8, 8, graph{title: "Latency, in seconds", minutes: 1, alarm: thresholds.LatencyP99.Seconds(), lines: []line{
			{elb, "TargetResponseTime", "p99", "p99", red, targets},
			{elb, "TargetResponseTime", "p90", "p90", orange, targets},
			{elb, "TargetResponseTime", "p50", "p50", green, targets},
		}}),

		d.graph(0, 14, 8, graph{title: "Web servers by health", minutes: 1, alarm: AlarmOff, lines: []line{
			{elb, "HealthyHostCount", "Minimum", "healthy", green, targets},
			{elb, "UnHealthyHostCount", "Maximum", "unhealthy", red, targets},
		}}),
		d.graph(8, 14, 8, graph{title: "The group's size", minutes: 1, alarm: AlarmOff, lines: []line{
			{group, "GroupInServiceInstances", "Average", "in service", green, ofGroup},
			{group, "GroupDesiredCapacity", "Average", "wanted", blue, ofGroup},
			{group, "GroupMaxSize", "Average", "at the most", grey, ofGroup},
			{group, "GroupMinSize", "Average", "at least", grey, ofGroup},
		}}),
		d.graph(16, 14, 8, graph{title: "CPU of the web servers, in percent", minutes: minutes, most: 100, alarm: float64(thresholds.CPU), lines: []line{
			{ec2, "CPUUtilization", "Maximum", "busiest", orange, ofGroup},
			{ec2, "CPUUtilization", "Average", "average", blue, ofGroup},
		}}),
	}
	if d.props.Database != nil && d.props.Database.Instance != nil {
		widgets = append(widgets, d.database(20)...)
	}
	return widgets
}

// database are the widgets of the database, from row y on.
func (d dashboard) database(y int) []any {
	const rds = "AWS/RDS"
	instance := []string{"DBInstanceIdentifier", *d.props.Database.Instance.Identifier()}
	return []any{
		d.graph(0, y, 6, graph{title: "Database: CPU, in percent", minutes: 1, most: 100, alarm: AlarmOff, lines: []line{
			{rds, "CPUUtilization", "Average", "CPU", blue, instance},
		}}),
		d.graph(6, y, 6, graph{title: "Database: connections", minutes: 1, alarm: AlarmOff, lines: []line{
			{rds, "DatabaseConnections", "Maximum", "connections", blue, instance},
		}}),
		d.graph(12, y, 6, graph{title: "Database: latency, in seconds", minutes: 1, alarm: AlarmOff, lines: []line{
			{rds, "ReadLatency", "Average", "read", blue, instance},
			{rds, "WriteLatency", "Average", "write", orange, instance},
		}}),
		d.graph(18, y, 6, graph{title: "Database: free, in bytes", minutes: 1, alarm: AlarmOff, lines: []line{
			{rds, "FreeStorageSpace", "Minimum", "storage", green, instance},
			{rds, "FreeableMemory", "Minimum", "memory", blue, instance},
		}}),
	}
}

// alarms are the ARNs of everything's alarms.
func (d dashboard) alarms() []any {
	var arns []any
	for _, arn := range d.cluster.AlarmARNs {
		arns = append(arns, arn)
	}
	if d.props.Database != nil {
		for _, arn := range d.props.Database.AlarmARNs {
			arns = append(arns, arn)
		}
	}
	return arns
}

// graph is a widget with lines over time.
type graph struct {
	title   string
	minutes int // between two points
	most    int // of the axis; 0: as much as there is
	// alarm is the threshold of an alarm, AlarmOff if none is to be shown.
	alarm float64
	lines []line
}

type line struct {
	namespace, metric, statistic, label, color string
	dimensions                                 []string
}

// graph is its JSON, at a place of the grid.
func (d dashboard) graph(x, y, width int, g graph) any {
	axis := map[string]any{"min": 0}
	if g.most > 0 {
		axis["max"] = g.most
	}
	var metrics []any
	for _, l := range g.lines {
		metric := []any{l.namespace, l.metric}
		for _, word := range l.dimensions {
			metric = append(metric, word)
		}
		metrics = append(metrics, append(metric, map[string]any{"stat": l.statistic, "label": l.label, "color": l.color}))
	}
	properties := map[string]any{
		"title": g.title, "view": "timeSeries", "region": d.region, "period": g.minutes * int(time.Minute/time.Second),
		"metrics": metrics, "yAxis": map[string]any{"left": axis},
	}
	if g.alarm > 0 {
		properties["annotations"] = map[string]any{"horizontal": []any{map[string]any{"label": "alarm", "value": g.alarm, "color": red}}}
	}
	return place(x, y, width, 6, "metric", properties)
}

func place(x, y, width, height int, kind string, properties map[string]any) any {
	return map[string]any{"type": kind, "x": x, "y": y, "width": width, "height": height, "properties": properties}
}
