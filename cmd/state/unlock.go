package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.com/webserver-cluster/internal/state"
)

// errMayRun means that a lock's holder may still be running.
var errMayRun = errors.New("the holder may still be running")

func unlockCommand() *cobra.Command {
	var how unlocking
	cmd := &cobra.Command{
		Use:   "unlock STACK",
		Short: "Unlock the state of a killed deploy",
		Long: `Unlock the state of a deploy that was killed or disconnected, or lost its power.

It shows who holds the lock and since when, and refuses if that deploy may still be
running. Then it replaces the lock with its own, brings the digest in the lock table up
to the newest state in the bucket, writes the state that the deploy could not write
(errored.tfstate in the stack's folder), imports what it made but did not record
(see: adopt --help), and releases the lock. Nothing on AWS is changed.

Run it in a checkout of the code that was being deployed: what a deploy made can be
imported only as the resource of the code that made it.

Whether a deploy is still running can be seen only on the machine and as the user that
took the lock. For a lock from elsewhere, ask its holder, then use --force.

With --own it is the last step of a job whose deploy may have been killed: it knows the lock of
"deploy" in this folder by its id, ends what still runs of that deploy, and unlocks the stack
if that lock is what it is locked by. If not, there is nothing to do.

If it is interrupted or fails, the stack stays locked, and running it again continues. Only with a
deleted, broken or overwritten state it is unlocked at once: the rollback that helps needs the lock.
Where an import fails again and again, --no-adopt unlocks the stack without it: the next deploy may
then make a second time what exists already.
` + exitHelp,
		Example: "  go run ./cmd/state unlock stage\n  go run ./cmd/state unlock stage --force --yes\n  go run ./cmd/state unlock stage --own",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if how.own && how.force {
				return usage(cmd, errors.New("--own and --force exclude each other: a lock is this deploy's own, or it is not"))
			}
			if how.own {
				return unlockOwn(cmd, args[0], how)
			}
			return unlock(cmd, args[0], how)
		},
	}
	yesFlag(cmd, &how.yes)
	cmd.Flags().BoolVar(&how.force, "force", false, "the holder is known to have ended")
	cmd.Flags().BoolVar(&how.own, "own", false, `only what "deploy" has locked from this folder; if it has, without a question`)
	cmd.Flags().BoolVar(&how.noAdopt, "no-adopt", false, "do not import resources that the state lacks")
	return cmd
}

// unlocking is what the command line says to unlock.
type unlocking struct {
	yes, force, noAdopt, own bool
	as                       *state.LockInfo // keeps that lock's id and reason; nil: a new one
}

func unlock(cmd *cobra.Command, name string, how unlocking) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	store, stack, err := openStack(ctx, name)
	if err != nil {
		return err
	}
	held, err := stack.Held(ctx)
	if err != nil {
		return err
	}
	if err := describe(ctx, out, stack, held); err != nil {
		return err
	}
	if err := mayRun(stack, held, how.force, out); err != nil {
		return err
	}
	if len(held) > 0 {
		if err := confirm(cmd, how.yes, "Take the lock away?"); err != nil {
			return err
		}
	}

	return takeOver(cmd, store, stack, held, how)
}

// mayRun returns errMayRun if the holder of a lock may still be running, unless force says
// that it does not.
func mayRun(stack state.Stack, held []state.Held, force bool, out io.Writer) error {
	for i, lock := range held {
		if i > 0 && lock.ID == held[0].ID {
			continue
		}
		reason, err := stack.MayRun(lock.LockInfo)
		switch {
		case err != nil:
			return err
		case reason != "" && !force:
			return fmt.Errorf("%w: %s\nAsk %s. If the deploy has ended: %s unlock %s --force", errMayRun, reason, lock.Who, command, stack.Name)
		case reason != "":
			fmt.Fprintf(out, "--force: %s\n", reason)
		}
	}
	return nil
}

