package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"example.com/webserver-cluster/internal/identity"
	"example.com/webserver-cluster/internal/outdir"
	"example.com/webserver-cluster/internal/review"
)

// work is a review that is under way.
type work struct {
	ctx     context.Context
	project string // its folder
	temp    string // what the review leaves nothing of
}

func newWork(ctx context.Context) (*work, error) {
	project, err := os.Getwd()
	if err == nil {
		project, err = filepath.EvalSymlinks(project)
	}
	if err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp("", "review-*")
	return &work{ctx, project, temp}, err
}

// clean removes all that was temporary. What a command that was interrupted still
// writes at its end is waited for.
func (w *work) clean() {
	for range 20 {
		if os.RemoveAll(w.temp) == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// folder makes a folder that clean removes.
func (w *work) folder(name string) (string, error) {
	path := filepath.Join(w.temp, name)
	return path, os.MkdirAll(path, 0o700)
}

// command is one that is interrupted, not killed, when the review is: Go and Terraform
// then remove what is temporary of theirs, which is in the review's folder besides.
func (w *work) command(folder string, environment []string, name string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(w.ctx, name, arguments...)
	cmd.Dir = folder
	cmd.Env = append(append(os.Environ(), "TMPDIR="+w.temp, "TMP="+w.temp, "TEMP="+w.temp), environment...)
	cmd.Cancel = func() error {
		if runtime.GOOS == "windows" { // which has no such signal
			return cmd.Process.Kill()
		}
		return cmd.Process.Signal(os.Interrupt)
	}
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// synthesis is what the app makes of the code.
type synthesis struct {
	outdir string
	stacks []*review.Stack
	texts  map[string][]byte // the JSON of each stack
}

// synthesized reads what the app has written.
func synthesized(folder string) (*synthesis, error) {
	stacks, err := review.ReadStacks(folder)
	if err != nil {
		return nil, err
	}
	s := &synthesis{outdir: folder, stacks: stacks, texts: map[string][]byte{}}
	for _, stack := range stacks {
		if s.texts[stack.Name], err = os.ReadFile(filepath.Join(outdir.Stack(folder, stack.Name), identity.ConfigFile)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// stack is one by its name; nil if there is none.
func (s *synthesis) stack(name string) *review.Stack {
	if s == nil {
		return nil
	}
	for _, stack := range s.stacks {
		if stack.Name == name {
			return stack
		}
	}
	return nil
}

// workingTree synthesizes the project as it is.
func (w *work) workingTree() (*synthesis, error) {
	// The program stays where it is: while nothing has changed, Go does not link it again.
	program, err := cachedProgram(w.project)
	if err != nil {
		program = filepath.Join(w.temp, "after")
	}
	out, err := w.folder("after.out")
	if err == nil {
		err = w.build(program, nil)
	}
	if err == nil {
		err = w.run(program, w.project, out)
	}
	if err != nil {
		return nil, fmt.Errorf("the working tree: %w", err)
	}
	return synthesized(out)
}

// build compiles the app. An overlay has Go see other files than those of the folder.
func (w *work) build(program string, overlay []string) error {
	// Without what only a debugger reads, it is linked faster.
	arguments := append([]string{"build", "-buildvcs=false", "-ldflags=-w", "-o", program}, overlay...)
	return said("does not compile", w.command(w.project, nil, "go", append(arguments, ".")...))
}

// run has the app write what it makes, in a folder as in the project's.
func (w *work) run(program, folder, out string) error {
	return said("does not synthesize", w.command(folder, []string{"CDKTF_OUTDIR=" + out}, program))
}

// said runs a command and returns its own words if it fails.
func said(what string, cmd *exec.Cmd) error {
	output, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%s: %w", what, err)
	}
	if err == nil {
		return nil
	}
	text := cmp.Or(string(bytes.TrimSpace(output)), err.Error())
	return fmt.Errorf("%s:\n  %s", what, strings.ReplaceAll(text, "\n", "\n  "))
}

// before synthesizes a commit, unless the cache has it. shared says that it took files
// that git ignores from the working tree.
func (w *work) before(r *repository, base commit) (s *synthesis, shared bool, err error) {
	cache, cacheErr := cachedSynthesis(base.tree)
	if cacheErr == nil {
		if s, err := synthesized(cache); err == nil {
			used(cache)
			return s, false, nil
		}
	}
	fail := func(err error) error { return fmt.Errorf("%s: %w", base.name, err) }
	folder, err := w.checkout(r, base)
	if err != nil {
		return nil, false, fail(err)
	}
	overlay, err := w.overlay(r, folder)
	if err != nil {
		return nil, false, fail(err)
	}
	program, out := filepath.Join(w.temp, "before"), filepath.Join(w.temp, "before.out")
	if err := w.build(program, []string{"-overlay", overlay}); err != nil {
		return nil, false, fail(err)
	}
	if err := os.MkdirAll(out, 0o700); err != nil {
		return nil, false, err
	}
	if err := w.run(program, folder, out); err != nil {
		// What an application is built into is not in git.
		if shared = w.ctx.Err() == nil && w.share(r, folder); !shared {
			return nil, false, fail(err)
		}
		if err := w.run(program, folder, out); err != nil {
			return nil, false, fail(err)
		}
	}
	if s, err = synthesized(out); err != nil {
		return nil, false, fail(err)
	}
	if cacheErr == nil && !shared {
		keep(s, cache)
	}
	return s, shared, nil
}

// checkout writes the project's files as they were into a folder. It goes by an index of
// its own: git's own worktrees would be left behind where this is killed.
func (w *work) checkout(r *repository, base commit) (string, error) {
	folder, err := w.folder("before.code")
	if err != nil {
		return "", err
	}
	environment := []string{"GIT_INDEX_FILE=" + filepath.Join(w.temp, "index")}
	if _, err := r.gitIn(r.top, environment, "read-tree", base.tree); err != nil {
		return "", err
	}
	// "prefix" is a text that git puts before each name.
	_, err = r.gitIn(r.top, environment, "checkout-index", "--all", "--prefix="+folder+string(filepath.Separator))
	return folder, err
}

// overlay has Go compile the files of another folder in place of the project's: packages
// that are the same in both are compiled once.
// https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies
func (w *work) overlay(r *repository, folder string) (string, error) {
	replace := map[string]string{}
	// Those that the folder lacks are not there for Go, either.
	list, err := r.git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return "", err
	}
	for _, name := range strings.Split(strings.TrimSuffix(list, "\x00"), "\x00") {
		replace[filepath.Join(w.project, filepath.FromSlash(name))] = ""
	}
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		replace[filepath.Join(w.project, name)] = path
		return err
	})
	if err != nil {
		return "", err
	}
	content, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(w.temp, "overlay.json")
	return path, os.WriteFile(path, content, 0o600)
}

// share lets another folder see what git ignores in the project's, where it has
// nothing of its own. It tells whether there was anything.
func (w *work) share(r *repository, folder string) bool {
	list, err := r.git("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
	if err != nil {
		return false
	}
	shared := false
	for _, name := range strings.Split(list, "\x00") {
		name = filepath.FromSlash(strings.TrimSuffix(name, "/"))
		there := filepath.Join(folder, name)
		if _, err := os.Lstat(there); name == "" || err == nil {
			continue
		}
		if os.MkdirAll(filepath.Dir(there), 0o700) == nil && os.Symlink(filepath.Join(w.project, name), there) == nil {
			shared = true
		}
	}
	return shared
}
