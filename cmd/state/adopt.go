package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"example.com/webserver-cluster/internal/state"
	"example.com/webserver-cluster/internal/state/orphan"
)

func adoptCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "adopt STACK",
		Short: "Import what a killed deploy made but did not record",
		Long: `Import resources into the state that a killed deploy made and did not record.

They are found by their tags, or by their arguments where AWS keeps no tags for them, and
imported by "terraform import" in a temporary folder; then one new version of the state is written,
under the lock. Nothing on AWS is changed. The next deploy completes them. Where the state has
another resource in the place of one that was found, the next deploy destroys the one that was
found: "npx cdktf diff STACK" shows it before.

What cannot be imported is named, with the reason; all the others are imported.

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
				err = fmt.Errorf("%w: %s", err, restore(stack.Name))
			}
			return err
		},
	}
	yesFlag(cmd, &yes)
	return cmd
}

// adopt imports the stack's orphans. The caller holds the lock and has synthesized
// the stack.
func adopt(cmd *cobra.Command, store *state.Store, stack state.Stack, yes bool) error {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	object, err := stack.Load(ctx, "")
	// Without a state, perhaps the first deploy was killed before it wrote one.
	if err != nil && !errors.Is(err, state.ErrNoState) {
		return err
	}
	file := state.New()
	if object != nil {
		file = object.File
	}

	files, failed := importOrphans(cmd, store, stack.Name, file, yes)
	if len(files) == 0 {
		return failed
	}
	more, err := file.Add(files...)
	if err != nil {
		return errors.Join(failed, err)
	}
	if err := stack.Save(ctx, more, object); err != nil {
		return errors.Join(failed, err)
	}
	fmt.Fprintf(out, "Imported: %s. The state has serial %d now and %s.\n", count(len(files)), more.Serial, count(len(more.Resources)))
	return failed
}

// importOrphans finds what the state in file lacks and imports it, into a state
// each. What could be imported is returned beside the error about what could not. The
// stack has been synthesized.
func importOrphans(cmd *cobra.Command, store *state.Store, name string, file *state.File, yes bool) ([]*state.File, error) {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	dir := stackDir(name)
	found, strays, err := orphan.Find(ctx, store.AWS, dir, file)
	if err != nil {
		return nil, err
	}
	for _, stray := range strays {
		fmt.Fprintln(out, describeStray(stray))
	}
	listOrphans(out, found)

	var files []*state.File
	var failed error
	if len(found) > 0 {
		var mu sync.Mutex
		done := 0
		files, failed = orphan.Import(ctx, dir, found, func(o orphan.Orphan, outcome orphan.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			done++
			fmt.Fprintf(out, "  %d/%d %s %s\n", done, len(found), o.Address, describeOutcome(o, outcome))
		})
	}
	if len(files) == 0 {
		if failed == nil {
			fmt.Fprintln(out, "Nothing that was made is missing from the state.")
		}
		return nil, failed
	}
	if err := confirm(cmd, yes, fmt.Sprintf("Write %s into the state?", count(len(files)))); err != nil {
		return nil, errors.Join(failed, err)
	}
	return files, failed
}

// listOrphans prints what will be imported.
func listOrphans(out io.Writer, found []orphan.Orphan) {
	var tagged, untagged []string
	for _, o := range found {
		line := fmt.Sprintf("  %s (import id %s)", o.Address, o.ID)
		switch {
		case o.Unsure:
			untagged = append(untagged, line)
		case o.Surplus:
			tagged = append(tagged, line+": the state has another one in its place, so the next deploy destroys this one")
		default:
			tagged = append(tagged, line)
		}
	}
	if len(tagged) > 0 {
		fmt.Fprintf(out, "Made but not in the state: %s:\n%s\n", count(len(tagged)), strings.Join(tagged, "\n"))
	}
	if len(untagged) > 0 {
		fmt.Fprintf(out, "Without tags and not in the state; the import tells whether they were made: %s:\n%s\n", count(len(untagged)), strings.Join(untagged, "\n"))
	}
}

// describeStray says what is not imported, and why.
func describeStray(s orphan.Stray) string {
	switch s.Reason {
	case orphan.NotInCode:
		return s.Found + " is not in the code: check out the code that made it and run this again, or delete it by hand"
	case orphan.OtherName:
		return fmt.Sprintf("%s has the tags of %s, but that is called %s: left alone", s.Found, s.Address, s.Name)
	case orphan.NotTagged:
		return fmt.Sprintf("%s exists, but without the tags of %s: left alone", s.Found, s.Address)
	case orphan.UnknownType:
		return fmt.Sprintf("%s is not in the state, and resources of its type are not looked for: if it exists, import it by hand (terraform import)", s.Address)
	case orphan.UnknownOwner:
		return fmt.Sprintf("%s is not in the state, and without tags nothing tells whose it is: if the deploy made it: terraform import %[1]s '%s'", s.Address, s.Found)
	}
	return fmt.Sprintf("%s is not in the state, has no tags, and the code does not tell its import id: if it exists, import it by hand (terraform import)", s.Address)
}

// describeOutcome says what became of an import.
func describeOutcome(o orphan.Orphan, outcome orphan.Outcome) string {
	switch outcome {
	case orphan.Missing:
		return "does not exist"
	case orphan.Failed:
		return "cannot be imported"
	case orphan.Interrupted:
		return "interrupted"
	}
	if len(o.Unread) > 0 {
		return "imported; the next deploy sets " + strings.Join(o.Unread, ", ")
	}
	return "imported"
}

// stackDir is the folder of a synthesized stack.
func stackDir(name string) string { return filepath.Join(outputFolder(), "stacks", name) }
