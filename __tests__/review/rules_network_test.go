package review_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestNetwork(t *testing.T) {
	const in, out, other = "aws_vpc_security_group_ingress_rule.r", "aws_vpc_security_group_egress_rule.r", "aws_vpc_security_group_ingress_rule.other"
	rule := func(group, cidr string, from, to int) string {
		return fmt.Sprintf(`{"security_group_id": %q, "cidr_ipv4": %q, "from_port": %d, "to_port": %d, "ip_protocol": "tcp"}`, group, cidr, from, to)
	}
	tagged := func(tag string) string {
		return strings.TrimSuffix(rule("lb", "0.0.0.0/0", 80, 80), "}") + `, "tags": {"A": "` + tag + `"}}`
	}
	listener := map[string]string{
		"aws_lb_listener.l": `{"port": 80}`, "aws_lb.lb": `{"security_groups": ["lb"]}`,
		"aws_db_instance.db": `{"vpc_security_group_ids": ["db"]}`, "aws_launch_template.t": `{"network_interfaces": [{"security_groups": ["instances"]}]}`,
	}
	check(t, []row{
		{address: in, after: rule("lb", "0.0.0.0/0", 80, 80), level: nothing, word: "port 80 of the load balancer", beside: listener},
		{address: in, after: rule("instances", "0.0.0.0/0", 80, 80), level: atRisk, word: "port 80 of the instances", beside: listener},
		{address: in, after: rule("db", "0.0.0.0/0", 80, 80), level: atRisk, word: "port 80 of the database", beside: listener},
		{address: in, after: rule("db", "0.0.0.0/0", 3306, 3306), level: atRisk, word: "port 3306 of the database", beside: listener},
		{address: in, after: rule("x", "0.0.0.0/0", 80, 80), level: atRisk, word: "not the load balancer's", beside: listener},
		{address: in, after: `{"security_group_id": "lb", "cidr_ipv6": "::/0", "from_port": 22, "to_port": 22}`, level: atRisk, word: "no listener", beside: listener},
		{address: in, after: rule("db", "10.0.0.0/8", 3306, 3306), level: nothing, word: "more may connect"},
		{address: in, before: rule("lb", "10.0.0.0/8", 80, 80), level: interruption, word: "can open no connection"},
		{address: in, before: rule("lb", "10.0.0.0/8", 80, 80), beside: map[string]string{other: rule("lb", "0.0.0.0/0", 80, 80)}},
		{address: in, before: rule("lb", "10.0.0.0/8", 80, 80), after: rule("lb", "10.0.0.0/9", 80, 80), beside: map[string]string{other: rule("lb", "0.0.0.0/0", 80, 80)}},
		{address: in, before: rule("lb", "10.0.0.0/8", 80, 80), beside: map[string]string{other: rule("lb", "10.0.0.0/9", 80, 80)}, level: interruption, word: "who was let in"},
		{address: in, before: rule("lb", "10.0.0.0/8", 80, 80), beside: map[string]string{other: rule("db", "0.0.0.0/0", 80, 80)}, level: interruption, word: "who was let in"},
		{address: in, before: rule("lb", "10.0.0.0/8", 80, 80), beside: map[string]string{other: rule("lb", "0.0.0.0/0", 443, 443)}, level: interruption, word: "who was let in"},
		{address: in, before: rule("lb", "10.0.0.0/8", 80, 80), was: map[string]string{other: rule("lb", "0.0.0.0/0", 80, 80)}, level: interruption, word: "who was let in"},
		{address: in, before: rule("lb", "10.0.0.0/8", 80, 80), was: map[string]string{other: tagged("a")}, becomes: map[string]string{other: tagged("b")}},
		{address: in, before: rule("lb", "10.0.0.0/8", 80, 80), after: rule("lb", "0.0.0.0/0", 80, 80), level: nothing, word: "everybody", beside: listener},
		{address: in, before: rule("lb", "0.0.0.0/0", 80, 80), after: rule("lb", "0.0.0.0/0", 80, 90), level: atRisk, word: "80 to 90", beside: listener},
		{address: in, before: rule("lb", "10.0.0.0/8", 80, 80), after: rule("lb", "11.0.0.0/8", 80, 80), level: interruption, word: "can open no connection"},
		{address: in, before: `{"description": "a"}`, after: `{"description": "b"}`},
		{address: in, before: `{"security_group_id": "a"}`, after: `{"security_group_id": "b"}`, level: interruption, word: "security_group_id"},
		{address: out, after: `{"cidr_ipv4": "0.0.0.0/0"}`},
		{address: out, before: rule("instances", "0.0.0.0/0", 443, 443), level: interruption, word: "what was called by this rule"},
		{address: "aws_vpc.v", before: `{"cidr_block": "10.0.0.0/16"}`, after: `{"cidr_block": "10.1.0.0/16"}`, level: interruption, word: "cidr_block"},
		{address: "aws_route.r", before: `{"gateway_id": "a"}`, level: interruption, word: "nobody gets an answer"},
		{address: "aws_route.r", before: `{"nat_gateway_id": "a"}`, after: `{"nat_gateway_id": "b"}`, level: nothing, word: "some seconds"},
		{address: "aws_nat_gateway.n", before: `{"subnet_id": "a"}`, after: `{"subnet_id": "b"}`, level: nothing, word: "because of subnet_id"},
		{address: "aws_subnet.s", before: `{"cidr_block": "a"}`, after: `{"cidr_block": "b"}`, level: interruption, word: "cidr_block"},
		{address: "aws_security_group.g", before: `{"name_prefix": "a"}`, after: `{"name_prefix": "b"}`, level: interruption, word: "another group"},
		{address: "aws_vpc_endpoint.e", after: `{"service_name": "a"}`, level: unknown, word: "no rule knows aws_vpc_endpoint"},
		{address: "aws_wafv2_web_acl.w", before: `{"name": "a"}`, after: `{"name": "b"}`, level: unknown, word: "no rule knows aws_wafv2_web_acl"},
	})
}

