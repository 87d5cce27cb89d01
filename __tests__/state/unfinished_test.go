package state_test

import (
	"strings"
	"testing"
	"time"

	processes "github.com/shirou/gopsutil/v4/process"

	"example.com/webserver-cluster/tests/usual"
)

// Terraform is killed under the real CLI, as when memory runs out. cdktf 0.21 ends
// as if all were well; the check after a deploy does not.
func TestTerraformKilledUnderCdktf(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newProject(t, map[string]block{"stage": slow()})
	deploy := p.cdktf("deploy", "stage", "--auto-approve")
	within(t, 5*time.Minute, "the lock is taken", func() bool { return p.locks("stage") == 2 })
	p.want(0, "locked by "+me())(p.state("check", "stage"))
	killed := 0
	all, err := processes.Processes()
	must(t, err)
	for _, other := range all {
		name, _ := other.Name()
		dir, _ := other.Cwd()
		if name == "terraform" && strings.HasSuffix(dir, stackFolder("stage")) && strings.HasPrefix(dir, p.dir) {
			must(t, other.Kill())
			killed++
		}
	}
	if killed != 1 {
		t.Fatalf("%d processes of Terraform were killed, want 1", killed)
	}
	_, status := deploy.result()
	p.write(stackFolder("stage")+"/go", "") // what Terraform started waits for it
	if status != 0 {
		t.Errorf("cdktf ended with %d: README.md and the page say that it ends with 0", status)
	}
	p.want(1, "locked by "+me(), "whose deploy no longer runs: go run ./cmd/state unlock stage")(p.state("check", "stage"))
	p.want(0, "stage is unlocked")(p.state("unlock", "stage", "--yes"))
	p.want(0)(p.state("check", "stage"))
}

// A deploy whose last step failed, as when a rollout does: whoever looks later, or
// has missed its exit status, is told.
func TestDeployThatDidNotFinish(t *testing.T) {
	t.Parallel()
	stack := func(command string) block {
		return block{"terraform_data": block{"web_rollout": block{"provisioner": block{"local-exec": block{"command": command}}}}}
	}
	p := newProject(t, map[string]block{"stage": stack("false")})
	p.want(1)(p.cdktf("deploy", "stage", "--auto-approve").result())
	p.want(1, "1 resources; the last deploy did not finish terraform_data.web_rollout: npx cdktf deploy stage")(p.state("check", "stage"))
	p.stack("stage", "both", stack("true"))
	p.want(0)(p.cdktf("deploy", "stage", "--auto-approve").result())
	p.want(0, "state of stage")(p.state("check", "stage"))
}
