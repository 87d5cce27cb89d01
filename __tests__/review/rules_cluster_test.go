package review_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"example.com/webserver-cluster/internal/review"
)

func TestBalancer(t *testing.T) {
	const lb, tg, listener = "aws_lb.lb", "aws_lb_target_group.tg", "aws_lb_listener.l"
	check(t, []row{
		{address: lb, before: `{"name": "a"}`, level: interruption, word: "nobody gets an answer"},
		{address: lb, before: `{"name": "a"}`, after: `{"name": "b"}`, level: interruption, word: "because of name"},
		{address: lb, before: `{"internal": false}`, after: `{"internal": true}`, level: interruption, word: "because of internal"},
		{address: lb, before: `{"idle_timeout": 30}`, after: `{"idle_timeout": 60}`, level: nothing, word: "502"},
		{address: lb, before: `{"idle_timeout": 60}`, after: `{"idle_timeout": 30}`, level: nothing, word: "30 s is cut"},
		{address: lb, before: `{"subnets": ["a", "b"]}`, after: `{"subnets": ["a"]}`, level: unknown, word: "leaves a zone"},
		{address: lb, before: `{"subnets": ["a"]}`, after: `{"subnets": ["b", "a"]}`},
		{address: lb, before: `{"subnets": ["a", "b"]}`, after: `{"subnets": ["b", "a"]}`},
		{address: lb, before: `{"security_groups": ["a"]}`, after: `{"security_groups": ["b"]}`, level: interruption, word: "security group"},
		{address: lb, before: `{"enable_deletion_protection": true}`, after: `{"enable_deletion_protection": false}`, level: nothing, word: "can be deleted"},
		{address: lb, before: `{"access_logs": {"enabled": true}}`, after: `{"access_logs": {"enabled": false}}`, level: nothing, word: "no more"},
		{address: lb, before: `{"access_logs": {"prefix": "a"}}`, after: `{"access_logs": {"prefix": "b"}}`},
		{address: lb, before: `{"desync_mitigation_mode": "defensive"}`, after: `{"desync_mitigation_mode": "monitor"}`, level: unknown, word: "desync_mitigation_mode"},
		{address: tg, before: `{"port": 80}`, after: `{"port": 81}`, level: interruption, word: "because of port"},
		{address: tg, before: `{"deregistration_delay": "45"}`, after: `{"deregistration_delay": "30"}`, level: nothing, word: "30 s are cut"},
		{address: tg, before: `{"deregistration_delay": "45"}`, after: `{"deregistration_delay": "60"}`},
		{address: tg, before: `{"health_check": {"path": "/a"}}`, after: `{"health_check": {"path": "/b"}}`, level: interruption, word: "unhealthy"},
		{address: tg, before: `{"health_check": {"timeout": 5}}`, after: `{"health_check": {"timeout": 2}}`, level: nothing, word: "2 s"},
		{address: tg, before: `{"health_check": {"unhealthy_threshold": 5}}`, after: `{"health_check": {"unhealthy_threshold": 2}}`, level: nothing, word: "2 checks"},
		{address: tg, before: `{"health_check": {"interval": 5}}`, after: `{"health_check": {"interval": 15}}`},
		{address: listener, before: `{"port": 80}`, level: interruption, word: "refused"},
		{address: listener, before: `{"port": 80}`, after: `{"port": 81}`, level: interruption, word: "former port"},
		{address: listener, before: `{"load_balancer_arn": "a"}`, after: `{"load_balancer_arn": "b"}`, level: interruption, word: "because of load_balancer_arn"},
		{address: listener, before: `{"certificate_arn": "a"}`, after: `{"certificate_arn": "b"}`, level: unknown, word: "another certificate"},
		{address: listener, before: `{"certificate_arn": "a"}`, after: `{"certificate_arn": "${aws_acm_certificate.c.arn}"}`},
		{address: "aws_route53_record.r", before: `{"name": "a", "alias": [], "records": ["b"]}`, level: nothing, word: "renews"},
		{address: listener, before: `{"ssl_policy": "a"}`, after: `{"ssl_policy": "b"}`, level: interruption, word: "ciphers"},
		{address: listener, before: `{"default_action": [{"type": "forward"}]}`, after: `{"default_action": [{"type": "redirect"}]}`, level: interruption, word: "HTTPS"},
		{address: listener, before: `{"default_action": [{"type": "redirect"}]}`, after: `{"default_action": [{"type": "forward"}]}`, level: nothing, word: "without encryption"},
		{address: "aws_route53_record.r", before: `{"name": "a", "alias": {"name": "b"}}`, level: interruption, word: "nowhere"},
		{address: "aws_route53_record.r", before: `{"name": "a", "records": ["b"]}`, level: nothing, word: "renews"},
		{address: "aws_route53_record.r", before: `{"alias": {"name": "b"}}`, after: `{"alias": {"name": "c"}}`, level: interruption, word: "elsewhere"},
		{address: "aws_route53_record.r", before: `{"alias": [{"name": "b", "evaluate_target_health": false}]}`, after: `{"alias": [{"name": "b", "evaluate_target_health": true}]}`, level: nothing, word: "unhealthy"},
		{address: "aws_route53_record.r", before: `{"records": ["b"], "ttl": 60}`, after: `{"records": ["b"], "ttl": 300}`, level: nothing, word: "for how long"},
		{address: "aws_acm_certificate.c", before: `{"domain_name": "a"}`, after: `{"domain_name": "b"}`},
	})
}

