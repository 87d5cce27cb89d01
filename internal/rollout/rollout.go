// Package rollout brings the instances of one Auto Scaling group to a launch
// template version, by instance refreshes, and back to the version before if that
// fails.
//
// It keeps no state of its own. Every step is decided anew from what AWS says
// about the group, so a run that is stopped at any point, or a second run
// beside the first, simply goes on with what it finds.
package rollout

import (
	"cmp"
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
	// StartRefresh starts an instance refresh and returns its id. ErrInProgress,
	// ErrUnknownVersion, ErrAlarm.
	StartRefresh(ctx context.Context, start Start) (string, error)
	// RollbackRefresh asks AWS to turn the refresh under way back to the group's own
	// version. ErrNotInProgress, ErrIrreversible.
	RollbackRefresh(ctx context.Context) error
	// CancelRefresh asks AWS to stop the refresh under way. ErrNotInProgress.
	CancelRefresh(ctx context.Context) error
	// Alarms reads the CloudWatch alarms of these names; those that do not exist
	// are left out.
	Alarms(ctx context.Context, names []string) ([]Alarm, error)
}

// Start is an instance refresh to start.
type Start struct {
	Desired      *Version // nil: the group's own
	AutoRollback bool     // AWS goes back by itself if it fails; for a desired version only
	Preferences  preferences
}

type preferences = refresh.Preferences

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

	// Version is the launch template version to roll out, of the template with
	// TemplateID. 0 and "": the group's own.
	Version    int64
	TemplateID string

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

	rollbackTo *Version // the proven version, when last seen
	last       Fleet
	reported   map[string]bool // ids of problems
	said       map[string]bool // what is said once
	undone     string          // id of the refresh that it had AWS roll back last
	since      string          // what it had AWS do after the last look
}

// New returns a rollout that has yet to Run.
func New(cloud Cloud, report Reporter, opts Options) *Rollout {
	return &Rollout{cloud: cloud, report: report, opts: opts, said: map[string]bool{}}
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
	if r.opts.TemplateID != "" {
		want.TemplateID = r.opts.TemplateID
	}
	r.report.Say("group %s launches %s of %s and wants %d instances",
		fleet.Group, fleet.Target, fleet.Target.TemplateID, fleet.Desired)
	if text := r.outlook(fleet, want); text != "" {
		r.report.Say("%s", text)
	}
	if len(fleet.Suspended) > 0 {
		r.report.Say("! suspended in the group: %s; no instance is replaced meanwhile by one that serves", strings.Join(fleet.Suspended, ", "))
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
	if len(fleet.Stale(want)) == 0 && fleet.Target == want {
		if fleet.Complete() {
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
		failed.After = fmt.Sprintf("Rolling back is switched off: %s.", r.last.Serving(bad))
		failed.Next = fmt.Sprintf("The version before is %s: deploy its configuration, or run rollout with rollback.", *r.rollbackTo)
		return failed
	}

	good := *r.rollbackTo
	r.report.Say("failed: %s", cause.reason)
	r.report.Say("rolling back to %s", good)
	err := r.converge(ctx, goal{want: good, bad: &bad})
	if err != nil && ctx.Err() != nil {
		return err
	}
	var taken *failure
	if errors.As(err, &taken) && taken.keep {
		failed.After = fmt.Sprintf("It was not rolled back to %s: %s.", good, taken.reason)
		failed.Next = taken.next
		return failed
	}
	if err != nil {
		failed.Outcome = RollbackFailed
		failed.After = fmt.Sprintf("The rollback to %s failed, too: %s", good, err)
		failed.Next = "Look at the group now (rollout status). Users are served by: " + r.last.Serving(good) + "."
		return failed
	}
	failed.Outcome = RolledBack
	failed.After = "Rolled back: " + r.last.Serving(good) + ", and the group launches it again."
	failed.Next = fmt.Sprintf("%s Deploying the same configuration tries %s once more.",
		cmp.Or(cause.next, "Correct the image or the boot script and deploy again."), bad)
	return failed
}
