package synth_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/stacks"
)

// TestRolloutGetsPreferences: the instance refresh goes on as the cluster's literal and
// the group's own settings say.
func TestRolloutGetsPreferences(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		var given object
		text := at(s.get("terraform_data", "web_rollout"), "provisioner", "local-exec", "environment", "ROLLOUT_PREFERENCES").(string)
		if err := json.Unmarshal([]byte(text), &given); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		group, literal := s.get("aws_autoscaling_group", "web_group"), s.literal.Cluster
		want := object{
			"MinHealthyPercentage": at(group, "instance_maintenance_policy", "min_healthy_percentage"),
			"MaxHealthyPercentage": at(group, "instance_maintenance_policy", "max_healthy_percentage"),
			"InstanceWarmup":       at(group, "default_instance_warmup"),
		}
		if len(literal.Checkpoints) > 0 {
			want["CheckpointPercentages"] = literal.Checkpoints
			want["CheckpointDelay"] = cmp.Or(literal.CheckpointDelay, 10*time.Minute).Seconds()
		}
		if literal.AlarmsStopRefresh {
			want["AlarmSpecification"] = object{"Alarms": []string{
				"${aws_cloudwatch_metric_alarm.web_alarm_target_5xx.alarm_name}", "${aws_cloudwatch_metric_alarm.web_alarm_unhealthy_hosts.alarm_name}",
			}}
		}
		if fmt.Sprint(given) != fmt.Sprint(want) { // maps are printed in order
			t.Errorf("rollout gets\n%v\nwant\n%v", given, want)
		}
	})
}

// TestRolloutFollowsGroup: the rollout waits for the group and brings it the
// template's version, for each version and each template anew.
func TestRolloutFollowsGroup(t *testing.T) {
	const group, template, version = "${aws_autoscaling_group.web_group.name}", "${aws_launch_template.web_template.id}", "${aws_launch_template.web_template.latest_version}"
	environments(t, func(t *testing.T, s stack) {
		rollout := s.get("terraform_data", "web_rollout")
		command := at(rollout, "provisioner", "local-exec", "command").(string)
		if want := "--group " + group + " --template " + template + " --template-version " + version + " "; !strings.Contains(command, want) {
			t.Errorf("the command is %s\nwant in it %s", command, want)
		}
		expect(t, rollout, object{"group": group, "template": template, "template_version": version}, "triggers_replace")
	})
}

// TestRolloutCommand: the output is the command of the deploy without the check for Go,
// and what a shell makes of its preferences is what the deploy has.
func TestRolloutCommand(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		line := at(s.json, "output", "rollout_command", "value").(string)
		deploys := at(s.get("terraform_data", "web_rollout"), "provisioner", "local-exec").(object)
		command, rest, ok := strings.Cut(line, " --preferences ")
		if !ok || !strings.HasSuffix(deploys["command"].(string), "&& "+command) {
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
