package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/review"
)

// sharedNote is for who compares with a commit that took something from the working tree.
const sharedNote = "What git ignores, such as an application that was built, was the same for both: its changes are not seen without a plan."

// review judges the stacks that were asked for, or all.
func (w *work) review(wanted []string, f flags) (review.Report, error) {
	var none review.Report
	before, after, base, notes, err := w.both(f.base)
	if err != nil {
		return none, err
	}
	names, err := selected(wanted, before, after)
	if err != nil {
		return none, err
	}
	known := func(name string) *review.Stack {
		if s := after.stack(name); s != nil {
			return s
		}
		return before.stack(name)
	}
	plans, err := w.given(f.planFiles, names, after, known)
	if err != nil {
		return none, err
	}
	_, noInfracost := exec.LookPath("infracost")
	installed := noInfracost == nil
	if !installed && (f.plan || len(plans) > 0) {
		notes = append(notes, "What it costs in money is not known: Infracost, which knows AWS's prices, is not installed (https://www.infracost.io/docs).")
	}
	if f.plan {
		if err := w.planAll(plans, names, after); err != nil {
			return none, err
		}
	}
	var verdicts []review.Verdict
	var money []review.Money
	for _, name := range names {
		plan, is := plans[name]
		if !is && before == nil {
			continue
		}
		v := review.Verdict{Stack: name}
		if plan.failed == nil || before != nil {
			if v, err = judge(before.stack(name), after.stack(name), plan); err != nil {
				return none, fmt.Errorf("the plan of %s %w", name, err)
			}
		}
		if plan.failed != nil {
			reason := strings.TrimPrefix(plan.failed.Error(), name+": ")
			v.NotPlanned(reason, before != nil && noAccess.MatchString(reason))
		}
		verdicts = append(verdicts, v)
		if plan.json != nil && installed {
			money = append(money, review.Money{Stack: name, Text: w.price(name, plan.json)})
		}
	}
	var apart []review.Apart
	if before != nil {
		if apart, err = review.MovedApart(environments(after), before.texts, after.texts); err != nil {
			return none, err
		}
	}
	return review.NewReport(base, verdicts, apart, money, notes), nil
}

// planAll has Terraform plan each stack that has no plan. It fails if it can plan none: then
// the credentials are wrong, or there are none.
func (w *work) planAll(plans map[string]planned, names []string, after *synthesis) error {
	var first error
	done := 0
	for _, name := range names {
		if _, is := plans[name]; is || after.stack(name) == nil {
			continue
		}
		fmt.Fprintf(os.Stderr, "review: %s plans %s\n", tool(), name)
		plan, err := w.plan(after, name)
		switch {
		case w.ctx.Err() != nil:
			return err
		case err != nil:
			plan.failed = err
			if first == nil {
				first = err
			}
		default:
			done++
		}
		plans[name] = plan
	}
	if done == 0 {
		return first
	}
	return nil
}

func judge(before, after *review.Stack, plan planned) (review.Verdict, error) {
	var p *review.Plan
	if plan.json != nil {
		known := after
		if known == nil {
			known = before
		}
		var err error
		if p, err = review.ParsePlan(known, plan.json); err != nil {
			return review.Verdict{}, err
		}
	}
	v := review.Judge(before, after, p)
	if len(plan.refused) > 0 {
		v.Refuse(plan.by, plan.refused)
	}
	return v, nil
}

// both synthesizes the working tree and, side by side, what it is compared with: nil for
// nothing.
func (w *work) both(wanted string) (before, after *synthesis, base string, notes []string, err error) {
	if wanted == noBase {
		after, err = w.workingTree()
		return nil, after, "nothing: a plan alone", nil, err
	}
	r, err := openRepository(w.ctx)
	if err != nil {
		return nil, nil, "", nil, err
	}
	from, err := r.base(wanted)
	if err != nil {
		return nil, nil, "", nil, err
	}
	var failedBefore, failedAfter error
	var shared bool
	var both sync.WaitGroup
	both.Go(func() { before, shared, failedBefore = w.before(r, from) })
	both.Go(func() { after, failedAfter = w.workingTree() })
	both.Wait()
	if from.note != "" {
		notes = append(notes, from.note)
	}
	if shared {
		notes = append(notes, sharedNote)
	}
	return before, after, from.name, notes, errors.Join(failedBefore, failedAfter)
}

// selected are the stacks to judge: those of the working tree, in the order of ordered,
// and those that it has no more.
func selected(wanted []string, before, after *synthesis) ([]string, error) {
	var all []string
	for _, s := range []*synthesis{after, before} {
		if s == nil {
			continue
		}
		for _, stack := range s.stacks {
			if !slices.Contains(all, stack.Name) {
				all = append(all, stack.Name)
			}
		}
	}
	all = ordered(all)
	for _, name := range wanted {
		if !slices.Contains(all, name) {
			return nil, fmt.Errorf("the code has no stack %q: there are %s", name, strings.Join(all, ", "))
		}
	}
	if len(wanted) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(all, func(name string) bool { return !slices.Contains(wanted, name) }), nil
}

// ordered are stacks in the order in which a change goes through them: production is the
// last environment, and users feel nothing of the state's stack by itself.
func ordered(names []string) []string {
	place := func(name string) int {
		switch {
		case name == project.StateStack:
			return 2
		case strings.HasPrefix(name, "prod"):
			return 1
		}
		return 0
	}
	slices.SortStableFunc(names, func(a, b string) int { return place(a) - place(b) })
	return names
}

// environments are the stacks that are environments.
func environments(s *synthesis) []string {
	var names []string
	for _, stack := range s.stacks {
		if stack.Name != project.StateStack {
			names = append(names, stack.Name)
		}
	}
	return ordered(names)
}
