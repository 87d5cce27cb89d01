package world_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// states tells how many instances are in each state.
func (f *fleet) states() map[types.LifecycleState]int {
	n := map[types.LifecycleState]int{}
	for _, i := range f.group().Instances {
		n[i.LifecycleState]++
	}
	return n
}

func (f *fleet) put(name, transition, result string) {
	f.Helper()
	_, err := f.Groups.PutLifecycleHook(f.Context(), &autoscaling.PutLifecycleHookInput{
		AutoScalingGroupName: aws.String("web"), LifecycleHookName: &name, LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_" + transition),
		HeartbeatTimeout: aws.Int32(600), DefaultResult: &result,
	})
	f.check(err)
}

func (f *fleet) complete(hook, id, result string) error {
	_, err := f.Groups.CompleteLifecycleAction(f.Context(), &autoscaling.CompleteLifecycleActionInput{
		AutoScalingGroupName: aws.String("web"), LifecycleHookName: &hook, InstanceId: &id, LifecycleActionResult: &result,
	})
	return err
}

func (f *fleet) in(state types.LifecycleState) string {
	f.Helper()
	for _, i := range f.group().Instances {
		if i.LifecycleState == state {
			return *i.InstanceId
		}
	}
	f.Fatalf("no instance is %s\n%s", state, f.report())
	return ""
}

func TestLaunchHook(t *testing.T) {
	for _, test := range []struct {
		name, result string // of the action, else the default after the timeout
		fallback     string
		stays        bool
	}{
		{"continued", "CONTINUE", "ABANDON", true},
		{"abandoned", "ABANDON", "CONTINUE", false},
		{"continued by default", "", "CONTINUE", true},
		{"abandoned by default", "", "ABANDON", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, 2, nil, func(f *fleet) {
				f.put("warm", "LAUNCHING", test.fallback)
				f.resize(3)
				time.Sleep(8 * time.Minute)
				id := f.in(types.LifecycleStatePendingWait)
				if n := f.healthy(""); n != 2 {
					t.Errorf("%d instances serve while one waits", n)
				}
				if test.result != "" {
					f.check(f.complete("warm", id, test.result))
					time.Sleep(90 * time.Second)
					wantError(t, f.complete("warm", id, "CONTINUE"), "ValidationError", "No active Lifecycle Action found with instance ID "+id)
				} else {
					_, err := f.Groups.RecordLifecycleActionHeartbeat(t.Context(), &autoscaling.RecordLifecycleActionHeartbeatInput{
						AutoScalingGroupName: aws.String("web"), LifecycleHookName: aws.String("warm"), InstanceId: &id,
					})
					f.check(err)
					time.Sleep(9 * time.Minute)
					if f.in(types.LifecycleStatePendingWait) != id {
						t.Error("the heartbeat was not heard")
					}
					time.Sleep(3 * time.Minute)
				}
				if stays := slices.Contains(f.ids(), id) && f.healthy("") == 3; stays != test.stays {
					t.Errorf("%s stays: %v\n%s", id, stays, f.report())
				}
			})
		})
	}
}

func TestTerminationHook(t *testing.T) {
	inBubble(t, 3, nil, func(f *fleet) {
		f.put("save", "TERMINATING", "CONTINUE")
		f.resize(2)
		time.Sleep(10 * time.Second)
		if f.states()[types.LifecycleStateTerminating] != 1 {
			t.Errorf("%v while it drains", f.states())
		}
		time.Sleep(5 * time.Minute)
		id := f.in(types.LifecycleStateTerminatingWait)
		f.check(f.complete("save", id, "CONTINUE"))
		time.Sleep(10 * time.Second)
		if slices.Contains(f.ids(), id) {
			t.Errorf("%s", f.report())
		}
		// A refresh goes on meanwhile: what waits is no part of the capacity.
		f.check(f.start(2, nil))
		if r, least := f.ended(); r.Status != types.InstanceRefreshStatusSuccessful || least < 2 {
			t.Errorf("%s, %d served", r.Status, least)
		}
		_, err := f.Groups.DeleteLifecycleHook(t.Context(), &autoscaling.DeleteLifecycleHookInput{AutoScalingGroupName: aws.String("web"), LifecycleHookName: aws.String("save")})
		f.check(err)
		time.Sleep(time.Minute)
		if len(f.ids()) != 2 || !strings.Contains(f.report(), "Successful Terminating EC2 instance: "+id) {
			t.Error(f.report())
		}
	})
}
