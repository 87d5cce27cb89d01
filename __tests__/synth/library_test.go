package synth_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	tree "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/launchtemplate"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
)

// existing is a network that somebody else made.
var existing = &constructs.Network{
	VPCID:             "vpc-00000000",
	PublicSubnetIDs:   []string{"subnet-0000000a", "subnet-0000000b"},
	PrivateSubnetIDs:  []string{"subnet-0000001a", "subnet-0000001b"},
	DatabaseSubnetIDs: []string{"subnet-0000002a", "subnet-0000002b"},
}

// synthesizeOwn returns the stack "own" with what fill puts into it: constructs
// without an Environment. The error is what jsii or a construct panics with.
func synthesizeOwn(t *testing.T, fill func(cdktf.TerraformStack)) (s stack, err error) {
	t.Helper()
	dir := t.TempDir()
	defer func() {
		if failure := recover(); failure != nil {
			err = fmt.Errorf("%v", failure)
		}
	}()
	app := cdktf.NewApp(&cdktf.AppConfig{Outdir: jsii.String(dir)})
	own := cdktf.NewTerraformStack(app, jsii.String("own"))
	provider.NewAwsProvider(own, jsii.String("aws"), &provider.AwsProviderConfig{Region: jsii.String("eu-central-1")})
	fill(own)
	constructs.Synthesize(app)
	return readStack(t, dir, "own"), nil
}

