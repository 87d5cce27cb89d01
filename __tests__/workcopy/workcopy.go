// Package workcopy puts a copy of the project into a folder of its own and runs
// the pinned cdktf CLI there, as a user does. A demo or a test that deploys
// works on a copy, so that it touches nothing of what the user has deployed
// from the project itself.
package workcopy

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"example.com/webserver-cluster/tests/localaws"
)

// Copy is a copy of the project.
type Copy struct {
	Dir string   // its folder
	Env []string // the environment of its commands
}

// parts are what an app needs to run; node_modules is linked to.
var parts = []string{"main.go", "go.mod", "go.sum", "cdktf.json", "constructs", "stacks", "internal", "cmd"}

// New copies the project to dir, which must be empty or missing. Its commands
// run in this process's environment and env.
func New(dir string, env []string) (*Copy, error) {
	root, err := localaws.AppDir()
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		source, target := filepath.Join(root, part), filepath.Join(dir, part)
		info, err := os.Stat(source)
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			err = os.CopyFS(target, os.DirFS(source))
		} else {
			err = copyFile(target, source)
		}
		if err != nil {
			return nil, err
		}
	}
	modules := filepath.Join(root, "node_modules")
	if _, err := os.Stat(filepath.Join(modules, ".bin", "cdktf")); err != nil {
		return nil, fmt.Errorf("the cdktf CLI is not installed (%w): run make setup", err)
	}
	return &Copy{Dir: dir, Env: append(os.Environ(), env...)}, os.Symlink(modules, filepath.Join(dir, "node_modules"))
}

func copyFile(target, source string) error {
	content, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(target, content, 0o644)
}

// Command is a command in the project's folder. When ctx is done it gets an
// interrupt, as from Ctrl-C, so that Terraform can unlock the state; after a
// minute it is killed.
func (p *Copy) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = p.Dir, p.Env
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = time.Minute
	return cmd
}

// Cdktf runs the cdktf CLI and returns all that it printed, without the codes
// that move a terminal's cursor. Lines go to watch as they come, if it is not
// nil.
func (p *Copy) Cdktf(ctx context.Context, watch func(line string), args ...string) (string, error) {
	cmd := p.Command(ctx, filepath.Join("node_modules", ".bin", "cdktf"), args...)
	return Run(cmd, watch)
}

// Run runs a command as Cdktf does.
func Run(cmd *exec.Cmd, watch func(line string)) (string, error) {
	var output bytes.Buffer
	w := &lines{all: &output, watch: watch}
	cmd.Stdout, cmd.Stderr = w, w
	err := cmd.Run()
	w.flush()
	if err != nil {
		err = fmt.Errorf("%s: %w", strings.Join(append([]string{filepath.Base(cmd.Path)}, cmd.Args[1:]...), " "), err)
	}
	return output.String(), err
}

// control finds a terminal's control sequences.
var control = regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]|\r`)

// lines is a writer that hands over whole lines.
type lines struct {
	all   io.Writer
	watch func(string)
	rest  []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		end := bytes.IndexByte(l.rest, '\n')
		if end < 0 {
			return len(p), nil
		}
		l.line(l.rest[:end])
		l.rest = l.rest[end+1:]
	}
}

func (l *lines) flush() {
	if len(l.rest) > 0 {
		l.line(l.rest)
		l.rest = nil
	}
}

func (l *lines) line(raw []byte) {
	line := strings.TrimRight(string(control.ReplaceAll(raw, nil)), " ")
	fmt.Fprintln(l.all, line)
	if l.watch != nil {
		l.watch(line)
	}
}
