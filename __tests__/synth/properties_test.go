package synth_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.com/webserver-cluster/stacks"
)

const (
	balancerGroup = "${aws_security_group.web_lb_security_group.id}"
	instanceGroup = "${aws_security_group.web_instances_security_group.id}"
	databaseGroup = "${aws_security_group.mysql_security_group.id}"
	everywhere    = "0.0.0.0/0"
)

// rules returns the rules of a security group, of the kind "ingress" or
// "egress", as "source:port".
func (s stack) rules(kind, group string) map[string]bool {
	found := map[string]bool{}
	for name, rule := range s.all("aws_vpc_security_group_" + kind + "_rule") {
		if rule["security_group_id"] != group {
			continue
		}
		peer := rule["referenced_security_group_id"]
		if peer == nil {
			peer = rule["cidr_ipv4"]
		}
		if rule["from_port"] != rule["to_port"] || rule["ip_protocol"] != "tcp" {
			s.t.Errorf("%s opens more than one TCP port", name)
		}
		found[fmt.Sprintf("%v:%v", peer, rule["from_port"])] = true
	}
	return found
}

func expectRules(t *testing.T, got map[string]bool, want ...string) {
	t.Helper()
	wanted := map[string]bool{}
	for _, w := range want {
		wanted[w] = true
	}
	if fmt.Sprint(got) != fmt.Sprint(wanted) {
		t.Errorf("rules are %v, want %v", got, wanted)
	}
}

func TestTraffic(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		t.Run("the load balancer takes HTTP from anywhere and calls instances only", func(t *testing.T) {
			expectRules(t, s.rules("ingress", balancerGroup), everywhere+":80")
			expectRules(t, s.rules("egress", balancerGroup), instanceGroup+":8080")
		})
		t.Run("instances take traffic from the load balancer only", func(t *testing.T) {
			expectRules(t, s.rules("ingress", instanceGroup), balancerGroup+":8080")
			expectRules(t, s.rules("egress", instanceGroup), everywhere+":443", databaseGroup+":3306")
		})
		t.Run("the database takes traffic from instances only and calls nobody", func(t *testing.T) {
			expectRules(t, s.rules("ingress", databaseGroup), instanceGroup+":3306")
			expectRules(t, s.rules("egress", databaseGroup))
		})
		t.Run("the default security group is closed", func(t *testing.T) {
			group := s.get("aws_default_security_group", "network_default_security_group")
			expect(t, group, nil, "ingress")
			expect(t, group, nil, "egress")
		})
		t.Run("no security group has rules of its own besides", func(t *testing.T) {
			groups := s.all("aws_security_group")
			if len(groups) != 3 {
				t.Errorf("there are %d security groups, and the tests above know 3", len(groups))
			}
			for name, group := range groups {
				if group["ingress"] != nil || group["egress"] != nil {
					t.Errorf("%s has inline rules", name)
				}
			}
		})
	})
}

func TestNetwork(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		zones := len(s.get("aws_autoscaling_group", "web_group")["vpc_zone_identifier"].([]any))
		if zones < 2 {
			t.Errorf("the group stands in %d zone", zones)
		}
		tiers := map[string]int{}
		seen := map[any]bool{}
		for name, subnet := range s.all("aws_subnet") {
			tiers[strings.Split(name, "_")[1]]++
			if seen[subnet["cidr_block"]] {
				t.Errorf("%v is the block of two subnets", subnet["cidr_block"])
			}
			seen[subnet["cidr_block"]] = true
			expect(t, subnet, false, "map_public_ip_on_launch")
		}
		if want := fmt.Sprint(map[string]int{"public": zones, "private": zones, "database": zones}); fmt.Sprint(tiers) != want {
			t.Errorf("subnets by tier: %v, want %v", tiers, want)
		}
		for name, route := range s.all("aws_route") {
			if strings.Contains(name, "database") {
				t.Errorf("%s leads out of the database tier", name)
			}
			gateway := "nat_gateway_id"
			if strings.Contains(name, "public") {
				gateway = "gateway_id"
			}
			if route[gateway] == nil {
				t.Errorf("%s has no %s", name, gateway)
			}
		}
		log := s.get("aws_flow_log", "network_flow_log")
		expect(t, log, "ALL", "traffic_type")
		expect(t, log, "${aws_vpc.network_vpc.id}", "vpc_id")
	})
}