// takeOver replaces the locks held, whose holder has ended, by this command's, repairs
// what there is to repair, and releases the lock.
func takeOver(cmd *cobra.Command, store *state.Store, stack state.Stack, held []state.Held, how unlocking) error {
	ctx, out, name := cmd.Context(), cmd.OutOrStdout(), stack.Name
	as := stack.NewLock("state unlock", "")
	if how.as != nil {
		as = stack.NewLock("state unlock", how.as.Why())
		as.ID = how.as.ID // so that it goes on here if it is killed
	}
	lock, err := stack.Take(ctx, as, held)
	if err != nil {
		return err
	}
	damaged, err := repair(cmd, store, stack, held, how)
	if err != nil && !unusable(err) && (damaged || len(held) > 0) {
		// The next deploy must not start from a state that lacks what the killed
		// one made, so the lock stays.
		return fmt.Errorf("%w\n%s stays locked; continue with: %s unlock %[2]s", err, name, command)
	}
	if released := lock.Release(ctx); released != nil {
		return errors.Join(err, released)
	}
	if len(held) > 0 {
		fmt.Fprintf(out, "%s is unlocked.\n", name)
		err = errors.Join(err, forgetDeploy(name, held))
	}
	switch {
	case unusable(err): // what helps is a rollback, and that needs the lock
		return fmt.Errorf("%w: %s; then: %s adopt %s", err, restore(name), command, name)
	case err == nil && (damaged || len(held) > 0):
		fmt.Fprintf(out, `See what a deploy would do: npx cdktf diff %s
AWS lists new resources some minutes late. If a deploy would make what exists already, wait, then: %s adopt %[1]s
`, name, command)
	}
	return err
}

// repair brings the stack's digest and state up to what there is, and tells
// whether there was anything to repair. The caller holds the lock, which was
// another's before: held.
func repair(cmd *cobra.Command, store *state.Store, stack state.Stack, held []state.Held, how unlocking) (damaged bool, err error) {
	damaged, err = stack.RepairDigest(cmd.Context())
	if err != nil {
		return damaged, err
	}
	if damaged {
		fmt.Fprintln(cmd.OutOrStdout(), "The digest in the lock table did not match the state in the bucket: repaired.")
	}
	if _, err := stack.Load(cmd.Context(), ""); err != nil && !errors.Is(err, state.ErrNoState) {
		return damaged, err
	}
	errored, err := writeErrored(cmd, stack, held, how.yes)
	if err != nil {
		return damaged, err
	}
	damaged = damaged || errored
	if how.noAdopt || !damaged && !mayHaveMade(held) {
		return damaged, nil
	}
	if err = synthesize(cmd.Context(), nil, stack.Name); err == nil {
		err = adopt(cmd, store, stack, how.yes)
	}
	if err != nil {
		return damaged, fmt.Errorf("%w\nTo unlock %s without the import: --no-adopt", err, stack.Name)
	}
	return damaged, nil
}

// unusable tells whether there is a state, but none that a deploy can use.
func unusable(err error) bool {
	return errors.Is(err, state.ErrBroken) || errors.Is(err, state.ErrDeleted) || errors.Is(err, state.ErrOverwritten)
}

// mayHaveMade tells whether a lock is that of an operation that makes
// resources, or of a command that was to import them. Terraform calls deploy
// and destroy by one name.
func mayHaveMade(held []state.Held) bool {
	return slices.ContainsFunc(held, func(lock state.Held) bool {
		return slices.Contains([]string{"OperationTypeApply", state.DeployOperation, "state unlock", "state adopt"}, lock.Operation)
	})
}

// describe prints who holds the lock, and how old the state is.
func describe(ctx context.Context, out io.Writer, stack state.Stack, held []state.Held) error {
	versions, noState := stack.Versions(ctx, 1)
	if len(held) == 0 {
		if errors.Is(noState, state.ErrNoState) {
			// A state may have been meant to be there all the same.
			digest, err := stack.Digest(ctx)
			if err != nil {
				return err
			}
			if digest != "" || exists(erroredPath(stack)) {
				noState = nil
			}
		}
		if noState == nil {
			fmt.Fprintf(out, "%s is not locked.\n", stack.Name)
		}
		return noState
	}
	for i, lock := range held {
		if i > 0 && lock.ID == held[0].ID {
			continue
		}
		places := []string{lock.Place}
		for _, other := range held[i+1:] {
			if other.ID == lock.ID {
				places = append(places, other.Place)
			}
		}
		fmt.Fprintf(out, `%s is locked:
  by         %s
  since      %s (%s ago)
  operation  %s
  lock id    %s
  stored in  %s
`, stack.Name, lock.Who, lock.Created.Local().Format(time.DateTime), state.Age(lock.Created), lock.Operation, lock.ID, strings.Join(places, ", "))
		if why := lock.Why(); why != "" {
			fmt.Fprintf(out, "  why        %s\n", why)
		}
	}
	switch {
	case errors.Is(noState, state.ErrNoState):
		fmt.Fprintln(out, "  state      none written yet")
	case noState != nil:
		return noState
	case versions[0].Deleted:
		fmt.Fprintf(out, "  state      deleted %s ago\n", state.Age(versions[0].Time))
	case versions[0].Err != nil:
		fmt.Fprintf(out, "  state      broken, written %s ago\n", state.Age(versions[0].Time))
	default:
		fmt.Fprintf(out, "  state      serial %d, written %s ago\n", versions[0].Object.Serial, state.Age(versions[0].Time))
	}
	return nil
}
