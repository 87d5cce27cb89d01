package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/state"
)

func bootstrapCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "bootstrap",
		Short: "Make the bucket and the table that hold the states",
		Long: `Make the bucket and the table that hold the states, once an account.

A bucket cannot hold its own state before it exists. So the stack "state" is deployed with a
local state first, which then moves into the bucket. Run it again whenever it was interrupted:
it continues where it was. Once all is done, running it again changes nothing.

A bucket or a table that exists and is not this project's, by its tags, is left alone.
` + exitHelp,
		Example: "  go run ./cmd/state bootstrap",
		Args:    arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !yes && !term.IsTerminal(int(os.Stdin.Fd())) {
				return usage(cmd, errors.New("cdktf asks for approval and there is no terminal: use --yes"))
			}
			return bootstrap(cmd, yes)
		},
	}
	yesFlag(cmd, &yes)
	return cmd
}

func bootstrap(cmd *cobra.Command, yes bool) error {
	ctx := cmd.Context()
	store, stack, err := openStack(ctx, project.StateStack)
	if err != nil {
		return err
	}
	account, err := store.Account(ctx)
	if err != nil {
		return err
	}
	bucket, err := store.BucketExists(ctx, account)
	if err != nil {
		return err
	}
	table, err := store.TableExists(ctx)
	if err != nil {
		return err
	}
	if err := store.Foreign(ctx, bucket, table); err != nil {
		return err
	}
	var remote *state.Object
	if bucket {
		if remote, err = stack.Load(ctx, ""); err != nil && !errors.Is(err, state.ErrNoState) {
			return err
		}
	}
	if remote == nil {
		err = makeStore(cmd, store, stack, bucket || table, yes)
	} else {
		err = checkLocal(remote)
	}
	if err != nil {
		return err
	}
	if err := updateStore(cmd, store, stack, yes); err != nil {
		return err
	}
	if remote, err = stack.Load(ctx, ""); err != nil {
		return err
	}
	if err := dropLocal(remote); err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "The states of account %s are in the bucket %s. Next: npx cdktf deploy stage\n", account, store.Settings.StateBucket)
	return nil
}

// makeStore makes the bucket and the table with a local state and moves that into
// the bucket. begun: an earlier run has made one of them.
func makeStore(cmd *cobra.Command, store *state.Store, stack state.Stack, begun, yes bool) error {
	ctx, env := cmd.Context(), []string{localBackend}
	if begun { // and may have been killed before it recorded it
		local, err := readLocal()
		if err != nil {
			return err
		}
		if local == nil {
			local = state.New()
		}
		if err := synthesize(ctx, env, project.StateStack); err != nil {
			return err
		}
		files, failed := importOrphans(cmd, store, project.StateStack, local, yes)
		if len(files) > 0 {
			if local, err = local.Add(files...); err == nil {
				err = writeLocal(local)
			}
			if err != nil {
				return errors.Join(failed, err)
			}
		}
		if failed != nil {
			return failed
		}
	}
	if err := forgetBackend(); err != nil {
		return err
	}
	if err := cdktf(ctx, env, deploy(yes)...); err != nil {
		return err
	}
	local, err := readLocal()
	if err != nil {
		return err
	}
	if local == nil {
		return fmt.Errorf("cdktf deploy %s has left no %s", project.StateStack, localState)
	}
	if err := unlockLeft(cmd, stack, yes); err != nil {
		return err
	}
	return move(ctx, stack, local)
}

// move writes the local state into the bucket as it is. Terraform's own way
// (init -migrate-state) would give it another lineage and serial, and nobody could
// tell afterwards whether the two are the same.
func move(ctx context.Context, stack state.Stack, local *state.File) (err error) {
	lock, err := stack.Lock(ctx, "state bootstrap", nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release(ctx)) }()
	return stack.Save(ctx, local, nil)
}

// unlockLeft unlocks the stack if an earlier run was killed while it held the lock.
func unlockLeft(cmd *cobra.Command, stack state.Stack, yes bool) error {
	held, err := stack.Held(cmd.Context())
	if err != nil || len(held) == 0 {
		return err
	}
	return unlock(cmd, project.StateStack, unlocking{yes: yes})
}

// updateStore brings the bucket and the table, whose state is in the bucket, to what
// the code says.
func updateStore(cmd *cobra.Command, store *state.Store, stack state.Stack, yes bool) error {
	ctx := cmd.Context()
	restored, err := store.RestoreTable(ctx)
	if err != nil {
		return err
	}
	if restored {
		fmt.Fprintf(cmd.OutOrStdout(), "The lock table %s was gone: made again.\n", store.Settings.LockTable)
	}
	if err := unlockLeft(cmd, stack, yes); err != nil {
		return err
	}
	if err := forgetBackend(); err != nil {
		return err
	}
	return cdktf(ctx, nil, deploy(yes)...)
}

// deploy are the arguments for cdktf.
func deploy(yes bool) []string {
	if yes {
		return deployArguments(project.StateStack)
	}
	return []string{"deploy", project.StateStack}
}

// forgetBackend has Terraform forget where the state was the last time, so that
// it does not ask whether to move it. Each step of the bootstrap knows where it is.
func forgetBackend() error {
	err := os.Remove(filepath.Join(stackDir(project.StateStack), ".terraform", "terraform.tfstate"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}
