package scaling_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"
	"github.com/beevik/etree"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/localaws/front"
)

// factor is how fast AWS's time runs in these tests: its hour is a minute and a
// half, its 20 s of launching half a second.
const factor = 40

// world is what all tests share: one local AWS with a network and a target
// group per test.
var world struct {
	*localaws.AWS
	groups   *autoscaling.Client
	ec2      *ec2.Client
	balancer *elb.Client
	alarms   *cloudwatch.Client
	vpc      string
	subnets  []string
}

func TestMain(m *testing.M) {
	// The tests wait most of the time; by default only as many run side by side
	// as there are processors.
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
	os.Exit(func() int {
		ctx := context.Background()
		cloud, err := localaws.Start(ctx, localaws.Options{TimeFactor: factor, Log: func(format string, args ...any) { fmt.Printf(format+"\n", args...) }})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer cloud.Stop()
		world.AWS = cloud
		world.groups = autoscaling.NewFromConfig(cloud.Config())
		world.ec2 = ec2.NewFromConfig(cloud.Config())
		world.balancer = elb.NewFromConfig(cloud.Config())
		world.alarms = cloudwatch.NewFromConfig(cloud.Config(), func(o *cloudwatch.Options) {
			o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801) // moto does not know CBOR
		})
		verdicts.register(cloud.Front)

		vpc, err := world.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		world.vpc = *vpc.Vpc.VpcId
		for i, zone := range []string{"us-east-1a", "us-east-1b"} {
			subnet, err := world.ec2.CreateSubnet(ctx, &ec2.CreateSubnetInput{
				VpcId: vpc.Vpc.VpcId, AvailabilityZone: aws.String(zone), CidrBlock: aws.String(fmt.Sprintf("10.0.%d.0/24", i)),
			})
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			world.subnets = append(world.subnets, *subnet.Subnet.SubnetId)
		}
		return m.Run()
	}())
}

// verdicts are what the load balancer says of targets, in moto's place, which finds
// all of them healthy and forgets them as soon as they are deregistered.
var verdicts = &balancer{state: map[string]string{}, draining: map[string]time.Time{}}

type balancer struct {
	mu       sync.Mutex
	state    map[string]string    // by instance
	draining map[string]time.Time // until when
}

// drainFor is the deregistration delay of the tests, in AWS time.
const drainFor = 30 * time.Second

func (b *balancer) say(id, state string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state[id] = state
}

func (b *balancer) register(f *front.Front) {
	f.Handle("elasticloadbalancing", "DeregisterTargets", func(r *front.Request, next front.Next) (*front.Response, error) {
		var in elb.DeregisterTargetsInput
		if err := r.DecodeQuery(&in); err != nil {
			return nil, err
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, t := range in.Targets {
			b.draining[*in.TargetGroupArn+*t.Id] = time.Now().Add(world.Clock.Real(drainFor))
		}
		return next(r)
	})
	f.Handle("elasticloadbalancing", "DescribeTargetHealth", func(r *front.Request, next front.Next) (*front.Response, error) {
		resp, err := next(r)
		if err != nil {
			return nil, err
		}
		arn := r.Params.Get("TargetGroupArn")
		b.mu.Lock()
		defer b.mu.Unlock()
		return resp, resp.UpdateXML(func(root *etree.Element) {
			for _, t := range root.FindElements("//TargetHealthDescriptions/member") {
				if state := b.state[t.FindElement("Target/Id").Text()]; state != "" {
					t.FindElement("TargetHealth/State").SetText(state)
				}
			}
			for target, until := range b.draining {
				id, here := strings.CutPrefix(target, arn)
				if !here || time.Now().After(until) {
					continue
				}
				t := root.FindElement("//TargetHealthDescriptions").CreateElement("member")
				t.CreateElement("Target").CreateElement("Id").SetText(id)
				t.CreateElement("TargetHealth").CreateElement("State").SetText("draining")
			}
		})
	})
}

// fixture is a group with a launch template of versions 1 to 3.
type fixture struct {
	*testing.T
	name     string
	template string
	target   string // group
}

// newGroup makes a group of two instances of version 1 and waits until it
// serves. change, which may be nil, changes what is asked for.
func newGroup(t *testing.T, change func(*autoscaling.CreateAutoScalingGroupInput)) *fixture {
	t.Helper()
	t.Parallel()
	ctx := t.Context()
	name := strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()))
	f := &fixture{T: t, name: name}
	lt, err := world.ec2.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: &name,
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: aws.String("ami-12c6146b"), InstanceType: "t3.micro"},
	})
	f.check(err)
	f.template = *lt.LaunchTemplate.LaunchTemplateId
	for range 2 {
		_, err := world.ec2.CreateLaunchTemplateVersion(ctx, &ec2.CreateLaunchTemplateVersionInput{
			LaunchTemplateId:   &f.template,
			LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: aws.String("ami-12c6146b"), InstanceType: "t3.micro"},
		})
		f.check(err)
	}
	targetName := name[max(0, len(name)-32):]
	tg, err := world.balancer.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String(strings.Trim(targetName, "-")), Port: aws.Int32(80), Protocol: elbtypes.ProtocolEnumHttp, VpcId: &world.vpc,
	})
	f.check(err)
	f.target = *tg.TargetGroups[0].TargetGroupArn
	in := &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName:   &name,
		MinSize:                aws.Int32(2),
		MaxSize:                aws.Int32(10),
		DesiredCapacity:        aws.Int32(2),
		LaunchTemplate:         f.version(1),
		VPCZoneIdentifier:      aws.String(strings.Join(world.subnets, ",")),
		TargetGroupARNs:        []string{f.target},
		HealthCheckType:        aws.String("ELB"),
		HealthCheckGracePeriod: aws.Int32(30),
		DefaultInstanceWarmup:  aws.Int32(30),
	}
	if change != nil {
		change(in)
	}
	_, err = world.groups.CreateAutoScalingGroup(ctx, in)
	f.check(err)
	t.Cleanup(func() {
		_, err := world.groups.DeleteAutoScalingGroup(context.Background(), &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: &name, ForceDelete: aws.Bool(true)})
		f.check(err)
	})
	f.await("the group serves", func() bool { return len(f.inService()) == int(*in.DesiredCapacity) })
	f.check(world.Clock.Sleep(ctx, 40*time.Second)) // and is warm
	return f
}

