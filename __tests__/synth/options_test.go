package synth_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/stacks"
)

// trial is an environment of the tests' own: what they hold must not move with what
// stage is.
var trial = stacks.Environment{
	Name:     "trial",
	Network:  constructs.NetworkProps{CIDR: "10.99.0.0/16"},
	Cluster:  constructs.WebserverClusterProps{ServerText: "Hello from trial"},
	Database: &constructs.MySQLProps{SkipFinalSnapshot: true},
}

// variant is trial with a change.
func variant(change func(*stacks.Environment)) stacks.Environment {
	e := trial
	database := *trial.Database
	e.Database = &database
	if change != nil {
		change(&e)
	}
	return e
}

const certificate = "arn:aws:acm:eu-central-1:111122223333:certificate/00000000-0000-0000-0000-000000000000"

func TestHTTPS(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Cluster.Domain, e.Cluster.CertificateARN = &constructs.Domain{Name: "shop.example.com"}, certificate
		e.Cluster.AllowedCIDRs = []string{"192.0.2.0/24", "198.51.100.0/24"}
	}))
	https := s.get("aws_lb_listener", "web_https")
	expect(t, https, 443, "port")
	expect(t, https, certificate, "certificate_arn")
	if policy := fmt.Sprint(https["ssl_policy"]); !strings.Contains(policy, "TLS13-1-2") {
		t.Errorf("the TLS policy is %s", policy)
	}
	expect(t, https, "${aws_lb_target_group.web_targets.arn}", "default_action", 0, "target_group_arn")
	http := s.get("aws_lb_listener", "web_http")
	expect(t, http, "redirect", "default_action", 0, "type")
	expect(t, http, "443", "default_action", 0, "redirect", "port")
	expect(t, http, "HTTP_301", "default_action", 0, "redirect", "status_code")
	expect(t, http, nil, "default_action", 0, "target_group_arn")
	// Who is let in keeps his rule, whoever else comes or goes; what earlier versions called
	// by its place is moved.
	expect(t, s.json, "aws_vpc_security_group_ingress_rule.web_lb_80_from_1", "moved", 0, "from")
	expect(t, s.json, "aws_vpc_security_group_ingress_rule.web_lb_80_from_192_0_2_0_24", "moved", 0, "to")
	// Nobody is sent to HTTPS before it answers.
	expect(t, http, "[aws_vpc_security_group_ingress_rule.web_lb_443_from_192_0_2_0_24 aws_vpc_security_group_ingress_rule.web_lb_443_from_198_51_100_0_24 aws_lb_listener.web_https]", "depends_on")
	expectRules(t, s.rules("ingress", balancerGroup),
		"192.0.2.0/24:80", "192.0.2.0/24:443", "198.51.100.0/24:80", "198.51.100.0/24:443")
	expect(t, s.json, "https://shop.example.com", "output", "url", "value")
	if records := s.all("aws_route53_record"); len(records) > 0 {
		t.Errorf("somebody else makes the records, and here are %v", records)
	}
}

func TestLoadBalancerOptions(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Cluster.AccessLogsBucket = "logs-of-ours"
		e.Cluster.DeletionProtection = true
		e.Cluster.IdleTimeout = 100 * time.Second
	}))
	balancer := s.get("aws_lb", "web_lb")
	expect(t, balancer, "logs-of-ours", "access_logs", "bucket")
	expect(t, balancer, true, "access_logs", "enabled")
	expect(t, balancer, true, "enable_deletion_protection")
	expect(t, balancer, 100, "idle_timeout")
	expect(t, s.get("aws_lb_target_group", "web_targets"), "115", "deregistration_delay")
}

func TestImage(t *testing.T) {
	image := func(change func(*stacks.Environment)) (stack, any) {
		s := synthesizeEnvironment(t, variant(change))
		return s, s.get("aws_launch_template", "web_template")["image_id"]
	}
	t.Run("by id", func(t *testing.T) {
		s, id := image(func(e *stacks.Environment) { e.Cluster.AMI = "ami-0123456789abcdef0" })
		if id != "ami-0123456789abcdef0" {
			t.Errorf("the image is %v", id)
		}
		if parameters := at(s.json, "data", "aws_ssm_parameter"); parameters != nil {
			t.Errorf("an SSM parameter is read: %v", parameters)
		}
	})
	t.Run("by parameter", func(t *testing.T) {
		s, id := image(func(e *stacks.Environment) { e.Cluster.AMIParameter = "/images/web" })
		expect(t, s.json, "/images/web", "data", "aws_ssm_parameter", "web_newest_image", "name")
		if id != "${data.aws_ssm_parameter.web_newest_image.insecure_value}" {
			t.Errorf("the image is %v", id)
		}
	})
	t.Run("for Graviton", func(t *testing.T) {
		s, _ := image(func(e *stacks.Environment) { e.Cluster.InstanceType = "m7g.medium" })
		expect(t, s.json, "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64", "data", "aws_ssm_parameter", "web_newest_image", "name")
		if s.all("aws_cloudwatch_metric_alarm")["web_alarm_cpu_credits"] != nil {
			t.Error("there is an alarm on CPU credits, which m7g does not have")
		}
	})
	t.Run("pinned", func(t *testing.T) {
		s, id := image(func(e *stacks.Environment) { e.Cluster.PinAMI = true })
		if id != "${aws_ssm_parameter.web_image.insecure_value}" {
			t.Errorf("the image is %v", id)
		}
		expect(t, s.get("aws_ssm_parameter", "web_image"), "[insecure_value]", "lifecycle", "ignore_changes")
		expect(t, s.json, "/webservers-trial/image/x86_64", "output", "image_parameter", "value")
	})
}

