package world_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

func (f *fleet) use(version int) error {
	_, err := f.Groups.UpdateAutoScalingGroup(f.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web"), LaunchTemplate: f.version(version)})
	return err
}

func TestTemplateStaysDuringRefresh(t *testing.T) {
	const words = "An active instance refresh with a desired configuration exists. All configuration options derived from the desired configuration are not available for update while the instance refresh is active."
	inBubble(t, 2, nil, func(f *fleet) {
		f.check(f.start(2, nil))
		wantError(t, f.use(3), "ValidationError", words)
		_, err := f.Groups.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web"), MaxSize: aws.Int32(5)})
		f.check(err) // does not derive from it
		_, err = f.Groups.RollbackInstanceRefresh(t.Context(), &autoscaling.RollbackInstanceRefreshInput{AutoScalingGroupName: aws.String("web")})
		f.check(err)
		wantError(t, f.use(1), "ValidationError", words)
		f.ended()
		f.check(f.use(3))
	})
}

func TestAlarmStates(t *testing.T) {
	watched := func(p *types.RefreshPreferences) {
		p.AlarmSpecification = &types.AlarmSpecification{Alarms: []string{"errors"}}
	}
	inBubble(t, 2, nil, func(f *fleet) {
		wantError(t, f.start(2, watched), "ValidationError", "errors does not exist")
		for _, state := range []cloudwatchtypes.StateValue{"ALARM", "INSUFFICIENT_DATA"} {
			f.SetAlarm("errors", state)
			wantError(t, f.start(2, watched), "ValidationError", string(state))
		}
		f.SetAlarm("errors", "OK")
		f.check(f.start(2, watched))
		f.SetAlarm("errors", "INSUFFICIENT_DATA")
		time.Sleep(10 * time.Minute)
		if n := f.healthy("2"); n != 0 || f.latest().EndTime != nil {
			t.Errorf("%s, %d instances were replaced though an alarm has no data", f.latest().Status, n)
		}
		f.SetAlarm("errors", "OK")
		time.Sleep(2 * time.Minute)
		f.SetAlarm("errors", "ALARM")
		if r, _ := f.ended(); r.Status != types.InstanceRefreshStatusRollbackSuccessful || !strings.Contains(*r.RollbackDetails.RollbackReason, "errors") {
			t.Errorf("%s %v", r.Status, r.RollbackDetails)
		}
	})
}

// TestTerminationPolicies scales four instances, of different ages and
// versions, in to three. Their zones are a, b, c, a.
func TestTerminationPolicies(t *testing.T) {
	for _, test := range []struct {
		name     string
		policies []string
		protect  []int // by their order of launch
		want     int   // is gone
	}{
		{"default", nil, nil, 0},
		{"the zone first", []string{"NewestInstance"}, []int{3}, 0},
		{"the zone first, then the oldest", []string{"OldestInstance"}, nil, 0},
		{"nothing that is protected", []string{"OldestInstance"}, []int{0}, 3},
		{"another zone, if all there are protected", []string{"OldestInstance"}, []int{0, 3}, 1},
		{"another zone, the newest", []string{"NewestInstance"}, []int{0, 3}, 2},
		{"the oldest version", []string{"OldestLaunchTemplate"}, []int{0, 3}, 2},
		{"then the next policy", []string{"OldestLaunchConfiguration", "AllocationStrategy", "NewestInstance"}, nil, 3},
		{"the end of an hour", []string{"ClosestToNextInstanceHour"}, []int{0, 3}, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, 1, func(in *autoscaling.CreateAutoScalingGroupInput) { in.TerminationPolicies = test.policies }, func(f *fleet) {
				want := func(n int32) {
					_, err := f.Groups.SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: aws.String("web"), DesiredCapacity: &n})
					f.check(err)
					time.Sleep(10 * time.Minute)
				}
				f.check(f.use(2))
				want(2)
				time.Sleep(35 * time.Minute)
				f.check(f.use(1))
				want(3)
				f.check(f.use(2))
				want(4)
				ids := f.ids()
				for _, n := range test.protect {
					_, err := f.Groups.SetInstanceProtection(t.Context(), &autoscaling.SetInstanceProtectionInput{
						AutoScalingGroupName: aws.String("web"), InstanceIds: ids[n : n+1], ProtectedFromScaleIn: aws.Bool(true),
					})
					f.check(err)
				}
				want(3)
				if left := strings.Join(f.ids(), " "); strings.Contains(left, ids[test.want]) || len(f.ids()) != 3 {
					t.Errorf("%s of %s are left, want %s gone\n%s", left, ids, ids[test.want], f.report())
				}
			})
		})
	}
}

func TestMaintenancePolicyIsTheDefault(t *testing.T) {
	inBubble(t, 2, func(in *autoscaling.CreateAutoScalingGroupInput) {
		in.InstanceMaintenancePolicy = &types.InstanceMaintenancePolicy{MinHealthyPercentage: aws.Int32(100), MaxHealthyPercentage: aws.Int32(150)}
	}, func(f *fleet) {
		for _, test := range []struct {
			minimum          *int32
			wantMin, wantMax int32
		}{{nil, 100, 150}, {aws.Int32(50), 50, 150}} {
			f.check(f.start(2, func(p *types.RefreshPreferences) { p.MinHealthyPercentage, p.MaxHealthyPercentage = test.minimum, nil }))
			if p := f.latest().Preferences; *p.MinHealthyPercentage != test.wantMin || *p.MaxHealthyPercentage != test.wantMax {
				t.Errorf("%d to %d", *p.MinHealthyPercentage, *p.MaxHealthyPercentage)
			}
			f.ended()
		}
	})
}