func TestInstances(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		template := s.get("aws_launch_template", "web_template")
		expect(t, template, "required", "metadata_options", "http_tokens")
		expect(t, template, 1, "metadata_options", "http_put_response_hop_limit")
		expect(t, template, "true", "block_device_mappings", 0, "ebs", "encrypted")
		expect(t, template, "gp3", "block_device_mappings", 0, "ebs", "volume_type")
		expect(t, template, nil, "block_device_mappings", 1)
		expect(t, template, "false", "network_interfaces", 0, "associate_public_ip_address")
		expect(t, template, nil, "key_name")
		expect(t, template, "${aws_iam_instance_profile.web_profile.arn}", "iam_instance_profile", "arn")
		tagged := map[string]bool{}
		for i := range 3 {
			tagged[fmt.Sprint(at(template, "tag_specifications", i, "resource_type"))] = true
			expect(t, template, s.id, "tag_specifications", i, "tags", "Environment")
		}
		if !tagged["instance"] || !tagged["volume"] {
			t.Errorf("tags go to %v, want instances and volumes", tagged)
		}
		attachments := s.all("aws_iam_role_policy_attachment")
		if len(attachments) != 1 {
			t.Errorf("the instances' role has %d policies, want Session Manager's alone", len(attachments))
		}
		expect(t, attachments["web_session_manager"], "arn:${data.aws_partition.web_partition.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore", "policy_arn")
	})
}

func TestGroup(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		group := s.get("aws_autoscaling_group", "web_group")
		expect(t, group, nil, "desired_capacity")
		expect(t, group, "ELB", "health_check_type")
		// $Latest never starts an instance refresh.
		expect(t, group, "${aws_launch_template.web_template.latest_version}", "launch_template", "version")
		for _, block := range []any{at(group, "instance_maintenance_policy"), at(group, "instance_refresh", "preferences")} {
			expect(t, block, 100, "min_healthy_percentage")
			if at(block, "max_healthy_percentage").(float64) <= 100 {
				t.Error("no new instance can start before an old one goes")
			}
		}
		expect(t, group, false, "instance_refresh", "preferences", "auto_rollback")
		// A trigger on tags would roll the fleet for a label.
		expect(t, group, nil, "instance_refresh", "triggers")
		if at(group, "health_check_grace_period").(float64) > at(group, "default_instance_warmup").(float64) {
			t.Error("the grace period outlasts the warm-up")
		}
		expect(t, group, "[${aws_lb_target_group.web_targets.arn}]", "target_group_arns")
		if n := len(s.all("aws_autoscaling_attachment")) + len(s.all("aws_autoscaling_traffic_source_attachment")); n > 0 {
			t.Errorf("%d attachments fight with target_group_arns", n)
		}
		for _, replaceable := range []object{group, s.get("aws_launch_template", "web_template"), s.get("aws_lb_target_group", "web_targets")} {
			expect(t, replaceable, true, "lifecycle", "create_before_destroy")
			expect(t, replaceable, nil, "name") // or its successor would collide with it
		}
		tracked := map[any]bool{}
		for _, policy := range s.all("aws_autoscaling_policy") {
			tracked[at(policy, "target_tracking_configuration", "predefined_metric_specification", "predefined_metric_type")] = true
		}
		if !tracked["ASGAverageCPUUtilization"] || !tracked["ALBRequestCountPerTarget"] || len(tracked) != 2 {
			t.Errorf("target tracking follows %v", tracked)
		}
	})
}

