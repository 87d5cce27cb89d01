package rollout_test

import (
	"testing"
	"time"

	"example.com/webserver-cluster/internal/rollout"
)

// What follows is about a version that is given: the group launches version 4 until a
// refresh to version 5 has succeeded, and AWS can go back to it.

// The group on its way to version 5, and after.
var (
	proven     = group(4, old...)
	onItsWay   = with(proven, "r-1", "InProgress", 0, "", 5)
	failing    = with(group(4, "i-a 4 ready", "i-b 4 ready", "i-c 5 failing"), "r-1", "InProgress", 0, "", 5)
	turnedBack = with(proven, "r-1", "RollbackInProgress", 50, "Auto rollback: no health", 5)
	rolledBk   = with(proven, "r-1", "RollbackSuccessful", 0, "Auto rollback: no health", 5)
)

// five asks for version 5.
func five(o *rollout.Options) { o.Version = 5 }

// goes answers a start with a refresh that succeeds after a minute.
func goes(*rollout.Version) ([]frame, error) {
	return []frame{{at: 0, fleet: onItsWay}, {at: time.Minute, fleet: with(done, "r-1", "Successful", 100, "", 5)}}, nil
}

// turnsBack answers a rollback with one that takes a minute.
func turnsBack() ([]frame, error) {
	return []frame{{at: 0, fleet: turnedBack}, {at: time.Minute, fleet: rolledBk}}, nil
}

