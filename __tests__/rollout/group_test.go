package rollout_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"
	"github.com/beevik/etree"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/localaws/front"
)

// localGroup is the group "web" of a local AWS.
type localGroup struct {
	env      []string
	groups   *autoscaling.Client
	compute  *ec2.Client
	alarms   *cloudwatch.Client
	template string
	bad      atomic.Int64 // version whose instances fail their health checks
	held     atomic.Int64 // version whose instances are not yet healthy
}

func newLocalGroup(t *testing.T, cloud *localaws.AWS) *localGroup {
	ctx := t.Context()
	g := &localGroup{
		env:     append(os.Environ(), cloud.Environ()...),
		groups:  autoscaling.NewFromConfig(cloud.Config()),
		compute: ec2.NewFromConfig(cloud.Config()),
		alarms: cloudwatch.NewFromConfig(cloud.Config(), func(o *cloudwatch.Options) {
			o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801) // moto does not know CBOR
		}),
	}
	cloud.Front.Handle("elasticloadbalancing", "DescribeTargetHealth", g.targetHealth)

	subnets, err := g.compute.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{})
	must(t, err)
	vpc := subnets.Subnets[0].VpcId
	images, err := g.compute.DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{"amazon"}})
	must(t, err)
	template, err := g.compute.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("web"),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: images.Images[0].ImageId, InstanceType: ec2types.InstanceTypeT3Micro},
	})
	must(t, err)
	g.template = *template.LaunchTemplate.LaunchTemplateId
	targets, err := elb.NewFromConfig(cloud.Config()).CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String("web"), Protocol: "HTTP", Port: aws.Int32(80), VpcId: vpc,
	})
	must(t, err)
	_, err = g.groups.CreateAutoScalingGroup(ctx, &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName:      aws.String("web"),
		MinSize:                   aws.Int32(2),
		MaxSize:                   aws.Int32(4),
		VPCZoneIdentifier:         aws.String(*subnets.Subnets[0].SubnetId + "," + *subnets.Subnets[1].SubnetId),
		LaunchTemplate:            g.version(1),
		TargetGroupARNs:           []string{*targets.TargetGroups[0].TargetGroupArn},
		HealthCheckType:           aws.String("ELB"),
		HealthCheckGracePeriod:    aws.Int32(60),
		DefaultInstanceWarmup:     aws.Int32(60),
		InstanceMaintenancePolicy: &scaling.InstanceMaintenancePolicy{MinHealthyPercentage: aws.Int32(100), MaxHealthyPercentage: aws.Int32(200)},
	})
	must(t, err)
	return g
}

func (g *localGroup) version(n int64) *scaling.LaunchTemplateSpecification {
	return &scaling.LaunchTemplateSpecification{LaunchTemplateId: &g.template, Version: aws.String(strconv.FormatInt(n, 10))}
}

// deploy does what Terraform does with a new image, and returns its version.
func (g *localGroup) deploy(t *testing.T) int64 {
	t.Helper()
	out, err := g.compute.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId:   &g.template,
		SourceVersion:      aws.String("1"),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{InstanceType: ec2types.InstanceTypeT3Small},
	})
	must(t, err)
	return *out.LaunchTemplateVersion.VersionNumber
}

// deployElsewhere does what Terraform does for a group that others made: it gives
// the group a new version, and may start a refresh.
func (g *localGroup) deployElsewhere(t *testing.T, refresh bool) int64 {
	t.Helper()
	n := g.deploy(t)
	_, err := g.groups.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web"), LaunchTemplate: g.version(n)})
	must(t, err)
	if refresh {
		_, err = g.groups.StartInstanceRefresh(t.Context(), &autoscaling.StartInstanceRefreshInput{
			AutoScalingGroupName: aws.String("web"),
			Preferences:          &scaling.RefreshPreferences{SkipMatching: aws.Bool(true)},
		})
		must(t, err)
	}
	return n
}