func TestDraining(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		var delay, idle, keepAlive int
		fmt.Sscan(s.get("aws_lb_target_group", "web_targets")["deregistration_delay"].(string), &delay)
		idle = int(s.get("aws_lb", "web_lb")["idle_timeout"].(float64))
		if delay <= idle {
			t.Errorf("an instance drains for %d s, and a request may take %d s", delay, idle)
		}
		for _, line := range s.json["locals"].(object)["web_boot_script"].([]any) {
			if value, found := strings.CutPrefix(strings.TrimSpace(line.(string)), "timeout = "); found {
				fmt.Sscan(value, &keepAlive)
			}
		}
		if keepAlive <= idle {
			t.Errorf("the server closes idle connections after %d s, before the load balancer does (%d s)", keepAlive, idle)
		}
	})
}

func TestLoadBalancer(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		expect(t, s.get("aws_lb", "web_lb"), true, "drop_invalid_header_fields")
	})
}

func TestDatabase(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		database := s.get("aws_db_instance", "mysql_instance")
		expect(t, database, "mysql", "engine")
		expect(t, database, "8.4", "engine_version")
		expect(t, database, true, "storage_encrypted")
		expect(t, database, true, "manage_master_user_password")
		expect(t, database, false, "publicly_accessible")
		if at(database, "backup_retention_period").(float64) < 1 {
			t.Error("there are no backups")
		}
		if at(database, "max_allocated_storage").(float64) <= at(database, "allocated_storage").(float64) {
			t.Error("its storage cannot grow")
		}
		expect(t, database, "[error slowquery]", "enabled_cloudwatch_logs_exports")
		parameters := s.get("aws_db_parameter_group", "mysql_parameters")
		expect(t, parameters, "mysql8.4", "family")
		expect(t, parameters, "require_secure_transport", "parameter", 0, "name")
		expect(t, parameters, "1", "parameter", 0, "value")
		// With the minor version in the code, RDS may choose the patch.
		expect(t, database, true, "auto_minor_version_upgrade")
		// What AWS keeps from being deleted must not be planned to go either.
		expect(t, database, database["deletion_protection"], "lifecycle", "prevent_destroy")
	})
	prod := load(t, "prod").get("aws_db_instance", "mysql_instance")
	expect(t, prod, true, "multi_az")
	expect(t, prod, true, "deletion_protection")
	expect(t, prod, false, "skip_final_snapshot")
	expect(t, prod, false, "delete_automated_backups")
	expect(t, prod, false, "apply_immediately")
}

func TestPatchVersionStays(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) { e.Database.EngineVersion = "8.4.5" }))
	expect(t, s.get("aws_db_instance", "mysql_instance"), false, "auto_minor_version_upgrade")
}

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
		for _, name := range []string{"web_alarm_target_5xx", "web_alarm_unhealthy_hosts", "web_alarm_cpu", "web_alarm_cpu_credits"} {
			if alarms[name] == nil {
				t.Errorf("there is no %s", name)
			}
		}
		for name, alarm := range alarms {
			if fmt.Sprint(alarm["alarm_actions"]) != "[${aws_sns_topic.alerts_topic.arn}]" {
				t.Errorf("%s speaks to %v", name, alarm["alarm_actions"])
			}
		}
	})
}

