package localaws_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	autoscalingtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/localaws/event"
	"example.com/webserver-cluster/tests/localaws/servers"
)

// site is a group of servers behind a load balancer.
type site struct {
	*testing.T
	cloud    *localaws.AWS
	elb      *elb.Client
	group    string // ARN of the target group
	template string // id of the launch template
	url      string
	front    string // id of the load balancer's security group

	mu     sync.Mutex
	events []event.Event
}

// newSite deploys two servers by AWS's own calls and waits until they are
// healthy.
func newSite(t *testing.T, kind servers.Kind) *site {
	t.Helper()
	ctx := t.Context()
	s := &site{T: t}
	cloud, err := localaws.Start(ctx, localaws.Options{
		BuildDir: t.TempDir(), TimeFactor: siteTimeFactor, Servers: true, ServerKind: kind, BootDelay: 5 * time.Second, Log: t.Logf,
		OnEvent: func(e event.Event) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.events = append(s.events, e)
		},
	})
	s.must(err)
	t.Cleanup(cloud.Stop)
	s.cloud, s.elb = cloud, elb.NewFromConfig(cloud.Config())
	computers := ec2.NewFromConfig(cloud.Config())

	subnets, err := computers.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})
	s.must(err)
	ids := []string{*subnets.Subnets[0].SubnetId, *subnets.Subnets[1].SubnetId}
	// Load balancer and instances have the VPC's default security group, which lets its
	// members in, and here clients of the load balancer.
	defaults, err := computers.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{
		{Name: aws.String("group-name"), Values: []string{"default"}}, {Name: aws.String("vpc-id"), Values: []string{*subnets.Subnets[0].VpcId}},
	}})
	s.must(err)
	s.front = *defaults.SecurityGroups[0].GroupId
	_, err = computers.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &s.front, IpPermissions: rule(80, "0.0.0.0/0")})
	s.must(err)
	lb, err := s.elb.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: aws.String("site"), Subnets: ids})
	s.must(err)
	group, err := s.elb.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String("site"), Port: aws.Int32(8080), Protocol: types.ProtocolEnumHttp, VpcId: subnets.Subnets[0].VpcId,
		HealthCheckPath: aws.String("/health"), HealthCheckIntervalSeconds: aws.Int32(5), HealthCheckTimeoutSeconds: aws.Int32(2),
		HealthyThresholdCount: aws.Int32(2), UnhealthyThresholdCount: aws.Int32(2), Matcher: &types.Matcher{HttpCode: aws.String("200")},
	})
	s.must(err)
	s.group = *group.TargetGroups[0].TargetGroupArn
	_, err = s.elb.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &s.group, Attributes: []types.TargetGroupAttribute{
		{Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String(fmt.Sprint(int(drainDelay.Seconds())))},
	}})
	s.must(err)
	_, err = s.elb.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: lb.LoadBalancers[0].LoadBalancerArn, Port: aws.Int32(80), Protocol: types.ProtocolEnumHttp,
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: &s.group}},
	})
	s.must(err)
	described, err := s.elb.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{})
	s.must(err)
	s.url = "http://" + *described.LoadBalancers[0].DNSName

	if status, _ := s.get("/"); status != http.StatusServiceUnavailable {
		t.Errorf("without targets: status %d, want 503", status)
	}

	script, err := os.ReadFile("testdata/server.sh")
	s.must(err)
	data := base64.StdEncoding.EncodeToString(script)
	template, err := computers.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("site"),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: aws.String("ami-12c6146b"), UserData: &data},
	})
	s.must(err)
	s.template = *template.LaunchTemplate.LaunchTemplateId
	// A second version: the one that the servers are of.
	_, err = computers.CreateLaunchTemplateVersion(ctx, &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId:   &s.template,
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: aws.String("ami-1234abcd"), UserData: &data},
	})
	s.must(err)
	_, err = autoscaling.NewFromConfig(cloud.Config()).CreateAutoScalingGroup(ctx, &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String(siteGroup), MinSize: aws.Int32(2), MaxSize: aws.Int32(4),
		VPCZoneIdentifier: aws.String(strings.Join(ids, ",")),
		LaunchTemplate:    &autoscalingtypes.LaunchTemplateSpecification{LaunchTemplateId: &s.template, Version: aws.String("2")},
		TargetGroupARNs:   []string{s.group},
	})
	s.must(err)
	s.wait("two healthy targets", func() bool { return len(s.targets("healthy")) == 2 })
	return s
}

func (s *site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// wait waits until condition holds.
func (s *site) wait(what string, condition func() bool) {
	s.Helper()
	for deadline := time.Now().Add(sitePatience); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("waited in vain for %s; targets: %+v; servers: %+v", what, s.cloud.Balancers.Targets(), s.cloud.Servers.List())
		}
	}
}

// targets returns the ids of the targets that DescribeTargetHealth shows in a
// state.
func (s *site) targets(state string) []string {
	s.Helper()
	out, err := s.elb.DescribeTargetHealth(context.Background(), &elb.DescribeTargetHealthInput{TargetGroupArn: &s.group})
	s.must(err)
	var ids []string
	for _, d := range out.TargetHealthDescriptions {
		if string(d.TargetHealth.State) == state {
			ids = append(ids, *d.Target.Id)
		}
	}
	return ids
}

// get returns status and body of an answer, over a kept connection.
func (s *site) get(path string) (int, string) {
	resp, err := http.Get(s.url + path)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(body)
}

// hosts returns the hosts that answer n requests.
func (s *site) hosts(n int) []string {
	s.Helper()
	var hosts []string
	for range n {
		status, body := s.get("/")
		if status != http.StatusOK {
			s.Errorf("status %d: %s", status, body)
		}
		host, _, _ := strings.Cut(body, " ")
		hosts = append(hosts, host)
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// requests is how many the targets have got.
func (s *site) requests() int {
	sum := 0
	for _, target := range s.cloud.Balancers.Targets() {
		sum += target.Requests
	}
	return sum
}
