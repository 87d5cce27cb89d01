package localaws_test

import (
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"example.com/webserver-cluster/tests/localaws/event"
	"example.com/webserver-cluster/tests/localaws/servers"
)

const (
	siteGroup      = "site"
	siteTimeFactor = 20
	// sitePatience is above what anything here takes on a busy machine.
	sitePatience = time.Minute
	drainDelay   = 20 * time.Second // AWS time: 1 s
)

// TestSite goes through what happens to a site, in order: each step starts
// from two healthy servers.
func TestSite(t *testing.T) {
	kinds := []servers.Kind{servers.Processes}
	if runtime.GOOS == "linux" {
		kinds = append(kinds, servers.Namespaces)
	}
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) { testSite(t, kind) })
	}
}

func testSite(t *testing.T, kind servers.Kind) {
	s := newSite(t, kind)
	if got := s.cloud.Servers.Kind(); got != kind {
		t.Fatalf("servers are made of %s, want %s", got, kind)
	}
	s.wait("two running servers of version 2", func() bool {
		list := s.cloud.Servers.List()
		return len(list) == 2 && !slices.ContainsFunc(list, func(x servers.Server) bool {
			return x.Version != "2" || x.Group != siteGroup || x.State != servers.Running
		})
	})
	if hosts := s.hosts(10); len(hosts) != 2 {
		t.Errorf("10 requests went to %v, want both servers", hosts)
	}
	if _, body := s.get("/"); !strings.Contains(body, "'X-Forwarded-For': '127.0.0.1'") || !strings.Contains(body, "'X-Forwarded-Port': '80'") {
		t.Errorf("request headers %s, want X-Forwarded-For and -Port", body)
	}
	for path, want := range map[string]int{"/status/500": 500, "/status/404": 404, "/close": 502} {
		if got, _ := s.get(path); got != want {
			t.Errorf("%s: status %d, want %d", path, got, want)
		}
	}
	for _, step := range []struct {
		name string
		run  func(*site, *testing.T)
	}{
		{"console", (*site).testConsole},
		{"clients", (*site).testClients},
		{"zone", (*site).testZone},
		{"alarm", (*site).testAlarm},
		{"drain", (*site).testDrain},
		{"fail open", (*site).testFailOpen},
		{"kill", (*site).testKill},
		{"terminate", (*site).testTerminate},
	} {
		t.Run(step.name, func(t *testing.T) {
			inner := &site{T: t, cloud: s.cloud, elb: s.elb, group: s.group, url: s.url, front: s.front}
			inner.wait("two healthy targets", func() bool { return len(inner.targets("healthy")) == 2 && len(inner.targets("draining")) == 0 })
			step.run(inner, t)
		})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, kind := range []event.Kind{event.Launched, event.Booted, event.Initial, event.Healthy, event.Draining, event.Unused, event.Killed, event.Unhealthy, event.Terminated} {
		if !slices.ContainsFunc(s.events, func(e event.Event) bool { return e.Kind == kind && e.Version == "2" && e.AWSTime > 0 }) {
			t.Errorf("no event %q of version 2", kind)
		}
	}
}

// testClients has the load balancer's security group let nobody in, a private network,
// everybody.
func (s *site) testClients(t *testing.T) {
	computers := ec2.NewFromConfig(s.cloud.Config())
	fresh := func() error {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: sitePatience}
		resp, err := client.Get(s.url + "/")
		if err == nil {
			resp.Body.Close()
		}
		return err
	}
	if status, body := s.get("/"); status != http.StatusOK { // a connection that stays
		t.Errorf("status %d: %s", status, body)
	}
	_, err := computers.RevokeSecurityGroupIngress(t.Context(), &ec2.RevokeSecurityGroupIngressInput{GroupId: &s.front, IpPermissions: rule(80, "0.0.0.0/0")})
	s.must(err)
	s.wait("a refused client", func() bool { return fresh() != nil })
	if status, body := s.get("/"); status != http.StatusOK {
		t.Errorf("a connection that was there is cut when the rule goes: status %d: %s", status, body)
	}
	for block, want := range map[string]bool{"10.0.0.0/8": false, "198.51.100.0/24": true} {
		in := &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &s.front, IpPermissions: rule(80, block)}
		_, err := computers.AuthorizeSecurityGroupIngress(t.Context(), in)
		s.must(err)
		time.Sleep(1100 * time.Millisecond) // rules are remembered for a second
		if err := fresh(); (err == nil) != want {
			t.Errorf("with %s: %v, want a client to get in: %v", block, err, want)
		}
		_, err = computers.RevokeSecurityGroupIngress(t.Context(), &ec2.RevokeSecurityGroupIngressInput{GroupId: &s.front, IpPermissions: in.IpPermissions})
		s.must(err)
		s.wait("a refused client", func() bool { return fresh() != nil })
	}
	_, err = computers.AuthorizeSecurityGroupIngress(t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &s.front, IpPermissions: rule(80, "0.0.0.0/0")})
	s.must(err)
	s.wait("a client that gets in", func() bool { return fresh() == nil })
}

