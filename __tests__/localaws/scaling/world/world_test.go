package world_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"example.com/webserver-cluster/tests/localaws/scaling/world"
)

// fleet is the group web in a world of its own, in a bubble.
type fleet struct {
	*testing.T
	*world.World
}

// inBubble runs a test on a group of that many warm instances of version 1; the
// template has two versions more.
func inBubble(t *testing.T, desired int32, change func(*autoscaling.CreateAutoScalingGroupInput), test func(f *fleet)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &fleet{t, world.New()}
		defer f.Stop()
		f.AddVersion()
		f.AddVersion()
		in := &autoscaling.CreateAutoScalingGroupInput{
			AutoScalingGroupName:   aws.String("web"),
			MinSize:                aws.Int32(1),
			MaxSize:                aws.Int32(12),
			DesiredCapacity:        &desired,
			LaunchTemplate:         f.version(1),
			VPCZoneIdentifier:      aws.String(world.Subnets),
			TargetGroupARNs:        []string{world.TargetGroup},
			HealthCheckType:        aws.String("ELB"),
			HealthCheckGracePeriod: aws.Int32(90),
			DefaultInstanceWarmup:  aws.Int32(120),
		}
		if change != nil {
			change(in)
		}
		_, err := f.Groups.CreateAutoScalingGroup(t.Context(), in)
		f.check(err)
		time.Sleep(5 * time.Minute)
		if n := f.healthy(""); n != int(desired) {
			t.Fatalf("%d instances are healthy, want %d\n%s", n, desired, f.report())
		}
		test(f)
	})
}

func (f *fleet) check(err error) {
	f.Helper()
	if err != nil {
		f.Fatalf("%v\n%s", err, f.report())
	}
}

func (f *fleet) version(n int) *types.LaunchTemplateSpecification {
	return &types.LaunchTemplateSpecification{LaunchTemplateId: aws.String(world.Template), Version: aws.String(fmt.Sprint(n))}
}

func (f *fleet) group() types.AutoScalingGroup {
	f.Helper()
	out, err := f.Groups.DescribeAutoScalingGroups(f.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{"web"}})
	if err != nil || len(out.AutoScalingGroups) != 1 {
		f.Fatalf("%v %v", out, err)
	}
	return out.AutoScalingGroups[0]
}

// healthy counts the instances in service, of the version unless it is "", that
// get requests.
func (f *fleet) healthy(version string) int {
	f.Helper()
	health, err := f.DescribeTargetHealth(f.Context(), &elb.DescribeTargetHealthInput{})
	f.check(err)
	serving := map[string]bool{}
	for _, t := range health.TargetHealthDescriptions {
		serving[*t.Target.Id] = t.TargetHealth.State == "healthy"
	}
	n := 0
	for _, i := range f.group().Instances {
		if serving[*i.InstanceId] && i.LifecycleState == types.LifecycleStateInService && (version == "" || version == *i.LaunchTemplate.Version) {
			n++
		}
	}
	return n
}

// ids are the group's instances in the order of their launch.
func (f *fleet) ids() []string {
	f.Helper()
	var ids []string
	for _, i := range f.group().Instances {
		ids = append(ids, *i.InstanceId)
	}
	return ids
}

func (f *fleet) activities() []types.Activity {
	f.Helper()
	out, err := f.Groups.DescribeScalingActivities(f.Context(), &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: aws.String("web")})
	if err != nil {
		f.Fatal(err)
	}
	return out.Activities
}

func (f *fleet) latest() types.InstanceRefresh {
	f.Helper()
	out, err := f.Groups.DescribeInstanceRefreshes(f.Context(), &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: aws.String("web")})
	if err != nil || len(out.InstanceRefreshes) == 0 {
		f.Fatalf("%v %v", out, err)
	}
	return out.InstanceRefreshes[0]
}

func (f *fleet) report() string {
	var b strings.Builder
	for _, i := range f.group().Instances {
		fmt.Fprintln(&b, *i.InstanceId, *i.LaunchTemplate.Version, i.LifecycleState, *i.HealthStatus, *i.AvailabilityZone)
	}
	for _, a := range f.activities() {
		fmt.Fprintln(&b, a.StartTime.Format(time.TimeOnly), a.StatusCode, *a.Description, "|", *a.Cause)
	}
	return b.String()
}