// TestWaysOut: what becomes of subnets and instances whose way out goes.
func TestWaysOut(t *testing.T) {
	const association, gateway, template = "aws_route_table_association.a", "aws_nat_gateway.n", "aws_launch_template.t"
	const subnet, routes = "aws_subnet.s", "aws_route.r"
	of := `{"subnet_id": "${aws_subnet.s.id}", "route_table_id": "${aws_route_table.t.id}"}`
	leads := map[string]string{routes: `{"route_table_id": "${aws_route_table.t.id}", "gateway_id": "g"}`}
	there := map[string]string{subnet: `{"cidr_block": "c"}`}
	secret := map[string]string{
		"aws_iam_instance_profile.i": `{"role": "${aws_iam_role.r.name}"}`, template: `{"user_data": "# Serves one page and a health path. Needs nothing from the network: Python"}`,
		"aws_iam_role_policy.p": `{"role": "${aws_iam_role.r.id}", "policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"secretsmanager:GetSecretValue\", \"Resource\": \"*\"}]}"}`,
	}
	const endpoint = "aws_vpc_endpoint.e"
	check(t, []row{
		{address: association, before: of, was: there, beside: leads, level: nothing, word: "has to leave it first"},
		{address: association, before: of, beside: with(leads, subnet, `{"cidr_block": "c"}`), level: interruption, word: "main route table"},
		{address: association, before: of, beside: there},
		{address: association, before: of, beside: with(leads, "aws_route_table_association.b", `{"subnet_id": "${aws_subnet.s.id}", "route_table_id": "b"}`), level: nothing, word: "other routes"},
		{address: gateway, before: `{"subnet_id": "a"}`, level: nothing, word: "unless there are VPC endpoints"},
		{address: gateway, before: `{"subnet_id": "a"}`, beside: map[string]string{template: secret[template]}, level: nothing, word: "unless there are VPC endpoints"},
		{address: gateway, before: `{"subnet_id": "a"}`, beside: secret, level: interruption, word: "may read a secret"},
		{address: gateway, before: `{"subnet_id": "a"}`, beside: with(secret, endpoint, `{"service_name": "com.amazonaws.eu-central-1.secretsmanager"}`), level: nothing, word: "unless there are VPC endpoints"},
		{address: gateway, before: `{"subnet_id": "a"}`, beside: map[string]string{"aws_s3_object.o": `{"key": "k"}`}, level: interruption, word: "cannot fetch the application"},
		{address: gateway, before: `{"subnet_id": "a"}`, beside: map[string]string{template: `{"user_data": "#!/bin/bash"}`}, level: unknown, word: "no rule knows"},
		{address: gateway, before: `{"subnet_id": "a"}`, beside: map[string]string{template: `{"user_data": "#!/bin/bash"}`, endpoint: `{"service_name": "x"}`}, level: nothing, word: "unless there are VPC endpoints"},
		{address: gateway, before: `{"subnet_id": "a"}`, beside: map[string]string{"aws_nat_gateway.m": `{"subnet_id": "b"}`}, level: nothing, word: "some seconds"},
	})
}