// testZone takes a zone away from the load balancer: a target in it gets no requests.
func (s *site) testZone(t *testing.T) {
	balancers, err := s.elb.DescribeLoadBalancers(t.Context(), &elb.DescribeLoadBalancersInput{})
	s.must(err)
	lb := balancers.LoadBalancers[0]
	subnets, err := ec2.NewFromConfig(s.cloud.Config()).DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	s.must(err)
	all := []string{*lb.AvailabilityZones[0].SubnetId, *lb.AvailabilityZones[1].SubnetId}
	third := slices.IndexFunc(subnets.Subnets, func(n ec2types.Subnet) bool { return !slices.Contains(all, *n.SubnetId) })
	set := func(subnets ...string) {
		_, err := s.elb.SetSubnets(t.Context(), &elb.SetSubnetsInput{LoadBalancerArn: lb.LoadBalancerArn, Subnets: subnets})
		s.must(err)
	}
	set(all[0], *subnets.Subnets[third].SubnetId)
	s.wait("a target out of the zones", func() bool { return len(s.targets("unused")) == 1 && len(s.targets("healthy")) == 1 })
	if hosts := s.hosts(10); len(hosts) != 1 {
		t.Errorf("10 requests went to %v, want the server in the zone that is left", hosts)
	}
	set(all...)
	s.wait("two healthy targets", func() bool { return len(s.targets("healthy")) == 2 })
}

// testAlarm has servers answer with errors until an alarm goes off, and then
// no more.
func (s *site) testAlarm(t *testing.T) {
	alarms := cloudwatch.NewFromConfig(s.cloud.Config(), func(o *cloudwatch.Options) {
		o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801) // moto does not know CBOR
	})
	_, suffix, _ := strings.Cut(s.group, "targetgroup/")
	_, err := alarms.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String("site-5xx"), Namespace: aws.String("AWS/ApplicationELB"), MetricName: aws.String("HTTPCode_Target_5XX_Count"),
		Dimensions: []cloudwatchtypes.Dimension{{Name: aws.String("TargetGroup"), Value: aws.String("targetgroup/" + suffix)}},
		Statistic:  cloudwatchtypes.StatisticSum, Period: aws.Int32(60), EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(10),
		ComparisonOperator: cloudwatchtypes.ComparisonOperatorGreaterThanThreshold, TreatMissingData: aws.String("notBreaching"),
	})
	s.must(err)
	for _, step := range []struct {
		state cloudwatchtypes.StateValue
		path  string
	}{
		{cloudwatchtypes.StateValueAlarm, "/status/500"},
		{cloudwatchtypes.StateValueOk, "/"},
	} {
		s.wait("the state "+string(step.state), func() bool {
			s.get(step.path)
			out, err := alarms.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{StateValue: step.state})
			s.must(err)
			return len(out.MetricAlarms) == 1
		})
	}
}