// mustSynthesizeOwn is synthesizeOwn for what has no fault.
func mustSynthesizeOwn(t *testing.T, fill func(cdktf.TerraformStack)) stack {
	t.Helper()
	s, err := synthesizeOwn(t, fill)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func cluster(own cdktf.TerraformStack, id string, change func(*constructs.WebserverClusterProps)) *constructs.WebserverCluster {
	props := constructs.WebserverClusterProps{Name: "own-" + strings.NewReplacer("_", "-", " ", "-", ".", "-").Replace(id), Network: existing}
	if change != nil {
		change(&props)
	}
	return constructs.NewWebserverCluster(own, id, props)
}

// TestOneNameOneThing: two elements of one Terraform name would be one in the JSON,
// and Terraform would take it.
func TestOneNameOneThing(t *testing.T) {
	role := func(own cdktf.TerraformStack, id string) {
		iamrole.NewIamRole(own, jsii.String(id), &iamrole.IamRoleConfig{AssumeRolePolicy: jsii.String("{}")})
	}
	tests := []struct {
		name string
		fill func(cdktf.TerraformStack)
		want string // "" for none
	}{
		{"two clusters", func(own cdktf.TerraformStack) { cluster(own, "web", nil); cluster(own, "api", nil) }, ""},
		{"a role before the cluster's", func(own cdktf.TerraformStack) { role(own, "web_role"); cluster(own, "web", nil) },
			"[own] aws_iam_role.web_role is two: own/web_role and own/web/role. A name stands for one thing in Terraform: rename one of them"},
		{"a role after the cluster's", func(own cdktf.TerraformStack) { cluster(own, "web", nil); role(own, "web_role") },
			"[own] aws_iam_role.web_role is two: own/web/role and own/web_role."},
		{"a name for two types", func(own cdktf.TerraformStack) { cluster(own, "web", nil); role(own, "web_group") }, ""},
		{"b in a, and a_b", func(own cdktf.TerraformStack) {
			constructs.NewAlerts(tree.NewConstruct(own, jsii.String("a")), "b", constructs.AlertsProps{Name: "one"})
			constructs.NewAlerts(own, "a_b", constructs.AlertsProps{Name: "other"})
		}, "aws_sns_topic.a_b_topic is two: own/a/b/topic and own/a_b/topic."},
		{"two of one's own", func(own cdktf.TerraformStack) {
			cluster(own, "web", nil)
			role(own, "mine")
			other := iamrole.NewIamRole(own, jsii.String("other"), &iamrole.IamRoleConfig{AssumeRolePolicy: jsii.String("{}")})
			other.OverrideLogicalId(jsii.String("mine"))
		}, "aws_iam_role.mine is two: own/mine and own/other."},
		{"an output, and a resource", func(own cdktf.TerraformStack) {
			cluster(own, "web", nil)
			cdktf.NewTerraformOutput(own, jsii.String("web_role"), &cdktf.TerraformOutputConfig{Value: jsii.String("1")})
		}, ""},
		{"terraform_data twice", func(own cdktf.TerraformStack) {
			cluster(own, "web", nil)
			cdktf.NewTerraformResource(own, jsii.String("web_rollout"), &cdktf.TerraformResourceConfig{TerraformResourceType: jsii.String("terraform_data")})
		}, "terraform_data.web_rollout is two: own/web/rollout and own/web_rollout."},
		{"a space and a dot", func(own cdktf.TerraformStack) { cluster(own, "my web", nil); cluster(own, "my.web", nil) }, ""},
		{"one id for two", func(own cdktf.TerraformStack) { cluster(own, "web", nil); cluster(own, "web", nil) },
			"web: There is already a Construct with name 'web' in TerraformStack [own]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := synthesizeOwn(t, test.fill)
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestTagsReachEverything: what a cluster's Tags say stands on each thing that can
// have tags, also on what AWS makes for the group, and wins over DefaultTags.
func TestTagsReachEverything(t *testing.T) {
	s := mustSynthesizeOwn(t, func(own cdktf.TerraformStack) {
		cluster(own, "web", func(p *constructs.WebserverClusterProps) {
			p.Tags = map[string]string{"CostCenter": "42"}
			p.DefaultTags = map[string]string{"CostCenter": "1", "Team": "web"}
			p.PinAMI = true
		})
	})
	for resourceType, named := range s.json["resource"].(object) {
		for name, resource := range named.(object) {
			if tags, ok := resource.(object)["tags"]; ok {
				expect(t, tags, "42", "CostCenter")
				expect(t, tags, nil, "Team") // the provider's own default_tags bring it
			} else if strings.HasPrefix(resourceType, "aws_security_group") {
				t.Errorf("%s.%s has no tags", resourceType, name)
			}
		}
	}
	group := map[any]any{}
	for _, tag := range s.get("aws_autoscaling_group", "web_group")["tag"].([]any) {
		group[at(tag, "key")] = at(tag, "value")
	}
	if group["CostCenter"] != "42" || group["Team"] != "web" {
		t.Errorf("the group's tags are %v", group)
	}
	specifications := s.get("aws_launch_template", "web_template")["tag_specifications"].([]any)
	var types []any
	for _, specification := range specifications {
		types = append(types, at(specification, "resource_type"))
		expect(t, specification, "42", "tags", "CostCenter")
		expect(t, specification, "web", "tags", "Team")
	}
	for _, want := range []any{"instance", "volume"} {
		if !slices.Contains(types, want) {
			t.Errorf("tags for %v, but not for %v", types, want)
		}
	}
}

// TestEnvironmentTags: an environment's Tags are the provider's default_tags, and
// reach group, instances and volumes, which those do not.
func TestEnvironmentTags(t *testing.T) {
	e := variant(nil)
	e.Tags = map[string]string{"CostCenter": "42", "ManagedBy": "us"}
	e.Cluster.Tags = map[string]string{"CostCenter": "43"}
	s := synthesizeEnvironment(t, e)
	expect(t, s.json, "42", "provider", "aws", 0, "default_tags", 0, "tags", "CostCenter")
	expect(t, s.json, "us", "provider", "aws", 0, "default_tags", 0, "tags", "ManagedBy")
	instance := at(s.get("aws_launch_template", "web_template"), "tag_specifications", 0, "tags")
	expect(t, instance, "43", "CostCenter")
	expect(t, instance, "us", "ManagedBy")
	expect(t, instance, "trial", "Environment")
}

func TestAllowedCIDRs(t *testing.T) {
	for _, test := range []struct {
		name     string
		cidrs    []string
		internal bool
		want     []string
	}{
		{"nil", nil, false, []string{"0.0.0.0/0:80"}},
		{"an empty list", []string{}, false, nil},
		{"nil, internal", nil, true, nil},
		{"internal", []string{"10.0.0.0/8"}, true, []string{"10.0.0.0/8:80"}},
		{"a token", []string{"${aws_vpc.other.cidr_block}"}, false, []string{"${aws_vpc.other.cidr_block}:80"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := mustSynthesizeOwn(t, func(own cdktf.TerraformStack) {
				cluster(own, "web", func(p *constructs.WebserverClusterProps) { p.AllowedCIDRs, p.Internal = test.cidrs, test.internal })
			})
			expectRules(t, s.rules("ingress", balancerGroup), test.want...)
			expect(t, s.get("aws_lb", "web_lb"), test.internal, "internal")
			subnets := existing.PublicSubnetIDs
			if test.internal {
				subnets = existing.PrivateSubnetIDs
			}
			expect(t, s.get("aws_lb", "web_lb"), subnets, "subnets")
		})
	}
}

// TestOwnStackWaits: a cluster in a stack of one's own waits for healthy instances,
// as an environment's does.
func TestOwnStackWaits(t *testing.T) {
	s := mustSynthesizeOwn(t, func(own cdktf.TerraformStack) { cluster(own, "web", nil) })
	rollout := s.get("terraform_data", "web_rollout")
	command := fmt.Sprint(at(rollout, "provisioner", 0, "local-exec", "command"))
	for _, want := range []string{"cmd/rollout", "--group ${aws_autoscaling_group.web_group.name}", "--region ${data.aws_region.web_region."} {
		if !strings.Contains(command, want) {
			t.Errorf("the command %q does not have %q", command, want)
		}
	}
	expect(t, rollout, "${aws_launch_template.web_template.latest_version}", "triggers_replace", "template_version")
}

// TestVerbs: each adds what it says, and no instance starts before it has it.
func TestVerbs(t *testing.T) {
	s := mustSynthesizeOwn(t, func(own cdktf.TerraformStack) {
		database := constructs.NewMySQL(own, "mysql", constructs.MySQLProps{Name: "own", Network: existing})
		web := cluster(own, "web", func(p *constructs.WebserverClusterProps) { p.Database = database })
		database.GrantRead(web)
		web.Grant("uploads", []string{"s3:GetObject", "s3:PutObject"}, "arn:aws:s3:::uploads/*")
		database.AllowFrom("batch", "sg-batch")
		prices := cluster(own, "prices", func(p *constructs.WebserverClusterProps) { p.Internal = true })
		prices.AllowFrom("web", web.InstanceSecurityGroupID)
	})
	waits := fmt.Sprint(s.get("aws_autoscaling_group", "web_group")["depends_on"])
	for _, want := range []string{
		"aws_iam_role_policy.web_uploads_policy", "aws_iam_role_policy.web_read_mysql_secret_policy",
		"aws_vpc_security_group_ingress_rule.mysql_from_web", "aws_vpc_security_group_egress_rule.mysql_to_mysql_from_web",
	} {
		if !strings.Contains(waits, want) {
			t.Errorf("the group waits for %s, but not for %s", waits, want)
		}
	}
	policy := at(s.json, "data", "aws_iam_policy_document", "web_uploads", "statement", 0)
	expect(t, policy, "[s3:GetObject s3:PutObject]", "actions")
	expect(t, policy, "[arn:aws:s3:::uploads/*]", "resources")
	expect(t, s.get("aws_iam_role_policy", "web_uploads_policy"), "${aws_iam_role.web_role.id}", "role")

	batch := s.get("aws_vpc_security_group_ingress_rule", "mysql_from_batch")
	expect(t, batch, "sg-batch", "referenced_security_group_id")
	expect(t, batch, 3306, "from_port")
	expect(t, s.get("aws_vpc_security_group_egress_rule", "mysql_to_mysql_from_batch"), "sg-batch", "security_group_id")
	expect(t, s.get("aws_vpc_security_group_ingress_rule", "prices_lb_80_from_web"),
		"${aws_security_group.web_instances_security_group.id}", "referenced_security_group_id")
}

// TestOverrides: the main resources are there for what no prop offers.
func TestOverrides(t *testing.T) {
	s := mustSynthesizeOwn(t, func(own cdktf.TerraformStack) {
		network := constructs.NewNetwork(own, "network", constructs.NetworkProps{Name: "own", CIDR: "10.0.0.0/16"})
		network.VPC.SetInstanceTenancy(jsii.String("dedicated"))
		database := constructs.NewMySQL(own, "mysql", constructs.MySQLProps{Name: "own", Network: network})
		database.Instance.SetIops(jsii.Number(12000))
		web := cluster(own, "web", func(p *constructs.WebserverClusterProps) { p.Network = network })
		web.LoadBalancer.SetEnableHttp2(jsii.Bool(false))
		web.AutoScalingGroup.SetCapacityRebalance(jsii.Bool(true))
		web.TargetGroup.AddOverride(jsii.String("health_check.matcher"), "200-299")
		web.LaunchTemplate.PutMonitoring(&launchtemplate.LaunchTemplateMonitoring{Enabled: jsii.Bool(true)})
	})
	expect(t, s.get("aws_vpc", "network_vpc"), "dedicated", "instance_tenancy")
	expect(t, s.get("aws_db_instance", "mysql_instance"), 12000, "iops")
	expect(t, s.get("aws_lb", "web_lb"), false, "enable_http2")
	expect(t, s.get("aws_autoscaling_group", "web_group"), true, "capacity_rebalance")
	expect(t, s.get("aws_lb_target_group", "web_targets"), "200-299", "health_check", 0, "matcher")
	expect(t, s.get("aws_lb_target_group", "web_targets"), "/health", "health_check", 0, "path")
	expect(t, s.get("aws_launch_template", "web_template"), true, "monitoring", 0, "enabled")
}

// TestRootDevice: the root volume of an image that calls its root device otherwise.
func TestRootDevice(t *testing.T) {
	s := mustSynthesizeOwn(t, func(own cdktf.TerraformStack) {
		cluster(own, "web", func(p *constructs.WebserverClusterProps) {
			p.AMI, p.RootDeviceName, p.RootVolumeGiB = "ami-0123456789abcdef0", "/dev/sda1", 20
		})
	})
	devices := s.get("aws_launch_template", "web_template")["block_device_mappings"].([]any)
	if len(devices) != 1 {
		t.Fatalf("the devices are %v", devices)
	}
	expect(t, devices[0], "/dev/sda1", "device_name")
	expect(t, devices[0], 20, "ebs", "volume_size")
}

// TestLabels: what names a client or a grant is part of names in AWS and Terraform.
func TestLabels(t *testing.T) {
	for _, label := range []string{"", "a b", "a/b", "1", "ä", strings.Repeat("a", 65)} {
		for verb, call := range map[string]func(*constructs.WebserverCluster){
			"AllowFrom": func(c *constructs.WebserverCluster) { c.AllowFrom(label, "sg-1") },
			"Grant":     func(c *constructs.WebserverCluster) { c.Grant(label, []string{"s3:GetObject"}, "*") },
		} {
			_, err := synthesizeOwn(t, func(own cdktf.TerraformStack) { call(cluster(own, "web", nil)) })
			want := fmt.Sprintf("%s: %q: must be 1 to 64 letters, digits, hyphens and underscores, a letter first: it names rules and policies", verb, label)
			if err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	}
}
