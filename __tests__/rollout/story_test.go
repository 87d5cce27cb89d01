package rollout_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/webserver-cluster/internal/refresh"
	"example.com/webserver-cluster/internal/rollout"
)

// story is a rollout of a group that goes from version 4 to version 5. Time is
// synctest's: an hour passes at once.
type story struct {
	name  string
	scene scene
	opts  func(*rollout.Options)
	end   outcome
	calls []string
	says  []string // in what was said or in the error
	took  time.Duration
}

// tell has each story happen and checks how it ends.
func tell(t *testing.T, stories []story) {
	for _, test := range stories {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opts := defaults()
				if test.opts != nil {
					test.opts(&opts)
				}
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Hour)
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

// What stories are made of: the group as it is before, in between and after.
var (
	old   = []string{"i-a 4 ready", "i-b 4 ready"}
	done  = group(5, "i-c 5 ready", "i-d 5 ready")
	back  = group(4, "i-a 4 ready", "i-b 4 ready")
	mixed = []string{"i-b 4 ready", "i-c 5 ready"}

	underWay  = with(group(5, old...), "r-1", "InProgress", 0, "")
	succeeded = with(done, "r-1", "Successful", 100, "")
	failed    = with(group(5, "i-a 4 ready", "i-b 4 ready", "i-c 5 failing"), "r-1", "Failed", 50, "The new instances did not pass their health checks.")
)

// rollsBack answers a start with a rollback that succeeds.
func rollsBack(before rollout.Fleet) func(*rollout.Version) ([]frame, error) {
	return func(desired *rollout.Version) ([]frame, error) {
		return []frame{
			{at: 0, fleet: with(before, "r-9", "InProgress", 0, "", desired.Number)},
			{at: time.Minute, fleet: with(back, "r-9", "Successful", 100, "", desired.Number)},
		}, nil
	}
}

// resting is a fleet whose newest refresh pauses for an hour, twice.
func resting(f rollout.Fleet) rollout.Fleet {
	f.Refreshes = slices.Clone(f.Refreshes)
	f.Refreshes[0].Preferences = refresh.Preferences{Checkpoints: []int{50, 100}, CheckpointDelay: new(time.Hour)}
	return f
}

// refuses answers a start with an error.
func refuses(err error) func(*rollout.Version) ([]frame, error) {
	return func(*rollout.Version) ([]frame, error) { return nil, err }
}
