package synth_test

import (
	"fmt"
	"strings"
	"testing"
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
		want := []string{"web_alarm_target_5xx", "web_alarm_unhealthy_hosts", "web_alarm_cpu"}
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
	})
}
