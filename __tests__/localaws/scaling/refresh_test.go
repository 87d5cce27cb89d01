package scaling_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"
)

// preferences launch before they terminate.
//
// Tests that look at a refresh under way give it a longer warm-up: the slower the
// machine, the less there is to see.
func preferences() *types.RefreshPreferences {
	return &types.RefreshPreferences{
		MinHealthyPercentage: aws.Int32(100),
		MaxHealthyPercentage: aws.Int32(150),
		SkipMatching:         aws.Bool(true),
	}
}

// use has the group launch a version of its template, as Terraform does before
// it starts a refresh.
func (f *fixture) use(version int) {
	f.Helper()
	_, err := world.groups.UpdateAutoScalingGroup(context.Background(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: &f.name, LaunchTemplate: f.version(version)})
	f.check(err)
}

// start starts a refresh to the version, or without a desired configuration
// for 0.
func (f *fixture) start(version int, p *types.RefreshPreferences) error {
	f.Helper()
	in := &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: &f.name, Preferences: p}
	if version != 0 {
		in.DesiredConfiguration = &types.DesiredConfiguration{LaunchTemplate: f.version(version)}
	}
	_, err := world.groups.StartInstanceRefresh(context.Background(), in)
	return err
}

func (f *fixture) awaitStatus(status types.InstanceRefreshStatus) {
	f.Helper()
	f.await("the refresh is "+string(status), func() bool { return f.latest().Status == status })
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code {
		t.Errorf("error %v, want a %s", err, code)
	}
}

// watch notes the bounds of the group's size until the returned function is
// called.
func (f *fixture) watch() func() (least, most int) {
	stop := make(chan struct{})
	least, most := 1000, 0
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			serving, size := 0, 0
			for _, i := range f.group().Instances {
				switch i.LifecycleState {
				case types.LifecycleStateInService:
					serving++
					size++
				case types.LifecycleStatePending:
					size++
				}
			}
			least, most = min(least, serving), max(most, size)
			select {
			case <-stop:
				return
			case <-f.Context().Done(): // the test has failed
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	return func() (int, int) {
		close(stop)
		wg.Wait()
		return least, most
	}
}

func TestRefresh(t *testing.T) {
	f := newGroup(t, nil)
	f.use(2)
	old := f.inService()
	bounds := f.watch()
	f.check(f.start(0, preferences()))
	f.awaitStatus(types.InstanceRefreshStatusSuccessful)
	if least, most := bounds(); least < 2 || most > 3 {
		t.Errorf("%d to %d instances, want 2 to 3 always\n%s", least, most, f.report())
	}
	if n := len(f.inService("2")); n != 2 {
		t.Errorf("%d instances of version 2, want 2", n)
	}
	if r := f.latest(); *r.PercentageComplete != 100 || *r.InstancesToUpdate != 0 || r.EndTime == nil {
		t.Errorf("%+v", r)
	}
	if !f.told("", "an instance was launched in response to an instance refresh.") ||
		!f.told(old[0], "an instance was taken out of service in response to an instance refresh.  At ") {
		t.Error(f.report())
	}
	if n := *f.group().DesiredCapacity; n != 2 {
		t.Errorf("the desired capacity became %d", n)
	}
}

func TestRefreshUnderWay(t *testing.T) {
	f := newGroup(t, nil)
	f.use(2)
	slow := preferences()
	slow.InstanceWarmup = aws.Int32(240)
	f.check(f.start(0, slow))
	wantCode(t, f.start(0, preferences()), "InstanceRefreshInProgress")
	_, err := world.groups.RollbackInstanceRefresh(t.Context(), &autoscaling.RollbackInstanceRefreshInput{AutoScalingGroupName: &f.name})
	wantCode(t, err, "IrreversibleInstanceRefresh")
	f.await("warming up", func() bool {
		return strings.HasSuffix(aws.ToString(f.latest().StatusReason), "is warming up.")
	})
	_, err = world.groups.CancelInstanceRefresh(t.Context(), &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: &f.name})
	f.check(err)
	f.awaitStatus(types.InstanceRefreshStatusCancelled)
	_, err = world.groups.CancelInstanceRefresh(t.Context(), &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: &f.name})
	wantCode(t, err, "ActiveInstanceRefreshNotFound")
	// What was launched in advance goes; the next refresh starts over.
	f.await("back to two instances", func() bool { return len(f.group().Instances) == 2 })
	f.check(f.start(0, preferences()))
	f.awaitStatus(types.InstanceRefreshStatusSuccessful)
}

