// Package tempdir ends the program where no temporary folder can be made, with one
// line. jsii-runtime-go cannot do without one and panics in the init functions of
// its bindings, before main or anything that imports them could say a word. This
// package imports nothing of them, so that its own init function is run first:
// https://go.dev/ref/spec#Package_initialization
package tempdir

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
)

func init() {
	if err := check(); err != nil {
		fmt.Fprintf(os.Stderr, "no temporary folder can be made (%v): have TMPDIR name a folder that can be written\n", err)
		os.Exit(1)
	}
}

// check makes a temporary folder and fills it with as much as jsii-runtime-go
// unpacks in its init functions.
func check() (err error) {
	folder, err := os.MkdirTemp("", "check-*")
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, os.RemoveAll(folder)) }()
	return os.WriteFile(filepath.Join(folder, "kernel"), make([]byte, kernel), 0o600)
}

const kernel = 3 << 20 // bytes; jsii-runtime-go 1.139.0 unpacks 2.2 MB
