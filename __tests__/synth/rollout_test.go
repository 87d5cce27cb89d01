package synth_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/refresh"
	"example.com/webserver-cluster/stacks"
)

// TestRolloutGetsTheGroupsPreferences: a refresh that the command rollout starts goes
// on as one that Terraform starts.
func TestRolloutGetsTheGroupsPreferences(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		var given object
		text := at(s.get("terraform_data", "web_rollout"), "provisioner", "local-exec", "environment", "ROLLOUT_PREFERENCES").(string)
		if err := json.Unmarshal([]byte(text), &given); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		// AWS's names, as the provider writes them.
		names := map[string]string{
			"min_healthy_percentage": "MinHealthyPercentage", "max_healthy_percentage": "MaxHealthyPercentage", "instance_warmup": "InstanceWarmup",
			"checkpoint_percentages": "CheckpointPercentages", "checkpoint_delay": "CheckpointDelay", "alarm_specification": "AlarmSpecification",
		}
		group := at(s.get("aws_autoscaling_group", "web_group"), "instance_refresh", "preferences", 0).(object)
		for theirs, ours := range names {
			want, got := group[theirs], given[ours]
			if theirs == "alarm_specification" {
				want, got = at(want, "alarms"), at(got, "Alarms")
			}
			if fmt.Sprint(got) != fmt.Sprint(want) { // the provider takes some numbers as texts
				t.Errorf("rollout gets %s %v, the group has %v", ours, got, want)
			}
			delete(given, ours)
		}
		if len(given) > 0 {
			t.Errorf("rollout gets %v, too", given)
		}
		for name, want := range map[string]any{
			"skip_matching": refresh.SkipMatching, "scale_in_protected_instances": refresh.ScaleInProtectedInstances, "standby_instances": refresh.StandbyInstances,
		} {
			expect(t, group, want, name)
		}
	})
}

// TestRolloutCommand: the output is the command of the deploy, and what a shell
// makes of its preferences is what the deploy has.
func TestRolloutCommand(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		line := at(s.json, "output", "rollout_command", "value").(string)
		deploys := at(s.get("terraform_data", "web_rollout"), "provisioner", "local-exec").(object)
		rest, ok := strings.CutPrefix(line, deploys["command"].(string)+" --preferences ")
		if !ok {
			t.Fatalf("%s\nis not what the deploy runs: %s", line, deploys["command"])
		}
		out, err := exec.Command("sh", "-c", "printf %s "+rest).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if want := at(deploys, "environment", "ROLLOUT_PREFERENCES"); string(out) != want {
			t.Errorf("a shell makes of it\n%s\nwant\n%s", out, want)
		}
	})
}

// TestRolloutTimeout: slow instances and large groups have their time.
func TestRolloutTimeout(t *testing.T) {
	timeout := func(s stack) time.Duration {
		words := strings.Fields(at(s.get("terraform_data", "web_rollout"), "provisioner", "local-exec", "command").(string))
		for i, word := range words {
			if word == "--timeout" {
				d, err := time.ParseDuration(words[i+1])
				if err != nil {
					t.Fatal(err)
				}
				return d
			}
		}
		t.Fatalf("%s has no --timeout", words)
		return 0
	}
	usual := timeout(load(t, stacks.Stage.Name))
	for name, test := range map[string]struct {
		change func(*stacks.Environment)
		least  time.Duration // more than usual
	}{
		"slow instances": {func(e *stacks.Environment) { e.Cluster.Warmup = 20 * time.Minute }, 18 * time.Minute},
		"draining":       {func(e *stacks.Environment) { e.Cluster.DeregistrationDelay = 20 * time.Minute }, 19 * time.Minute},
		"one at a time":  {func(e *stacks.Environment) { e.Cluster.MaxHealthyPercentage = 101 }, 3 * 3 * time.Minute},
		"a schedule for a larger group": {func(e *stacks.Environment) {
			e.Cluster.MaxHealthyPercentage = 101
			e.Cluster.Schedules = []constructs.Schedule{{Name: "rush-hour", Recurrence: "0 8 * * *", MaxSize: 20}}
		}, 19 * 3 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			if got := timeout(synthesizeEnvironment(t, variant(test.change))); got < usual+test.least {
				t.Errorf("%v, want %v or more", got, usual+test.least)
			}
		})
	}
}
