//go:build browser

package browser

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
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
)

// bootScript is stage's, as the app synthesizes it. Values that only a deploy knows
// stand in it by their names.
func bootScript(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("../synth/testdata/stage.tf.json")
	if err != nil {
		t.Fatal(err)
	}
	var stack struct {
		Locals struct {
			Script []string `json:"web_boot_script"`
		} `json:"locals"`
	}
	if err := json.Unmarshal(content, &stack); err != nil || len(stack.Locals.Script) == 0 {
		t.Fatalf("there is no boot script of stage: %v", err)
	}
	script := regexp.MustCompile(`([^$])\$\{([^}]*)\}`).ReplaceAllString(strings.Join(stack.Locals.Script, "\n"), "$1$2")
	return strings.NewReplacer("$${", "${", "%%{", "%{").Replace(script)
}

// site is a group of servers behind a load balancer of a local AWS.
type site struct {
	*testing.T
	cloud    *localaws.AWS
	groups   *autoscaling.Client
	machines *ec2.Client
	template string // id of the launch template
	url      string
}

const (
	name = "site"
	// timeFactor has a rollout take seconds.
	timeFactor = 20
	serverPort = 8080
)

func (s *site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// newSite makes two servers that run the script, by AWS's own calls, and waits until
// the page answers: what the app makes, without what the provider waits for.
func newSite(t *testing.T, script string) *site {
	t.Helper()
	ctx := t.Context()
	cloud, err := localaws.Start(ctx, localaws.Options{
		BuildDir: t.TempDir(), TimeFactor: timeFactor, Servers: true, BootDelay: 5 * time.Second, Log: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	s := &site{T: t, cloud: cloud, groups: autoscaling.NewFromConfig(cloud.Config()), machines: ec2.NewFromConfig(cloud.Config())}
	balancers := elb.NewFromConfig(cloud.Config())

	subnets, err := s.machines.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})
	s.must(err)
	ids := []string{*subnets.Subnets[0].SubnetId, *subnets.Subnets[1].SubnetId}
	// The load balancer has the VPC's default security group, which lets in its members alone.
	defaults, err := s.machines.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []ec2types.Filter{
		{Name: aws.String("group-name"), Values: []string{"default"}}, {Name: aws.String("vpc-id"), Values: []string{*subnets.Subnets[0].VpcId}},
	}})
	s.must(err)
	_, err = s.machines.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: defaults.SecurityGroups[0].GroupId, CidrIp: aws.String("0.0.0.0/0"), IpProtocol: aws.String("tcp"), FromPort: aws.Int32(80), ToPort: aws.Int32(80),
	})
	s.must(err)
	lb, err := balancers.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: aws.String(name), Subnets: ids})
	s.must(err)
	s.url = "http://" + *lb.LoadBalancers[0].DNSName
	target, err := balancers.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String(name), Port: aws.Int32(serverPort), Protocol: types.ProtocolEnumHttp, VpcId: subnets.Subnets[0].VpcId,
		HealthCheckPath: aws.String("/health"), HealthCheckIntervalSeconds: aws.Int32(5), HealthCheckTimeoutSeconds: aws.Int32(2), HealthyThresholdCount: aws.Int32(2),
	})
	s.must(err)
	_, err = balancers.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: lb.LoadBalancers[0].LoadBalancerArn, Port: aws.Int32(80), Protocol: types.ProtocolEnumHttp,
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: target.TargetGroups[0].TargetGroupArn}},
	})
	s.must(err)
	template, err := s.machines.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{LaunchTemplateName: aws.String(name), LaunchTemplateData: launch(script)})
	s.must(err)
	s.template = *template.LaunchTemplate.LaunchTemplateId
	_, err = s.groups.CreateAutoScalingGroup(ctx, &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String(name), MinSize: aws.Int32(2), MaxSize: aws.Int32(4), VPCZoneIdentifier: aws.String(strings.Join(ids, ",")),
		LaunchTemplate:  &autoscalingtypes.LaunchTemplateSpecification{LaunchTemplateId: &s.template, Version: aws.String("1")},
		TargetGroupARNs: []string{*target.TargetGroups[0].TargetGroupArn},
		HealthCheckType: aws.String("ELB"), HealthCheckGracePeriod: aws.Int32(60),
	})
	s.must(err)
	s.wait("the page", func() bool {
		answer, err := http.Get(s.url)
		if err == nil {
			answer.Body.Close()
		}
		return err == nil && answer.StatusCode == http.StatusOK
	})
	return s
}

func launch(script string) *ec2types.RequestLaunchTemplateData {
	return &ec2types.RequestLaunchTemplateData{
		ImageId: aws.String("ami-12c6146b"), UserData: aws.String(base64.StdEncoding.EncodeToString([]byte(script))),
	}
}

// wait waits until condition holds.
func (s *site) wait(what string, condition func() bool) {
	s.Helper()
	for deadline := time.Now().Add(2 * patience); !condition(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("waited in vain for %s; targets: %+v; servers: %+v", what, s.cloud.Balancers.Targets(), s.cloud.Servers.List())
		}
	}
}

// rollOut has all servers run another script, by an instance refresh.
func (s *site) rollOut(script string) {
	s.Helper()
	ctx := s.Context()
	_, err := s.machines.CreateLaunchTemplateVersion(ctx, &ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: &s.template, LaunchTemplateData: launch(script)})
	s.must(err)
	started, err := s.groups.StartInstanceRefresh(ctx, &autoscaling.StartInstanceRefreshInput{
		AutoScalingGroupName: aws.String(name),
		DesiredConfiguration: &autoscalingtypes.DesiredConfiguration{
			LaunchTemplate: &autoscalingtypes.LaunchTemplateSpecification{LaunchTemplateId: &s.template, Version: aws.String("2")},
		},
		Preferences: &autoscalingtypes.RefreshPreferences{MinHealthyPercentage: aws.Int32(100), MaxHealthyPercentage: aws.Int32(200), InstanceWarmup: aws.Int32(30)},
	})
	s.must(err)
	s.wait("the end of the rollout", func() bool {
		out, err := s.groups.DescribeInstanceRefreshes(ctx, &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: aws.String(name), InstanceRefreshIds: []string{*started.InstanceRefreshId}})
		s.must(err)
		switch refresh := out.InstanceRefreshes[0]; refresh.Status {
		case autoscalingtypes.InstanceRefreshStatusSuccessful:
			return true
		case autoscalingtypes.InstanceRefreshStatusFailed, autoscalingtypes.InstanceRefreshStatusCancelled:
			s.Fatalf("the rollout: %s, %s", refresh.Status, aws.ToString(refresh.StatusReason))
		}
		return false
	})
}
