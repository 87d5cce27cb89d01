package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"

	"example.com/webserver-cluster/internal/state"
	"example.com/webserver-cluster/internal/state/orphan"
)

func adoptCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "adopt STACK",
		Short: "Read in what a dead deploy made but did not record",
		Long: `Read resources into the state that a deploy made and did not live to record.

They are found by their tags, shown, and read in by "terraform import" in a folder apart;
then one new version of the state is written, under the lock. Nothing on AWS is changed. The
next deploy completes them. Where the state has another resource in a found one's place, the
next deploy destroys the found one: "npx cdktf diff STACK" shows it before.

What cannot be read in is named, with the reason; all the others are read in.

"unlock" does this as well, so it is needed alone after "terraform force-unlock" or a rollback.
` + exitHelp,
		Example: "  go run ./cmd/state adopt stage",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			ctx := cmd.Context()
			store, stack, err := openStack(ctx, args[0])
			if err != nil {
				return err
			}
			if err := synthesize(ctx, nil, stack.Name); err != nil {
				return err
			}
			lock, err := stack.Lock(ctx, "state adopt", nil)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, lock.Release(ctx)) }()
			if err = adopt(cmd, store, stack, yes); unusable(err) {
				err = fmt.Errorf("%w\nBring an older version back: %s", err, stack.BringBack())
			}
			return err
		},
	}
	yesFlag(cmd, &yes)
	return cmd
}

// adopt reads the stack's orphans in. The caller holds the lock and has synthesized
// the stack.
func adopt(cmd *cobra.Command, store *state.Store, stack state.Stack, yes bool) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	object, err := stack.Load(ctx, "")
	// Without a state, perhaps the first deploy died before it wrote one.
	if err != nil && !errors.Is(err, state.ErrNoState) {
		return err
	}
	file := state.New()
	if object != nil {
		file = object.File
	}

	files, left := orphans(cmd, store, stack.Name, file, yes)
	if len(files) == 0 {
		return left
	}
	more, err := file.Add(files...)
	if err != nil {
		return errors.Join(left, err)
	}
	if err := stack.Save(ctx, more, object); err != nil {
		return errors.Join(left, err)
	}
	fmt.Fprintf(out, "Read in: %s. The state has serial %d now and knows %s.\n", count(len(files)), more.Serial, count(len(more.Resources)))
	return left
}

// orphans finds what the state in file lacks and reads it in, a state each. What
// could be read in is returned beside the error about what could not. The stack has
// been synthesized.
func orphans(cmd *cobra.Command, store *state.Store, name string, file *state.File, yes bool) ([]*state.File, error) {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	dir := stackDir(name)
	found, strays, err := orphan.Find(ctx, store.AWS, dir, file)
	if err != nil {
		return nil, err
	}
	for _, stray := range strays {
		fmt.Fprintf(out, "%s %s\n", stray.ARN, stray.Why)
	}
	if len(found) == 0 {
		fmt.Fprintln(out, "Nothing that was made is missing from the state. (Policies, which have no tags, are not looked for: a deploy sets them again.)")
		return nil, nil
	}
	fmt.Fprintf(out, "Made but not in the state: %s:\n", count(len(found)))
	for _, o := range found {
		note := ""
		if o.Surplus {
			note = ": the state has another in its place, so the next deploy destroys this one"
		}
		fmt.Fprintf(out, "  %s (id %s)%s\n", o.Address, o.ID, note)
	}
	if err := confirm(cmd, yes, "Read them into the state?"); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	done := 0
	return orphan.Adopt(ctx, dir, found, func(o orphan.Orphan, result string) {
		mu.Lock()
		defer mu.Unlock()
		done++
		fmt.Fprintf(out, "  %d/%d %s %s\n", done, len(found), o.Address, result)
	})
}

// stackDir is the folder of a synthesized stack.
func stackDir(name string) string { return filepath.Join(outputFolder(), "stacks", name) }