// start starts a refresh to the version as rollout does. change may be nil.
func (f *fleet) start(version int, change func(*types.RefreshPreferences)) error {
	f.Helper()
	p := &types.RefreshPreferences{
		MinHealthyPercentage: aws.Int32(100), MaxHealthyPercentage: aws.Int32(150), SkipMatching: aws.Bool(true), AutoRollback: aws.Bool(true),
	}
	if change != nil {
		change(p)
	}
	_, err := f.Groups.StartInstanceRefresh(f.Context(), &autoscaling.StartInstanceRefreshInput{
		AutoScalingGroupName: aws.String("web"), DesiredConfiguration: &types.DesiredConfiguration{LaunchTemplate: f.version(version)}, Preferences: p,
	})
	return err
}

// ended waits for the end of the refresh and returns how many instances served
// at least meanwhile.
func (f *fleet) ended() (r types.InstanceRefresh, least int) {
	f.Helper()
	least = 100
	for range 1000 {
		time.Sleep(10 * time.Second)
		least = min(least, f.healthy(""))
		if r = f.latest(); r.EndTime != nil {
			return r, least
		}
	}
	f.Fatalf("the refresh is %s (%s)\n%s", r.Status, aws.ToString(r.StatusReason), f.report())
	return r, least
}

func TestGoodRefresh(t *testing.T) {
	inBubble(t, 4, nil, func(f *fleet) {
		f.check(f.start(2, nil))
		r, least := f.ended()
		if r.Status != types.InstanceRefreshStatusSuccessful || least < 4 || f.healthy("2") != 4 || len(f.ids()) < 4 {
			t.Errorf("%s, %d instances served, want 4 always\n%s", r.Status, least, f.report())
		}
		if v := *f.group().LaunchTemplate.Version; v != "2" {
			t.Errorf("the group launches version %s", v)
		}
	})
}

func TestBadRefresh(t *testing.T) {
	inBubble(t, 4, nil, func(f *fleet) {
		f.Behave(2, world.Behaviour{Never: true})
		before := f.ids()
		f.check(f.start(2, nil))
		began := time.Now()
		r, least := f.ended()
		if r.Status != types.InstanceRefreshStatusRollbackSuccessful || least < 4 || f.healthy("1") != 4 {
			t.Errorf("%s, %d instances served, want 4 always\n%s", r.Status, least, f.report())
		}
		if took := time.Since(began); took < time.Hour || took > 90*time.Minute {
			t.Errorf("gave up after %s, want an hour and a little", took)
		}
		if time.Sleep(5 * time.Minute); strings.Join(f.ids(), " ") != strings.Join(before, " ") {
			t.Errorf("%v are left of %v", f.ids(), before)
		}
	})
}

// TestSameHistory holds what a random test needs to be repeated by its seed.
func TestSameHistory(t *testing.T) {
	var first string
	for range 5 {
		inBubble(t, 4, nil, func(f *fleet) {
			f.Behave(2, world.Behaviour{Serves: 100 * time.Second, Dies: 400 * time.Second})
			f.check(f.start(2, nil))
			time.Sleep(20 * time.Minute)
			f.Kill(f.ids()[0])
			time.Sleep(20 * time.Minute)
			history := f.report()
			if first == "" {
				first = history
			}
			if history != first {
				t.Errorf("%s\nand then\n%s", first, history)
			}
		})
	}
}

// TestCheap holds that simulated time is cheap: a random test has thousands of
// hours like these, a quiet one and one in which every new instance is bad.
func TestCheap(t *testing.T) {
	for name, bad := range map[string]bool{"quiet": false, "failing": true} {
		t.Run(name, func(t *testing.T) {
			least := time.Hour
			for range 30 { // other processes spoil some
				inBubble(t, 4, nil, func(f *fleet) {
					f.Behave(2, world.Behaviour{Never: bad})
					f.check(f.start(2, nil))
					before := cpu(t)
					time.Sleep(time.Hour)
					least = min(least, cpu(t)-before)
				})
			}
			if t.Log(least); least > 20*time.Millisecond {
				t.Errorf("an hour took %s of the processor", least)
			}
		})
	}
}

// cpu is the time that this process has used.
func cpu(t *testing.T) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
