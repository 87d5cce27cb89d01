package workflows_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/usual"
)

// cloud is the local AWS of all tests; each has a bucket and a table of its own.
var cloud *localaws.AWS

func TestMain(m *testing.M) {
	flag.Parse()
	// They wait for most of their time.
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := localaws.CheckTools(context.Background()); err != nil {
		return fail(err)
	}
	for _, tool := range []string{"bash", "jq"} { // a runner of GitHub's has them
		if _, err := exec.LookPath(tool); err != nil {
			return fail(err)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "node_modules", ".bin", "cdktf")); err != nil {
		return fail(fmt.Errorf("the cdktf CLI is not installed: make setup (%w)", err))
	}
	var err error
	if cloud, err = localaws.Start(context.Background(), localaws.Options{Region: region}); err != nil {
		return fail(err)
	}
	defer cloud.Stop()
	return m.Run()
}

// theRun is the address of a run, which is what others are told.
const theRun = "https://github.example/acme/webservers/actions/runs/123"

// What a step of a deploy begins with.
const (
	deploys = "exec build/state deploy"
	unlocks = "build/state unlock"
)

// deploys runs the deploy of an environment; during is as for runner.job.
func (w *world) deploys(environment string, during map[string]func(*step)) (*runner, bool) {
	w.t.Helper()
	r := w.runner(w.t)
	after := map[string]string{"prod": "stage"}[environment]
	r.expressions = map[string]string{"inputs.environment": environment, "inputs.after": after, "github.token": "token"}
	r.conditions = map[string]bool{
		"inputs.after == '' && github.run_attempt == 1": after == "" && !w.rerun,
		"inputs.after != ''":                            after != "", "steps.deploy.outcome != 'skipped'": true,
	}
	return r, r.job(job(w.t, workflow(w.t, "deploy-environment.yml"), "deploy"), during)
}

// Stage, then prod with the very commit that stage runs; not with another one, nor after a
// deploy of stage that failed.
func TestDeploy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.letGo()
	w.newest("2222222222222222222222222222222222222222")
	if r, ok := w.deploys("stage", nil); ok {
		t.Errorf("stage gets a commit that is no longer the newest")
	} else {
		r.says("::error title=Not the newest commit of main::main is at commit 2222222222222222222222222222222222222222", "run all jobs of this one again")
	}
	w.rerun = true
	r, ok := w.deploys("stage", nil)
	r.says("stage is locked by this deploy", "Apply complete! Resources: 2 added", "state of stage serial", "No deploy of stage from this folder is left to unlock.")
	if !ok || w.locked("stage") {
		t.Fatalf("the deploy of stage succeeded: %v; stage is locked: %v\n%s", ok, w.locked("stage"), &r.said)
	}
	if got := r.outputs["settings.region"]; got != region {
		t.Errorf("the region is %q, want that of cdktf.json", got)
	}
	for _, newest := range []struct {
		sha, state string
		want       bool
	}{{"2222222222222222222222222222222222222222", "success", false}, {commit, "in_progress", false}, {"null", "", false}, {commit, "success", true}} {
		id := "77"
		if newest.sha == "null" {
			id = "null"
		}
		w.writeText("bin/gh", fmt.Sprintf(`#!/bin/sh
case "$2" in
  "repos/acme/webservers/deployments?environment=stage&per_page=1") echo "%s %s";;
  "repos/acme/webservers/deployments/77/statuses?per_page=1") echo %s;;
  *) echo "gh $*" >&2; exit 1;;
esac
`, id, newest.sha, newest.state))
		r, ok := w.deploys("prod", nil)
		if ok != newest.want {
			t.Errorf("stage's newest deploy is %v, and prod was deployed: %v\n%s", newest, ok, &r.said)
		}
		if newest.want {
			r.says("stage runs commit "+commit, "Apply complete! Resources: 2 added")
		} else {
			r.says("::error title=Not the commit that stage runs::")
		}
	}
}

// A deploy is cancelled, and Terraform ends within the seconds that a runner gives it: the
// deploy itself releases the lock. The next one works.
func TestCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var by syscall.Signal
	r, ok := w.deploys("stage", map[string]func(*step){deploys: func(s *step) {
		within(t, 2*time.Minute, "Terraform works", func() bool { return strings.Contains(s.text(), "terraform_data.slow: Creating...") })
		by = s.cancelled()
	}})
	if ok || w.locked("stage") {
		t.Fatalf("the deploy succeeded: %v; stage is locked: %v\n%s", ok, w.locked("stage"), &r.said)
	}
	t.Logf("it ended by %v", by)
	w.again()
}

// A deploy is cancelled, and Terraform takes longer: the runner kills what it has started, and
// Terraform goes on. The last step waits for its end, then unlocks.
func TestCancelledAndKilled(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	w := newWorld(t)
	r, ok := w.deploys("stage", map[string]func(*step){deploys: func(s *step) {
		within(t, 2*time.Minute, "Terraform works", func() bool { return strings.Contains(s.text(), "terraform_data.slow: Creating...") })
		w.slow.Store(true)
		if by := s.cancelled(); by == syscall.SIGINT {
			t.Errorf("it ended by %v: this is no test of a kill\n%s", by, s.text())
		}
		if !w.locked("stage") {
			t.Errorf("stage is not locked, and Terraform runs")
		}
	}, unlocks: func(s *step) {
		within(t, time.Minute, "it finds what still runs", func() bool { return strings.Contains(s.text(), "Processes of this deploy that still run") })
		w.slow.Store(false)
	}})
	r.says("why "+theRun, "stage is unlocked.")
	if ok || w.locked("stage") {
		t.Fatalf("the deploy succeeded: %v; stage is locked: %v\n%s", ok, w.locked("stage"), &r.said)
	}
	w.again()
}

// again deploys stage after a deploy that was cancelled.
func (w *world) again() {
	w.t.Helper()
	w.letGo()
	r, ok := w.deploys("stage", nil)
	if !ok {
		w.t.Errorf("the next deploy failed:\n%s", &r.said)
	}
	r.says("Apply complete!", "state of stage serial")
}

// Somebody else is deploying: the job fails, says who it is, and leaves their lock alone.
func TestLockedByAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.checkout()
	_, ok := w.deploys("stage", map[string]func(*step){deploys: func(s *step) {
		within(t, 2*time.Minute, "Terraform works", func() bool { return strings.Contains(s.text(), "terraform_data.slow: Creating...") })
		second, ok := other.deploys("stage", nil)
		second.says("stage is locked by", theRun, "No deploy of stage from this folder is left to unlock.")
		if ok || !w.locked("stage") {
			t.Errorf("the second deploy succeeded: %v; the first one still has its lock: %v", ok, w.locked("stage"))
		}
		w.letGo()
	}})
	if !ok || w.locked("stage") {
		t.Errorf("the first deploy succeeded: %v; stage is locked: %v", ok, w.locked("stage"))
	}
}

// Nothing is set up: one notice says so, and nothing fails.
func TestNotSetUp(t *testing.T) {
	w := &world{t: t, dir: t.TempDir()}
	r := newRunner(t, w.dir)
	if !r.job(job(t, workflow(t, "deploy.yml"), "not-set-up"), nil) {
		t.Error("it failed")
	}
	r.says("::notice title=Nothing was deployed::", "AWS_DEPLOY_ROLE_STAGE", "docs/team.md")
}