func TestOwnBootScript(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Cluster.ServerText = "" // which is for the default boot script
		e.Cluster.UserData = "#!/bin/sh\necho \"${HOME}\" %{x} $5\n"
	}))
	// Terraform reads $${ and %%{ as ${ and %{.
	want := []any{"#!/bin/sh", `echo "$${HOME}" %%{x} $5`}
	if got := s.json["locals"].(object)["web_boot_script"]; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the boot script is %q, want %q", got, want)
	}
}

func TestPageIsEscaped(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Cluster.ServerText = "<b>1 & ${2}</b>"
	}))
	script := fmt.Sprint(s.json["locals"].(object)["web_boot_script"])
	if want := "<h1>&lt;b&gt;1 &amp; $${2}&lt;/b&gt;</h1>"; !strings.Contains(script, want) {
		t.Errorf("the boot script does not hold %s", want)
	}
	if !strings.Contains(script, "${aws_db_instance.mysql_instance.address}:3306") {
		t.Error("the boot script does not name the database")
	}
}

func TestNamedZonesWithoutNAT(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Network = constructs.NetworkProps{
			CIDR: "172.16.0.0/22", NAT: constructs.NATNone,
			Zones: []string{"eu-central-1c", "eu-central-1a", "eu-central-1b"},
		}
	}))
	expect(t, s.json, nil, "data", "aws_availability_zones")
	if gateways := s.all("aws_nat_gateway"); len(gateways) > 0 {
		t.Errorf("there are NAT gateways: %v", gateways)
	}
	want := map[string][2]string{
		"network_public_1":   {"172.16.0.0/27", "eu-central-1c"},
		"network_public_3":   {"172.16.0.64/27", "eu-central-1b"},
		"network_private_1":  {"172.16.1.0/27", "eu-central-1c"},
		"network_database_2": {"172.16.2.32/27", "eu-central-1a"},
	}
	for name, w := range want {
		subnet := s.get("aws_subnet", name)
		expect(t, subnet, w[0], "cidr_block")
		expect(t, subnet, w[1], "availability_zone")
	}
}

func TestStateLock(t *testing.T) {
	for mode, want := range map[project.LockMode][2]any{
		project.LockDynamoDB: {synthesized.settings.LockTable, nil},
		project.LockBoth:     {synthesized.settings.LockTable, true},
		project.LockS3:       {nil, true},
	} {
		s, dir := synthesized.settings, t.TempDir()
		s.StateLock = mode
		synthesize(dir, s)
		backend := at(readStack(t, dir, project.StateStack).json, "terraform", "backend", "s3")
		expect(t, backend, want[0], "dynamodb_table")
		expect(t, backend, want[1], "use_lockfile")
	}
}

func TestNATPerZone(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) { e.Network.ZoneCount, e.Network.NAT = 3, constructs.NATPerZone }))
	if n := len(s.all("aws_nat_gateway")); n != 3 {
		t.Fatalf("there are %d NAT gateways", n)
	}
	for i := 1; i <= 3; i++ {
		expect(t, s.get("aws_route", fmt.Sprintf("network_private_%d_to_internet", i)),
			reference(fmt.Sprintf("aws_nat_gateway.network_nat_%d.id", i)), "nat_gateway_id")
	}
}

func TestSchedules(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Cluster.Schedules = []constructs.Schedule{
			{Name: "night", Recurrence: "0 20 * * *", TimeZone: "America/New_York", DesiredCapacity: 2},
			{Name: "mon/fri 07:00", Recurrence: "0 7 * * 1,5", DesiredCapacity: 3},
		}
	}))
	schedule := s.get("aws_autoscaling_schedule", "web_schedule_night")
	expect(t, schedule, "America/New_York", "time_zone")
	expect(t, schedule, 2, "desired_capacity")
	expect(t, schedule, -1, "min_size") // as it is
	// AWS takes a name that Terraform would not.
	expect(t, s.get("aws_autoscaling_schedule", "web_schedule_mon_fri_07_00"), "mon/fri 07:00", "scheduled_action_name")
	// Only a schedule that sets the bounds takes them away from Terraform.
	expect(t, s.get("aws_autoscaling_group", "web_group"), "[launch_template[0]]", "lifecycle", "ignore_changes")
	s = synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Cluster.Schedules = []constructs.Schedule{{Name: "day", Recurrence: "0 7 * * *", MinSize: 3}}
	}))
	expect(t, s.get("aws_autoscaling_group", "web_group"), "[launch_template[0] min_size max_size]", "lifecycle", "ignore_changes")
}
