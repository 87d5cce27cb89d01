package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// confirmations is how many looks in a row must find the rollout failed before it
// counts as failed: one look may come while AWS is between two states of a group.
const confirmations = 3

// goal is where a rollout takes the group.
type goal struct {
	want Version
	bad  *Version // the version that a rollback undoes; nil: this is no rollback
}

// attempt is what a run remembers on its way to one goal.
type attempt struct {
	goal
	begin     time.Time     // of the refresh, or of the wait for it
	following string        // id of the refresh that it started or found
	listed    bool          // AWS shows it: a moment after it was started
	pauses    time.Duration // of that refresh, at its checkpoints
	starts    int           // refreshes that it started
	refusals  int           // starts that AWS refused for an alarm
	succeeded time.Time     // when it first saw the end of the refresh
	launches  launches
	alarms    alarmWatch
}

// failure says why an attempt cannot succeed.
type failure struct {
	reason string
	keep   bool   // rolling back would be wrong
	next   string // what to do; "": what the outcome says
}

func (f *failure) Error() string { return f.reason }

// converge follows the group until it has reached the goal. A *failure says
// that it will not.
func (r *Rollout) converge(ctx context.Context, g goal) error {
	a := &attempt{goal: g, begin: time.Now()}
	for failedLooks := 0; ; {
		fleet, err := r.look(ctx, a.deadline(r.opts))
		if err != nil {
			return err
		}
		r.show(fleet, g)
		done, err := r.step(ctx, fleet, a)
		if done {
			return nil
		}
		deadline := a.deadline(r.opts)
		var failed *failure
		switch {
		case errors.As(err, &failed):
			if failedLooks++; failedLooks == confirmations {
				return failed
			}
		case transient(err) && time.Now().Before(deadline):
			r.tryAgain(err)
		case err != nil:
			return err
		case time.Now().After(deadline):
			return &failure{reason: fmt.Sprintf("not finished after %s: %s", brief(deadline.Sub(a.begin)), fleet.obstacles(g.want))}
		default:
			failedLooks = 0
		}
		if err := sleep(ctx, r.opts.Poll); err != nil {
			return err
		}
	}
}

// deadline is when the attempt is given up: what a refresh rests at its checkpoints
// does not count.
func (a *attempt) deadline(o Options) time.Time { return a.begin.Add(o.Timeout + a.pauses) }

// look describes the group, and tries again while AWS cannot be reached.
func (r *Rollout) look(ctx context.Context, deadline time.Time) (Fleet, error) {
	for {
		fleet, err := r.cloud.Describe(ctx)
		if err == nil {
			r.last, r.since = fleet, ""
			return fleet, nil
		}
		if ctx.Err() != nil || !transient(err) || time.Now().After(deadline) {
			return Fleet{}, err
		}
		r.tryAgain(err)
		if err := sleep(ctx, r.opts.Poll); err != nil {
			return Fleet{}, err
		}
	}
}

// transient reports whether err may be gone at the next look.
func transient(err error) bool {
	var failed *AWSError
	return errors.As(err, &failed) && failed.Transient
}

// tryAgain says that the next look may go better, once for each error.
func (r *Rollout) tryAgain(err error) {
	r.once(err.Error(), "%s; trying again", err)
}

// once says something that several looks in a row may find, and tells whether it did.
func (r *Rollout) once(key, format string, args ...any) bool {
	if r.said[key] {
		return false
	}
	r.said[key] = true
	r.report.Say(format, args...)
	return true
}

// interrupted tells what goes on without this run.
func (r *Rollout) interrupted() error {
	message := "interrupted; nothing was under way"
	if r.since != "" {
		message = "interrupted; AWS goes on: " + r.since
	} else if active := r.last.Active(); active != nil {
		message = fmt.Sprintf("interrupted; AWS goes on with instance refresh %s to %s (%d %% done)",
			active.ID, r.last.Destination(), active.Percent)
		if active.AutoRollback && active.Status != rollbackInProgress {
			message += fmt.Sprintf(", and goes back to %s by itself if it fails", r.last.Target)
		}
	}
	return &InterruptedError{Message: message + ". Deploy again, or run rollout again, to go on from there."}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
