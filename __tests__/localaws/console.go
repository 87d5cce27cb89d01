package localaws

import (
	"bytes"
	"context"
	_ "embed"
	"html/template"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"example.com/webserver-cluster/tests/localaws/balancer"
)

//go:embed console.html
var consoleText string

var consolePage = template.Must(template.New("console").Parse(consoleText))

// Console returns the URL of a web page, on a port of 127.0.0.1 until Stop, that
// shows what goes on in the local AWS's region: instances by version, with their
// health and requests, the last instance refresh of each group, and the alarms. It
// needs Options.Servers.
func (a *AWS) Console() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: http.HandlerFunc(a.serveConsole)}
	a.AtStop(func() { server.Close() })
	go server.Serve(listener)
	return "http://" + listener.Addr().String(), nil
}

func (a *AWS) serveConsole(w http.ResponseWriter, r *http.Request) {
	shown, err := a.consoleContent(r.Context())
	var page bytes.Buffer
	if err == nil {
		err = consolePage.Execute(&page, shown)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	page.WriteTo(w)
}

// console is what the page shows.
type console struct {
	Region    string
	Balancers []elbtypes.LoadBalancer
	Groups    []consoleGroup
	Alarms    []cloudwatchtypes.MetricAlarm
}

type consoleGroup struct {
	Name               string
	Min, Max, Desired  int32
	Instances          []consoleInstance // by version and id
	Refresh            string            // the last one's status; "" for none
	Percent            int32             // of the refresh
	Reason             string            // why the refresh is where it is
	Requests, Failures int
}

type consoleInstance struct {
	ID, Version, Lifecycle string
	balancer.Target        // as the load balancer sees it; zero if it does not
}

func (a *AWS) consoleContent(ctx context.Context) (c console, err error) {
	c.Region = a.region
	balancers, err := elb.NewFromConfig(a.Config()).DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{})
	if err != nil {
		return c, err
	}
	c.Balancers = balancers.LoadBalancers
	client := autoscaling.NewFromConfig(a.Config())
	groups, err := client.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{})
	if err != nil {
		return c, err
	}
	targets := map[string]balancer.Target{}
	for _, t := range a.Balancers.Targets() {
		targets[t.ID] = t
	}
	for _, g := range groups.AutoScalingGroups {
		refreshes, err := client.DescribeInstanceRefreshes(ctx, &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: g.AutoScalingGroupName})
		if err != nil {
			return c, err
		}
		c.Groups = append(c.Groups, groupContent(g, refreshes.InstanceRefreshes, targets))
	}
	alarms, err := cloudwatch.NewFromConfig(a.Config(), func(o *cloudwatch.Options) {
		o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801) // moto does not know CBOR
	}).DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{})
	if err == nil {
		c.Alarms = alarms.MetricAlarms
	}
	return c, err
}

// groupContent is what is shown of a group. AWS has the newest refresh first.
func groupContent(g types.AutoScalingGroup, refreshes []types.InstanceRefresh, targets map[string]balancer.Target) consoleGroup {
	shown := consoleGroup{
		Name: aws.ToString(g.AutoScalingGroupName),
		Min:  aws.ToInt32(g.MinSize), Max: aws.ToInt32(g.MaxSize), Desired: aws.ToInt32(g.DesiredCapacity),
	}
	if len(refreshes) > 0 {
		last := refreshes[0]
		shown.Refresh, shown.Percent, shown.Reason = string(last.Status), aws.ToInt32(last.PercentageComplete), aws.ToString(last.StatusReason)
	}
	for _, i := range g.Instances {
		one := consoleInstance{ID: aws.ToString(i.InstanceId), Lifecycle: string(i.LifecycleState), Target: targets[aws.ToString(i.InstanceId)]}
		if i.LaunchTemplate != nil {
			one.Version = aws.ToString(i.LaunchTemplate.Version)
		}
		shown.Requests += one.Requests
		shown.Failures += one.Errors5xx + one.Failed
		shown.Instances = append(shown.Instances, one)
	}
	slices.SortFunc(shown.Instances, func(x, y consoleInstance) int {
		if d := len(x.Version) - len(y.Version); d != 0 {
			return d // 9 before 10
		}
		return strings.Compare(x.Version+x.ID, y.Version+y.ID)
	})
	return shown
}
