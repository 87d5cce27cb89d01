// Package rollout brings the instances of one Auto Scaling group to the launch
// template version that the group asks for, by instance refreshes, and back to
// the version before if that fails.
//
// It keeps no state of its own. Every step is decided anew from what AWS says
// about the group, so a run that is stopped at any point, or a second run
// beside the first, simply goes on with what it finds.
package rollout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"example.com/webserver-cluster/internal/faults"
)

// Cloud is what a rollout needs of AWS.
type Cloud interface {
	// Look reads the group as it is now.
	Look(ctx context.Context) (Fleet, error)
	// StartRefresh starts an instance refresh to the desired version, or to
	// the group's own if that is nil, and returns its id. ErrInProgress.
	StartRefresh(ctx context.Context, desired *Version, p Preferences) (string, error)
	// CancelRefresh asks AWS to stop the refresh under way. ErrNotInProgress.
	CancelRefresh(ctx context.Context) error
}

// Reporter shows a person what happens.
type Reporter interface {
	// Say shows a message that stays.
	Say(format string, args ...any)
	// Show shows where things stand, in place of what it showed before.
	Show(Progress)
}

// Options of a rollout.
type Options struct {
	Preferences

	// Version is the launch template version that the caller expects the group
	// to ask for. 0: whatever the group asks for at the start.
	Version int64

	// Timeout bounds the rollout, and once more its rollback.
	Timeout time.Duration

	// Poll is the pause between two looks at the group.
	Poll time.Duration

	// GiveUpAfter is how many new instances in a row may fail their health
	// checks before the first passes them. Without such a limit AWS retries
	// for an hour. 0: no limit.
	GiveUpAfter int

	// Rollback says whether to go back to the version before after a failure.
	Rollback bool
}

// Validate names every option that is wrong, as the command's flag.
func (o Options) Validate() error {
	var f faults.List
	if o.Version < 0 {
		f.Add("--template-version", o.Version, "must be 1 or more")
	}
	if o.Timeout <= 0 {
		f.Add("--timeout", o.Timeout, "must be above 0")
	}
	if o.Poll <= 0 {
		f.Add("--poll", o.Poll, "must be above 0")
	}
	if o.GiveUpAfter < 0 {
		f.Add("--give-up-after", o.GiveUpAfter, "must be 0 or more")
	}
	return errors.Join(f.Err(), o.Preferences.Validate())
}

// doubt is how many looks in a row must find the rollout failed before it is
// believed. Between a refresh that was cancelled and the one that Terraform
// cancelled it for, or between a refresh's end and the group's update to its
// desired version, a group looks failed for a moment.
const doubt = 3

// Rollout is one run.
type Rollout struct {
	cloud  Cloud
	report Reporter
	opts   Options

	proven *Version // the version that the healthy instances ran, when last seen
	last   Fleet
	told   map[string]bool // problems already reported

	stumbled string // the transient error reported last
}

// New returns a rollout that has yet to Run.
func New(cloud Cloud, report Reporter, opts Options) *Rollout {
	return &Rollout{cloud: cloud, report: report, opts: opts}
}

// Run returns nil once every instance of the group runs the wanted version, is
// in service and is healthy in its target groups. After a failure it rolls back
// and returns a *FailedError; if ctx ends, an *InterruptedError.
func (r *Rollout) Run(ctx context.Context) error {
	start := time.Now()
	err := r.run(ctx)
	switch {
	case err == nil:
		r.report.Say("done: %s after %s", r.last.serving(r.last.Target), time.Since(start).Round(time.Second))
	case ctx.Err() != nil && !errors.As(err, new(*FailedError)):
		return r.interrupted()
	}
	return err
}

func (r *Rollout) run(ctx context.Context) error {
	fleet, err := r.look(ctx, time.Now().Add(r.opts.Timeout))
	if err != nil {
		return err
	}
	want := fleet.Target
	if r.opts.Version != 0 {
		want.Number = r.opts.Version
	}
	r.report.Say("group %s launches %s of %s and wants %d instances",
		fleet.Group, fleet.Target, fleet.Target.TemplateID, fleet.Desired)
	if len(fleet.Suspended) > 0 {
		r.report.Say("! suspended in the group: %s; no instance can be replaced meanwhile", strings.Join(fleet.Suspended, ", "))
	}

	err = r.converge(ctx, goal{want: want})
	var cause *failure
	if !errors.As(err, &cause) {
		return err
	}
	return r.rollBack(ctx, want, cause)
}

