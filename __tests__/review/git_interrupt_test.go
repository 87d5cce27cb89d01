package review_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// interrupted presses Ctrl-C while both sides are built: nothing stays behind.
func interrupted(t *testing.T, p *reviewed) {
	p.write("stacks/only.go", "package stacks\n\n// "+t.Name()+time.Now().String()+"\n") // in no cache
	p.commit("only")
	for _, stop := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		temporary := t.TempDir()
		cmd := p.in(p.dir, "TMPDIR="+temporary).command("--base", "HEAD")
		var failure bytes.Buffer
		cmd.Stderr = &failure
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(time.Minute)
		for {
			// The overlay is the last thing before the build.
			if found, _ := filepath.Glob(filepath.Join(temporary, "review-*", "overlay.json")); len(found) > 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("it does not begin to build: %s", &failure)
			}
			time.Sleep(10 * time.Millisecond)
		}
		if err := cmd.Process.Signal(stop); err != nil {
			t.Fatal(err)
		}
		cmd.Wait() // the status is looked at below
		if status := cmd.ProcessState.ExitCode(); status != 2 || failure.String() != "review: interrupted\n" {
			t.Errorf("%v: status %d: %s", stop, status, &failure)
		}
		left, err := os.ReadDir(temporary)
		if err != nil || len(left) > 0 {
			t.Errorf("%v: it leaves %v behind (%v)", stop, left, err)
		}
	}
	if trees := p.git("worktree", "list"); strings.Count(trees, "\n") != 0 {
		t.Errorf("it leaves working trees behind:\n%s", trees)
	}
	if status := p.git("status", "--porcelain"); status != "" {
		t.Errorf("it leaves behind:\n%s", status)
	}
}