func TestDesiredConfiguration(t *testing.T) {
	f := newGroup(t, nil)
	slow := preferences()
	slow.InstanceWarmup = aws.Int32(120)
	f.check(f.start(2, slow))
	f.await("an instance of version 2", func() bool { return len(f.inService("2")) > 0 })
	if v := *f.group().LaunchTemplate.Version; v != "1" {
		t.Errorf("the group has version %s before the refresh succeeded", v)
	}
	// A scale-out meanwhile launches the desired configuration.
	_, err := world.groups.SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: &f.name, DesiredCapacity: aws.Int32(3)})
	f.check(err)
	f.awaitStatus(types.InstanceRefreshStatusSuccessful)
	if v := *f.group().LaunchTemplate.Version; v != "2" {
		t.Errorf("the group has version %s after the refresh", v)
	}
	if n := len(f.inService("2")); n != 3 {
		t.Errorf("%d instances of version 2, want 3\n%s", n, f.report())
	}
}

func TestManualRollback(t *testing.T) {
	f := newGroup(t, nil)
	p := preferences()
	p.CheckpointPercentages = []int32{50, 100} // an hour's pause
	f.check(f.start(2, p))
	f.await("half done", func() bool { return *f.latest().PercentageComplete == 50 })
	_, err := world.groups.RollbackInstanceRefresh(t.Context(), &autoscaling.RollbackInstanceRefreshInput{AutoScalingGroupName: &f.name})
	f.check(err)
	f.awaitStatus(types.InstanceRefreshStatusRollbackSuccessful)
	if n := len(f.inService("1")); n != 2 {
		t.Errorf("%d instances of version 1, want 2\n%s", n, f.report())
	}
	if r := f.latest(); *r.PercentageComplete != 0 || *r.RollbackDetails.PercentageCompleteOnRollback != 50 {
		t.Errorf("%+v %+v", r, r.RollbackDetails)
	}
}

func TestAlarm(t *testing.T) {
	for _, rollback := range []bool{false, true} {
		name := map[bool]string{false: "fails", true: "rolls_back"}[rollback]
		t.Run(name, func(t *testing.T) {
			f := newGroup(t, nil)
			_, err := world.alarms.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
				AlarmName: &f.name, Namespace: aws.String("n"), MetricName: aws.String("m"), Statistic: "Sum", Period: aws.Int32(60),
				EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: "GreaterThanThreshold",
			})
			f.check(err)
			p := preferences()
			p.InstanceWarmup = aws.Int32(120)
			p.AutoRollback = aws.Bool(rollback)
			p.AlarmSpecification = &types.AlarmSpecification{Alarms: []string{f.name}}
			f.check(f.start(2, p))
			f.await("an instance of version 2", func() bool { return len(f.inService("2")) > 0 })
			_, err = world.alarms.SetAlarmState(t.Context(), &cloudwatch.SetAlarmStateInput{AlarmName: &f.name, StateValue: cloudwatchtypes.StateValueAlarm, StateReason: aws.String("test")})
			f.check(err)
			if rollback {
				f.awaitStatus(types.InstanceRefreshStatusRollbackSuccessful)
				f.await("two of version 1", func() bool { return len(f.inService("1")) == 2 && len(f.inService()) == 2 })
				return
			}
			f.awaitStatus(types.InstanceRefreshStatusFailed)
			if why := aws.ToString(f.latest().StatusReason); !strings.Contains(why, f.name) {
				t.Errorf("reason %q, want the alarm's name in it", why)
			}
		})
	}
}

func TestPartialRefresh(t *testing.T) {
	f := newGroup(t, nil)
	f.use(2)
	p := preferences()
	p.CheckpointPercentages = []int32{50}
	f.check(f.start(0, p))
	f.awaitStatus(types.InstanceRefreshStatusSuccessful)
	f.await("one of each", func() bool { return len(f.inService("1")) == 1 && len(f.inService("2")) == 1 })
}

func TestBadVersionNeverTakesOver(t *testing.T) {
	f := newGroup(t, nil)
	good := f.inService()
	f.use(3)
	bounds := f.watch()
	f.check(f.start(0, preferences()))
	// Every instance of version 3 fails its health check, as often as the
	// refresh tries.
	tried := map[string]bool{}
	f.await("three attempts", func() bool {
		for _, i := range f.group().Instances {
			if *i.LaunchTemplate.Version == "3" {
				tried[*i.InstanceId] = true
				verdicts.say(*i.InstanceId, "unhealthy")
			}
		}
		return len(tried) >= 3
	})
	_, err := world.groups.CancelInstanceRefresh(t.Context(), &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: &f.name})
	f.check(err)
	f.awaitStatus(types.InstanceRefreshStatusCancelled)
	if least, _ := bounds(); least < 2 {
		t.Errorf("%d instances in service, want 2 always", least)
	}
	f.await("the good ones alone", func() bool { return slices.Equal(f.inService(), good) && len(f.group().Instances) == 2 })
}