// rollBack takes the group from the bad version back to the proven one and
// returns a *FailedError that tells how that went.
func (r *Rollout) rollBack(ctx context.Context, bad Version, cause *failure) error {
	failed := &FailedError{Reason: cause.reason, Code: ExitNotRolledBack, Next: cause.next}
	switch {
	case cause.keep:
		failed.After = "Nothing was rolled back: " + r.last.serving(bad) + "."
		return failed
	case r.proven == nil:
		failed.After = "There is nothing to roll back to: no healthy instance was seen to run another version."
		failed.Next = "Correct the image or the boot script and deploy again."
		return failed
	case !r.opts.Rollback:
		failed.After = fmt.Sprintf("Rolling back is switched off: the group goes on launching %s.", bad)
		failed.Next = fmt.Sprintf("Healthy instances run %s: deploy its configuration, or run rollout with rollback.", *r.proven)
		return failed
	}

	good := *r.proven
	r.report.Say("failed: %s", cause.reason)
	r.report.Say("rolling back to %s", good)
	err := r.converge(ctx, goal{want: good, leaving: &bad})
	if err != nil && ctx.Err() != nil {
		return err
	}
	if err != nil {
		failed.Code = ExitRollbackFailed
		failed.After = fmt.Sprintf("The rollback to %s failed, too: %s", good, err)
		failed.Next = "Look at the group now (rollout status). Users are served by: " + r.last.serving(good) + "."
		return failed
	}
	failed.Code = ExitRolledBack
	failed.After = "Rolled back: " + r.last.serving(good) + ", and the group launches it again."
	failed.Next = fmt.Sprintf("Correct the image or the boot script and deploy again. Deploying the same configuration tries %s once more.", bad)
	return failed
}

// goal is where a turn of the rollout takes the group.
type goal struct {
	want    Version
	leaving *Version // the bad version that a rollback leaves; nil when rolling out
}

// turn is what a run remembers on its way to one goal.
type turn struct {
	goal
	following string // id of the refresh that it started or found
	started   bool   // it started one; it never starts a second
	newcomers newcomers
}

// failure is a verdict on a turn.
type failure struct {
	reason string
	keep   bool   // rolling back would be wrong
	next   string // what to do, if keep
}

func (f *failure) Error() string { return f.reason }

// converge follows the group until it has reached the goal. A *failure says
// that it will not.
func (r *Rollout) converge(ctx context.Context, g goal) error {
	deadline := time.Now().Add(r.opts.Timeout)
	t := &turn{goal: g}
	for doubts := 0; ; {
		fleet, err := r.look(ctx, deadline)
		if err != nil {
			return err
		}
		r.show(fleet, g)
		done, err := r.step(ctx, fleet, t)
		if done {
			return nil
		}
		var verdict *failure
		switch {
		case errors.As(err, &verdict):
			if doubts++; doubts == doubt {
				return verdict
			}
		case transient(err) && time.Now().Before(deadline):
			r.tryAgain(err)
		case err != nil:
			return err
		case time.Now().After(deadline):
			return &failure{reason: fmt.Sprintf("not finished after %s: %s", r.opts.Timeout, fleet.obstacles(g.want))}
		default:
			doubts = 0
		}
		if err := sleep(ctx, r.opts.Poll); err != nil {
			return err
		}
	}
}

// step decides what a look at the group means, and does it.
func (r *Rollout) step(ctx context.Context, fleet Fleet, t *turn) (done bool, err error) {
	t.newcomers.watch(fleet.Instances, t.want)
	if proven, ok := fleet.Proven(t.want); ok && t.leaving == nil {
		r.proven = &proven
	}
	if active := fleet.Active(); active != nil {
		return false, r.stepRefresh(ctx, fleet, active, t)
	}

	if t.following != "" {
		ended := fleet.Refresh(t.following)
		if ended == nil {
			return false, nil // AWS does not list it yet
		}
		if ended.Status != "Successful" {
			return false, &failure{reason: fmt.Sprintf("instance refresh %s %s at %d %%: %s",
				ended.ID, ended.Status, ended.Percent, reasonOf(*ended))}
		}
	}

	stale, elsewhere := fleet.Stale(t.want), fleet.Target != t.want
	if len(stale) == 0 && !elsewhere {
		if fleet.Complete() {
			return true, nil
		}
		return false, t.newcomers.verdict(r.opts.GiveUpAfter)
	}
	if elsewhere && (t.leaving == nil || t.following != "") {
		return false, takenOver(fleet, t.want)
	}
	if err := r.mayRefresh(stale, t); err != nil {
		return false, err
	}
	return false, r.startRefresh(ctx, fleet, t)
}