// testDrain deregisters a target under load: its requests end well if they
// end within the delay.
func (s *site) testDrain(t *testing.T) {
	_, err := autoscaling.NewFromConfig(s.cloud.Config()).SuspendProcesses(t.Context(), &autoscaling.SuspendProcessesInput{AutoScalingGroupName: aws.String(siteGroup)})
	s.must(err)
	ids := s.targets("healthy")
	statuses := make(chan int, 4)
	before := s.requests()
	// In turn, so that each target gets one of each.
	for i, path := range []string{"/slow/2", "/slow/2", "/slow/0.5", "/slow/0.5"} {
		go func() {
			status, _ := s.get(path)
			statuses <- status
		}()
		s.wait("the request to arrive", func() bool { return s.requests() > before+i })
	}
	targets := []types.TargetDescription{{Id: &ids[0]}}
	start := time.Now()
	_, err = s.elb.DeregisterTargets(t.Context(), &elb.DeregisterTargetsInput{TargetGroupArn: &s.group, Targets: targets})
	s.must(err)
	if got := s.targets("draining"); !slices.Equal(got, ids[:1]) {
		t.Errorf("draining: %v, want %v", got, ids[:1])
	}
	if hosts := s.hosts(10); len(hosts) != 1 {
		t.Errorf("requests went to %v, want one server", hosts)
	}
	s.wait("the end of draining", func() bool { return len(s.targets("draining")) == 0 })
	if took := s.cloud.Clock.Since(start); took < drainDelay {
		t.Errorf("draining took %v, want %v", took, drainDelay)
	}
	var got []int
	for range 4 {
		got = append(got, <-statuses)
	}
	slices.Sort(got)
	if want := []int{200, 200, 200, 502}; !slices.Equal(got, want) {
		t.Errorf("statuses %v, want %v: one request outlasts the delay", got, want)
	}
	_, err = s.elb.RegisterTargets(t.Context(), &elb.RegisterTargetsInput{TargetGroupArn: &s.group, Targets: targets})
	s.must(err)
}

// testFailOpen has all health checks fail.
func (s *site) testFailOpen(t *testing.T) {
	s.cloud.Balancers.SetFault(func(string) error { return fmt.Errorf("a fault of the test") })
	s.wait("two unhealthy targets", func() bool { return len(s.targets("unhealthy")) == 2 })
	if hosts := s.hosts(10); len(hosts) != 2 {
		t.Errorf("requests went to %v, want both servers", hosts)
	}
	s.cloud.Balancers.SetFault(nil)
}

// testKill has a server crash: the load balancer finds out by itself.
func (s *site) testKill(t *testing.T) {
	id := s.targets("healthy")[0]
	s.must(s.cloud.Servers.Kill(id))
	s.wait("the server to be down", func() bool { server, _ := s.cloud.Servers.Get(id); return server.State == servers.Down })
	s.wait("an unhealthy target", func() bool { return slices.Equal(s.targets("unhealthy"), []string{id}) })
	if hosts := s.hosts(10); len(hosts) != 1 {
		t.Errorf("requests went to %v, want one server", hosts)
	}
	_, err := autoscaling.NewFromConfig(s.cloud.Config()).ResumeProcesses(t.Context(), &autoscaling.ResumeProcessesInput{AutoScalingGroupName: aws.String(siteGroup)})
	s.must(err)
	_, err = ec2.NewFromConfig(s.cloud.Config()).TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
	s.must(err)
	if _, there := s.cloud.Servers.Get(id); there {
		t.Errorf("%s is terminated, and there", id)
	}
}

// testTerminate has the group end itself.
func (s *site) testTerminate(t *testing.T) {
	_, err := autoscaling.NewFromConfig(s.cloud.Config()).DeleteAutoScalingGroup(t.Context(), &autoscaling.DeleteAutoScalingGroupInput{
		AutoScalingGroupName: aws.String(siteGroup), ForceDelete: aws.Bool(true),
	})
	s.must(err)
	s.wait("no server", func() bool { return len(s.cloud.Servers.List()) == 0 })
	s.wait("no target", func() bool { return len(s.cloud.Balancers.Targets()) == 0 })
}
