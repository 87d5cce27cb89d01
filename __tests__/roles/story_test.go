package roles_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/webserver-cluster/internal/project"
)

// TestRoles is one story: a person makes the store and the roles; workflows deploy, review
// and destroy stage with them.
func TestRoles(t *testing.T) {
	w := newWorld(t)
	step := func(name string, part func()) {
		start := time.Now()
		part()
		t.Logf("%s: %v", name, time.Since(start).Round(time.Second))
	}
	stage := w.stage()
	t.Setenv("STATE_BACKEND", "local")
	local := w.synthesize("local", stage)
	t.Setenv("STATE_BACKEND", "")
	first := w.synthesize("first", stage)
	stage.Cluster.ServerText, stage.Cluster.Application = "changed", nil
	stage.Cluster.MaxSize, stage.Cluster.CPUTarget = 5, 40
	second := w.synthesize("second", stage)

	step("a person makes the store and the roles", func() { w.makeStore(filepath.Join(local, "state"), filepath.Join(first, "state")) })
	policies := w.policies()
	checkPolicies(t, policies)
	w.makeProd()

	deploy := w.as("webservers-deploy-stage", "repo:"+repository+":environment:stage")
	dir := filepath.Join(first, "stage")
	step("a deploy makes stage", func() {
		deploy.init(dir)
		deploy.terraform(dir, "apply", "-auto-approve")
	})
	deploy.check()
	w.refuse(deploy)

	review := w.as("webservers-review", "repo:"+repository+":pull_request")
	step("a review plans all of it, and changes nothing", func() {
		review.init(dir, "-reconfigure")
		if plan := review.terraform(dir, "plan", "-lock=false"); !strings.Contains(plan, "No changes.") {
			t.Errorf("the plan is not empty:\n%s", plan)
		}
		review.terraform(filepath.Join(first, "state"), "plan", "-lock=false")
		if output, err := review.try(dir, "apply", "-auto-approve"); err == nil || !strings.Contains(output, "Error acquiring the state lock") {
			t.Errorf("a review applies: %v\n%s", err, output)
		}
	})
	w.refuseReview(review)

	step("a deploy changes stage", func() {
		content, err := os.ReadFile(filepath.Join(second, "stage", "cdk.tf.json"))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "cdk.tf.json"), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		deploy.terraform(dir, "apply", "-auto-approve")
	})
	step("a deploy destroys stage", func() { deploy.terraform(dir, "destroy", "-auto-approve") })
	w.unused(policies)
	for _, r := range w.cloud.Refused() {
		t.Error(r)
	}
}

// makeStore makes the store with a local state, which then moves into the bucket.
func (w *world) makeStore(local, dir string) {
	w.Helper()
	person := w.person()
	person.init(local)
	person.terraform(local, "apply", "-auto-approve")
	content, err := os.ReadFile(filepath.Join(dir, "cdk.tf.json"))
	if err == nil {
		err = os.WriteFile(filepath.Join(local, "cdk.tf.json"), content, 0o600)
	}
	if err != nil {
		w.Fatal(err)
	}
	person.terraform(local, "init", "-migrate-state", "-force-copy")
	person.terraform(dir, "init")
}

// check is the command that ends a job which deployed, in a folder with the test's settings.
func (j *worker) check() {
	j.Helper()
	folder := j.TempDir()
	content, err := json.Marshal(map[string]any{"context": settings})
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, project.File), content, 0o600)
	}
	if err != nil {
		j.Fatal(err)
	}
	program := filepath.Join(folder, "state")
	for _, command := range []*exec.Cmd{
		exec.Command("go", "build", "-o", program, "./cmd/state"), exec.Command(program, "check", "stage"),
	} {
		command.Dir, command.Env = folder, append(slices.Clone(j.env), "TF_REATTACH_PROVIDERS=") // which the command refuses
		if command.Args[0] == "go" {
			command.Dir = filepath.Join("..", "..")
		}
		if output, err := command.CombinedOutput(); err != nil {
			j.Fatalf("%v: %v\n%s\n%s", command.Args, err, output, strings.Join(j.refusals(), "\n"))
		}
	}
}
