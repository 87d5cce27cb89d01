package roles_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	autoscalingtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

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
	step("a deploy changes stage, and what somebody has done to its group by hand", func() {
		w.helpOut()
		content, err := os.ReadFile(filepath.Join(second, "stage", "cdk.tf.json"))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "cdk.tf.json"), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		deploy.terraform(dir, "apply", "-auto-approve")
		if g := w.stageGroup(); len(g.SuspendedProcesses) > 0 || len(g.TargetGroupARNs) != 1 {
			t.Errorf("suspended are still %v, attached %v", g.SuspendedProcesses, g.TargetGroupARNs)
		}
	})
	step("a deploy destroys stage", func() { deploy.terraform(dir, "destroy", "-auto-approve") })
	w.unused(policies)
	for _, r := range w.cloud.Refused() {
		t.Error(r)
	}
}

// stageGroup is the Auto Scaling group of stage.
func (w *world) stageGroup() autoscalingtypes.AutoScalingGroup {
	w.Helper()
	found, err := autoscaling.NewFromConfig(w.cloud.Config()).DescribeAutoScalingGroups(w.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
	if err != nil {
		w.Fatal(err)
	}
	for _, g := range found.AutoScalingGroups {
		if strings.HasPrefix(*g.AutoScalingGroupName, "webservers-stage-") {
			return g
		}
	}
	w.Fatal("stage has no group")
	panic("unreachable")
}

// helpOut does what a person does to a group in an incident: nothing is rebalanced, and no
// requests reach it.
func (w *world) helpOut() {
	w.Helper()
	client, g := autoscaling.NewFromConfig(w.cloud.Config()), w.stageGroup()
	_, suspended := client.SuspendProcesses(w.Context(), &autoscaling.SuspendProcessesInput{AutoScalingGroupName: g.AutoScalingGroupName, ScalingProcesses: []string{"AZRebalance"}})
	_, detached := client.DetachLoadBalancerTargetGroups(w.Context(), &autoscaling.DetachLoadBalancerTargetGroupsInput{AutoScalingGroupName: g.AutoScalingGroupName, TargetGroupARNs: g.TargetGroupARNs})
	if err := errors.Join(suspended, detached); err != nil {
		w.Fatal(err)
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
