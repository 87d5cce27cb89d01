package rollout_test

import (
	"testing"
	"time"

	"example.com/webserver-cluster/internal/rollout"
)

func TestFailures(t *testing.T) {
	tell(t, []story{
		{
			name: "AWS refuses to answer",
			scene: scene{frames: []frame{
				{fleet: underWay},
				{at: 10 * time.Second, err: &rollout.AWSError{Call: "DescribeTargetHealth", Group: "web", Message: "AccessDenied: no"}},
			}},
			end:  refused,
			says: []string{"DescribeTargetHealth for group web: AccessDenied: no"},
			took: 10 * time.Second,
		},
		{
			name:  "failed: rolled back to the version of the healthy instances",
			scene: scene{frames: []frame{{at: 0, fleet: underWay}, {at: 30 * time.Second, fleet: failed}}, onStart: rollsBack(failed)},
			end:   rolledBack,
			calls: []string{"start version 4"},
			says: []string{
				"instance refresh r-1 Failed at 50 %: The new instances did not pass their health checks.",
				"Rolled back: 2 of 2 instances run version 4 and are healthy",
				"tries version 5 once more",
			},
			took: 30*time.Second + 2*poll + time.Minute,
		},
		{
			name: "an alarm after the last old instance is gone: the version before is still known",
			scene: scene{frames: []frame{
				{at: 0, fleet: with(group(5, mixed...), "r-1", "InProgress", 50, "")},
				{at: 30 * time.Second, fleet: with(done, "r-1", "Failed", 100, "Alarm web-5xx is in ALARM.")},
			}, onStart: rollsBack(done)},
			end:   rolledBack,
			calls: []string{"start version 4"},
			says:  []string{"Alarm web-5xx is in ALARM."},
			took:  30*time.Second + 2*poll + time.Minute,
		},
		{
			name: "cancelled by a person: rolled back",
			scene: scene{frames: []frame{
				{at: 0, fleet: underWay},
				{at: 30 * time.Second, fleet: with(group(5, mixed...), "r-1", "Cancelled", 50, "Cancelled by the user.")},
			}, onStart: rollsBack(group(5, mixed...))},
			end:   rolledBack,
			calls: []string{"start version 4"},
			says:  []string{"r-1 Cancelled at 50 %: Cancelled by the user."},
			took:  30*time.Second + 2*poll + time.Minute,
		},
		{
			name:  "failed, rollback switched off",
			scene: scene{frames: []frame{{at: 0, fleet: underWay}, {at: 30 * time.Second, fleet: failed}}},
			opts:  func(o *rollout.Options) { o.Rollback = false },
			end:   notRolledBack,
			says:  []string{"Rolling back is switched off: 0 of 3 instances run version 5 and are healthy", "The version before is version 4"},
			took:  30*time.Second + 2*poll,
		},
		{
			name: "three new instances in a row that never get healthy",
			scene: scene{
				frames: []frame{
					{at: 0, fleet: with(group(5, "i-a 4 ready", "i-b 4 ready", "i-c 5 failing"), "r-1", "InProgress", 0, "")},
					{at: 60 * time.Second, fleet: with(group(5, "i-a 4 ready", "i-b 4 ready", "i-c 5 condemned", "i-d 5 failing"), "r-1", "InProgress", 0, "")},
					{at: 120 * time.Second, fleet: with(group(5, "i-a 4 ready", "i-b 4 ready", "i-d 5 leaving", "i-e 5 failing"), "r-1", "InProgress", 0, "")},
					{at: 180 * time.Second, fleet: with(group(5, "i-a 4 ready", "i-b 4 ready", "i-f 5 failing"), "r-1", "InProgress", 0, "")},
				},
				onCancel: func() ([]frame, error) {
					return []frame{
						{at: 0, fleet: with(group(5, old...), "r-1", "Cancelling", 0, "")},
						{at: 20 * time.Second, fleet: with(group(5, old...), "r-1", "Cancelled", 0, "")},
					}, nil
				},
				onStart: rollsBack(group(5, old...)),
			},
			end:   rolledBack,
			calls: []string{"cancel", "start version 4"},
			says:  []string{"3 new instances in a row did not get healthy", "i-c (unhealthy in the target group: Health checks failed with these codes: [500])"},
			took:  180*time.Second + 2*poll + 20*time.Second + time.Minute,
		},
		{
			name: "time-out: the refresh is cancelled and rolled back",
			scene: scene{
				frames: []frame{{fleet: with(group(5, "i-a 4 ready", "i-b 4 ready", "i-c 5 pending"), "r-1", "InProgress", 0, "Waiting for instances to warm up.")}},
				onCancel: func() ([]frame, error) { // it just ended
					return []frame{{fleet: with(group(5, old...), "r-1", "Cancelled", 0, "")}}, rollout.ErrNotInProgress
				},
				onStart: rollsBack(group(5, old...)),
			},
			opts:  func(o *rollout.Options) { o.Timeout = 10 * time.Minute },
			end:   rolledBack,
			calls: []string{"cancel", "start version 4"},
			says:  []string{"not finished after 10m: instance refresh r-1 is InProgress at 0 %: Waiting for instances to warm up.; i-c (version 5): Pending"},
			took:  10*time.Minute + 2*poll + time.Minute,
		},
		{
			name: "time-out after the pauses",
			scene: scene{
				frames: []frame{{fleet: resting(with(group(5, "i-a 4 ready", "i-b 4 ready", "i-c 5 pending"), "r-1", "InProgress", 0, ""))}},
				onCancel: func() ([]frame, error) {
					return []frame{{fleet: with(group(5, old...), "r-1", "Cancelled", 0, "")}}, rollout.ErrNotInProgress
				},
				onStart: rollsBack(group(5, old...)),
			},
			opts:  func(o *rollout.Options) { o.Timeout = 10 * time.Minute },
			end:   rolledBack,
			calls: []string{"cancel", "start version 4"},
			says:  []string{"not finished after 2h10m: "},
			took:  130*time.Minute + 2*poll + time.Minute,
		},
		{
			name: "the rollback fails, too",
			scene: scene{frames: []frame{{at: 0, fleet: underWay}, {at: 30 * time.Second, fleet: failed}}, onStart: func(v *rollout.Version) ([]frame, error) {
				return []frame{{at: 0, fleet: with(failed, "r-9", "Failed", 0, "No capacity.", v.Number)}}, nil
			}},
			end:   rollbackFailed,
			calls: []string{"start version 4"},
			says:  []string{"The rollback to version 4 failed, too: instance refresh r-9 Failed at 0 %: No capacity.", "rollout status"},
			took:  30*time.Second + 5*poll,
		},
		{
			name: "AWS refuses the rollback",
			scene: scene{
				frames:  []frame{{at: 0, fleet: underWay}, {at: 30 * time.Second, fleet: failed}},
				onStart: refuses(&rollout.AWSError{Call: "StartInstanceRefresh", Group: "web", Message: "ValidationError: version 4 does not exist"}),
			},
			end:   rollbackFailed,
			calls: []string{"start version 4"},
			says:  []string{"ValidationError: version 4 does not exist"},
			took:  30*time.Second + 2*poll,
		},
		{
			name: "the group's own version lags behind the end of the rollback",
			scene: scene{frames: []frame{{at: 0, fleet: underWay}, {at: 30 * time.Second, fleet: failed}}, onStart: func(v *rollout.Version) ([]frame, error) {
				return []frame{
					{at: 0, fleet: with(group(5, old...), "r-9", "Successful", 100, "", v.Number)},
					{at: 7 * time.Second, fleet: with(back, "r-9", "Successful", 100, "", v.Number)},
				}, nil
			}},
			end:   rolledBack,
			calls: []string{"start version 4"},
			took:  30*time.Second + 2*poll + 2*poll,
		},
		{
			name: "first deploy of a bad image: nothing to roll back to",
			scene: scene{frames: []frame{
				{at: 0, fleet: group(5, "i-a 5 failing", "i-b 5 failing")},
				{at: 60 * time.Second, fleet: group(5, "i-a 5 leaving", "i-b 5 leaving", "i-c 5 failing", "i-d 5 failing")},
				{at: 120 * time.Second, fleet: group(5, "i-c 5 leaving", "i-d 5 leaving", "i-e 5 pending", "i-f 5 pending")},
			}},
			end:  notRolledBack,
			says: []string{"4 new instances in a row did not get healthy", "nothing to roll back to"},
			took: 120*time.Second + 2*poll,
		},
		{
			name: "started while an earlier run's rollback is under way: follows it",
			scene: scene{frames: []frame{
				{at: 0, fleet: with(group(5, mixed...), "r-9", "InProgress", 10, "", 4)},
				{at: time.Minute, fleet: with(back, "r-9", "Successful", 100, "", 4)},
			}},
			end:  rolledBack,
			says: []string{"instance refresh r-9, started by another run, takes the group back to version 4"},
			took: time.Minute,
		},
		{
			name: "two runs: the other one rolls back first",
			scene: scene{
				frames: []frame{{at: 0, fleet: underWay}, {at: 30 * time.Second, fleet: failed}},
				onStart: func(v *rollout.Version) ([]frame, error) {
					return []frame{
						{at: 0, fleet: with(failed, "r-9", "InProgress", 0, "", 4)},
						{at: 30 * time.Second, fleet: with(group(5, old...), "r-9", "Successful", 100, "", 4)}, // the group lags behind
						{at: 37 * time.Second, fleet: with(back, "r-9", "Successful", 100, "", 4)},
					}, rollout.ErrInProgress
				},
			},
			end:   rolledBack,
			calls: []string{"start version 4"},
			says:  []string{"following instance refresh r-9"},
			took:  30*time.Second + 2*poll + 37*time.Second,
		},
		{
			name: "another deploy changes the version meanwhile: hands off",
			scene: scene{frames: []frame{
				{at: 0, fleet: underWay},
				{at: 30 * time.Second, fleet: with(group(6, mixed...), "r-2", "InProgress", 0, "")},
			}},
			end:  notRolledBack,
			says: []string{"the group now goes to version 6, not to version 5"},
			took: 30*time.Second + 2*poll,
		},
		{
			name: "suspended processes",
			scene: scene{frames: []frame{{fleet: func() rollout.Fleet {
				f := group(5, old...)
				f.Suspended = []string{"Launch", "Terminate"}
				return f
			}()}}},
			end:  notRolledBack,
			says: []string{"suspended in the group: Launch Terminate", "aws autoscaling resume-processes --auto-scaling-group-name web --scaling-processes Launch Terminate"},
			took: 2 * poll,
		},
		{
			name: "refreshes that leave instances behind are not started for ever",
			scene: scene{frames: []frame{{fleet: group(5, old...)}}, onStart: func(*rollout.Version) ([]frame, error) {
				return []frame{{fleet: with(group(5, mixed...), "r-1", "Successful", 100, "")}}, nil
			}},
			end:   notRolledBack,
			calls: []string{"start group's version", "start group's version", "start group's version"},
			says:  []string{"instance refresh r-1 ended, yet i-b still on another version than 5"},
			took:  90*time.Second + 5*poll,
		},
	})
}
