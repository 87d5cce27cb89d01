package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.com/webserver-cluster/internal/state"
)

// erroredState is the file that Terraform leaves in a stack's folder when it
// cannot write a state to the bucket.
const erroredState = "errored.tfstate"

func erroredPath(stack state.Stack) string { return filepath.Join(stackDir(stack.Name), erroredState) }

// exists tells whether a file does, as far as can be seen.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// writeErrored writes the state that a deploy from this folder could not write, and
// tells whether there was one. The caller holds the lock, which was another's
// before: held.
func writeErrored(cmd *cobra.Command, stack state.Stack, held []state.Held, yes bool) (there bool, err error) {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	path := erroredPath(stack)
	content, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	file, err := state.ParseErrored(content)
	if err != nil {
		return true, fmt.Errorf("%s: %w: move it away and run this again", path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return true, err
	}
	object, err := stack.Load(ctx, "")
	if err != nil && !errors.Is(err, state.ErrNoState) {
		return true, err
	}
	if object != nil && bytes.Equal(object.Bytes(), file.Bytes()) { // the run that wrote it was killed
		return true, os.Remove(path)
	}
	if object != nil && !follows(file, info.ModTime(), object, held) {
		// Renamed, so that the next deploy is not held up by it: what it has and the bucket
		// lacks is looked for on AWS.
		kept := strings.TrimSuffix(path, ".tfstate") + "." + info.ModTime().UTC().Format("20060102T150405Z") + ".tfstate"
		fmt.Fprintf(out, "%s (lineage %s, serial %d) does not follow the state in the bucket (lineage %s, serial %d): not written, kept as %s\n",
			path, file.Lineage, file.Serial, object.Lineage, object.Serial, filepath.Base(kept))
		return true, os.Rename(path, kept)
	}
	fmt.Fprintf(out, "%s is what a deploy from here could not write: serial %d, %s.\n", path, file.Serial, count(len(file.Resources)))
	if err := confirm(cmd, yes, "Write it to the bucket?"); err != nil {
		return true, err
	}
	if err := stack.Save(ctx, file, object); err != nil {
		return true, err
	}
	fmt.Fprintf(out, "Written: the state has serial %d now and %s.\n", file.Serial, count(len(file.Resources)))
	return true, os.Remove(path)
}

// follows tells whether a state that could not be written is the next one after
// what is in the bucket: nobody has written another in its place since.
func follows(file *state.File, written time.Time, object *state.Object, held []state.Held) bool {
	if file.Lineage != object.Lineage || file.Serial <= object.Serial {
		return false
	}
	// Its deploy still held the lock, so nobody could write. Both times are from this
	// machine's clock.
	if slices.ContainsFunc(held, func(h state.Held) bool { return h.Ours() && !h.Created.After(written) }) {
		return true
	}
	// The serial alone does not tell: each failed attempt to write raises it, so that
	// it may be above that of a state which somebody else has written since.
	return !object.Time.After(written)
}
