package state_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	processes "github.com/shirou/gopsutil/v4/process"

	settings "example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/state"
	"example.com/webserver-cluster/tests/usual"
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

// What passes an interrupt on is interrupted whenever it appears, and once: a second time, Terraform
// ends at once.
func TestLateLeaderIsInterrupted(t *testing.T) {
	t.Parallel()
	lock := aStack().NewLock(state.DeployOperation, "")
	lock.Info = "process 0"
	variable := state.DeployVariable + "=" + lock.ID
	_, end := named(t, "cdktf", "read", variable)
	asked := filepath.Join(t.TempDir(), "asked")
	exists := func(file string) func() bool {
		return func() bool {
			_, err := os.Stat(file)
			return err == nil
		}
	}
	var said []string
	must(t, aStack().StopDeploy(t.Context(), lock, time.Minute, func(line string) {
		if said = append(said, line); len(said) > 1 {
			return
		}
		// It ends two seconds after the first interrupt, and then what called it.
		named(t, state.DeployTerraform, `trap 'echo asked >> `+asked+`; : ${until:=$((SECONDS + 2))}' INT
			touch `+asked+`.ready
			until [ -n "$until" ] && [ $SECONDS -ge $until ]; do sleep 0.1; done`, variable)
		within(t, 10*time.Second, "it runs", exists(asked+".ready"))
		go func() {
			for i := 0; i < 100 && !exists(asked)(); i++ {
				time.Sleep(100 * time.Millisecond)
			}
			end()
		}()
	}))
	content, _ := os.ReadFile(asked)
	if string(content) != "asked\n" {
		t.Errorf("it was asked %q, want once", content)
	}
	if len(said) != 2 || !strings.HasPrefix(said[0], "Processes of this deploy that still run: 1; waiting") || !strings.HasPrefix(said[1], "Interrupting "+state.DeployTerraform) {
		t.Errorf("it says %q", said)
	}
}

// synthWaits has the app of a project wait until the function returned is called, and tell when it does.
func (p *project) synthWaits() (waits func() bool, goOn func()) {
	p.t.Helper()
	app := filepath.Join(p.dir, "app.sh")
	content, err := os.ReadFile(app)
	must(p.t, err)
	must(p.t, os.WriteFile(app, append([]byte("touch synthesizes\nwhile [ ! -e synth ]; do sleep 0.1; done\n"), content...), 0o600))
	waits = func() bool {
		_, err := os.Stat(filepath.Join(p.dir, "synthesizes"))
		return err == nil
	}
	return waits, func() { p.write("synth", "") }
}

// A deploy alone is killed while cdktf synthesizes. Terraform, which nobody could interrupt yet,
// does not start any more.
func TestDeployKilledBeforeTerraform(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": slow()})
	waits, goOn := p.synthWaits()
	deploy := p.deployLocked("stage")
	within(t, time.Minute, "it synthesizes", waits)
	must(t, deploy.Process.Kill())
	own := p.start(".", "", stateAt, "unlock", "stage", "--own")
	within(t, time.Minute, "it waits", func() bool { return strings.Contains(own.said(), "that still run") })
	goOn()
	output := p.want(0, "stage is unlocked.")(own.result())
	if strings.Contains(output, "killing") {
		t.Errorf("it killed something:\n%s", output)
	}
	said, _ := deploy.result()
	p.says(said, "this deploy is to end: Terraform was not started")
	if strings.Contains(said, "Creating...") {
		t.Errorf("Terraform has started:\n%s", said)
	}
	p.write(stackFolder("stage")+"/go", "")
	p.unlocked()
}

// The last step of a job comes twice: the second one does not take the lock away from the first,
// which still repairs.
func TestOwnTwice(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newProject(t, map[string]block{"stage": data(1)})
	p.killedIn(deployKills[3], func() *process { return p.deployLocked("stage") })
	// What stands in for Terraform serves this deploy only.
	content, err := os.ReadFile(filepath.Join(p.dir, "build", "deploy-stage", "lock.json"))
	must(t, err)
	var record struct{ Lock state.LockInfo }
	must(t, json.Unmarshal(content, &record))
	terraform := filepath.Join("build", "deploy-stage", state.DeployTerraform)
	p.want(1, "is for go run ./cmd/state deploy to call")(p.start(".", "", "env", state.DeployVariable+"="+aliceLock, terraform, "version").result())
	p.want(0, "Terraform v")(p.start(".", "", "env", state.DeployVariable+"="+record.Lock.ID, terraform, "version").result())

	waits, goOn := p.synthWaits()
	first := p.start(".", "", stateAt, "unlock", "stage", "--own")
	within(t, time.Minute, "it synthesizes", waits)
	second := p.start(".", "", stateAt, "unlock", "stage", "--own")
	within(t, time.Minute, "the second one is refused", func() bool {
		return strings.Contains(second.said(), "the holder may still be running: state has been running")
	})
	p.want(3)(second.result())
	goOn()
	p.want(0, "stage is unlocked.")(first.result())
	p.unlocked()
}

// What starts Terraform is killed before it has, which cdktf 0.21 takes for a success.
func TestKilledBeforeTerraform(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newProject(t, map[string]block{"stage": data(1)})
	var killed atomic.Bool
	p.wire.watch(func(c call, _ http.ResponseWriter, pass func()) {
		pass()
		all, err := processes.Processes()
		if err != nil || killed.Load() || c.Action != "GetItem" {
			return
		}
		for _, other := range all {
			name, _ := other.Name()
			if dir, _ := other.Cwd(); name == state.DeployTerraform && strings.HasPrefix(dir, p.dir) {
				killed.Store(other.Kill() == nil)
			}
		}
	})
	p.want(1, "Terraform was killed before it began")(p.deployLocked("stage").result())
	p.wire.watch(nil)
	p.unlocked()
}