// stepRefresh is step while a refresh is under way.
func (r *Rollout) stepRefresh(ctx context.Context, fleet Fleet, active *Refresh, t *turn) error {
	switch heading := fleet.Heading(); {
	case heading == t.want:
		if t.following != active.ID {
			r.report.Say("following instance refresh %s", active.ID)
			t.following = active.ID
		}
		return t.newcomers.verdict(r.opts.GiveUpAfter)

	case t.leaving != nil && heading == *t.leaving:
		// The refresh that this rollback undoes has to end first.
		if active.Status == "Cancelling" {
			return nil
		}
		r.report.Say("cancelling instance refresh %s", active.ID)
		if err := r.cloud.CancelRefresh(ctx); !errors.Is(err, ErrNotInProgress) {
			return err
		}
		return nil

	case fleet.Target == t.want:
		// The group still asks for the version, but a refresh takes it
		// elsewhere: another run, or an earlier one, rolls back.
		r.proven = &heading
		return &failure{reason: fmt.Sprintf("instance refresh %s, started by another run, takes the group back to %s", active.ID, heading)}
	}
	return takenOver(fleet, t.want)
}

func takenOver(fleet Fleet, want Version) *failure {
	return &failure{
		reason: fmt.Sprintf("the group now asks for %s, not for %s: another deploy changed it, or another run rolled it back", fleet.Heading(), want),
		keep:   true,
		next:   "If that is not what you want, deploy again.",
	}
}

// mayRefresh says why a refresh would not replace the stale instances.
func (r *Rollout) mayRefresh(stale []Instance, t *turn) error {
	switch {
	case len(r.last.Suspended) > 0:
		processes := strings.Join(r.last.Suspended, " ")
		return &failure{
			reason: "suspended in the group: " + processes + "; without that, no instance can be replaced",
			keep:   true,
			next: fmt.Sprintf("Deploy again after: aws autoscaling resume-processes --auto-scaling-group-name %s --scaling-processes %s",
				r.last.Group, processes),
		}
	case t.started:
		return &failure{
			reason: fmt.Sprintf("instance refresh %s ended, yet %s still on another version than %d",
				t.following, names(stale), t.want.Number),
			keep: true,
			next: "Run it again to start another refresh.",
		}
	}
	return nil
}

func (r *Rollout) startRefresh(ctx context.Context, fleet Fleet, t *turn) error {
	prefs, desired := r.opts.Preferences.forGroup(fleet), (*Version)(nil)
	if t.leaving != nil {
		prefs, desired = prefs.forRollback(), &t.want
	}
	id, err := r.cloud.StartRefresh(ctx, desired, prefs)
	if errors.Is(err, ErrInProgress) {
		return nil // someone was faster: the next look shows whose it is
	}
	if err != nil {
		return err
	}
	r.report.Say("started instance refresh %s to %s", id, t.want)
	t.following, t.started = id, true
	return nil
}

// look looks at the group, again and again while AWS cannot be reached.
func (r *Rollout) look(ctx context.Context, deadline time.Time) (Fleet, error) {
	for {
		fleet, err := r.cloud.Look(ctx)
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
	if text := err.Error(); text != r.stumbled {
		r.stumbled = text
		r.report.Say("%s; trying again", text)
	}
}

// interrupted tells what goes on without this run.
func (r *Rollout) interrupted() error {
	message := "interrupted; nothing was under way"
	if active := r.last.Active(); active != nil {
		message = fmt.Sprintf("interrupted; AWS goes on with instance refresh %s to %s (%d %% done)",
			active.ID, r.last.Heading(), active.Percent)
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
