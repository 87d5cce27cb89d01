package roles_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/webserver-cluster/tests/usual"
)

// TestRoles is one story: a person makes the store and the roles; workflows deploy, review
// and destroy stage with them.
func TestRoles(t *testing.T) {
	usual.Skip(t)
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
	job := deploy.checkout(filepath.Dir(first))
	dir := filepath.Join(first, "stage")
	step("a deploy is killed before it has made anything", func() {
		job.killed()
		job.state("unlock", "stage", "--own")
	})
	step("a deploy makes stage", func() {
		deploy.init(dir)
		deploy.terraform(dir, "apply", "-auto-approve")
	})
	job.state("check", "stage")
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

	step("a deploy is killed after it has made what its state lacks", func() {
		deploy.terraform(dir, append([]string{"state", "rm"}, unrecorded...)...)
		job.killed()
		said := job.state("unlock", "stage", "--own")
		for _, want := range append([]string{"stage is unlocked.", fmt.Sprintf("Imported: %d resources.", len(unrecorded))}, unrecorded...) {
			if !strings.Contains(said, want) {
				t.Errorf("%q is not in what unlock says:\n%s", want, said)
			}
		}
	})
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
