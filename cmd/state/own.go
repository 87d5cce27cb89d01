package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.com/webserver-cluster/internal/state"
)

// stopWithin is how long Terraform has to end in order before it is killed. GitHub leaves
// a cancelled job five minutes for all of its last steps.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation
const stopWithin = time.Minute

// unlockOwn unlocks what the last deploy from this folder has locked, if it was killed
// before it could do so.
func unlockOwn(cmd *cobra.Command, name string, how unlocking) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	folder := deployFolder(name)
	record, err := readRecord(folder)
	if err != nil {
		return err
	}
	if record == nil {
		fmt.Fprintf(out, "No deploy of %s from this folder is left to unlock.\n", name)
		return nil
	}
	store, stack, err := openStack(ctx, name)
	if err != nil {
		return err
	}
	id := record.Lock.ID
	if err := noMoreApplies(folder); err != nil {
		return err
	}
	if err := stack.StopDeploy(ctx, record.Lock, stopWithin, func(line string) { fmt.Fprintln(out, line) }); err != nil {
		return err
	}
	held, err := stack.Held(ctx)
	if err == nil && !holds(held, id) {
		// What it sent before it was killed may still be on its way.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(onItsWay):
		}
		held, err = stack.Held(ctx)
	}
	if err != nil {
		return err
	}
	mine, others := split(held, id)
	all, err := stack.Holds(ctx, id)
	switch {
	case err != nil:
		return err
	case all, len(mine) > 0 && exists(filepath.Join(folder, applyFile)):
		// Terraform ran under this lock, though a repair that failed may have freed half of it. Who and
		// where it says it is held may be another container's by now: the id tells that it is ours.
		// Since then, an earlier call of this command may have got it.
		for _, lock := range append([]state.Held{{LockInfo: record.Lock}}, mine...) {
			reason, err := stack.RunsHere(lock.LockInfo)
			if err != nil {
				return err
			}
			if reason != "" {
				return fmt.Errorf("%w: %s", errMayRun, reason)
			}
		}
		if err := describe(ctx, out, stack, mine); err != nil {
			return err
		}
		how.yes, how.as = true, &record.Lock
		if err := takeOver(cmd, store, stack, mine, how); err != nil {
			return err
		}
	case len(mine) > 0:
		// Terraform starts only when all places have the lock: there is nothing to repair.
		for _, lock := range mine {
			if err := stack.Drop(ctx, lock); err != nil {
				return err
			}
		}
		fmt.Fprintf(out, "%s is unlocked: the deploy from this folder had half of the lock.\n", name)
	default:
		fmt.Fprintf(out, "%s is not locked by the deploy from this folder.\n", name)
	}
	if len(others) > 0 {
		fmt.Fprintln(out, strings.TrimSpace((&state.LockedError{Stack: name, Held: others[0]}).Error()))
	}
	return os.RemoveAll(folder)
}

// onItsWay is how long a request may take to take effect whose sender was killed.
const onItsWay = 2 * time.Second

// split tells the locks with an id from others.
func split(held []state.Held, id string) (mine, others []state.Held) {
	for _, lock := range held {
		if lock.ID == id {
			mine = append(mine, lock)
		} else {
			others = append(others, lock)
		}
	}
	return mine, others
}

// forgetDeploy removes the record of a deploy from this folder whose lock was taken away.
func forgetDeploy(name string, held []state.Held) error {
	folder := deployFolder(name)
	record, err := readRecord(folder)
	if err != nil || record == nil || !holds(held, record.Lock.ID) {
		return err
	}
	return os.RemoveAll(folder)
}