func (f *fixture) check(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) version(n int) *types.LaunchTemplateSpecification {
	return &types.LaunchTemplateSpecification{LaunchTemplateId: &f.template, Version: aws.String(fmt.Sprint(n))}
}

// await polls until ok, for 30 real seconds at most.
func (f *fixture) await(what string, ok func() bool) {
	f.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			f.Fatalf("not in time: %s\n%s", what, f.report())
		}
		time.Sleep(150 * time.Millisecond)
	}
}

func (f *fixture) report() string {
	var b strings.Builder
	for _, i := range f.group().Instances {
		fmt.Fprintln(&b, *i.InstanceId, *i.LaunchTemplate.Version, i.LifecycleState, *i.HealthStatus, *i.AvailabilityZone)
	}
	if r := f.latest(); r != nil {
		fmt.Fprintln(&b, r.Status, aws.ToString(r.StatusReason), *r.PercentageComplete)
	}
	for _, a := range f.activities() {
		fmt.Fprintln(&b, a.StatusCode, *a.Description, "|", *a.Cause)
	}
	return b.String()
}

func (f *fixture) group() types.AutoScalingGroup {
	f.Helper()
	out, err := world.groups.DescribeAutoScalingGroups(context.Background(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{f.name}})
	f.check(err)
	if len(out.AutoScalingGroups) != 1 {
		f.Fatalf("%d groups %s", len(out.AutoScalingGroups), f.name)
	}
	return out.AutoScalingGroups[0]
}

// inService returns the ids of the instances in service, of the versions if
// there are any, in the order of their launch.
func (f *fixture) inService(versions ...string) []string {
	f.Helper()
	var ids []string
	for _, i := range f.group().Instances {
		if i.LifecycleState == types.LifecycleStateInService && (len(versions) == 0 || slices.Contains(versions, *i.LaunchTemplate.Version)) {
			ids = append(ids, *i.InstanceId)
		}
	}
	return ids
}

func (f *fixture) activities() []types.Activity {
	f.Helper()
	out, err := world.groups.DescribeScalingActivities(context.Background(), &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: &f.name})
	f.check(err)
	return out.Activities
}

// told tells whether an activity of the instance, or of any for "", has a
// cause that contains the words.
func (f *fixture) told(id, words string) bool {
	f.Helper()
	return slices.ContainsFunc(f.activities(), func(a types.Activity) bool {
		return strings.Contains(*a.Description, id) && strings.Contains(*a.Cause, words)
	})
}

func (f *fixture) latest() *types.InstanceRefresh {
	f.Helper()
	out, err := world.groups.DescribeInstanceRefreshes(context.Background(), &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: &f.name})
	f.check(err)
	if len(out.InstanceRefreshes) == 0 {
		return nil
	}
	return &out.InstanceRefreshes[0]
}
