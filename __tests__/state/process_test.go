package state_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"example.com/webserver-cluster/tests/provider"
)

// process is a command of a project, running.
type process struct {
	*exec.Cmd
	project *project
	mu      sync.Mutex
	output  bytes.Buffer
	err     error
	ended   chan struct{}
}

// Write takes in what the process says.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(b)
}

// said is what the process has said so far.
func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// start starts a command in a folder of the project, with this on its standard
// input.
func (p *project) start(dir, input, name string, args ...string) *process {
	p.t.Helper()
	return p.startWith(dir, strings.NewReader(input), name, args...)
}

// startWith starts a command whose standard input comes from a reader.
func (p *project) startWith(dir string, input io.Reader, name string, args ...string) *process {
	p.t.Helper()
	proc := &process{Cmd: exec.Command(name, args...), project: p, ended: make(chan struct{})}
	proc.Dir = filepath.Join(p.dir, dir)
	proc.Env = append(os.Environ(), cloud.Environ()...)
	proc.Env = append(proc.Env, "AWS_ENDPOINT_URL="+p.wire.url, "NO_COLOR=1", "CI=1", provider.LessGC)
	// The app and the command under test refuse it, and an init would lock no provider.
	if p.provider != nil && name == "terraform" && args[0] != "init" {
		proc.Env = append(proc.Env, p.provider.Environ()...)
	}
	proc.Env = append(proc.Env, p.env...)
	proc.Stdin = input
	proc.Stdout, proc.Stderr = proc, proc
	// A group of its own, so that a kill takes Terraform's providers, too.
	proc.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(p.t, proc.Start())
	go func() {
		proc.err = proc.Wait()
		close(proc.ended)
	}()
	p.t.Cleanup(proc.kill)
	return proc
}

// kill kills the process and all that it started, and waits until they are
// gone. Nothing happens to a process that has ended.
func (p *process) kill() {
	select {
	case <-p.ended:
	default:
		syscall.Kill(-p.Process.Pid, syscall.SIGKILL)
		<-p.ended
	}
}

// result waits for the end: what it said and its exit status.
func (p *process) result() (string, int) {
	<-p.ended
	p.project.record(p.said())
	return p.said(), p.ProcessState.ExitCode()
}

// stackFolder is where Terraform runs for a stack.
func stackFolder(name string) string { return filepath.Join("cdktf.out", "stacks", name) }

// terraform runs Terraform in a stack's folder.
func (p *project) terraform(stack string, args ...string) (string, int) {
	p.t.Helper()
	return p.start(stackFolder(stack), "", "terraform", append(args, "-no-color")...).result()
}

// init initializes a stack's folder. From the first one that installs the provider on,
// that runs.
func (p *project) init(stack string) {
	p.t.Helper()
	p.want(0)(p.terraform(stack, "init", "-input=false"))
	if _, err := os.Stat(filepath.Join(p.dir, stackFolder(stack), ".terraform", "providers")); err == nil && p.provider == nil {
		p.startProvider(stack)
	}
}

// startProvider has the provider run that is installed in a stack's folder, for each
// Terraform that the project's tests run by themselves from now on: one after the other.
func (p *project) startProvider(stack string) {
	p.t.Helper()
	process, err := provider.Start(filepath.Join(p.dir, stackFolder(stack)), append(append(os.Environ(), cloud.Environ()...), "AWS_ENDPOINT_URL="+p.wire.url))
	must(p.t, err)
	p.t.Cleanup(process.Stop)
	p.provider = process
}

// apply starts an apply of a stack.
func (p *project) apply(stack string, args ...string) *process {
	p.t.Helper()
	return p.start(stackFolder(stack), "", "terraform", append([]string{"apply", "-auto-approve", "-input=false", "-no-color"}, args...)...)
}

// state runs the command under test; it answers nothing to a question.
func (p *project) state(args ...string) (string, int) {
	p.t.Helper()
	return p.start(".", "", stateAt, args...).result()
}

// cdktf runs the real CLI.
func (p *project) cdktf(args ...string) *process {
	p.t.Helper()
	return p.start(".", "", filepath.Join("node_modules", ".bin", "cdktf"), args...)
}

// want checks what a command returned: its exit status, and what it said.
func (p *project) want(status int, parts ...string) func(string, int) string {
	p.t.Helper()
	return func(output string, got int) string {
		p.t.Helper()
		if got != status {
			p.t.Fatalf("exit status %d, want %d:\n%s", got, status, output)
		}
		p.says(output, parts...)
		return output
	}
}

// says checks what a command said.
func (p *project) says(output string, parts ...string) {
	p.t.Helper()
	// Terraform breaks lines where it likes.
	flat := strings.Join(strings.Fields(output), " ")
	for _, part := range parts {
		if !strings.Contains(flat, part) {
			p.t.Errorf("it does not say %q:\n%s", part, output)
		}
	}
}
