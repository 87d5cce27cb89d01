package review_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"example.com/webserver-cluster/tests/workcopy"
)

// reviewProgram is the command review, built as its help says, so that its exit status
// is its own.
var reviewProgram = sync.OnceValues(func() (string, error) {
	program, err := filepath.Abs(filepath.Join(root, "build", "bin", "review"))
	if err != nil {
		return "", err
	}
	build := exec.Command("go", "build", "-o", program, "./cmd/review")
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		return "", errors.New(string(output))
	}
	return program, nil
})

// reviewed is a project in a git repository of its own.
type reviewed struct {
	t   *testing.T
	dir string
	env []string // besides the process's
}

// newReviewed is a copy of the project with one commit, on the branch main.
func newReviewed(t *testing.T) *reviewed {
	t.Helper()
	p := &reviewed{t: t, dir: filepath.Join(t.TempDir(), "project")}
	if _, err := workcopy.New(p.dir, nil); err != nil {
		t.Fatal(err)
	}
	p.write(".gitignore", "/build/\n/cdktf.out/\n/node_modules\n")
	p.git("init", "--quiet", "--initial-branch=main")
	p.commit("first")
	p.git("tag", "first")
	return p
}

// reset has the project as it was first, for a test of its own, at the same path: Go
// compiles it once.
func (p *reviewed) reset(t *testing.T) *reviewed {
	p.t = t
	p.git("switch", "--quiet", "--force", "--detach", "first")
	p.git("clean", "--quiet", "-d", "--force")
	p.git("branch", "--force", "main", "first")
	p.git("switch", "--quiet", "main")
	return p
}

// in is the same in another folder.
func (p *reviewed) in(dir string, env ...string) *reviewed {
	return &reviewed{t: p.t, dir: dir, env: append(p.env[:len(p.env):len(p.env)], env...)}
}

func (p *reviewed) write(name, content string) {
	p.t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// replace changes a text in a file, where it has to be.
func (p *reviewed) replace(name, old, new string) {
	p.t.Helper()
	content, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		p.t.Fatal(err)
	}
	if !strings.Contains(string(content), old) {
		p.t.Fatalf("%s does not have %q", name, old)
	}
	p.write(name, strings.ReplaceAll(string(content), old, new))
}

// greet changes what stage's servers say, which rolls its instances.
func (p *reviewed) greet(before, after string) {
	p.t.Helper()
	p.replace("stacks/stage.go", `ServerText:   "`+before, `ServerText:   "`+after)
}

func (p *reviewed) git(arguments ...string) string {
	p.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "protocol.file.allow=always"}, arguments...)...)
	cmd.Dir, cmd.Env = p.dir, cleanEnvironment()
	output, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("git %v: %v\n%s", arguments, err, output)
	}
	return strings.TrimSpace(string(output))
}

func (p *reviewed) commit(message string) {
	p.t.Helper()
	p.git("add", "--all")
	p.git("commit", "--quiet", "--allow-empty", "-m", message)
}

// cleanEnvironment is the process's, without what would have git or the command see
// something of the machine that runs the tests.
func cleanEnvironment() []string {
	var env []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "GITHUB_") && !strings.HasPrefix(name, "GIT_") && !strings.HasPrefix(name, "AWS_") && name != "NO_COLOR" {
			env = append(env, variable)
		}
	}
	return append(env, "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "AWS_EC2_METADATA_DISABLED=true")
}

// command is the command review in the project's folder.
func (p *reviewed) command(arguments ...string) *exec.Cmd {
	p.t.Helper()
	program, err := reviewProgram()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(p.t.Context()), program, arguments...)
	cmd.Dir, cmd.Env = p.dir, append(cleanEnvironment(), p.env...)
	return cmd
}

// project is another program in the project's folder.
func (p *reviewed) project(name string, arguments ...string) *exec.Cmd {
	cmd := exec.Command(name, arguments...)
	cmd.Dir, cmd.Env = p.dir, cleanEnvironment()
	return cmd
}

// review runs the command.
func (p *reviewed) review(arguments ...string) (out, failure string, status int) {
	p.t.Helper()
	cmd := p.command(arguments...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
}

// fails runs the command, which has to end with status 2, one line and no report.
func (p *reviewed) fails(want string, arguments ...string) {
	p.t.Helper()
	out, failure, status := p.review(arguments...)
	if status != 2 || out != "" {
		p.t.Errorf("status %d, want 2 and no report:\n%s%s", status, out, failure)
	}
	if !strings.HasPrefix(failure, "review: ") || strings.Count(failure, "\n") != 1 || !strings.Contains(failure, want) {
		p.t.Errorf("it says, where one line with %q is wanted:\n%s", want, failure)
	}
}

// says runs the command, which has to end with a status and a report that begins with a
// line for each stack.
func (p *reviewed) says(status int, lines []string, arguments ...string) string {
	p.t.Helper()
	out, failure, got := p.review(arguments...)
	if got != status {
		p.t.Errorf("status %d, want %d:\n%s%s", got, status, out, failure)
	}
	if want := strings.Join(lines, "\n") + "\n"; !strings.HasPrefix(out, want) {
		p.t.Errorf("the report begins otherwise than with:\n%sgot:\n%s%s", want, out, failure)
	}
	return out
}
