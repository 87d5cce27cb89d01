package scaling_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

func TestSkipMatching(t *testing.T) {
	f := newGroup(t, nil)
	before := f.inService()
	f.check(f.start(1, preferences()))
	f.awaitStatus(types.InstanceRefreshStatusSuccessful)
	if !slices.Equal(before, f.inService()) {
		t.Error("instances were replaced though nothing changed")
	}
}

func TestCheckpoint(t *testing.T) {
	f := newGroup(t, nil)
	f.use(2)
	p := preferences()
	p.CheckpointPercentages = []int32{10, 40, 100} // one of two is 50 %: the first is skipped
	p.CheckpointDelay = aws.Int32(240)
	f.check(f.start(0, p))
	f.await("the pause", func() bool {
		return strings.HasPrefix(aws.ToString(f.latest().StatusReason), "Waiting for checkpoint delay")
	})
	began := time.Now()
	if n, r := len(f.inService("2")), f.latest(); n != 1 || *r.PercentageComplete != 50 {
		t.Errorf("%d instances of version 2 at the checkpoint, %d %%", n, *r.PercentageComplete)
	}
	f.await("the second one", func() bool { return len(f.inService("2")) == 2 })
	if waited := world.Clock.Since(began); waited < 200*time.Second {
		t.Errorf("waited %s at the checkpoint, want 240 s", waited)
	}
	f.awaitStatus(types.InstanceRefreshStatusSuccessful)
}

func TestBake(t *testing.T) {
	f := newGroup(t, nil)
	p := preferences()
	p.BakeTime = aws.Int32(200)
	f.check(f.start(2, p))
	f.awaitStatus(types.InstanceRefreshStatusBaking)
	f.awaitStatus(types.InstanceRefreshStatusSuccessful)
}

func TestProtectedInstances(t *testing.T) {
	for _, test := range []struct {
		name  string
		mode  types.ScaleInProtectedInstances
		wants int // instances of version 2
	}{
		{"refresh", types.ScaleInProtectedInstancesRefresh, 2},
		{"ignore", types.ScaleInProtectedInstancesIgnore, 1},
		{"wait", types.ScaleInProtectedInstancesWait, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newGroup(t, nil)
			id := f.inService()[0]
			protect := func(yes bool) {
				_, err := world.groups.SetInstanceProtection(t.Context(), &autoscaling.SetInstanceProtectionInput{AutoScalingGroupName: &f.name, InstanceIds: []string{id}, ProtectedFromScaleIn: &yes})
				f.check(err)
			}
			protect(true)
			p := preferences()
			p.ScaleInProtectedInstances = test.mode
			f.check(f.start(2, p))
			if test.mode == types.ScaleInProtectedInstancesWait {
				f.await("told of the protection", func() bool {
					return strings.Contains(aws.ToString(f.latest().StatusReason), id+" is protected.")
				})
				protect(false)
			}
			f.awaitStatus(types.InstanceRefreshStatusSuccessful)
			if n := len(f.inService("2")); n != test.wants {
				t.Errorf("%d instances of version 2, want %d\n%s", n, test.wants, f.report())
			}
		})
	}
}

func TestPreferencesAreValidated(t *testing.T) {
	f := newGroup(t, nil)
	for name, p := range map[string]*types.RefreshPreferences{
		"minimum":                  {MinHealthyPercentage: aws.Int32(101)},
		"maximum":                  {MinHealthyPercentage: aws.Int32(100), MaxHealthyPercentage: aws.Int32(99)},
		"maximum alone":            {MaxHealthyPercentage: aws.Int32(100)},
		"difference":               {MinHealthyPercentage: aws.Int32(0), MaxHealthyPercentage: aws.Int32(101)},
		"delay alone":              {CheckpointDelay: aws.Int32(1)},
		"checkpoints not in order": {CheckpointPercentages: []int32{50, 20}},
		"unknown alarm":            {AlarmSpecification: &types.AlarmSpecification{Alarms: []string{"none"}}},
		"rollback without desired": {AutoRollback: aws.Bool(true)},
		"standby":                  {StandbyInstances: "Perhaps"},
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, f.start(0, p), "ValidationError") })
	}
	wantCode(t, f.start(9, nil), "ValidationError") // no such version
}

func TestDefaults(t *testing.T) {
	f := newGroup(t, nil)
	f.check(f.start(0, nil))
	p := f.latest().Preferences
	if *p.MinHealthyPercentage != 90 || p.MaxHealthyPercentage != nil || *p.InstanceWarmup != 30 || *p.SkipMatching || *p.AutoRollback ||
		p.ScaleInProtectedInstances != types.ScaleInProtectedInstancesWait || p.StandbyInstances != types.StandbyInstancesWait {
		t.Errorf("%+v", p)
	}
}
