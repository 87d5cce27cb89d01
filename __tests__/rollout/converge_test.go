package rollout_test

import (
	"testing"
	"time"

	"example.com/webserver-cluster/internal/refresh"
	"example.com/webserver-cluster/internal/rollout"
)

func TestConverges(t *testing.T) {
	tell(t, []story{
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
	})
}
