package scaling

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/uuid"

	"example.com/webserver-cluster/tests/localaws/clock"
)

// stage is a group without an AWS around it: commands are carried out at once,
// and an hour of AWS's time passes in 36 ms.
type stage struct {
	*testing.T
	*group
	bad      string // version whose instances the load balancer finds unhealthy
	launches int
	watch    func(*view) // called after each step
}

func newStage(t *testing.T, desired int) *stage {
	s := &stage{T: t, group: &group{
		key:      key{"us-east-1", "web"},
		clock:    clock.New(100_000),
		newID:    uuid.NewString,
		avoid:    map[pool]time.Time{},
		template: template{"lt-1", "web", "1"},
		min:      1, max: 10, desired: desired,
	}}
	s.settings = types.AutoScalingGroup{
		LaunchTemplate:         &types.LaunchTemplateSpecification{LaunchTemplateId: aws.String("lt-1"), Version: aws.String("1")},
		HealthCheckType:        aws.String("ELB"),
		HealthCheckGracePeriod: aws.Int32(60),
		TargetGroupARNs:        []string{"tg"},
	}
	s.until("the group serves", func() bool { return s.countReady(s.look()) == desired })
	return s
}

func (s *stage) look() *view {
	v := &view{
		scene:   &scene{states: map[string]ec2types.InstanceStateName{}, targets: map[string]map[string]elbtypes.TargetHealthStateEnum{}},
		subnets: []subnet{{"subnet-a", "a"}, {"subnet-b", "b"}},
	}
	for _, m := range s.started() {
		v.states[m.id] = ec2types.InstanceStateNameRunning
		if m.registered["tg"] {
			state := elbtypes.TargetHealthStateEnumHealthy
			if m.template.version == s.bad {
				state = elbtypes.TargetHealthStateEnumUnhealthy
			}
			v.targets[m.id] = map[string]elbtypes.TargetHealthStateEnum{"tg": state}
		}
	}
	return v
}

// until takes steps, as the engine does, until ok.
func (s *stage) until(what string, ok func() bool) {
	s.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(50 * time.Microsecond) {
		if time.Now().After(deadline) {
			s.Fatalf("not in time: %s", what)
		}
		for _, c := range s.step(time.Now(), s.look()) {
			c.record(s.group, time.Now(), nil)
		}
		if s.watch != nil {
			s.watch(s.look())
		}
		for _, m := range s.members { // EC2 answers
			if m.id == "" || m.id == "0" {
				s.launches++
				m.id = fmt.Sprintf("i-%d", s.launches)
			}
		}
	}
}

func (s *stage) refresh(version string, p *types.RefreshPreferences) *refresh {
	r := s.newRefresh("r", p, time.Now())
	if version != "" {
		r.target = template{"lt-1", "web", version}
		r.DesiredConfiguration = &types.DesiredConfiguration{LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateId: aws.String("lt-1"), Version: &version}}
	}
	s.refreshes = append(s.refreshes, r)
	return r
}

func TestRefreshKeepsTheBounds(t *testing.T) {
	for _, test := range []struct {
		name                string
		desired             int
		minimum, maximum    *int32
		wantLeast, wantMost int // ready; in service or pending
	}{
		{"launch before terminate", 2, aws.Int32(100), aws.Int32(150), 2, 3},
		{"all at once beside", 2, aws.Int32(100), aws.Int32(200), 2, 4},
		{"100/100 exceeds", 2, aws.Int32(100), aws.Int32(100), 2, 3},
		{"one instance", 1, aws.Int32(100), aws.Int32(110), 1, 2},
		{"terminate first", 4, aws.Int32(50), aws.Int32(100), 2, 4},
		{"some of both", 4, aws.Int32(75), aws.Int32(125), 3, 5},
		{"defaults: one at a time", 2, nil, nil, 1, 2},
		{"nothing kept", 2, aws.Int32(0), nil, 0, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t, test.desired)
			least, most := 100, 0
			s.watch = func(seen *view) {
				least, most = min(least, s.countReady(seen)), max(most, len(s.capacity()))
			}
			r := s.refresh("2", &types.RefreshPreferences{MinHealthyPercentage: test.minimum, MaxHealthyPercentage: test.maximum})
			s.until("the refresh ends", func() bool { return r.EndTime != nil })
			if least != test.wantLeast || most != test.wantMost {
				t.Errorf("%d to %d instances, want %d to %d", least, most, test.wantLeast, test.wantMost)
			}
			if n := len(s.where(func(m *member) bool { return m.counts() && m.template.version == "2" })); n != test.desired {
				t.Errorf("%d instances of version 2, want %d", n, test.desired)
			}
			if zones := perZone(s.capacity()); zones["a"]-zones["b"] > 1 || zones["b"]-zones["a"] > 1 {
				t.Errorf("zones %v, want them balanced", zones)
			}
		})
	}
}

