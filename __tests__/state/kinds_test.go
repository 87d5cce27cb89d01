package state_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/webserver-cluster/internal/state"
	"example.com/webserver-cluster/internal/state/orphan"
	"example.com/webserver-cluster/tests/usual"
)

// kinds is a stack with resources of the types that servers has not: above all
// such as have no tags.
func kinds(name string) block {
	createFirst := block{"create_before_destroy": true}
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}`
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}`
	bucketPolicy := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::` + name + `-logs/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`
	group := "${aws_autoscaling_group.web_group.name}"
	bucket := "${aws_s3_bucket.web_logs.id}"
	all := servers(name, 1)
	resources := block{
		"aws_vpc":                            all["aws_vpc"],
		"aws_subnet":                         all["aws_subnet"],
		"aws_launch_template":                all["aws_launch_template"],
		"aws_autoscaling_group":              block{"web_group": block{"name_prefix": name + "-", "min_size": 0, "max_size": 1, "force_delete": true, "vpc_zone_identifier": []string{"${aws_subnet.network_public_1.id}"}, "launch_template": []block{{"id": "${aws_launch_template.web_template.id}", "version": "1"}}}},
		"aws_autoscaling_policy":             block{"web_cpu": block{"name": "cpu", "autoscaling_group_name": group, "policy_type": "TargetTrackingScaling", "target_tracking_configuration": []block{{"target_value": 60, "predefined_metric_specification": []block{{"predefined_metric_type": "ASGAverageCPUUtilization"}}}}}},
		"aws_autoscaling_schedule":           block{"web_evening": block{"scheduled_action_name": "evening", "autoscaling_group_name": group, "recurrence": "0 20 * * *", "min_size": 0, "max_size": 1, "desired_capacity": 0}},
		"aws_iam_role":                       block{"web_role": block{"name_prefix": name + "-", "assume_role_policy": trust, "lifecycle": createFirst}},
		"aws_iam_role_policy":                block{"web_policy": block{"name": "web", "role": "${aws_iam_role.web_role.id}", "policy": policy}},
		"aws_iam_role_policy_attachment":     block{"web_session_manager": block{"role": "${aws_iam_role.web_role.name}", "policy_arn": "arn:${data.aws_partition.web.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"}},
		"aws_s3_bucket":                      block{"web_logs": block{"bucket": name + "-logs", "force_destroy": true}},
		"aws_s3_bucket_policy":               block{"web_tls": block{"bucket": bucket, "policy": bucketPolicy}},
		"aws_s3_bucket_versioning":           block{"web_versioning": block{"bucket": bucket, "versioning_configuration": []block{{"status": "Enabled"}}}},
		"aws_s3_bucket_public_access_block":  block{"web_public": block{"bucket": bucket, "block_public_acls": true}},
		"aws_kms_key":                        block{"web_key": block{"deletion_window_in_days": 7}},
		"aws_kms_alias":                      block{"web_alias": block{"name": "alias/" + name, "target_key_id": "${aws_kms_key.web_key.key_id}"}},
		"aws_cloudwatch_dashboard":           block{"web_dashboard": block{"dashboard_name": name, "dashboard_body": `{"widgets":[]}`}},
		"aws_ssm_parameter":                  block{"web_image": block{"name": "/" + name + "/image", "type": "String", "value": "ami-12c6146b"}},
		"aws_route53_zone":                   block{"web_zone": block{"name": name + ".example.com"}},
		"aws_route53_record":                 block{"web_name": block{"zone_id": "${aws_route53_zone.web_zone.zone_id}", "name": "www", "type": "CNAME", "ttl": 60, "records": []string{"example.com"}}},
		"aws_sns_topic":                      block{"web_alerts": block{"name": name + "-alerts"}},
		"aws_sns_topic_subscription":         block{"web_alerts_mail": block{"topic_arn": "${aws_sns_topic.web_alerts.arn}", "protocol": "email", "endpoint": "ops@example.com"}},
		"aws_security_group":                 block{"web_security_group": block{"name_prefix": name + "-", "vpc_id": "${aws_vpc.network_vpc.id}", "lifecycle": createFirst}},
		"aws_vpc_security_group_egress_rule": block{"web_out": block{"security_group_id": "${aws_security_group.web_security_group.id}", "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}},
	}
	for kind, named := range resources {
		for role, arguments := range named.(block) {
			if !orphan.Types[kind].Untagged {
				tag(kind, role, name, arguments.(block))
			}
		}
	}
	return resources
}

// The state has lost all that can be imported. It is imported by the ids that
// Terraform takes, each once, and the next plan changes only what the import cannot know.
func TestKindsAreImported(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newProject(t, nil)
	resources := kinds(p.name)
	if !*long { // each import starts the provider, which takes seconds
		maps.DeleteFunc(resources, func(kind string, _ any) bool {
			return !regexp.MustCompile(`^aws_(iam|kms|route53)_`).MatchString(kind)
		})
	}
	p.stackWith("stage", "both", resources, block{"aws_partition": block{"web": block{}}})
	p.init("stage")
	p.want(0)(p.apply("stage").result())
	output := p.lost("stage", "aws_route53_zone.web_zone", "aws_kms_alias.web_alias", "aws_cloudwatch_dashboard.web_dashboard")
	for _, want := range []string{
		"aws_iam_role_policy_attachment.web_session_manager (import id " + p.name + "-",
		"/arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore)",
		"_www_CNAME)",
		"aws_kms_key.web_key imported; the next deploy sets deletion_window_in_days",
	} {
		if !strings.Contains(output, want) {
			t.Errorf("it does not say %q:\n%s", want, output)
		}
	}
	p.want(0)(p.apply("stage").result())

	// A type that is not looked for is named, and so is what may be somebody else's.
	p.want(0)(p.terraform("stage", "state", "rm", "aws_route53_zone.web_zone", "aws_route53_record.web_name", "aws_kms_alias.web_alias"))
	p.want(0, "aws_route53_zone.web_zone is not in the state, and resources of its type are not looked for",
		"aws_kms_alias.web_alias is not in the state, and without tags nothing tells whose it is: if the deploy made it: terraform import aws_kms_alias.web_alias 'alias/"+p.name+"'",
		"Nothing that was made is missing")(p.state("adopt", "stage", "--yes"))
}

// What has tags is imported by what its ARN ends in, or by the whole ARN, as
// Terraform wants it.
func TestImportIDsFromARNs(t *testing.T) {
	t.Parallel()
	const at, web = "eu-central-1:123456789012:", "loadbalancer/app/web/50dc6c495c0c9188"
	p := newProject(t, nil)
	resources, found, want := block{}, []block{}, map[string]string{}
	for kind, example := range map[string]struct{ arn, id string }{
		"aws_vpc":                     {"arn:aws:ec2:" + at + "vpc/vpc-1", "vpc-1"},
		"aws_lb":                      {"arn:aws:elasticloadbalancing:" + at + web, "arn:aws:elasticloadbalancing:" + at + web},
		"aws_wafv2_web_acl":           {"arn:aws:wafv2:" + at + "regional/webacl/web/a1b2", "a1b2/web/REGIONAL"},
		"aws_acm_certificate":         {"arn:aws:acm:" + at + "certificate/c3d4", "arn:aws:acm:" + at + "certificate/c3d4"},
		"aws_ssm_parameter":           {"arn:aws:ssm:" + at + "parameter/web/image", "/web/image"},
		"aws_cloudwatch_log_group":    {"arn:aws:logs:" + at + "log-group:/vpc/web", "/vpc/web"},
		"aws_cloudwatch_metric_alarm": {"arn:aws:cloudwatch:" + at + "alarm:web/cpu:high", "web/cpu:high"},
		"aws_db_instance":             {"arn:aws:rds:" + at + "db:web", "web"},
		"aws_dynamodb_table":          {"arn:aws:dynamodb:" + at + "table/locks", "locks"},
	} {
		resources[kind] = block{kind + "_block": block{}}
		found = append(found, block{"ResourceARN": example.arn, "Tags": []block{{"Key": nameTag, "Value": kind + "_block"}}})
		want[kind+"."+kind+"_block"] = example.id
	}
	p.stack("stage", "both", resources)
	p.wire.watch(func(c call, w http.ResponseWriter, pass func()) {
		if c.Action == "GetResources" {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			must(t, json.NewEncoder(w).Encode(block{"ResourceTagMappingList": found}))
			return
		}
		pass()
	})
	orphans, strays, err := p.find("stage")
	must(t, err)
	got := map[string]string{}
	for _, o := range orphans {
		got[o.Address] = o.ID
	}
	if !maps.Equal(got, want) || len(strays) > 0 {
		t.Errorf("found %v, want %v; strays %v", got, want, strays)
	}
}

// What has no tags is the stack's if it depends on something of the stack's. A DNS
// record in a zone of somebody else is not imported, or the next deploy might change theirs.
func TestUntaggedOfOthers(t *testing.T) {
	t.Parallel()
	p := newProject(t, nil)
	record := func(zone string) block {
		return block{"zone_id": zone, "name": "www", "type": "A", "set_identifier": "blue", "ttl": 60, "records": []string{"192.0.2.1"}}
	}
	set := record("Z1") // the next deploy sets it, whatever is there
	set["allow_overwrite"] = true
	p.stack("stage", "both", block{
		"aws_route53_record":        block{"set": set, "shared": record("Z1"), "looked_up": record("${data.aws_route53_zone.z.zone_id}"), "not_made": record("${aws_route53_zone.z.zone_id}")},
		"aws_cloudwatch_dashboard":  block{"web": block{"dashboard_name": "web"}},
		"aws_autoscaling_policy":    block{"cpu": block{"name": "cpu", "autoscaling_group_name": "${aws_autoscaling_group.web.name}"}},
		"aws_autoscaling_group":     block{"web": block{}},
		"aws_a_type_without_a_line": block{"x": block{}},
	})
	orphans, strays, err := p.find("stage")
	must(t, err)
	want := []orphan.Stray{
		{Reason: orphan.UnknownType, Address: "aws_a_type_without_a_line.x"},
		{Reason: orphan.UnknownID, Address: "aws_route53_record.looked_up"},
		{Reason: orphan.UnknownOwner, Found: "Z1_www_A_blue", Address: "aws_route53_record.shared"},
	}
	if len(orphans) > 0 || !slices.Equal(strays, want) {
		t.Errorf("found %v and %v, want %v", orphans, strays, want)
	}
}

// Who may not look, or cannot reach AWS, does not know that nothing is there.
func TestOnlyNotFoundMeansMissing(t *testing.T) {
	t.Parallel()
	p := newProject(t, nil)
	p.stack("stage", "both", block{"aws_s3_bucket": block{"logs": block{"bucket": p.name + "-logs"}}, "aws_dynamodb_table": block{"table": block{"name": p.name + "-table"}}})
	if orphans, strays, err := p.find("stage"); len(orphans)+len(strays) > 0 || err != nil {
		t.Errorf("nothing is there: %v, %v, %v", orphans, strays, err)
	}
	head := func(c call) bool { return c.Service == "s3" && c.Action == http.MethodHead }
	for name, broken := range map[string]struct {
		hook hook
		want string
	}{
		"bucket denied": {func(c call, w http.ResponseWriter, pass func()) { refuseIf(head(c), c, w, accessDenied, pass) }, "aws_s3_bucket.logs"},
		"table denied": {func(c call, w http.ResponseWriter, pass func()) {
			refuseIf(c.Action == "DescribeTable", c, w, refusal{http.StatusBadRequest, "AccessDeniedException", "no"}, pass)
		}, "aws_dynamodb_table.table"},
		"connection broken": {func(c call, w http.ResponseWriter, pass func()) {
			if !head(c) {
				pass()
			}
		}, "aws_s3_bucket.logs"},
	} {
		p.wire.watch(broken.hook)
		orphans, strays, err := p.find("stage")
		if err == nil || !strings.Contains(err.Error(), "see whether "+broken.want) {
			t.Errorf("%s: %v, %v, %v", name, orphans, strays, err)
		}
	}
}

// refuseIf refuses a call, or passes it on.
func refuseIf(condition bool, c call, w http.ResponseWriter, r refusal, pass func()) {
	if condition {
		refuse(c, w, r)
	} else {
		pass()
	}
}

// find finds the orphans of a stack of which no state is left.
func (p *project) find(stack string) ([]orphan.Orphan, []orphan.Stray, error) {
	cfg := cloud.Config().Copy()
	cfg.BaseEndpoint, cfg.RetryMaxAttempts = &p.wire.url, 1
	return orphan.Find(p.t.Context(), cfg, filepath.Join(p.dir, stackFolder(stack)), state.New())
}

// lost takes all but some resources out of a stack's state, adopts them, and
// checks the plan of the next apply. It returns what adopt said.
func (p *project) lost(stack string, but ...string) string {
	p.t.Helper()
	var forgotten []string
	for _, address := range p.newest(stack).addresses() {
		if kind, _, _ := strings.Cut(address, "."); !slices.Contains(but, address) && kind != "terraform_data" {
			forgotten = append(forgotten, address)
		}
	}
	p.want(0)(p.terraform(stack, append([]string{"state", "rm"}, forgotten...)...))
	output := p.want(0)(p.state("adopt", stack, "--yes"))
	known := p.newest(stack).addresses()
	for _, address := range forgotten {
		if kind, _, _ := strings.Cut(address, "."); !slices.Contains(known, address) && orphan.Types[kind].ImportID != "" {
			p.t.Errorf("%s was not imported:\n%s", address, output)
		}
	}
	for _, change := range p.plan(stack) {
		t := orphan.Types[change.Type]
		switch {
		case reflect.DeepEqual(change.Actions, []string{"create"}) && t.ImportID == "" && t.Repeatable:
		case !reflect.DeepEqual(change.Actions, []string{"update"}):
			p.t.Errorf("the next deploy would %v %s", change.Actions, change.Address)
		default:
			for _, argument := range change.changed {
				if !slices.Contains(t.Unread, argument) {
					p.t.Errorf("the next deploy would change %s of %s, which orphan.Types says the import reads", argument, change.Address)
				}
			}
		}
	}
	return output
}

// change is what a plan does to a resource.
type change struct {
	Address, Type string
	Actions       []string
	changed       []string // arguments, of an update
}

// plan is what the next apply of a stack would change.
func (p *project) plan(stack string) []change {
	p.t.Helper()
	file := filepath.Join(p.t.TempDir(), "plan")
	p.want(0)(p.terraform(stack, "plan", "-input=false", "-out="+file))
	output := p.want(0)(p.terraform(stack, "show", "-json", file))
	var plan struct {
		Resources []struct {
			Address, Mode, Type string
			Change              struct {
				Actions       []string
				Before, After map[string]any
			}
		} `json:"resource_changes"`
	}
	must(p.t, json.Unmarshal([]byte(output), &plan))
	var list []change
	for _, r := range plan.Resources {
		if r.Mode != "managed" || slices.Contains(r.Change.Actions, "no-op") {
			continue
		}
		c := change{Address: r.Address, Type: r.Type, Actions: r.Change.Actions}
		for argument, after := range r.Change.After {
			if fmt.Sprint(after) != fmt.Sprint(r.Change.Before[argument]) {
				c.changed = append(c.changed, argument)
			}
		}
		list = append(list, c)
	}
	return list
}
