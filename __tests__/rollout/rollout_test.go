package rollout_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/webserver-cluster/internal/refresh"
	"example.com/webserver-cluster/internal/rollout"
)

// Every story below is about a group that goes from version 4 to version 5.
// Time is synctest's: an hour passes at once.
func TestRollout(t *testing.T) {
	const never = 100 * time.Hour
	old := []string{"i-a 4 ready", "i-b 4 ready"}
	done := group(5, "i-c 5 ready", "i-d 5 ready")
	back := group(4, "i-a 4 ready", "i-b 4 ready")
	mixed := []string{"i-b 4 ready", "i-c 5 ready"}

	underWay := with(group(5, old...), "r-1", "InProgress", 0, "")
	succeeded := with(done, "r-1", "Successful", 100, "")
	failed := with(group(5, "i-a 4 ready", "i-b 4 ready", "i-c 5 failing"), "r-1", "Failed", 50, "The new instances did not pass their health checks.")

	// rollsBack answers a start with a rollback that succeeds.
	rollsBack := func(before rollout.Fleet) func(*rollout.Version) ([]frame, error) {
		return func(desired *rollout.Version) ([]frame, error) {
			return []frame{
				{at: 0, fleet: with(before, "r-9", "InProgress", 0, "", desired.Number)},
				{at: time.Minute, fleet: with(back, "r-9", "Successful", 100, "", desired.Number)},
			}, nil
		}
	}
	// resting is a fleet whose newest refresh pauses for an hour, twice.
	resting := func(f rollout.Fleet) rollout.Fleet {
		f.Refreshes = slices.Clone(f.Refreshes)
		f.Refreshes[0].Preferences = refresh.Preferences{Checkpoints: []int{50, 100}, CheckpointDelay: new(time.Hour)}
		return f
	}
	refuses := func(err error) func(*rollout.Version) ([]frame, error) {
		return func(*rollout.Version) ([]frame, error) { return nil, err }
	}

	tests := []struct {
		name  string
		scene scene
		opts  func(*rollout.Options)
		end   outcome
		calls []string
		says  []string // in what was said or in the error
		took  time.Duration
	}{
		{
			name:  "nothing stale ends at once",
			scene: scene{frames: []frame{{fleet: done}}},
			says:  []string{"done: 2 of 2 instances run version 5 and are healthy"},
		},
		{
			name: "says how long it may take",
			scene: scene{frames: []frame{{fleet: group(5, old...)}}, onStart: func(*rollout.Version) ([]frame, error) {
				return []frame{{at: 0, fleet: underWay}, {at: 30 * time.Second, fleet: succeeded}}, nil
			}},
			calls: []string{"start group's version"},
			opts: func(o *rollout.Options) {
				o.Preferences = refresh.Preferences{MinHealthyPercentage: new(100), MaxHealthyPercentage: new(200), InstanceWarmup: new(2 * time.Minute)}
				o.Timeout = 69 * time.Minute
			},
			says: []string{"expected to take about 3m, gives up after 1h9m"},
			took: 30 * time.Second,
		},
		{
			name: "first deploy waits for the first instances",
			scene: scene{frames: []frame{
				{at: 0, fleet: group(5)},
				{at: 20 * time.Second, fleet: group(5, "i-c 5 pending", "i-d 5 pending")},
				{at: 40 * time.Second, fleet: group(5, "i-c 5 failing", "i-d 5 failing")},
				{at: 60 * time.Second, fleet: group(5, "i-c 5 ready", "i-d 5 failing")},
				{at: 80 * time.Second, fleet: done},
			}},
			took: 80 * time.Second,
		},
		{
			name:  "a group that wants no instances is done",
			scene: scene{frames: []frame{{fleet: rollout.Fleet{Group: "web", Target: version(5)}}}},
			says:  []string{"the group wants no instances"},
		},
		{
			name: "a refresh under way is followed",
			scene: scene{frames: []frame{
				{at: 0, fleet: underWay},
				{at: 30 * time.Second, fleet: with(group(5, mixed...), "r-1", "InProgress", 50, "")},
				{at: 60 * time.Second, fleet: succeeded},
			}},
			says: []string{"following instance refresh r-1"},
			took: 60 * time.Second,
		},
		{
			name: "an earlier refresh that failed: stale instances start a new one",
			scene: scene{frames: []frame{{fleet: failed}}, onStart: func(*rollout.Version) ([]frame, error) {
				return []frame{
					{at: 0, fleet: failed}, // not listed yet
					{at: 6 * time.Second, fleet: with(failed, "r-2", "Pending", 0, "")},
					{at: 30 * time.Second, fleet: with(done, "r-2", "Successful", 100, "")},
				}, nil
			}},
			calls: []string{"start group's version"},
			says:  []string{"started instance refresh r-2 to version 5"},
			took:  30 * time.Second,
		},
		{
			name: "another run starts the refresh first: it is followed",
			scene: scene{
				frames: []frame{{fleet: group(5, old...)}},
				onStart: func(*rollout.Version) ([]frame, error) {
					return []frame{{at: 0, fleet: underWay}, {at: 30 * time.Second, fleet: succeeded}}, rollout.ErrInProgress
				},
			},
			calls: []string{"start group's version"},
			says:  []string{"following instance refresh r-1"},
			took:  30 * time.Second,
		},
		{
			name: "a refresh that Terraform cancels for a newer one is no failure",
			scene: scene{frames: []frame{
				{at: 0, fleet: underWay},
				{at: 20 * time.Second, fleet: with(group(5, old...), "r-1", "Cancelled", 0, "Cancelled by the user.")},
				{at: 28 * time.Second, fleet: with(with(group(5, old...), "r-1", "Cancelled", 0, ""), "r-2", "Pending", 0, "")},
				{at: 40 * time.Second, fleet: with(group(5, old...), "r-2", "Cancelled", 0, "")},
				{at: 48 * time.Second, fleet: with(group(5, old...), "r-3", "Pending", 0, "")},
				{at: 60 * time.Second, fleet: with(done, "r-3", "Successful", 100, "")},
			}},
			says: []string{"following instance refresh r-2", "following instance refresh r-3"},
			took: 60 * time.Second,
		},
		{
			name: "an instance killed and health that flaps do not end the rollout",
			scene: scene{frames: []frame{
				{at: 0, fleet: with(group(5, "i-a 4 ready", "i-b 4 condemned", "i-c 5 pending"), "r-1", "InProgress", 0, "")},
				{at: 10 * time.Second, fleet: with(group(5, "i-a 4 ready", "i-c 5 condemned", "i-d 5 pending"), "r-1", "InProgress", 0, "")},
				{at: 20 * time.Second, fleet: with(group(5, "i-a 4 failing", "i-d 5 failing"), "r-1", "InProgress", 0, "")},
				{at: 30 * time.Second, fleet: with(group(5, "i-a 4 ready", "i-d 5 ready"), "r-1", "InProgress", 50, "")},
				{at: 40 * time.Second, fleet: with(group(5, "i-d 5 condemned", "i-e 5 pending"), "r-1", "InProgress", 50, "")},
				{at: 50 * time.Second, fleet: with(group(5, "i-e 5 failing", "i-f 5 pending"), "r-1", "InProgress", 50, "")},
				{at: 60 * time.Second, fleet: with(group(5, "i-e 5 condemned", "i-f 5 condemned", "i-g 5 pending"), "r-1", "InProgress", 50, "")},
				{at: 90 * time.Second, fleet: with(group(5, "i-g 5 ready", "i-h 5 pending"), "r-1", "InProgress", 50, "")},
				{at: 120 * time.Second, fleet: with(group(5, "i-g 5 ready", "i-h 5 ready"), "r-1", "Successful", 100, "")},
			}},
			took: 120 * time.Second,
		},
		{
			name: "instances that served before they failed are AWS's to replace",
			scene: scene{frames: []frame{
				{at: 0, fleet: group(5, "i-c 5 ready", "i-d 5 ready", "i-e 5 ready", "i-a 5 pending")},
				{at: 10 * time.Second, fleet: group(5, "i-c 5 failing", "i-d 5 failing", "i-e 5 failing", "i-a 5 pending")},
				{at: 20 * time.Second, fleet: group(5, "i-c 5 condemned", "i-d 5 condemned", "i-e 5 condemned", "i-a 5 pending")},
				{at: 60 * time.Second, fleet: group(5, "i-a 5 ready", "i-b 5 ready")},
			}},
			took: 60 * time.Second,
		},
		{
			name: "a scale-out in the middle is waited for",
			scene: scene{frames: []frame{
				{at: 0, fleet: underWay},
				{at: 30 * time.Second, fleet: func() rollout.Fleet {
					f := with(group(5, "i-c 5 ready", "i-d 5 ready"), "r-1", "Successful", 100, "")
					f.Desired = 3
					return f
				}()},
				{at: 60 * time.Second, fleet: func() rollout.Fleet {
					f := with(group(5, "i-c 5 ready", "i-d 5 ready", "i-e 5 ready"), "r-1", "Successful", 100, "")
					f.Desired = 3
					return f
				}()},
			}},
			took: 60 * time.Second,
		},
		{
			name: "leaving and standby instances on the old version are no obstacle",
			scene: scene{frames: []frame{
				{fleet: group(5, "i-a 4 leaving", "i-b 4 standby", "i-c 5 ready", "i-d 5 ready")},
			}},
			says: []string{"i-b is in standby and was left alone"},
		},
		{
			name: "AWS cannot be reached for a while",
			scene: scene{frames: []frame{
				{at: 0, fleet: underWay},
				{at: 10 * time.Second, err: &rollout.AWSError{Call: "DescribeAutoScalingGroups", Group: "web", Message: "throttled", Transient: true}},
				{at: 5 * time.Minute, fleet: succeeded},
			}},
			says: []string{"DescribeAutoScalingGroups for group web: throttled; trying again"},
			took: 5 * time.Minute,
		},
		{
			name: "AWS is busy with the group when the refresh is to start",
			scene: scene{
				frames: []frame{{fleet: group(5, old...)}},
				onStart: func(*rollout.Version) ([]frame, error) {
					return []frame{{at: 0, fleet: underWay}, {at: 30 * time.Second, fleet: succeeded}},
						&rollout.AWSError{Call: "StartInstanceRefresh", Group: "web", Message: "ResourceContention: busy", Transient: true}
				},
			},
			calls: []string{"start group's version"},
			says:  []string{"ResourceContention: busy; trying again"},
			took:  30 * time.Second,
		},
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
			says:  []string{"Rolling back is switched off: the group goes on launching version 5", "Healthy instances run version 4"},
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
			name: "pauses at checkpoints do not count: of a refresh that somebody else started",
			scene: scene{frames: []frame{
				{at: 0, fleet: resting(underWay)},
				{at: 129 * time.Minute, fleet: resting(succeeded)},
			}},
			opts: func(o *rollout.Options) { o.Timeout = 10 * time.Minute },
			says: []string{"gives up after 2h10m"},
			took: 129 * time.Minute,
		},
		{
			name: "pauses at checkpoints do not count: of a refresh of its own",
			scene: scene{frames: []frame{{fleet: group(5, old...)}}, onStart: func(*rollout.Version) ([]frame, error) {
				return []frame{{at: 0, fleet: underWay}, {at: 129 * time.Minute, fleet: succeeded}}, nil
			}},
			opts: func(o *rollout.Options) {
				o.Timeout = 10 * time.Minute
				o.Preferences = refresh.Preferences{Checkpoints: []int{50, 100}, CheckpointDelay: new(time.Hour)}
			},
			calls: []string{"start group's version"},
			says:  []string{"gives up after 2h10m"},
			took:  129 * time.Minute,
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
			says: []string{"the group now asks for version 6, not for version 5"},
			took: 30*time.Second + 2*poll,
		},
		{
			name:  "the group does not ask for the version that was deployed",
			scene: scene{frames: []frame{{fleet: back}}},
			opts:  func(o *rollout.Options) { o.Version = 5 },
			end:   notRolledBack,
			says:  []string{"the group now asks for version 4, not for version 5"},
			took:  2 * poll,
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
			name: "a refresh that leaves instances behind is not started a second time",
			scene: scene{frames: []frame{{fleet: group(5, old...)}}, onStart: func(*rollout.Version) ([]frame, error) {
				return []frame{{fleet: with(group(5, mixed...), "r-1", "Successful", 100, "")}}, nil
			}},
			end:   notRolledBack,
			calls: []string{"start group's version"},
			says:  []string{"instance refresh r-1 ended, yet i-b still on another version than 5"},
			took:  3 * poll,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts := defaults()
				if test.opts != nil {
					test.opts(&opts)
				}
				ctx, cancel := context.WithTimeout(t.Context(), never)
				defer cancel()
				start := time.Now()
				var said notes
				err := rollout.New(&test.scene, &said, opts).Run(ctx)

				text := strings.Join(said.said, "\n")
				if err != nil {
					text += "\n" + err.Error()
				}
				if end := outcomeOf(err); end != test.end {
					t.Errorf("%s, want %s", end, test.end)
				}
				if !slices.Equal(test.scene.calls, test.calls) {
					t.Errorf("did %q, want %q", test.scene.calls, test.calls)
				}
				for _, want := range test.says {
					if !strings.Contains(text, want) {
						t.Errorf("does not say %q", want)
					}
				}
				// A look comes up to one poll after the change it sees.
				if took := time.Since(start); took < test.took || took > test.took+3*poll {
					t.Errorf("took %s, want %s", took, test.took)
				}
				if t.Failed() {
					t.Log(text)
				}
			})
		})
	}
}

