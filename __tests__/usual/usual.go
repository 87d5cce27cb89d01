// Package usual has "make test" leave out what takes too long for every run: "make test-all"
// runs it, before a change lands, and so does "go test" of a package by itself.
package usual

import (
	"os"
	"testing"
)

// Run tells whether this is "make test".
var Run = os.Getenv("TESTS") == "usual"

// Skip skips a test in "make test".
func Skip(t testing.TB) {
	t.Helper()
	if Run {
		t.Skip("not in make test, but in make test-all")
	}
}
