package state_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	processes "github.com/shirou/gopsutil/v4/process"

	"example.com/webserver-cluster/tests/usual"
)

// theRun is what a job says of itself.
const theRun = "https://github.example/acme/webservers/actions/runs/123"

// deployLocked starts a deploy that takes the lock itself.
func (p *project) deployLocked(stack string, args ...string) *process {
	p.t.Helper()
	return p.start(".", "", stateAt, append([]string{"deploy", stack, "--why", theRun}, args...)...)
}

// unlocked checks that nobody has the lock of stage, nothing is kept of a deploy, and the next
// one works.
func (p *project) unlocked() {
	p.t.Helper()
	if n := p.locks("stage"); n != 0 {
		p.t.Errorf("there are %d locks of stage", n)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "build", "deploy-stage")); !os.IsNotExist(err) {
		p.t.Errorf("the record of the deploy is still there (%v)", err)
	}
	p.want(0, "Apply complete!")(p.deployLocked("stage").result())
	p.want(0, "state of stage")(p.state("check", "stage"))
}

// While a deploy runs, everybody is told which run has the lock; nobody else's command takes
// it away, and one that waits goes on afterwards.
func TestDeployIsNamed(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": slow()})
	other := p.checkout(map[string]block{"stage": slow()})
	other.write(stackFolder("stage")+"/go", "")
	deploy := p.deployLocked("stage")
	within(t, 2*time.Minute, "Terraform works", func() bool { return strings.Contains(deploy.said(), "Creating...") })

	p.want(1, sawLock, "Operation: state deploy", ": "+theRun)(other.cdktf("deploy", "stage", "--auto-approve").result())
	p.want(3, "stage is locked by "+me(), "state deploy, lock ", theRun)(other.deployLocked("stage").result())
	p.want(0, "No deploy of stage from this folder is left to unlock.")(other.state("unlock", "stage", "--own"))
	p.want(3, "why "+theRun, "may still be running")(other.state("unlock", "stage", "--yes"))
	p.want(0, "locked by "+me())(p.state("check", "stage"))
	p.want(1, "a deploy of stage from this folder runs, or was killed")(p.deployLocked("stage").result())
	if n := p.locks("stage"); n != 2 {
		t.Errorf("there are %d locks, want the deploy's two", n)
	}
	waits := other.deployLocked("stage", "--wait", "2m")
	within(t, time.Minute, "it waits", func() bool { return strings.Contains(waits.said(), "Waiting up to 2m0s.") })
	p.write(stackFolder("stage")+"/go", "")
	p.want(0, "stage is locked by this deploy", "Apply complete!")(deploy.result())
	p.want(0, "Apply complete!")(waits.result())
	p.want(0, "No deploy of stage from this folder is left to unlock.")(p.state("unlock", "stage", "--own"))
	p.unlocked()
}

// Bad command lines.
func TestDeployRefuses(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(1)})
	p.want(2, "accepts 1 arg(s)")(p.state("deploy"))
	p.want(2, `"../stage" is no name of a stack`, `--why: "a\nb": must be one line`, "--wait: -1s: must not be negative")(p.state("deploy", "../stage", "--why", "a\nb", "--wait", "-1s"))
	p.want(2, "--own and --force")(p.state("unlock", "stage", "--own", "--force"))
	must(t, os.WriteFile(filepath.Join(p.dir, stackFolder("stage"), "errored.tfstate"), []byte("{}"), 0o600))
	p.want(1, "errored.tfstate is what an earlier deploy could not write")(p.deployLocked("stage").result())
	if calls := p.wire.calls(); len(calls) > 0 {
		t.Errorf("AWS was asked: %v", calls)
	}
}

// deployKills are points at which a job's deploy is killed, besides those of an apply.
var deployKills = []kill{
	{name: "before the lock", at: isPut(".tflock")},
	{name: "half of the lock taken", at: isPut(".tflock"), acted: true},
	{name: "half of the lock taken, table on its way", at: isItem("PutItem", "/terraform.tfstate")},
	{name: "lock taken", at: isItem("PutItem", "/terraform.tfstate"), acted: true},
	{name: "state on its way", at: isPut("/terraform.tfstate")},
	{name: "state written, digest not", at: isPut("/terraform.tfstate"), acted: true},
	{name: "lock on its way out", at: func(c call) bool { return c.Service == "s3" && c.Action == http.MethodDelete }},
	{name: "half of the lock released", at: func(c call) bool { return c.Service == "s3" && c.Action == http.MethodDelete }, acted: true},
}

// A job's deploy is killed, with all that it started or, as a runner does it, alone; the last
// step of the job unlocks, and the next deploy works.
func TestDeployKilled(t *testing.T) {
	t.Parallel()
	points := deployKills
	if !*long {
		points = []kill{points[1], points[5]}
	}
	for _, k := range points {
		t.Run(k.name, func(t *testing.T) {
			p := newProject(t, map[string]block{"stage": data(2)})
			p.killedIn(k, func() *process { return p.deployLocked("stage") })
			p.want(0)(p.state("unlock", "stage", "--own"))
			p.unlocked()
		})
	}
	figure(t, "%d kills of a deploy that takes the lock itself; unlocked by its own job, and deployed again: %d", len(points), len(points))
}

