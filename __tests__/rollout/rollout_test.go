package rollout_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/webserver-cluster/internal/rollout"
)

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
