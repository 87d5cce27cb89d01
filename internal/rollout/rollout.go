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

	"example.com/webserver-cluster/internal/refresh"
)

// Cloud is what a rollout needs of AWS.
type Cloud interface {
	// Describe reads the group as it is now.
	Describe(ctx context.Context) (Fleet, error)
	// StartRefresh starts an instance refresh to the desired version, or to
	// the group's own if that is nil, and returns its id. ErrInProgress.
	StartRefresh(ctx context.Context, desired *Version, p refresh.Preferences) (string, error)
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

// Options of a rollout. Poll and Timeout must be above 0.
type Options struct {
	// Preferences of the refreshes that the rollout starts itself. Percentages
	// that are nil are left to the group's instance maintenance policy; a group
	// without one gets 100 and 150, which launches before it terminates.
	Preferences refresh.Preferences

	// Version is the launch template version that the caller expects the group
	// to ask for. 0: whatever the group asks for at the start.
	Version int64

	// Timeout bounds the rollout, and once more its rollback. A refresh's pauses
	// at checkpoints do not count.
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

// Rollout is one run.
type Rollout struct {
	cloud  Cloud
	report Reporter
	opts   Options

	rollbackTo *Version // the version that the healthy instances ran, when last seen
	last       Fleet
	reported   map[string]bool // ids of problems
	retrying   string          // the transient error reported last
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
		r.report.Say("done: %s after %s", r.last.Serving(r.last.Target), time.Since(start).Round(time.Second))
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
	if text := r.outlook(fleet, want); text != "" {
		r.report.Say("%s", text)
	}
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

// outlook says how long the rollout may take; nothing if there is nothing to do.
func (r *Rollout) outlook(fleet Fleet, want Version) string {
	if len(fleet.Stale(want)) == 0 {
		if fleet.Target == want && fleet.Complete() {
			return ""
		}
		return "gives up after " + brief(r.opts.Timeout)
	}
	preferences := forGroup(r.opts.Preferences, fleet)
	if active := fleet.Active(); active != nil {
		preferences = active.Preferences
	}
	limit := "gives up after " + brief(r.opts.Timeout+preferences.Pauses())
	if expected, known := preferences.Expected(fleet.Desired); known {
		return "expected to take about " + brief(expected) + ", " + limit
	}
	return limit
}

// rollBack takes the group back from the bad version and returns a *FailedError
// that tells how that went.
func (r *Rollout) rollBack(ctx context.Context, bad Version, cause *failure) error {
	failed := &FailedError{Reason: cause.reason, Outcome: NotRolledBack, Next: cause.next}
	switch {
	case cause.keep:
		failed.After = "Nothing was rolled back: " + r.last.Serving(bad) + "."
		return failed
	case r.rollbackTo == nil:
		failed.After = "There is nothing to roll back to: no healthy instance was seen to run another version."
		failed.Next = "Correct the image or the boot script and deploy again."
		return failed
	case !r.opts.Rollback:
		failed.After = fmt.Sprintf("Rolling back is switched off: the group goes on launching %s.", bad)
		failed.Next = fmt.Sprintf("Healthy instances run %s: deploy its configuration, or run rollout with rollback.", *r.rollbackTo)
		return failed
	}

	good := *r.rollbackTo
	r.report.Say("failed: %s", cause.reason)
	r.report.Say("rolling back to %s", good)
	err := r.converge(ctx, goal{want: good, bad: &bad})
	if err != nil && ctx.Err() != nil {
		return err
	}
	if err != nil {
		failed.Outcome = RollbackFailed
		failed.After = fmt.Sprintf("The rollback to %s failed, too: %s", good, err)
		failed.Next = "Look at the group now (rollout status). Users are served by: " + r.last.Serving(good) + "."
		return failed
	}
	failed.Outcome = RolledBack
	failed.After = "Rolled back: " + r.last.Serving(good) + ", and the group launches it again."
	failed.Next = fmt.Sprintf("Correct the image or the boot script and deploy again. Deploying the same configuration tries %s once more.", bad)
	return failed
}