func TestRefreshLosesPatience(t *testing.T) {
	for _, test := range []struct {
		name     string
		rollback bool
		want     types.InstanceRefreshStatus
	}{
		{"fails", false, types.InstanceRefreshStatusFailed},
		{"rolls back", true, types.InstanceRefreshStatusRollbackSuccessful},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t, 2)
			s.bad = "2"
			r := s.refresh("2", &types.RefreshPreferences{
				MinHealthyPercentage: aws.Int32(100), MaxHealthyPercentage: aws.Int32(150),
				SkipMatching: aws.Bool(true), AutoRollback: &test.rollback,
			})
			began := time.Now()
			s.until("the refresh ends", func() bool { return r.EndTime != nil })
			if r.Status != test.want {
				t.Errorf("status %s, want %s (%s)", r.Status, test.want, aws.ToString(r.StatusReason))
			}
			if took := s.clock.Since(began); took < time.Hour {
				t.Errorf("gave up after %s, want an hour", took)
			}
			if s.launches < 4 {
				t.Errorf("%d launches, want several attempts", s.launches-2)
			}
			s.until("the good instances are left", func() bool {
				return len(s.members) == 2 && s.members[0].template.version == "1" && s.members[1].template.version == "1"
			})
		})
	}
}

func TestRefreshWaitsAnHourForStandby(t *testing.T) {
	s := newStage(t, 2)
	s.members[0].state = types.LifecycleStateStandby
	s.desired = 1
	began := time.Now()
	r := s.refresh("", nil)
	s.until("the refresh ends", func() bool { return r.EndTime != nil })
	if took := s.clock.Since(began); r.Status != types.InstanceRefreshStatusFailed || took < time.Hour {
		t.Errorf("%s after %s, want Failed after an hour", r.Status, took)
	}
}

func TestStandbyInstances(t *testing.T) {
	for _, test := range []struct {
		mode types.StandbyInstances
		want string // versions left, of the instances in service and in standby
	}{
		{types.StandbyInstancesIgnore, "2 and 1"},
		{types.StandbyInstancesTerminate, "2 and "},
	} {
		t.Run(string(test.mode), func(t *testing.T) {
			s := newStage(t, 2)
			s.members[0].state = types.LifecycleStateStandby
			s.desired = 1
			r := s.refresh("2", &types.RefreshPreferences{StandbyInstances: test.mode})
			s.until("the refresh ends", func() bool { return r.EndTime != nil })
			s.until("nothing is on its way", func() bool { return !s.transitions(&refresh{cancelled: s.clock.Now()}) })
			versions := map[types.LifecycleState]string{}
			for _, m := range s.members {
				versions[m.state] += m.template.version
			}
			if got := versions[types.LifecycleStateInService] + " and " + versions[types.LifecycleStateStandby]; got != test.want || r.Status != types.InstanceRefreshStatusSuccessful {
				t.Errorf("%s: versions %s, want %s", r.Status, got, test.want)
			}
		})
	}
}

func TestBounds(t *testing.T) {
	for _, test := range []struct {
		desired             int
		minimum, maximum    int32 // -1: not given
		wantLeast, wantMost int
	}{
		{2, 90, -1, 1, 2}, // rounded up, but one at a time at least
		{10, 90, -1, 9, 10},
		{10, 0, -1, 0, 10},
		{3, 50, -1, 2, 3},
		{2, 100, 150, 2, 3},
		{2, 100, 100, 2, 3}, // impossible: one beyond the maximum
		{1, 100, 110, 1, 2},
		{10, 90, 110, 9, 11},
		{3, 50, 100, 2, 3},
	} {
		r := &refresh{}
		r.Preferences = &types.RefreshPreferences{MinHealthyPercentage: &test.minimum}
		if test.maximum >= 0 {
			r.Preferences.MaxHealthyPercentage = &test.maximum
		}
		if least, most := r.bounds(test.desired); least != test.wantLeast || most != test.wantMost {
			t.Errorf("%d instances, %d to %d %%: %d to %d, want %d to %d", test.desired, test.minimum, test.maximum, least, most, test.wantLeast, test.wantMost)
		}
	}
}

func TestNextFiring(t *testing.T) {
	at := func(text string) time.Time {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	since := at("2026-03-27T07:30:00Z") // a Friday; summer time begins on Sunday
	for _, test := range []struct {
		name   string
		action types.ScheduledUpdateGroupAction
		want   string // "" for never
	}{
		{"UTC", types.ScheduledUpdateGroupAction{Recurrence: aws.String("0 8 * * 1-5")}, "2026-03-27T08:00:00Z"},
		{"zone", types.ScheduledUpdateGroupAction{Recurrence: aws.String("0 8 * * 1-5"), TimeZone: aws.String("Europe/Berlin")}, "2026-03-30T06:00:00Z"},
		{"starts later", types.ScheduledUpdateGroupAction{Recurrence: aws.String("0 8 * * *"), StartTime: aws.Time(at("2026-05-01T08:00:00Z"))}, "2026-05-01T08:00:00Z"},
		{"has ended", types.ScheduledUpdateGroupAction{Recurrence: aws.String("0 8 * * *"), EndTime: aws.Time(at("2026-03-01T00:00:00Z"))}, ""},
		{"once", types.ScheduledUpdateGroupAction{StartTime: aws.Time(at("2026-03-28T00:00:00Z"))}, "2026-03-28T00:00:00Z"},
		{"once, over", types.ScheduledUpdateGroupAction{StartTime: aws.Time(at("2026-03-26T00:00:00Z"))}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := next(test.action, since)
			if err != nil {
				t.Fatal(err)
			}
			want := time.Time{}
			if test.want != "" {
				want = at(test.want)
			}
			if !got.Equal(want) {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}