const poll = 5 * time.Second

func defaults() rollout.Options {
	return rollout.Options{
		Timeout:     time.Hour,
		Poll:        poll,
		GiveUpAfter: 3,
		Rollback:    true,
	}
}

func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := scene{frames: []frame{{fleet: with(group(5, "i-a 4 ready", "i-c 5 ready"), "r-1", "InProgress", 42, "")}}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := rollout.New(&s, &notes{}, defaults()).Run(ctx)
		if outcomeOf(err) != interrupted {
			t.Fatalf("got %v", err)
		}
		if want := "AWS goes on with instance refresh r-1 to version 5 (42 % done)"; !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
		if len(s.calls) != 0 {
			t.Errorf("changed the group: %q", s.calls)
		}
	})
}

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
				s := scene{frames: []frame{{fleet: test.fleet}}, onStart: func(*rollout.Version) ([]frame, error) {
					return []frame{{fleet: with(group(5, "i-c 5 ready", "i-d 5 ready"), "r-1", "Successful", 100, "")}}, nil
				}}
				opts := defaults()
				opts.Preferences = test.given
				if err := rollout.New(&s, &notes{}, opts).Run(t.Context()); err != nil {
					t.Fatal(err)
				}
				want := test.given
				want.MinHealthyPercentage, want.MaxHealthyPercentage = test.min, test.max
				if !reflect.DeepEqual(s.prefs, want) {
					t.Errorf("sent %+v, want %+v", s.prefs, want)
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
		if !reflect.DeepEqual(s.prefs, want) {
			t.Errorf("sent %+v, want %+v", s.prefs, want)
		}
	})
}

// outcome is what a run came to.
type outcome int

const (
	converged outcome = iota
	rolledBack
	notRolledBack
	rollbackFailed
	interrupted
	refused // by AWS, without a verdict
)

func (o outcome) String() string {
	return []string{"converged", "rolled back", "not rolled back", "rollback failed", "interrupted", "refused"}[o]
}

func outcomeOf(err error) outcome {
	var failed *rollout.FailedError
	switch {
	case err == nil:
		return converged
	case errors.As(err, new(*rollout.InterruptedError)):
		return interrupted
	case errors.As(err, &failed):
		return map[rollout.Outcome]outcome{
			rollout.RolledBack: rolledBack, rollout.NotRolledBack: notRolledBack, rollout.RollbackFailed: rollbackFailed,
		}[failed.Outcome]
	}
	return refused
}