func TestGivenVersion(t *testing.T) {
	tell(t, []story{
		{
			name:  "the group launches the version before until the end",
			scene: scene{frames: []frame{{fleet: proven}}, onStart: goes},
			opts:  five,
			calls: []string{"start version 5"},
			says:  []string{"started instance refresh r-1 to version 5", "done: 2 of 2 instances run version 5"},
			took:  time.Minute,
		},
		{
			name: "it takes the version minutes after the end",
			scene: scene{frames: []frame{{fleet: proven}}, onStart: func(*rollout.Version) ([]frame, error) {
				lags := with(group(4, "i-c 5 ready", "i-d 5 ready"), "r-1", "Successful", 100, "", 5)
				return []frame{{at: 0, fleet: lags}, {at: 9 * time.Minute, fleet: with(done, "r-1", "Successful", 100, "", 5)}}, nil
			}},
			opts:  five,
			calls: []string{"start version 5"},
			took:  9 * time.Minute,
		},
		{
			name: "it never takes the version",
			scene: scene{frames: []frame{{fleet: proven}}, onStart: func(*rollout.Version) ([]frame, error) {
				return []frame{{fleet: with(group(4, "i-c 5 ready", "i-d 5 ready"), "r-1", "Successful", 100, "", 5)}}, nil
			}},
			opts:  five,
			end:   notRolledBack,
			calls: []string{"start version 5", "start version 5", "start version 5"},
			says:  []string{"instance refresh r-1 succeeded, yet the group still launches version 4"},
			took:  30*time.Minute + 5*poll,
		},
		{
			name: "a scale-out launched the version before just as the refresh ended",
			scene: scene{frames: []frame{{fleet: proven}}, onStart: func() func(*rollout.Version) ([]frame, error) {
				starts := 0
				return func(v *rollout.Version) ([]frame, error) {
					if starts++; starts == 1 {
						return []frame{{fleet: with(group(5, "i-c 5 ready", "i-e 4 ready"), "r-1", "Successful", 100, "", 5)}}, nil
					}
					return []frame{{fleet: with(done, "r-2", "Successful", 100, "")}}, nil
				}
			}()},
			opts:  five,
			calls: []string{"start version 5", "start group's version"},
			took:  30*time.Second + 2*poll,
		},
		{
			name: "AWS does not know the new version yet",
			scene: scene{frames: []frame{{fleet: proven}}, onStart: func() func(*rollout.Version) ([]frame, error) {
				begin := time.Time{}
				return func(v *rollout.Version) ([]frame, error) {
					if begin.IsZero() {
						begin = time.Now()
					}
					if time.Since(begin) < 20*time.Second {
						return nil, rollout.ErrUnknownVersion
					}
					return goes(v)
				}
			}()},
			opts:  five,
			calls: []string{"start version 5", "start version 5", "start version 5", "start version 5", "start version 5"},
			says:  []string{"AWS does not know version 5 yet (", "); trying again"},
			took:  20*time.Second + time.Minute,
		},
		{
			name: "AWS shows the refresh half a minute after its start",
			scene: scene{frames: []frame{{fleet: proven}}, onStart: func(*rollout.Version) ([]frame, error) {
				return []frame{{at: 0, fleet: proven}, {at: 30 * time.Second, fleet: onItsWay}, {at: time.Minute, fleet: with(done, "r-1", "Successful", 100, "", 5)}}, nil
			}},
			opts:  five,
			calls: []string{"start version 5"},
			took:  time.Minute,
		},
		{
			name: "new instances do not get healthy: AWS is told to roll back",
			scene: scene{frames: []frame{{fleet: proven}}, onStart: func(*rollout.Version) ([]frame, error) {
				return []frame{
					{at: 0, fleet: failing},
					{at: 60 * time.Second, fleet: with(group(4, "i-a 4 ready", "i-b 4 ready", "i-d 5 failing"), "r-1", "InProgress", 0, "", 5)},
					{at: 120 * time.Second, fleet: with(group(4, "i-a 4 ready", "i-b 4 ready", "i-e 5 failing"), "r-1", "InProgress", 0, "", 5)},
					{at: 180 * time.Second, fleet: with(group(4, "i-a 4 ready", "i-b 4 ready", "i-f 5 failing"), "r-1", "InProgress", 0, "", 5)},
				}, nil
			}, onRollback: turnsBack},
			opts:  five,
			end:   rolledBack,
			calls: []string{"start version 5", "rollback"},
			says:  []string{"3 new instances in a row did not get healthy", "rolling back instance refresh r-1", "Rolled back: 2 of 2 instances run version 4"},
			took:  180*time.Second + 2*poll + time.Minute,
		},
		{
			name: "AWS rolls back by itself",
			scene: scene{frames: []frame{{fleet: proven}}, onStart: func(*rollout.Version) ([]frame, error) {
				return []frame{{at: 0, fleet: onItsWay}, {at: 30 * time.Second, fleet: turnedBack}, {at: 90 * time.Second, fleet: rolledBk}}, nil
			}},
			opts:  five,
			end:   rolledBack,
			calls: []string{"start version 5"},
			says:  []string{"AWS rolled instance refresh r-1 back: Auto rollback: no health", "Rolled back: 2 of 2"},
			took:  90 * time.Second,
		},
		{
			name: "AWS rolled back between two looks",
			scene: scene{frames: []frame{{fleet: proven}}, onStart: func(*rollout.Version) ([]frame, error) {
				return []frame{{at: 0, fleet: onItsWay}, {at: 30 * time.Second, fleet: rolledBk}}, nil
			}},
			opts:  five,
			end:   rolledBack,
			calls: []string{"start version 5"},
			says:  []string{"AWS rolled instance refresh r-1 back: Auto rollback: no health"},
			took:  30*time.Second + 2*poll,
		},
		{
			name: "AWS's own rollback fails: a refresh to the version before",
			scene: scene{frames: []frame{{at: 0, fleet: onItsWay}, {at: 30 * time.Second, fleet: turnedBack},
				{at: 90 * time.Second, fleet: with(group(4, mixed...), "r-1", "RollbackFailed", 50, "No capacity.", 5)}}, onStart: func(*rollout.Version) ([]frame, error) {
				return []frame{{fleet: with(back, "r-2", "Successful", 100, "")}}, nil
			}},
			opts:  five,
			end:   rolledBack,
			calls: []string{"start group's version"},
			took:  90*time.Second + poll,
		},
		{
			name: "an interrupted rollback, then a deploy of the same version: it is waited for, then tried again",
			scene: scene{frames: []frame{{at: 0, fleet: turnedBack}, {at: time.Minute, fleet: rolledBk}}, onStart: func(*rollout.Version) ([]frame, error) {
				return []frame{{fleet: with(done, "r-2", "Successful", 100, "", 5)}}, nil
			}},
			opts:  five,
			calls: []string{"start version 5"},
			says:  []string{"instance refresh r-1, of an earlier rollout, goes back to version 4 (Auto rollback: no health): waiting for its end"},
			took:  time.Minute + poll,
		},
		{
			name: "an earlier deploy's refresh is under way: it is rolled back first",
			scene: scene{
				frames: []frame{{fleet: with(proven, "r-0", "InProgress", 0, "", 3)}},
				onRollback: func() ([]frame, error) {
					return []frame{{fleet: with(proven, "r-0", "RollbackSuccessful", 0, "", 3)}}, nil
				},
				onStart: goes,
			},
			opts:  five,
			calls: []string{"rollback", "start version 5"},
			says:  []string{"instance refresh r-0 goes to version 3: it ends first", "rolling back instance refresh r-0"},
			took:  poll + time.Minute,
		},
		{
			name: "an earlier refresh that cannot be rolled back is cancelled",
			scene: scene{
				frames:     []frame{{fleet: with(proven, "r-0", "InProgress", 0, "", 0)}},
				onRollback: func() ([]frame, error) { return nil, rollout.ErrIrreversible },
				onCancel:   func() ([]frame, error) { return []frame{{fleet: with(proven, "r-0", "Cancelled", 0, "", 0)}}, nil },
				onStart:    goes,
			},
			opts:  five,
			calls: []string{"rollback", "cancel", "start version 5"},
			says:  []string{"instance refresh r-0 goes to a version without a number: it ends first"},
			took:  poll + time.Minute,
		},
		{
			name: "a newer deploy takes the group elsewhere: hands off",
			scene: scene{frames: []frame{{at: 0, fleet: onItsWay}, {at: 30 * time.Second, fleet: turnedBack},
				{at: 60 * time.Second, fleet: with(rolledBk, "r-2", "InProgress", 0, "", 6)}}},
			opts: five,
			end:  notRolledBack,
			says: []string{"It was not rolled back to version 4: the group now goes to version 6"},
			took: 60*time.Second + 2*poll,
		},
		{
			name: "rolling back switched off",
			scene: scene{frames: []frame{{fleet: proven}}, onStart: func(*rollout.Version) ([]frame, error) {
				return []frame{{fleet: with(group(4, mixed...), "r-1", "Failed", 50, "No health.", 5)}}, nil
			}},
			opts:  func(o *rollout.Options) { five(o); o.Rollback = false },
			end:   notRolledBack,
			calls: []string{"start version 5"},
			says:  []string{"The version before is version 4"},
			took:  3 * poll,
		},
	})
}