func TestStore(t *testing.T) {
	policy := func(statement string) string {
		return `{"bucket": "b", "policy": "{\"Statement\": [` + strings.ReplaceAll(statement, `"`, `\"`) + `]}"}`
	}
	const tls, read = `{"Effect": "Deny", "Action": "s3:*", "Principal": "*"}`, `{"Effect": "Allow", "Action": "s3:GetObject", "Principal": "*"}`
	const lifecycle = "aws_s3_bucket_lifecycle_configuration.l"
	check(t, []row{
		{address: "aws_s3_bucket.b", before: `{"bucket": "a"}`, level: atRisk, word: "goes"},
		{address: "aws_s3_bucket.b", before: `{"bucket": "a"}`, after: `{"bucket": "b"}`, level: atRisk, word: "another bucket"},
		{address: "aws_s3_bucket.b", before: `{"force_destroy": false}`, after: `{"force_destroy": true}`, level: atRisk, word: "deletes all"},
		{address: "aws_s3_bucket_versioning.v", before: `{"versioning_configuration": [{"status": "Enabled"}]}`, after: `{"versioning_configuration": [{"status": "Suspended"}]}`, level: atRisk, word: "is gone"},
		{address: "aws_s3_bucket_public_access_block.v", before: `{"block_public_acls": true}`, after: `{"block_public_acls": false}`, level: atRisk, word: "public"},
		{address: "aws_s3_bucket_policy.p", before: policy(tls), after: policy(read), level: atRisk, word: "no longer refuses: denied: s3:*"},
		{address: "aws_s3_bucket_policy.p", before: policy(tls), after: policy(tls + ", " + read), level: nothing, word: "more is let into"},
		{address: "aws_s3_bucket_policy.p", before: policy(tls), level: atRisk, word: "without TLS"},
		{address: lifecycle, before: `{"rule": [{"noncurrent_version_expiration": {"noncurrent_days": 365}}]}`, after: `{"rule": [{"noncurrent_version_expiration": {"noncurrent_days": 30}}]}`, level: atRisk, word: "30 days"},
		{address: lifecycle, before: `{"rule": [{"noncurrent_version_expiration": {"noncurrent_days": 30}}]}`, after: `{"rule": [{"noncurrent_version_expiration": {"noncurrent_days": 365}}]}`},
		{address: lifecycle, before: `{"rule": [{"expiration": {"days": 365}}]}`, after: `{"rule": [{"expiration": {"days": 30}}]}`, level: atRisk, word: "30 days"},
		{address: lifecycle, before: `{"rule": [{"noncurrent_version_expiration": {"newer_noncurrent_versions": 50}}]}`, after: `{"rule": [{"noncurrent_version_expiration": {"noncurrent_days": 365}}]}`, level: atRisk, word: "fewer former versions"},
		{address: "aws_dynamodb_table.t", before: `{"name": "a"}`, level: atRisk, word: "locks"},
		{address: "aws_dynamodb_table.t", before: `{"deletion_protection_enabled": true}`, after: `{"deletion_protection_enabled": false}`, level: atRisk, word: "deleted"},
		{address: "aws_dynamodb_table.t", before: `{"point_in_time_recovery": {"enabled": true}}`, after: `{"point_in_time_recovery": {"enabled": false}}`, level: atRisk, word: "restored"},
		{address: "aws_cloudwatch_log_group.l", before: `{"retention_in_days": 365}`, after: `{"retention_in_days": 30}`, level: nothing, word: "30 days"},
		{address: "aws_cloudwatch_metric_alarm.a", before: `{"alarm_name": "a"}`, level: nothing, word: "told"},
		{address: "aws_kms_key.k", before: `{"description": "a"}`, level: nothing, word: "cannot be read"},
	})
}
