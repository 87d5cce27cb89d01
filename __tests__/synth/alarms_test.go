package synth_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/stacks"
)

// TestTopicIsEncrypted looks for the key's statement without which CloudWatch
// cannot publish to the topic.
func TestTopicIsEncrypted(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		expect(t, s.get("aws_sns_topic", "alerts_topic"), "${aws_kms_key.alerts_key.arn}", "kms_master_key_id")
		key := s.get("aws_kms_key", "alerts_key")
		expect(t, key, true, "enable_key_rotation")
		expect(t, key, "${data.aws_iam_policy_document.alerts_key_policy.json}", "policy")
		statement := at(s.json, "data", "aws_iam_policy_document", "alerts_key_policy", "statement", 1)
		expect(t, statement, "[cloudwatch.amazonaws.com]", "principals", 0, "identifiers")
		expect(t, statement, "[kms:Decrypt kms:GenerateDataKey*]", "actions")
	})
}

func TestAlarms(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		alarms := s.all("aws_cloudwatch_metric_alarm")
		want := []string{
			"web_alarm_target_5xx", "web_alarm_unhealthy_hosts", "web_alarm_cpu",
			"web_alarm_balancer_5xx", "web_alarm_no_healthy_hosts", "web_alarm_latency_p99", "web_alarm_rejected_connections",
		}
		if strings.HasPrefix(s.literal.Cluster.InstanceType, "t") { // burstable
			want = append(want, "web_alarm_cpu_credits")
		}
		for _, name := range want {
			if alarms[name] == nil {
				t.Errorf("there is no %s", name)
			}
		}
		for name, alarm := range alarms {
			if fmt.Sprint(alarm["alarm_actions"]) != "[${aws_sns_topic.alerts_topic.arn}]" {
				t.Errorf("%s notifies %v", name, alarm["alarm_actions"])
			}
		}
		// Without any target there is no value, and nobody is served.
		nobody := alarms["web_alarm_no_healthy_hosts"]
		expect(t, nobody, "LessThanThreshold", "comparison_operator")
		expect(t, nobody, 1, "threshold")
		expect(t, nobody, "Maximum", "statistic") // of what the load balancer's nodes count
		expect(t, nobody, "breaching", "treat_missing_data")
		expect(t, nobody, "[terraform_data.web_rollout]", "depends_on") // or it goes off before the first ones serve
		// Of few requests, a percentile is the slowest one.
		expect(t, alarms["web_alarm_latency_p99"], nil, "statistic")
		expect(t, alarms["web_alarm_latency_p99"], "p99", "extended_statistic")
		expect(t, alarms["web_alarm_latency_p99"], "ignore", "evaluate_low_sample_count_percentiles")
		// What the load balancer counts by itself, it counts for no target group.
		for _, name := range []string{"web_alarm_balancer_5xx", "web_alarm_rejected_connections"} {
			expect(t, alarms[name], "map[LoadBalancer:${aws_lb.web_lb.arn_suffix}]", "dimensions")
		}
	})
}

func TestClusterAlarms(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Cluster.AlarmsStopRefresh = true
		e.Cluster.Alarms = constructs.ClusterAlarms{
			Target5XX: 3, LoadBalancer5XX: 4, LatencyP99: 250 * time.Millisecond, RejectedConnections: constructs.AlarmOff, CPU: constructs.AlarmOff,
		}
	}))
	alarms := s.all("aws_cloudwatch_metric_alarm")
	for name, threshold := range map[string]any{"target_5xx": 3, "balancer_5xx": 4, "latency_p99": 0.25, "unhealthy_hosts": 0} {
		expect(t, alarms["web_alarm_"+name], threshold, "threshold")
	}
	for _, off := range []string{"web_alarm_rejected_connections", "web_alarm_cpu"} {
		if alarms[off] != nil {
			t.Errorf("%s is there", off)
		}
	}
	// Those that are about the new instances, and no other.
	preferences := fmt.Sprint(at(s.get("terraform_data", "web_rollout"), "provisioner", 0, "local-exec", "environment", "ROLLOUT_PREFERENCES"))
	for name := range alarms {
		stops := name == "web_alarm_target_5xx" || name == "web_alarm_unhealthy_hosts"
		if strings.Contains(preferences, "aws_cloudwatch_metric_alarm."+name+".") != stops {
			t.Errorf("the alarms that stop a refresh: %s", preferences)
		}
	}
}