// targetHealth has the targets of the bad version fail their health checks, and
// those of the held version wait for their first one.
func (g *localGroup) targetHealth(r *front.Request, next front.Next) (*front.Response, error) {
	response, err := next(r)
	if err != nil || !response.OK() {
		return response, err
	}
	instances, err := g.groups.DescribeAutoScalingInstances(r.HTTP.Context(), &autoscaling.DescribeAutoScalingInstancesInput{})
	if err != nil {
		return nil, err
	}
	states := map[string]string{}
	for _, i := range instances.AutoScalingInstances {
		switch {
		case i.LaunchTemplate == nil:
		case aws.ToString(i.LaunchTemplate.Version) == fmt.Sprint(g.bad.Load()):
			states[*i.InstanceId] = "unhealthy"
		case aws.ToString(i.LaunchTemplate.Version) == fmt.Sprint(g.held.Load()):
			states[*i.InstanceId] = "initial"
		}
	}
	return response, response.UpdateXML(func(root *etree.Element) {
		for _, target := range root.FindElements("//TargetHealthDescriptions/member") {
			id := target.FindElement("Target/Id")
			if id == nil {
				continue
			}
			if state := states[id.Text()]; state != "" {
				target.FindElement("TargetHealth/State").SetText(state)
			}
		}
	})
}

// result is what a run of the command left behind.
type result struct {
	code int
	out  string
}

func (g *localGroup) run(t *testing.T, args ...string) result {
	return g.watch(t, "", nil, args...)
}

// watch runs the command and calls then as soon as it has said text.
func (g *localGroup) watch(t *testing.T, text string, then func(), args ...string) result {
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = g.env
	var out saying
	if then != nil {
		out = saying{text: text, then: then}
	}
	cmd.Stdout, cmd.Stderr = &out, &out
	_ = cmd.Run() // what it exits with is what callers look at
	return result{cmd.ProcessState.ExitCode(), out.said.String()}
}

// watchAndKill runs the command and kills it as soon as it has said text.
func (g *localGroup) watchAndKill(t *testing.T, text string, args ...string) {
	cmd := exec.CommandContext(t.Context(), binary, args...)
	cmd.Env = g.env
	said := false
	out := saying{text: text, then: func() { said = true; cmd.Process.Kill() }}
	cmd.Stdout, cmd.Stderr = &out, &out
	_ = cmd.Run()
	if !said {
		t.Errorf("never said %q, but\n%s", text, out.said.String())
	}
}

// saying keeps what is written and calls then when it holds text.
type saying struct {
	said bytes.Buffer // not embedded: its ReadFrom would go round Write
	text string
	then func()
}

func (s *saying) Write(p []byte) (int, error) {
	n, err := s.said.Write(p)
	if s.then != nil && strings.Contains(s.said.String(), s.text) {
		s.then()
	}
	return n, err
}

func (g *localGroup) rollout(t *testing.T, args ...string) result {
	return g.run(t, append(slices.Clone(rolloutArgs), args...)...)
}

// to are the flags that ask for version n.
func to(n int64) []string { return []string{"--template-version", strconv.FormatInt(n, 10)} }

// start starts a rollout to version n and leaves it running.
func (g *localGroup) start(t *testing.T, n int64) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), binary, append(to(n), "--group", "web", "--poll", "200ms")...)
	cmd.Env = g.env
	must(t, cmd.Start())
	return cmd
}

func (g *localGroup) expect(t *testing.T, r result, code int, says ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d", r.code, code)
	}
	for _, want := range says {
		if !strings.Contains(r.out, want) {
			t.Errorf("does not say %q", want)
		}
	}
	if t.Failed() || testing.Verbose() {
		t.Logf("\n%s", r.out)
	}
}

// runs checks that the group asks for version n and that its two instances run
// it.
func (g *localGroup) runs(t *testing.T, n int64) {
	t.Helper()
	out, err := g.groups.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{"web"}})
	must(t, err)
	group := out.AutoScalingGroups[0]
	if got := *group.LaunchTemplate.Version; got != fmt.Sprint(n) {
		t.Errorf("the group asks for version %s, want %d", got, n)
	}
	serving := 0
	for _, i := range group.Instances {
		if i.LifecycleState == scaling.LifecycleStateInService && *i.LaunchTemplate.Version == fmt.Sprint(n) {
			serving++
		}
	}
	if serving != 2 {
		t.Errorf("%d instances run version %d, want 2", serving, n)
	}
}
