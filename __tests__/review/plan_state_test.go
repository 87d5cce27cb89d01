package review_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"example.com/webserver-cluster/internal/review"
)

// resourceChange is what a plan does to a resource, with its arguments before and after.
func resourceChange(address string, before, after any, actions ...string) object {
	kind, name, _ := strings.Cut(address, ".")
	return object{"address": address, "mode": "managed", "type": kind, "name": name,
		"change": object{"actions": actions, "before": before, "after": after, "after_unknown": object{}}}
}

// planOf is a plan of a recorded stack.
func planOf(t *testing.T, stack *review.Stack, changes, drift []object) *review.Plan {
	t.Helper()
	var resources []object
	for _, address := range slices.Sorted(maps.Keys(stack.Resources)) {
		kind, name, _ := strings.Cut(address, ".")
		resources = append(resources, object{"address": address, "mode": "managed", "type": kind, "name": name})
	}
	text, err := json.Marshal(object{
		"format_version": "1.2", "terraform_version": "1.11.4", "planned_values": object{}, "resource_changes": changes, "resource_drift": drift,
		"configuration": object{"root_module": object{"resources": resources}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := review.ParsePlan(stack, text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestDeposed: what an earlier replacement has left is not what there is now.
func TestDeposed(t *testing.T) {
	stack, _ := parse(t, "stage", recorded(t, "stage"))
	deposed := func(address string, values object) object {
		c := resourceChange(address, values, nil, "delete")
		c["deposed"] = "1234abcd"
		return c
	}
	const left = "what is left of an earlier replacement"
	for address, level := range map[string]review.Level{
		"aws_lb_target_group.web_targets": nothing, "aws_autoscaling_group.web_group": nothing, "aws_db_instance.mysql_instance": unknown,
	} {
		v := review.Judge(stack, stack, planOf(t, stack, []object{deposed(address, object{"name": "a"})}, nil))
		text := inText(t, review.NewReport("main", []review.Verdict{v}, nil, nil, nil), review.Style{Verbose: true, Width: 1000})
		if v.Level != level || !strings.Contains(text, left) || !strings.Contains(text, "- "+address+" (deposed object 1234abcd)") {
			t.Errorf("%s is %q, want %q:\n%s", address, v.Level.Word(), level.Word(), text)
		}
	}
	// Beside a change of the group that is there, and a rolling replacement.
	group, rollout := "aws_autoscaling_group.web_group", "terraform_data.web_rollout"
	changes := []object{
		resourceChange(group, object{"desired_capacity": 3, "max_size": 4}, object{"desired_capacity": 3, "max_size": 6}, "update"),
		resourceChange("aws_launch_template.web_template", object{"user_data": "a"}, object{"user_data": "b"}, "update"),
		resourceChange(rollout, object{"triggers_replace": object{"template_version": 1}}, object{"triggers_replace": object{"template_version": 2}}, "delete", "create"),
		deposed(group, object{"desired_capacity": 9}),
	}
	for range 2 {
		v := review.Judge(stack, stack, planOf(t, stack, changes, nil))
		if v.Level != rolling || v.Fleet == nil || v.Fleet.Instances != 3 {
			t.Errorf("%+v, fleet %+v", v.Findings, v.Fleet)
		}
		slices.Reverse(changes)
	}
}

// TestGone: what the code had before, and a plan makes anew.
func TestGone(t *testing.T) {
	stack, _ := parse(t, "stage", recorded(t, "stage"))
	const database, alarm = "aws_db_instance.mysql_instance", "aws_cloudwatch_metric_alarm.web_alarm_cpu"
	made := func(address string) object { return resourceChange(address, nil, object{"name": "a"}, "create") }
	there := resourceChange("aws_vpc.network_vpc", object{"cidr_block": "10.10.0.0/16"}, object{"cidr_block": "10.10.0.0/16"}, "no-op")
	deleted := func(address string) object { return resourceChange(address, object{"name": "a"}, nil, "delete") }
	var all []object
	for address := range stack.Resources {
		all = append(all, made(address))
	}
	withoutAlarm := recorded(t, "stage")
	delete(withoutAlarm["resource"].(map[string]any)["aws_cloudwatch_metric_alarm"].(map[string]any), "web_alarm_cpu")
	older, _ := parse(t, "stage", withoutAlarm)
	const notYet, lost, gone = "not deployed yet, or taken out", "nothing of it is in the state", "gone from AWS"
	for _, c := range []struct {
		name           string
		before         *review.Stack
		changes, drift []object
		level          review.Level
		word           string
	}{
		{"the state is lost", stack, all, nil, unknown, lost},
		{"a new environment", nil, all, nil, nothing, ""},
		{"the database is not in the state", stack, []object{there, made(database)}, nil, unknown, notYet},
		{"the database is deleted on AWS", stack, []object{there, made(database)}, []object{deleted(database)}, atRisk, gone},
		{"an alarm is deleted on AWS", stack, []object{there, made(alarm)}, []object{deleted(alarm)}, unknown, gone},
		{"an alarm that is merged and not deployed", stack, []object{there, made(alarm)}, nil, nothing, notYet},
		{"an alarm that is new", older, []object{there, made(alarm)}, nil, nothing, ""},
		{"everything is deleted on AWS", stack, all, []object{deleted(database), deleted(alarm)}, atRisk, lost},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := review.Judge(c.before, stack, planOf(t, stack, c.changes, c.drift))
			text := inText(t, review.NewReport("main", []review.Verdict{v}, nil, nil, nil), review.Style{Width: 1000})
			if v.Level != c.level || c.word != "" && strings.Count(text, c.word) != 1 || strings.Contains(text, notYet) && c.word != notYet || strings.Contains(text, lost) && c.word != lost {
				t.Errorf("is %q, want %q, and %q once:\n%s", v.Level.Word(), c.level.Word(), c.word, text)
			}
		})
	}
}

// TestTimeouts: how long the provider waits is nothing on AWS.
func TestTimeouts(t *testing.T) {
	stack, _ := parse(t, "stage", recorded(t, "stage"))
	before, after := object{"max_size": 4, "timeouts": object{"delete": "20m"}}, object{"max_size": 4, "timeouts": object{"delete": "30m"}}
	v := review.Judge(stack, stack, planOf(t, stack, []object{resourceChange("aws_autoscaling_group.web_group", before, after, "update")}, nil))
	if v.Level != nothing || len(v.Findings) > 0 {
		t.Errorf("%+v", v.Findings)
	}
}
