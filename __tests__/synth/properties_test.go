package synth_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

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
		// $Latest is launched untried.
		expect(t, group, "${aws_launch_template.web_template.latest_version}", "launch_template", "version")
		if !slices.Contains(at(group, "lifecycle", "ignore_changes").([]any), any("launch_template[0]")) {
			t.Error("Terraform gives the group versions that no rollout has tried")
		}
		expect(t, group, nil, "instance_refresh") // starts as soon as something changes, and nobody waits for it
		expect(t, group, "[NewestInstance]", "termination_policies")
		expect(t, group, 100, "instance_maintenance_policy", "min_healthy_percentage")
		if at(group, "instance_maintenance_policy", "max_healthy_percentage").(float64) <= 100 {
			t.Error("no new instance can start before an old one goes")
		}
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
		deleted, err := time.ParseDuration(fmt.Sprint(at(s.get("aws_autoscaling_group", "web_group"), "timeouts", "delete")))
		if err != nil || deleted < time.Duration(delay)*time.Second+10*time.Minute {
			t.Errorf("a destroy waits %v for instances that drain for %d s: %v", deleted, delay, err)
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