func TestCluster(t *testing.T) {
	const group, template, policy = "aws_autoscaling_group.g", "aws_launch_template.t", "aws_iam_role_policy.p"
	rollout := map[string]string{"terraform_data.rollout": rolloutOf}
	doc := func(action string) string {
		return strings.ReplaceAll(`{"role": "r", "policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": [ACTION], \"Resource\": \"*\"}]}"}`, "ACTION", action)
	}
	check(t, []row{
		{address: group, before: `{"name_prefix": "a"}`, level: interruption, word: "all instances go"},
		{address: group, before: `{"name_prefix": "a"}`, after: `{"name_prefix": "b"}`, level: interruption, word: "because of name_prefix"},
		{address: group, before: `{"vpc_zone_identifier": ["a", "b"]}`, after: `{"vpc_zone_identifier": ["a"]}`, level: rolling, word: "leaves a zone"},
		{address: group, before: `{"max_size": 2, "vpc_zone_identifier": ["a"]}`, after: `{"max_size": 2, "vpc_zone_identifier": ["a", "b"]}`, level: rolling, word: "another zone"},
		{address: group, before: `{"max_size": 2, "vpc_zone_identifier": ["a", "b"]}`, after: `{"max_size": 2, "vpc_zone_identifier": ["a", "b", "c"]}`},
		{address: group, before: `{"min_size": 2, "max_size": 4, "vpc_zone_identifier": ["a", "b"]}`, after: `{"min_size": 2, "max_size": 4, "vpc_zone_identifier": ["a", "b", "c"]}`, level: rolling, word: "more than 2 instances now"},
		{address: group, before: `{"vpc_zone_identifier": ["b", "a"]}`, after: `{"vpc_zone_identifier": ["a", "b"]}`},
		{address: group, before: `{"mixed_instances_policy": {"instances_distribution": {"on_demand_base_capacity": 0}}}`, after: `{"mixed_instances_policy": {"instances_distribution": {"on_demand_base_capacity": 1}}}`, level: rolling, word: "On-Demand"},
		{address: group, before: `{"min_size": 2}`, after: `{"min_size": 2, "mixed_instances_policy": {"instances_distribution": {"on_demand_base_capacity": 0, "on_demand_percentage_above_base_capacity": 100}}}`},
		{address: group, before: `{"max_size": 4}`, after: `{"max_size": 3}`, level: nothing, word: "at most 3"},
		{address: group, before: `{"max_size": 4}`, after: `{"max_size": 5}`},
		{address: group, before: `{"min_size": 2}`, after: `{"min_size": 3}`},
		{address: group, before: `{"target_group_arns": ["a"]}`, after: `{"target_group_arns": ["b"]}`, level: interruption, word: "another target group"},
		{address: group, before: `{"health_check_type": "ELB"}`, after: `{"health_check_type": "EC2"}`, level: nothing, word: "unhealthy"},
		{address: group, before: `{"suspended_processes": []}`, after: `{"suspended_processes": ["Launch"]}`, level: unknown, word: "suspended_processes"},
		{address: template, before: `{"image_id": "a"}`, after: `{"image_id": "b"}`, level: unknown, word: "no rollout"},
		{address: template, before: `{"image_id": "a"}`, after: `{"image_id": "b"}`, level: rolling, word: "the instances are replaced", beside: with(rollout, group, `{"min_size": 2, "max_size": 4}`)},
		{address: template, before: `{"block_device_mappings": [{"ebs": {"encrypted": "true"}}]}`, after: `{"block_device_mappings": [{"ebs": {"encrypted": "false"}}]}`, level: atRisk, word: "not encrypted"},
		{address: "aws_autoscaling_schedule.s", before: `{"min_size": 2}`, level: nothing, word: "stays as it is"},
		{address: policy, before: doc(`\"a:b\"`), after: doc(`\"a:b\", \"a:c\"`), level: nothing, word: "IAM widened: the role may now: a:c"},
		{address: policy, before: doc(`\"a:b\", \"a:c\"`), after: doc(`\"a:b\"`), level: unknown, word: "IAM narrowed: the role may no longer, at once: a:c"},
		{address: policy, before: doc(`\"a:b\"`), after: doc(`\"a:c\"`), level: unknown, word: "widened and narrowed"},
		{address: policy, before: doc(`\"a:b\", \"a:c\"`), after: doc(`\"a:c\", \"a:b\"`)},
		{address: "aws_iam_role.r", before: `{"name_prefix": "a"}`, after: `{"name_prefix": "b"}`, level: interruption, word: "because of name_prefix"},
		{address: "aws_ssm_parameter.p", before: `{"name": "a"}`, level: nothing, word: "pinned"},
	})
}

