package rollout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// settling is how long a group may keep launching its old version after a
	// refresh to another has succeeded. AWS gives no figure.
	settling = 10 * time.Minute

	// lagging is how old AWS's answers are taken to be at most. "It may take a few
	// minutes" for some of EC2, says
	// https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html; too
	// short a time costs a refresh that replaces nothing.
	lagging = 30 * time.Second

	// mostStarts is how many refreshes one attempt starts. A second one is needed
	// where a scale-out launched the version before just as the first one ended.
	mostStarts = 3
)

// step decides what a look at the group means, and does it.
func (r *Rollout) step(ctx context.Context, fleet Fleet, a *attempt) (done bool, err error) {
	a.launches.observe(fleet, a.want)
	if a.bad == nil {
		r.remember(fleet, a.want)
	}
	if a.following != "" && !a.listed {
		if a.listed = fleet.Refresh(a.following) != nil; !a.listed {
			return false, nil
		}
	}
	if active := fleet.Active(); active != nil {
		return false, r.meet(ctx, fleet, active, a)
	}
	if err := a.ended(fleet); err != nil {
		return false, err
	}
	stale := fleet.Stale(a.want)
	if len(stale) == 0 && fleet.Target == a.want {
		if fleet.Complete() {
			return true, nil
		}
		return false, a.launches.check(r.opts.GiveUpAfter, a.bad != nil)
	}
	if len(stale) == 0 && !a.succeeded.IsZero() && time.Since(a.succeeded) < settling {
		// All instances are new, and the group takes the refresh's version a
		// little later.
		return false, nil
	}
	if !a.succeeded.IsZero() && time.Since(a.succeeded) < max(lagging, confirmations*r.opts.Poll) {
		return false, nil // what AWS lists may be older than the refresh's end
	}
	if err := r.mayRefresh(stale, a); err != nil {
		return false, err
	}
	return false, r.startRefresh(ctx, fleet, a)
}

// remember notes the version to go back to. A group that is not on the wanted version
// yet launches the proven one; else the healthy instances tell.
func (r *Rollout) remember(fleet Fleet, want Version) {
	if fleet.Target != want {
		r.rollbackTo = &fleet.Target
	} else if version, ok := fleet.RollbackVersion(want); ok {
		r.rollbackTo = &version
	}
}

// meet is step while a refresh is under way.
func (r *Rollout) meet(ctx context.Context, fleet Fleet, active *Refresh, a *attempt) error {
	destination, ours := fleet.Destination(), active.ID == a.following
	switch {
	case active.Status == "Cancelling":
		return nil // nothing is decided before it has ended

	case destination == a.want:
		if !ours {
			r.report.Say("following instance refresh %s", active.ID)
			a.follow(active.ID, active.Preferences)
			a.alarms.unwatched(r.opts.Preferences.Alarms, active.Preferences.Alarms)
		}
		if err := r.checkAlarms(ctx, a); err != nil {
			return err
		}
		return a.launches.check(r.opts.GiveUpAfter, a.bad != nil)

	case a.bad == nil && fleet.Target == a.want:
		// The group asks for the version, but a refresh takes it elsewhere:
		// another run, or an earlier one, rolls back.
		r.rollbackTo = &destination
		return &failure{reason: fmt.Sprintf("instance refresh %s, started by another run, takes the group back to %s", active.ID, destination)}

	case a.bad == nil && active.Status == rollbackInProgress:
		if ours {
			return &failure{reason: fmt.Sprintf("AWS rolled instance refresh %s back: %s", active.ID, reasonOf(*active))}
		}
		if r.once(active.ID, "instance refresh %s, of an earlier rollout, goes back to %s (%s): waiting for its end", active.ID, destination, reasonOf(*active)) {
			a.begin = time.Now() // the time is this rollout's own
		}
		return nil

	case a.bad == nil && a.following != "" && !ours, a.bad != nil && destination != *a.bad:
		return takenOver(fleet, a.want)
	}
	if a.bad == nil && r.once("undo "+active.ID, "instance refresh %s goes to %s: it ends first", active.ID, destination) {
		a.begin = time.Now()
	}
	return r.undo(ctx, active)
}