// The same with the lock in one place only.
func TestDeployKilledInOtherModes(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	for mode, at := range map[string]func(call) bool{
		"dynamodb": isItem("PutItem", "/terraform.tfstate"),
		"s3":       isPut(".tflock"),
	} {
		t.Run(mode, func(t *testing.T) {
			p := newProject(t, nil)
			p.setting("stateLock", mode)
			p.stack("stage", mode, data(1))
			p.killedIn(kill{name: "lock taken", at: at, acted: true}, func() *process { return p.deployLocked("stage") })
			if n := p.locks("stage"); n != 1 {
				t.Fatalf("there are %d locks, want 1", n)
			}
			p.want(0, "stage is locked: by "+me(), "why "+theRun, "stage is unlocked.")(p.state("unlock", "stage", "--own"))
			p.unlocked()
		})
	}
}

// Somebody else's lock stays, who has the same user and the same host, whatever the deploy
// from here had of its own.
func TestOthersLockStays(t *testing.T) {
	t.Parallel()
	for _, k := range deployKills[:2] {
		t.Run(k.name, func(t *testing.T) {
			p := newProject(t, map[string]block{"stage": data(1)})
			p.killedIn(k, func() *process { return p.deployLocked("stage") })
			p.lockedBy("stage", me())
			p.want(0, "stage is locked by "+me(), "lock "+aliceLock)(p.state("unlock", "stage", "--own"))
			if p.locksInBucket("stage") != 0 || p.locks("stage") != 1 {
				t.Errorf("in the bucket are %d locks, in all %d: want the other's in the table", p.locksInBucket("stage"), p.locks("stage"))
			}
			p.want(0, "No deploy of stage from this folder is left to unlock.")(p.state("unlock", "stage", "--own"))
			p.want(0, "stage is unlocked")(p.state("unlock", "stage", "--yes"))
			p.unlocked()
		})
	}
}

// A runner kills the process that it has started, and nothing else. The last step ends what
// runs on: Terraform in order, so that its state is written.
func TestDeployRunsOn(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newProject(t, map[string]block{"stage": block{"terraform_data": block{
		"first": block{}, "slow": block{"depends_on": []string{"terraform_data.first"}, "provisioner": slow()["terraform_data"].(block)["slow"].(block)["provisioner"]},
	}}})
	deploy := p.deployLocked("stage")
	within(t, 2*time.Minute, "Terraform works", func() bool { return strings.Contains(deploy.said(), "terraform_data.slow: Creating...") })
	must(t, deploy.Process.Kill())
	p.want(3, "may still be running")(p.state("unlock", "stage", "--yes")) // a person is told
	p.want(0, "Interrupting terraform-under-lock", "stage is unlocked.")(p.state("unlock", "stage", "--own"))
	left, err := processes.Processes()
	must(t, err)
	for _, other := range left {
		if dir, _ := other.Cwd(); strings.HasPrefix(dir, p.dir) {
			command, _ := other.Cmdline()
			t.Errorf("it still runs: %s", command)
		}
	}
	if got := strings.Join(p.newest("stage").addresses(), " "); !strings.Contains(got, "terraform_data.first") {
		t.Errorf("the state has %q: what was made before the kill is not in it", got)
	}
	p.write(stackFolder("stage")+"/go", "")
	p.unlocked()
}

// A job is cancelled while Terraform works: it ends in order, and the deploy itself releases
// the lock. A signal that comes again does not end Terraform at once.
func TestDeployInterrupted(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": slow()})
	deploy := p.deployLocked("stage")
	within(t, 2*time.Minute, "Terraform works", func() bool { return strings.Contains(deploy.said(), "Creating...") })
	must(t, deploy.Process.Signal(syscall.SIGINT))
	p.want(1)(deploy.result())
	p.want(0, "No deploy of stage from this folder is left to unlock.")(p.state("unlock", "stage", "--own"))
	p.write(stackFolder("stage")+"/go", "")
	p.unlocked()
}

// Terraform is killed under it, which cdktf 0.21 takes for a success: the deploy fails and
// the stack stays locked until what was made is looked for.
func TestTerraformKilledUnderDeploy(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newProject(t, map[string]block{"stage": slow()})
	deploy := p.deployLocked("stage")
	within(t, 2*time.Minute, "Terraform works", func() bool { return strings.Contains(deploy.said(), "Creating...") })
	all, err := processes.Processes()
	must(t, err)
	for _, other := range all {
		name, _ := other.Name()
		if dir, _ := other.Cwd(); name == "terraform" && strings.HasPrefix(dir, p.dir) {
			must(t, other.Kill())
		}
	}
	p.write(stackFolder("stage")+"/go", "") // what Terraform started waits for it
	p.want(1, "Terraform did not end by itself", "Terraform was killed", "stage stays locked")(deploy.result())
	p.want(1, "whose deploy no longer runs")(p.state("check", "stage"))
	p.want(0, "stage is unlocked.")(p.state("unlock", "stage", "--own"))
	p.unlocked()
}

// Somebody takes the lock away while cdktf still synthesizes: Terraform does not start.
func TestDeployLosesItsLock(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(1)})
	deploy := p.deployLocked("stage")
	within(t, time.Minute, "it has the lock", func() bool { return strings.Contains(deploy.said(), "stage is locked by this deploy") })
	p.lockedBy("stage", "alice@laptop") // cdktf synthesizes and initializes for some seconds
	p.want(1, "somebody has taken the lock of stage away from this deploy")(deploy.result())
	if s := p.states("stage"); len(s) != 0 {
		t.Errorf("Terraform wrote %d states", len(s))
	}
	p.want(0, "lock "+aliceLock)(p.state("unlock", "stage", "--own"))
	if p.locks("stage") != 1 {
		t.Errorf("there are %d locks, want alice's", p.locks("stage"))
	}
}
