package state_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	processes "github.com/shirou/gopsutil/v4/process"

	settings "example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/state"
)

// aStack is a stack of a store that nobody asks for anything.
func aStack() state.Stack { return state.On(cloud.Config(), settings.Settings{}).Stack("stage") }

// named starts a shell under a name, with a script, arguments and a variable, and returns what
// ends its standard input.
func named(t *testing.T, name, script string, variable string, args ...string) (pid int, end func()) {
	t.Helper()
	bash, err := exec.LookPath("bash")
	must(t, err)
	file := filepath.Join(t.TempDir(), name)
	must(t, os.Symlink(bash, file))
	cmd := exec.Command(file, append([]string{"-c", script}, args...)...)
	cmd.Env = append(os.Environ(), variable)
	input, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	end = func() {
		input.Close()
		_ = cmd.Process.Kill()
		<-ended
	}
	t.Cleanup(end)
	return cmd.Process.Pid, end
}

// A lock names its holder by a number, which in a container is soon another process's. It is
// the holder only if it is this command, called as the lock says.
func TestNumberIsAnothers(t *testing.T) {
	t.Parallel()
	me := filepath.Base(os.Args[0])
	for _, test := range []struct {
		name, process, operation string
		args                     []string
		holds                    bool
	}{
		{"a job's shell", "sh", state.DeployOperation, []string{"deploy", "stage"}, false},
		{"a deploy of another stack", me, state.DeployOperation, []string{"deploy", "prod"}, false},
		{"an unlock", me, state.DeployOperation, []string{"unlock", "stage"}, false},
		{"the deploy", me, state.DeployOperation, []string{"deploy", "stage", "--why", "x"}, true},
		{"another command's number", me, "state unlock", []string{"deploy", "stage"}, false},
		{"another command", me, "state unlock", []string{"unlock", "stage"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pid, _ := named(t, test.process, "read", "NOTHING=", test.args...)
			lock := aStack().NewLock(test.operation, "")
			lock.Info = fmt.Sprintf("process %d", pid)
			within(t, 10*time.Second, "it runs", func() bool {
				p, err := processes.NewProcess(int32(pid))
				must(t, err)
				name, _ := p.Name()
				return name == test.process
			})
			reason, err := aStack().RunsHere(lock)
			must(t, err)
			if holds := strings.HasPrefix(reason, me+" has been running"); holds != test.holds || !holds && reason != "" {
				t.Errorf("it says %q; want a holder: %v", reason, test.holds)
			}
			if test.holds {
				return
			}
			must(t, aStack().StopDeploy(t.Context(), lock, 0, func(line string) { t.Errorf("it stops somebody else: %s", line) }))
		})
	}
}
