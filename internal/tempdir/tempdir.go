// Package tempdir ends the program where no temporary folder can be made, with one
// line. jsii-runtime-go cannot do without one and panics in the init functions of
// its bindings, before main or anything that imports them could say a word. This
// package imports nothing of them, so that its own init function is run first:
// https://go.dev/ref/spec#Package_initialization
package tempdir

import (
	"fmt"
	"os"
)

func init() {
	folder, err := os.MkdirTemp("", "check-*")
	if err == nil {
		err = os.Remove(folder)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "no temporary folder can be made (%v): have TMPDIR name a folder that can be written\n", err)
		os.Exit(1)
	}
}
