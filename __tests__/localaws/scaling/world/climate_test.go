package world_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/smithy-go"

	"example.com/webserver-cluster/tests/localaws/scaling"
	"example.com/webserver-cluster/tests/localaws/scaling/world"
)

func wantError(t *testing.T, err error, code, words string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), words) {
		t.Errorf("error %v, want %s: %s", err, code, words)
	}
}

// TestSurplus ends a refresh whose instances are bad in each way, and looks at
// what the surplus takes.
func TestSurplus(t *testing.T) {
	ends := map[string]func(f *fleet){
		"cancelled": func(f *fleet) {
			_, err := f.Groups.CancelInstanceRefresh(f.Context(), &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: aws.String("web")})
			f.check(err)
		},
		"rolled back": func(f *fleet) {
			_, err := f.Groups.RollbackInstanceRefresh(f.Context(), &autoscaling.RollbackInstanceRefreshInput{AutoScalingGroupName: aws.String("web")})
			f.check(err)
		},
		"stopped by an alarm": func(f *fleet) { f.SetAlarm("errors", "ALARM") },
	}
	for end, do := range ends {
		for _, test := range []struct {
			policy string
			unkind bool
			taken  bool // instances that served
		}{
			{"Default", false, false},
			{"Default", true, true},
			{"OldestInstance", true, true},
			{"NewestInstance", true, false},
			{"NewestInstance", false, false},
		} {
			t.Run(end+"/"+test.policy+map[bool]string{true: "/unkind"}[test.unkind], func(t *testing.T) {
				inBubble(t, 4, func(in *autoscaling.CreateAutoScalingGroupInput) { in.TerminationPolicies = []string{test.policy} }, func(f *fleet) {
					f.Engine.SetClimate(scaling.Climate{UnkindSurplus: test.unkind})
					f.Behave(2, world.Behaviour{Never: true})
					f.SetAlarm("errors", "OK")
					before := f.ids()
					f.check(f.start(2, func(p *types.RefreshPreferences) {
						p.AlarmSpecification = &types.AlarmSpecification{Alarms: []string{"errors"}}
						p.AutoRollback = aws.Bool(end == "rolled back")
					}))
					time.Sleep(70 * time.Second)
					if n := len(f.ids()); n != 6 {
						t.Fatalf("%d instances\n%s", n, f.report())
					}
					do(f)
					time.Sleep(3 * time.Minute)
					left := slices.DeleteFunc(f.ids(), func(id string) bool { return !slices.Contains(before, id) })
					if taken := len(left) < 4; taken != test.taken {
						t.Errorf("%v are left of %v\n%s", left, before, f.report())
					}
				})
			})
		}
	}
}

// TestSurplusAtOnce: the surplus does not wait for instances on their way.
func TestSurplusAtOnce(t *testing.T) {
	for _, unkind := range []bool{false, true} {
		inBubble(t, 4, nil, func(f *fleet) {
			f.Engine.SetClimate(scaling.Climate{UnkindSurplus: unkind})
			f.check(f.start(2, nil))
			time.Sleep(10 * time.Second)
			_, err := f.Groups.CancelInstanceRefresh(f.Context(), &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: aws.String("web")})
			f.check(err)
			time.Sleep(2 * time.Second)
			leaving := slices.ContainsFunc(f.group().Instances, func(i types.Instance) bool { return i.LifecycleState == types.LifecycleStateTerminating })
			if leaving != unkind {
				t.Errorf("unkind %v\n%s", unkind, f.report())
			}
		})
	}
}

func TestLag(t *testing.T) {
	inBubble(t, 2, nil, func(f *fleet) {
		const lag = 20 * time.Second
		f.Engine.SetClimate(scaling.Climate{Lag: lag})
		made := f.AddVersion()
		wantError(t, f.start(made, nil), "ValidationError", "You must use a valid fully-formed launch template.")
		time.Sleep(lag)
		f.check(f.start(made, nil))

		refreshes := func() int {
			out, err := f.Groups.DescribeInstanceRefreshes(t.Context(), &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: aws.String("web")})
			f.check(err)
			return len(out.InstanceRefreshes)
		}
		if n := refreshes(); n != 0 {
			t.Errorf("%d refreshes are listed at once", n)
		}
		wantError(t, f.start(made, nil), "InstanceRefreshInProgress", "") // all the same
		time.Sleep(lag + time.Second)
		if n := refreshes(); n != 1 {
			t.Errorf("%d refreshes are listed after the lag", n)
		}

		for f.latest().EndTime == nil {
			time.Sleep(time.Second)
		}
		if v := *f.group().LaunchTemplate.Version; v != "1" {
			t.Errorf("the group has version %s as soon as the refresh is %s", v, f.latest().Status)
		}
		time.Sleep(lag + 2*time.Second)
		if v := *f.group().LaunchTemplate.Version; v != "4" {
			t.Errorf("the group has version %s", v)
		}

		_, err := f.Groups.SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: aws.String("web"), DesiredCapacity: aws.Int32(3)})
		f.check(err)
		time.Sleep(lag - time.Second)
		if n := *f.group().DesiredCapacity; n != 2 {
			t.Errorf("the change is seen at once: %d", n)
		}
		time.Sleep(2 * time.Second)
		if n := *f.group().DesiredCapacity; n != 3 {
			t.Errorf("the change is not seen after the lag: %d", n)
		}
	})
}

func TestThrottle(t *testing.T) {
	inBubble(t, 2, nil, func(f *fleet) {
		calls := func(n int) (refused int) {
			for range n {
				if f.Engine.Throttled() != nil {
					refused++
				}
			}
			return refused
		}
		f.Engine.SetClimate(scaling.Climate{Throttle: 0.25})
		if n := calls(100); n != 25 {
			t.Errorf("%d of 100 calls are refused, want 25", n)
		}
		began := time.Now()
		f.group() // is tried again
		f.group()
		f.group()
		f.group()
		if time.Since(began) == 0 {
			t.Error("no call waited")
		}
		f.Engine.SetClimate(scaling.Climate{Throttle: 1})
		wantError(t, f.start(2, nil), "Throttling", "Rate exceeded")
		f.Engine.SetClimate(scaling.Climate{})
		f.check(f.start(2, nil))
	})
}