// TestZoneByPlan: a plan tells how many instances there are.
func TestZoneByPlan(t *testing.T) {
	const group = "aws_autoscaling_group.g"
	side := func(zones string) *review.Stack {
		return parsed(t, map[string]string{group: `{"min_size": 2, "max_size": 4, "vpc_zone_identifier": [` + zones + `]}`}, "")
	}
	before, after := side(`"a", "b"`), side(`"a", "b", "c"`)
	for capacity, want := range map[int]review.Level{2: nothing, 4: rolling} {
		v := review.Judge(before, after, &review.Plan{Changes: review.Compare(before, after), Capacity: map[string]int{group: capacity}})
		if v.Level != want {
			t.Errorf("of %d instances, one more zone is %q, want %q: %+v", capacity, v.Level.Word(), want, v.Findings)
		}
	}
}

// TestMixed: a mixed instances policy that comes or goes while the launch template changes.
func TestMixed(t *testing.T) {
	const group, template = "aws_autoscaling_group.g", "aws_launch_template.t"
	single := `{"min_size": 2, "max_size": 4, "launch_template": [{"id": "${aws_launch_template.t.id}"}]}`
	several := func(onDemand int) string {
		return fmt.Sprintf(`{"min_size": 2, "max_size": 4, "mixed_instances_policy": [{"instances_distribution": [{"on_demand_percentage_above_base_capacity": %d}],
			"launch_template": [{"launch_template_specification": [{"launch_template_id": "${aws_launch_template.t.id}"}]}]}]}`, onDemand)
	}
	rollout := map[string]string{"terraform_data.rollout": rolloutOf}
	was, becomes := map[string]string{template: `{"user_data": "a"}`}, map[string]string{template: `{"user_data": "b"}`}
	check(t, []row{
		{address: group, before: single, after: several(0), was: was, becomes: becomes, beside: rollout, level: unknown, word: "let this deploy change nothing else"},
		{address: group, before: several(0), after: single, was: was, becomes: becomes, beside: rollout, level: unknown, word: "let this deploy change nothing else"},
		{address: group, before: several(0), after: several(50), was: was, becomes: becomes, beside: rollout, level: rolling, word: "On-Demand"},
		{address: group, before: single, after: several(0), beside: with(rollout, template, `{"user_data": "a"}`), level: rolling, word: "On-Demand"},
	})
	types := row{address: group, before: single, after: several(100), was: was, becomes: becomes, beside: rollout}.judge(t)
	if types.Level != rolling || !slices.ContainsFunc(types.Findings, func(f review.Finding) bool { return f.Attention && strings.Contains(f.Text, "change nothing else") }) {
		t.Errorf("of other types with another template: %+v", types.Findings)
	}
}

// rolloutOf is a rollout of the group g by the launch template t.
const rolloutOf = `{"triggers_replace": {"group": "${aws_autoscaling_group.g.name}", "version": "${aws_launch_template.t.latest_version}"},
	"provisioner": [{"local-exec": {"command": "rollout --timeout 1h0m0s", "environment": {"ROLLOUT_PREFERENCES": "{\"MinHealthyPercentage\": 100, \"MaxHealthyPercentage\": 200}"}}}]}`

func with(all map[string]string, address, arguments string) map[string]string {
	more := map[string]string{address: arguments}
	for a, text := range all {
		more[a] = text
	}
	return more
}