// undo ends a refresh that takes the group where it is not to go. AWS's own rollback
// leaves no moment in which nothing keeps the group's capacity up; where it is not
// possible, the refresh is cancelled.
func (r *Rollout) undo(ctx context.Context, active *Refresh) error {
	if r.undone == active.ID {
		return nil
	}
	if active.Desired != nil && active.Status != "Pending" {
		err := r.cloud.RollbackRefresh(ctx)
		if err == nil {
			r.undone, r.since = active.ID, fmt.Sprintf("instance refresh %s is rolled back", active.ID)
			r.report.Say("rolling back instance refresh %s", active.ID)
		}
		if err == nil || errors.Is(err, ErrNotInProgress) {
			return nil
		}
		if !errors.Is(err, ErrIrreversible) {
			return err
		}
	}
	r.report.Say("cancelling instance refresh %s", active.ID)
	r.since = fmt.Sprintf("instance refresh %s is cancelled", active.ID)
	if err := r.cloud.CancelRefresh(ctx); !errors.Is(err, ErrNotInProgress) {
		return err
	}
	return nil
}

// follow takes note of the refresh that takes the group to the goal.
func (a *attempt) follow(id string, p preferences) {
	a.following, a.listed, a.pauses, a.begin, a.succeeded = id, false, p.Pauses(), time.Now(), time.Time{}
}

// ended returns the failure that the end of the attempt's refresh means, if any.
func (a *attempt) ended(fleet Fleet) error {
	refresh := fleet.Refresh(a.following)
	switch {
	case refresh == nil:
		return nil
	case refresh.Status == "Successful", refresh.Status == "RollbackSuccessful" && fleet.Target == a.want:
		if a.succeeded.IsZero() {
			a.succeeded = time.Now()
		}
		return nil
	case a.bad != nil && a.starts == 0:
		return nil // AWS did not roll back to the end: a refresh of its own does
	}
	if refresh.Status == "RollbackSuccessful" {
		return &failure{reason: fmt.Sprintf("AWS rolled instance refresh %s back: %s", refresh.ID, reasonOf(*refresh))}
	}
	return &failure{reason: fmt.Sprintf("instance refresh %s %s at %d %%: %s", refresh.ID, refresh.Status, refresh.Percent, reasonOf(*refresh))}
}

func takenOver(fleet Fleet, want Version) *failure {
	return &failure{
		reason: fmt.Sprintf("the group now goes to %s, not to %s: another deploy or another run changed it", fleet.Destination(), want),
		keep:   true,
		next:   "If that is not what you want, deploy again.",
	}
}

// mayRefresh says why a refresh would not bring the group further.
func (r *Rollout) mayRefresh(stale []Instance, a *attempt) error {
	switch {
	case len(r.last.Suspended) > 0:
		processes := strings.Join(r.last.Suspended, " ")
		return &failure{
			reason: "suspended in the group: " + processes + "; without that, no instance is replaced by one that serves",
			keep:   true,
			next: fmt.Sprintf("Deploy again after: aws autoscaling resume-processes --auto-scaling-group-name %s --scaling-processes %s",
				r.last.Group, processes),
		}
	case a.starts < mostStarts:
		return nil
	case len(stale) == 0:
		return &failure{
			reason: fmt.Sprintf("instance refresh %s succeeded, yet the group still launches %s", a.following, r.last.Target),
			keep:   true,
			next:   "Run it again to start another refresh.",
		}
	}
	return &failure{
		reason: fmt.Sprintf("instance refresh %s ended, yet %s still on another version than %d", a.following, names(stale), a.want.Number),
		keep:   true,
		next:   "Run it again to start another refresh.",
	}
}

func (r *Rollout) startRefresh(ctx context.Context, fleet Fleet, a *attempt) error {
	start := Start{Preferences: forGroup(r.opts.Preferences, fleet)}
	if a.bad != nil {
		start.Preferences = forRollback(start.Preferences)
	}
	if fleet.Target != a.want {
		// The group keeps its own version until the refresh has succeeded, which
		// is where AWS goes back to. Back to the bad one is no way.
		start.Desired, start.AutoRollback = &a.want, a.bad == nil && r.opts.Rollback
	}
	if err := r.leaveOutAlarms(ctx, &start.Preferences, a); err != nil {
		return err
	}
	id, err := r.cloud.StartRefresh(ctx, start)
	switch {
	case errors.Is(err, ErrInProgress):
		return nil // someone was faster: the next look shows whose it is
	case errors.Is(err, ErrUnknownVersion) && time.Since(a.begin) < settling:
		r.once("unknown", "AWS does not know %s yet (%v); trying again", a.want, err)
		return nil
	case errors.Is(err, ErrAlarm) && a.refusals < confirmations:
		a.refusals++ // it went off just now: the next look leaves it out
		return nil
	case err != nil:
		return err
	}
	r.since = fmt.Sprintf("instance refresh %s to %s", id, a.want)
	r.report.Say("started %s", r.since)
	a.follow(id, start.Preferences)
	a.starts++
	return nil
}