func TestStateStore(t *testing.T) {
	s := load(t, stacks.StateStackID)
	settings := synthesized.settings
	bucket := s.get("aws_s3_bucket", "store_bucket")
	expect(t, bucket, settings.StateBucket, "bucket")
	expect(t, bucket, nil, "force_destroy")
	expect(t, s.get("aws_s3_bucket_versioning", "store_versioning"), "Enabled", "versioning_configuration", "status")
	expect(t, s.get("aws_s3_bucket_server_side_encryption_configuration", "store_encryption"), "AES256",
		"rule", 0, "apply_server_side_encryption_by_default", "sse_algorithm")
	expect(t, s.get("aws_s3_bucket_ownership_controls", "store_ownership"), "BucketOwnerEnforced", "rule", "object_ownership")
	for _, kind := range []string{"block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"} {
		expect(t, s.get("aws_s3_bucket_public_access_block", "store_public_access_block"), true, kind)
	}
	statement := at(s.json, "data", "aws_iam_policy_document", "store_tls_only", "statement", 0)
	expect(t, statement, "Deny", "effect")
	expect(t, statement, "[s3:*]", "actions")
	expect(t, statement, "[${aws_s3_bucket.store_bucket.arn} ${aws_s3_bucket.store_bucket.arn}/*]", "resources")
	expect(t, statement, "[*]", "principals", 0, "identifiers")
	expect(t, statement, "aws:SecureTransport", "condition", 0, "variable")
	expect(t, statement, "[false]", "condition", 0, "values")
	rule := at(s.get("aws_s3_bucket_lifecycle_configuration", "store_old_versions"), "rule", 0)
	expect(t, rule, nil, "expiration") // a current state never expires
	if at(rule, "noncurrent_version_expiration", 0, "newer_noncurrent_versions").(float64) < 1 {
		t.Error("the newest old versions expire too")
	}

	table := s.get("aws_dynamodb_table", "store_locks")
	expect(t, table, settings.LockTable, "name")
	expect(t, table, "LockID", "hash_key")
	expect(t, table, "PAY_PER_REQUEST", "billing_mode")
	expect(t, table, true, "point_in_time_recovery", "enabled")
	expect(t, table, true, "server_side_encryption", "enabled")
	expect(t, table, true, "deletion_protection_enabled")
	for _, kept := range []object{bucket, table, s.get("aws_s3_bucket_versioning", "store_versioning")} {
		expect(t, kept, true, "lifecycle", "prevent_destroy")
	}
}

func TestBackends(t *testing.T) {
	keys := map[any]string{}
	for _, id := range synthesized.ids {
		backend := at(load(t, id).json, "terraform", "backend", "s3")
		expect(t, backend, synthesized.settings.StateBucket, "bucket")
		expect(t, backend, synthesized.settings.LockTable, "dynamodb_table")
		expect(t, backend, true, "use_lockfile")
		expect(t, backend, true, "encrypt")
		key := at(backend, "key")
		if other, taken := keys[key]; taken {
			t.Errorf("%s and %s share the state %v", id, other, key)
		}
		keys[key] = id
	}
}

func TestNames(t *testing.T) {
	hash := regexp.MustCompile(`_[0-9A-F]{8}$`)
	for _, id := range synthesized.ids {
		s := load(t, id)
		for _, section := range []string{"resource", "data"} {
			for kind, resources := range s.json[section].(object) {
				for name := range resources.(object) {
					if hash.MatchString(name) {
						t.Errorf("%s: %s.%s ends in a hash", id, kind, name)
					}
				}
			}
		}
	}
	environments(t, func(t *testing.T, s stack) {
		if name := s.get("aws_lb", "web_lb")["name"].(string); len(name) > 32 {
			t.Errorf("the load balancer's name %s has more than 32 characters", name)
		}
		if prefix := s.get("aws_lb_target_group", "web_targets")["name_prefix"].(string); len(prefix) > 6 {
			t.Errorf("the target group's prefix %s has more than 6 characters", prefix)
		}
	})
}

// TestNothingOfThisMachine looks for the folders and the name of the machine
// that synthesized.
func TestNothingOfThisMachine(t *testing.T) {
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	unwanted := []string{top, os.TempDir() + "/"}
	if home, err := os.UserHomeDir(); err == nil && len(home) > 1 {
		unwanted = append(unwanted, home+"/")
	}
	if len(host) > 4 {
		unwanted = append(unwanted, host)
	}
	err = filepath.WalkDir(synthesized.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, u := range unwanted {
			if strings.Contains(string(content), u) {
				t.Errorf("%s holds %q", path, u)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestNoSecrets looks for arguments that hold a password or key.
func TestNoSecrets(t *testing.T) {
	secret := regexp.MustCompile(`(?i)(password|secret_key|access_key|private_key|token)$`)
	for _, id := range synthesized.ids {
		for path, value := range flat(load(t, id)) {
			argument := path[strings.LastIndex(path, ".")+1:]
			if secret.MatchString(argument) && argument != "manage_master_user_password" {
				t.Errorf("%s: %s = %s", id, path, value)
			}
		}
	}
}
