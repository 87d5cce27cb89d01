package workflows_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rhysd/actionlint"
)

// A runner runs the steps of a job in a folder, as GitHub's runner does.
type runner struct {
	t           *testing.T
	dir         string            // the checkout
	env         []string          // what GitHub, its actions and AWS set
	expressions map[string]string // the value of each expression of the workflow
	conditions  map[string]bool   // of each condition that a step may have
	outputs     map[string]string // by step and name: review.report
	said        strings.Builder
}

// newRunner is a runner in a folder.
func newRunner(t *testing.T, dir string, env ...string) *runner {
	r := &runner{t: t, dir: dir, expressions: map[string]string{}, conditions: map[string]bool{}, outputs: map[string]string{}}
	r.env = append(append(os.Environ(), env...), "CI=true", "GITHUB_ACTIONS=true", "GITHUB_SERVER_URL=https://github.example", "GITHUB_REPOSITORY=acme/webservers",
		"GITHUB_RUN_ID=123", "GITHUB_REF_NAME=main", "GITHUB_SHA="+commit, "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "summary.md"), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
	return r
}

// commit is the one that the run is of.
const commit = "1111111111111111111111111111111111111111"

// What stands for an action: what it would have done is done by the test.
var actions = []string{"actions/checkout@", "./.github/actions/setup", "aws-actions/configure-aws-credentials@"}

// job runs a job's steps. While one runs whose script begins so, what during has for it is called.
// It returns whether the job succeeded.
func (r *runner) job(j *actionlint.Job, during map[string]func(*step)) bool {
	r.t.Helper()
	success := true
	for _, s := range j.Steps {
		if s.If != nil {
			condition := strings.TrimSuffix(strings.TrimPrefix(s.If.Value, "${{ "), " }}")
			always := strings.HasPrefix(condition, "always() && ")
			value, known := r.conditions[strings.TrimPrefix(condition, "always() && ")]
			if !known {
				r.t.Fatalf("the test does not know the condition %q", condition)
			}
			if !value || !success && !always {
				continue
			}
		} else if !success {
			continue
		}
		switch e := s.Exec.(type) {
		case *actionlint.ExecAction:
			if !strings.HasPrefix(e.Uses.Value, actions[0]) && e.Uses.Value != actions[1] && !strings.HasPrefix(e.Uses.Value, actions[2]) {
				r.t.Fatalf("the test does not know the action %s", e.Uses.Value)
			}
		case *actionlint.ExecRun:
			running := r.start(j, s, e)
			for begin, call := range during {
				if strings.HasPrefix(e.Run.Value, begin) {
					call(running)
				}
			}
			success = r.end(running) && success
		}
	}
	return success
}

// A step that runs.
type step struct {
	*exec.Cmd
	id, outputs string
	mu          sync.Mutex
	output      bytes.Buffer
	ended       chan error
}

func (s *step) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output.Write(b)
}

// text is what the step has said so far.
func (s *step) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output.String()
}

// start starts a step, by the shell that GitHub takes if nothing else is said.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
func (r *runner) start(j *actionlint.Job, s *actionlint.Step, e *actionlint.ExecRun) *step {
	r.t.Helper()
	folder := r.t.TempDir()
	script := filepath.Join(folder, "script.sh")
	must(r.t, os.WriteFile(script, []byte(r.resolve(e.Run.Value)), 0o600))
	running := &step{Cmd: exec.Command("bash", "-e", script), outputs: filepath.Join(folder, "outputs"), ended: make(chan error, 1)}
	if s.ID != nil {
		running.id = s.ID.Value
	}
	running.Dir, running.Stdout, running.Stderr = r.dir, running, running
	running.Env = append(r.env, "GITHUB_OUTPUT="+running.outputs)
	for _, env := range []*actionlint.Env{j.Env, s.Env} {
		if env != nil {
			for v := range maps.Values(env.Vars) {
				running.Env = append(running.Env, strings.ToUpper(v.Name.Value)+"="+r.resolve(v.Value.Value))
			}
		}
	}
	// As with GitHub's runner, whatever the step started and left goes on.
	running.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	running.WaitDelay = 5 * time.Second // as the runner, for what still writes
	must(r.t, running.Start())
	go func() { running.ended <- running.Wait() }()
	return running
}

// end waits for a step's end and takes in its outputs.
func (r *runner) end(s *step) bool {
	r.t.Helper()
	err := <-s.ended
	fmt.Fprintf(&r.said, "== %s\n%s", s.id, s.text())
	content, _ := os.ReadFile(s.outputs)
	for text := string(content); text != ""; {
		line, rest, _ := strings.Cut(text, "\n")
		if name, delimiter, ok := strings.Cut(line, "<<"); ok && !strings.Contains(name, "=") {
			value, after, found := strings.Cut(rest, "\n"+delimiter+"\n")
			if !found {
				r.t.Fatalf("the output %s has no end", name)
			}
			r.outputs[s.id+"."+name], text = value, after
			continue
		}
		name, value, _ := strings.Cut(line, "=")
		r.outputs[s.id+"."+name], text = value, rest
	}
	return err == nil
}

var expression = regexp.MustCompile(`\$\{\{ (.*?) \}\}`)

// resolve puts the values of expressions into a text.
func (r *runner) resolve(text string) string {
	return expression.ReplaceAllStringFunc(text, func(found string) string {
		name := expression.FindStringSubmatch(found)[1]
		value, ok := r.expressions[name]
		if !ok {
			r.t.Fatalf("the test does not know the expression %q", name)
		}
		return value
	})
}

// says checks what the steps said.
func (r *runner) says(parts ...string) {
	r.t.Helper()
	for _, part := range parts {
		if !strings.Contains(strings.Join(strings.Fields(r.said.String()), " "), part) {
			r.t.Errorf("no step says %q:\n%s", part, r.said.String())
		}
	}
}

// How long GitHub's runner waits after each of its signals, which go to a step's first process
// alone. The last one is SIGKILL.
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation
// https://github.com/actions/runner/blob/main/src/Runner.Sdk/ProcessInvoker.cs
const (
	afterInterrupt = 7500 * time.Millisecond
	afterTerm      = 2500 * time.Millisecond
)

// cancelled ends a step as GitHub's runner does. It returns the signal by which it ended.
func (s *step) cancelled() syscall.Signal {
	for _, round := range []struct {
		syscall.Signal
		time.Duration
	}{{syscall.SIGINT, afterInterrupt}, {syscall.SIGTERM, afterTerm}} {
		_ = s.Process.Signal(round.Signal)
		select {
		case err := <-s.ended:
			s.ended <- err
			return round.Signal
		case <-time.After(round.Duration):
		}
	}
	_ = s.Process.Kill()
	return syscall.SIGKILL
}

// within waits until the condition holds.
func within(t *testing.T, d time.Duration, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(d); !condition(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", d, what)
		}
	}
}
