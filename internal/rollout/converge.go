package rollout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// confirmations is how many looks in a row must find the rollout failed before it
// counts as failed. Between a refresh that was cancelled and the one that Terraform
// cancelled it for, or between a refresh's end and the group's update to its
// desired version, a group looks failed for a moment.
const confirmations = 3

// goal is where a rollout takes the group.
type goal struct {
	want Version
	bad  *Version // the version that a rollback undoes; nil: this is no rollback
}

// attempt is what a run remembers on its way to one goal.
type attempt struct {
	goal
	following string        // id of the refresh that it started or found
	pauses    time.Duration // of that refresh, at its checkpoints
	started   bool          // it started one; it never starts a second
	launches  launches
}

// failure says why an attempt cannot succeed.
type failure struct {
	reason string
	keep   bool   // rolling back would be wrong
	next   string // what to do, if keep
}

func (f *failure) Error() string { return f.reason }

// converge follows the group until it has reached the goal. A *failure says
// that it will not.
func (r *Rollout) converge(ctx context.Context, g goal) error {
	start := time.Now()
	a := &attempt{goal: g}
	for failedLooks := 0; ; {
		limit := r.opts.Timeout + a.pauses
		deadline := start.Add(limit)
		fleet, err := r.look(ctx, deadline)
		if err != nil {
			return err
		}
		r.show(fleet, g)
		done, err := r.step(ctx, fleet, a)
		if done {
			return nil
		}
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
			return &failure{reason: fmt.Sprintf("not finished after %s: %s", brief(limit), fleet.obstacles(g.want))}
		default:
			failedLooks = 0
		}
		if err := sleep(ctx, r.opts.Poll); err != nil {
			return err
		}
	}
}

// step decides what a look at the group means, and does it.
func (r *Rollout) step(ctx context.Context, fleet Fleet, a *attempt) (done bool, err error) {
	a.launches.observe(fleet.Instances, a.want)
	if version, ok := fleet.RollbackVersion(a.want); ok && a.bad == nil {
		r.rollbackTo = &version
	}
	if active := fleet.Active(); active != nil {
		return false, r.followRefresh(ctx, fleet, active, a)
	}

	if a.following != "" {
		ended := fleet.Refresh(a.following)
		if ended == nil {
			return false, nil // AWS does not list it yet
		}
		if ended.Status != "Successful" {
			return false, &failure{reason: fmt.Sprintf("instance refresh %s %s at %d %%: %s",
				ended.ID, ended.Status, ended.Percent, reasonOf(*ended))}
		}
	}

	stale, otherTarget := fleet.Stale(a.want), fleet.Target != a.want
	if len(stale) == 0 && !otherTarget {
		if fleet.Complete() {
			return true, nil
		}
		return false, a.launches.check(r.opts.GiveUpAfter)
	}
	if otherTarget && (a.bad == nil || a.following != "") {
		return false, takenOver(fleet, a.want)
	}
	if err := r.mayRefresh(stale, a); err != nil {
		return false, err
	}
	return false, r.startRefresh(ctx, fleet, a)
}

// followRefresh is step while a refresh is under way.
func (r *Rollout) followRefresh(ctx context.Context, fleet Fleet, active *Refresh, a *attempt) error {
	switch destination := fleet.Destination(); {
	case destination == a.want:
		if a.following != active.ID {
			r.report.Say("following instance refresh %s", active.ID)
			a.following, a.pauses = active.ID, active.Preferences.Pauses()
		}
		return a.launches.check(r.opts.GiveUpAfter)

	case a.bad != nil && destination == *a.bad:
		// The refresh that this rollback undoes has to end first.
		if active.Status == "Cancelling" {
			return nil
		}
		r.report.Say("cancelling instance refresh %s", active.ID)
		if err := r.cloud.CancelRefresh(ctx); !errors.Is(err, ErrNotInProgress) {
			return err
		}
		return nil

	case fleet.Target == a.want:
		// The group still asks for the version, but a refresh takes it
		// elsewhere: another run, or an earlier one, rolls back.
		r.rollbackTo = &destination
		return &failure{reason: fmt.Sprintf("instance refresh %s, started by another run, takes the group back to %s", active.ID, destination)}
	}
	return takenOver(fleet, a.want)
}

func takenOver(fleet Fleet, want Version) *failure {
	return &failure{
		reason: fmt.Sprintf("the group now asks for %s, not for %s: another deploy changed it, or another run rolled it back", fleet.Destination(), want),
		keep:   true,
		next:   "If that is not what you want, deploy again.",
	}
}

// mayRefresh says why a refresh would not replace the stale instances.
func (r *Rollout) mayRefresh(stale []Instance, a *attempt) error {
	switch {
	case len(r.last.Suspended) > 0:
		processes := strings.Join(r.last.Suspended, " ")
		return &failure{
			reason: "suspended in the group: " + processes + "; without that, no instance can be replaced",
			keep:   true,
			next: fmt.Sprintf("Deploy again after: aws autoscaling resume-processes --auto-scaling-group-name %s --scaling-processes %s",
				r.last.Group, processes),
		}
	case a.started:
		return &failure{
			reason: fmt.Sprintf("instance refresh %s ended, yet %s still on another version than %d",
				a.following, names(stale), a.want.Number),
			keep: true,
			next: "Run it again to start another refresh.",
		}
	}
	return nil
}

func (r *Rollout) startRefresh(ctx context.Context, fleet Fleet, a *attempt) error {
	prefs, desired := forGroup(r.opts.Preferences, fleet), (*Version)(nil)
	if a.bad != nil {
		prefs, desired = forRollback(prefs), &a.want
	}
	id, err := r.cloud.StartRefresh(ctx, desired, prefs)
	if errors.Is(err, ErrInProgress) {
		return nil // someone was faster: the next look shows whose it is
	}
	if err != nil {
		return err
	}
	r.report.Say("started instance refresh %s to %s", id, a.want)
	a.following, a.pauses, a.started = id, prefs.Pauses(), true
	return nil
}

// look describes the group, and tries again while AWS cannot be reached.
func (r *Rollout) look(ctx context.Context, deadline time.Time) (Fleet, error) {
	for {
		fleet, err := r.cloud.Describe(ctx)
		if err == nil {
			r.last = fleet
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
	if text := err.Error(); text != r.retrying {
		r.retrying = text
		r.report.Say("%s; trying again", text)
	}
}

// interrupted tells what goes on without this run.
func (r *Rollout) interrupted() error {
	message := "interrupted; nothing was under way"
	if active := r.last.Active(); active != nil {
		message = fmt.Sprintf("interrupted; AWS goes on with instance refresh %s to %s (%d %% done)",
			active.ID, r.last.Destination(), active.Percent)
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
