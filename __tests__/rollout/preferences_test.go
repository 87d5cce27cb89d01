package rollout_test

import (
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"example.com/webserver-cluster/internal/refresh"
	"example.com/webserver-cluster/internal/rollout"
)

// What a refresh of the rollout's own may do to the capacity.
func TestPreferencesSent(t *testing.T) {
	stale := group(5, "i-a 4 ready", "i-b 4 ready")
	withPolicy := stale
	withPolicy.HasMaintenancePolicy = true
	set := refresh.Preferences{MinHealthyPercentage: new(90), MaxHealthyPercentage: new(110), InstanceWarmup: new(time.Minute), Checkpoints: []int{50, 100}, CheckpointDelay: new(time.Minute), Alarms: []string{"a"}}

	tests := []struct {
		name     string
		fleet    rollout.Fleet
		given    refresh.Preferences
		min, max *int
	}{
		{"launch before terminate if nobody says anything", stale, refresh.Preferences{}, new(100), new(150)},
		{"the group's policy", withPolicy, refresh.Preferences{}, nil, nil},
		{"what is given over the group's policy", withPolicy, set, new(90), new(110)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := scene{frames: []frame{{fleet: test.fleet}}, alarms: []alarmState{{name: "a", state: "OK"}}, onStart: func(*rollout.Version) ([]frame, error) {
					return []frame{{fleet: with(group(5, "i-c 5 ready", "i-d 5 ready"), "r-1", "Successful", 100, "")}}, nil
				}}
				opts := defaults()
				opts.Preferences = test.given
				if err := rollout.New(&s, &notes{}, opts).Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				want := test.given
				want.MinHealthyPercentage, want.MaxHealthyPercentage = test.min, test.max
				if !reflect.DeepEqual(s.started.Preferences, want) {
					t.Errorf("sent %+v, want %+v", s.started.Preferences, want)
				}
			})
		})
	}
}

// A rollback does not pause, and does not heed an alarm that may well be what
// caused it.
func TestRollbackPreferences(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failed := with(group(5, "i-a 4 ready", "i-c 5 ready"), "r-1", "Failed", 50, "alarm")
		s := scene{
			frames: []frame{{at: 0, fleet: with(group(5, "i-a 4 ready", "i-c 5 ready"), "r-1", "InProgress", 50, "")}, {at: 20 * time.Second, fleet: failed}},
			onStart: func(v *rollout.Version) ([]frame, error) {
				return []frame{{fleet: with(group(4, "i-a 4 ready", "i-d 4 ready"), "r-2", "Successful", 100, "", v.Number)}}, nil
			},
		}
		opts := defaults()
		opts.Preferences = refresh.Preferences{MinHealthyPercentage: new(100), MaxHealthyPercentage: new(200), InstanceWarmup: new(time.Minute), Checkpoints: []int{50, 100}, CheckpointDelay: new(time.Hour), Alarms: []string{"a"}}
		err := rollout.New(&s, &notes{}, opts).Run(t.Context())
		if outcomeOf(err) != rolledBack {
			t.Fatal(err)
		}
		want := refresh.Preferences{MinHealthyPercentage: new(100), MaxHealthyPercentage: new(200), InstanceWarmup: new(time.Minute)}
		if !reflect.DeepEqual(s.started.Preferences, want) {
			t.Errorf("sent %+v, want %+v", s.started.Preferences, want)
		}
	})
}
