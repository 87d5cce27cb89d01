package review_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// planText is a plan of a stack as "show -json" prints it, with what is to be done to its
// resources. OpenTofu's has no "applyable" and "complete".
// https://developer.hashicorp.com/terraform/internals/json-format
func planText(t *testing.T, p *reviewed, stack string, tofu bool, changes ...map[string]any) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(p.dir, "cdktf.out", "stacks", stack, "cdk.tf.json"))
	if err != nil {
		t.Fatal(err)
	}
	var code struct {
		Resource map[string]map[string]any
		Provider struct {
			AWS []struct {
				Tags []struct {
					Tags map[string]any `json:"tags"`
				} `json:"default_tags"`
			}
		}
	}
	if err := json.Unmarshal(content, &code); err != nil {
		t.Fatal(err)
	}
	var resources []map[string]any
	for kind, named := range code.Resource {
		for name := range named {
			resources = append(resources, map[string]any{"address": kind + "." + name, "mode": "managed", "type": kind, "name": name, "schema_version": 0})
		}
	}
	plan := map[string]any{
		"format_version": "1.2", "terraform_version": "1.11.4", "planned_values": map[string]any{"root_module": map[string]any{}},
		"resource_changes": changes, "timestamp": "2026-01-01T00:00:00Z", "errored": false,
		"configuration": map[string]any{
			"provider_config": map[string]any{"aws": map[string]any{
				"name": "aws", "full_name": "registry.terraform.io/hashicorp/aws", "version_constraint": "~> 5.99",
				"expressions": map[string]any{"default_tags": []any{map[string]any{"tags": map[string]any{"constant_value": code.Provider.AWS[0].Tags[0].Tags}}}},
			}},
			"root_module": map[string]any{"resources": resources},
		},
	}
	if tofu {
		plan["terraform_version"] = "1.10.0"
		plan["configuration"].(map[string]any)["provider_config"].(map[string]any)["aws"].(map[string]any)["full_name"] = "registry.opentofu.org/hashicorp/aws"
	} else {
		plan["applyable"], plan["complete"] = true, true
	}
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// updated is an update of a resource in place.
func updated(kind, name string, before, after map[string]any) map[string]any {
	return map[string]any{
		"address": kind + "." + name, "mode": "managed", "type": kind, "name": name, "provider_name": "registry.terraform.io/hashicorp/aws",
		"change": map[string]any{"actions": []string{"update"}, "before": before, "after": after, "after_unknown": map[string]any{}},
	}
}

// TestPlans has plans from files and from a Terraform that the test plays.
func TestPlans(t *testing.T) {
	p := newReviewed(t)
	if out, err := p.project("go", "run", ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	class := updated("aws_db_instance", "mysql_instance",
		map[string]any{"instance_class": "db.t4g.micro", "apply_immediately": true}, map[string]any{"instance_class": "db.t4g.small", "apply_immediately": true})
	p.write("build/stage.json", planText(t, p, "stage", false, class))
	p.write("build/tofu.json", planText(t, p, "stage", true, class))
	p.write("build/nothing.json", planText(t, p, "prod", false))
	p.write("build/foreign.json", strings.ReplaceAll(planText(t, p, "stage", false), "aws_nat_gateway", "aws_nat_gate"))
	p.write("build/broken.json", `{"format_version":`)
	p.write("build/none.json", `{"a": 1}`)

	interrupts := []string{"stage  interruption"}
	for _, arguments := range [][]string{
		{"--plan-file", "build/stage.json"}, {"--plan-file", "build/tofu.json"}, {"--plan-file", "stage=build/stage.json", "--fail-on", "data-at-risk"},
	} {
		t.Run(strings.Join(arguments, " "), func(t *testing.T) {
			c := p.in(p.dir, "GIT_CEILING_DIRECTORIES="+filepath.Dir(p.dir))
			c.t = t
			c.says(0, interrupts, append(arguments, "--base", "none")...)
		})
	}
	p.says(1, interrupts, "--base", "none", "--plan-file", "build/stage.json", "--fail-on", "interruption")
	p.says(0, []string{"stage  interruption", "prod   nothing changes", "state  nothing changes"}, "--plan-file", "build/stage.json", "--plan-file", "build/nothing.json")

	p.fails(`build/stage.json is a plan of another stack: its tag Environment is "stage", that of prod is "prod"`, "--plan-file", "prod=build/stage.json")
	p.fails(`build/foreign.json is a plan of none of stage, prod, state as the code has them`, "--plan-file", "build/foreign.json")
	p.fails(`build/foreign.json is not a plan of this code: aws_nat_gate`, "--plan-file", "stage=build/foreign.json")
	p.fails("build/broken.json is broken JSON: unexpected end of JSON input", "--plan-file", "build/broken.json")
	p.fails(`build/none.json is no plan: give one that "terraform plan -out" has written`, "--plan-file", "build/none.json")
	p.fails("build/missing.json: no such file or directory", "--plan-file", "build/missing.json")
	p.fails(`there is no stack "test": there are stage, prod, state`, "--plan-file", "test=build/missing.json")
	p.fails("build/tofu.json: is the second plan of stage", "--plan-file", "build/stage.json", "--plan-file", "build/tofu.json")
	p.fails(`the code has no stack "test": there are stage, prod, state`, "test")

	t.Run("infracost", func(t *testing.T) { infracost(t, p.in(p.dir)) })

	// A Terraform that says what is in these files.
	p.write("build/terraform", `#!/bin/sh
case "$1" in
version) echo "Terraform v1.11.4" ;;
init) [ ! -e `+p.dir+`/build/init.err ] || { cat `+p.dir+`/build/init.err; exit 1; } ;;
plan) for out in `+p.dir+`/build/plan.out `+p.dir+`/build/plan.$(basename "$PWD").out; do
	[ ! -e $out ] || { cat $out; exit 1; }
done ;;
show) cat `+p.dir+`/build/stage.json ;;
esac
`)
	if err := os.Chmod(filepath.Join(p.dir, "build", "terraform"), 0o755); err != nil {
		t.Fatal(err)
	}
	played := p.in(p.dir, "TERRAFORM_BINARY_NAME="+filepath.Join(p.dir, "build", "terraform"))
	played.says(0, interrupts, "--base", "none", "--plan", "stage")
	p.write("build/stage.plan", "PK\x03\x04 a zip file")
	played.says(0, interrupts, "--base", "none", "--plan-file", "build/stage.plan")

	diagnostic := func(summary, detail string) string {
		return `{"@level":"info","@message":"Terraform 1.11.4","terraform":"1.11.4","type":"version","ui":"1.2"}
{"@level":"error","type":"diagnostic","diagnostic":{"severity":"error","summary":"` + summary + `","detail":"` + detail + `","address":"aws_vpc.network_vpc"}}
`
	}
	t.Run("one of them cannot be planned", func(t *testing.T) { partly(t, played, diagnostic) })
	p.write("build/plan.out", diagnostic("Resource postcondition failed", "CIDR cannot change:\\nthis one was made with 10.10.0.0/16"))
	out := played.says(1, []string{"stage  refused: the deploy fails"}, "--plan", "stage", "--fail-on", "data-at-risk")
	if text := strings.Join(strings.Fields(out), " "); !strings.Contains(text, "aws_vpc.network_vpc: Resource postcondition failed: CIDR cannot change: this one was made with 10.10.0.0/16") {
		t.Errorf("it does not have Terraform's words:\n%s", out)
	}
	p.write("build/plan.out", diagnostic("reading EC2 VPC", "operation error EC2: ExpiredToken"))
	_, failure, status := played.review("--plan", "stage")
	if status != 2 || !strings.Contains(failure, "review: stage: terraform plan: aws_vpc.network_vpc: reading EC2 VPC: operation error EC2: ExpiredToken\n") {
		t.Errorf("status %d: %s", status, failure)
	}
	p.write("build/init.err", "\n╷\n│ Error: No valid credential sources found\n│ \n│ Please log in\n│ again.\n╵\n")
	_, failure, status = played.review("--plan", "stage")
	if status != 2 || !strings.HasSuffix(failure, "review: stage: terraform init: No valid credential sources found: Please log in again.\n") {
		t.Errorf("status %d: %s", status, failure)
	}
	p.in(p.dir, "TF_WORKSPACE=other").fails("environment variable TF_WORKSPACE", "--plan", "stage")
}

// partly has a Terraform that can plan stage, and not prod.
func partly(t *testing.T, p *reviewed, diagnostic func(summary, detail string) string) {
	p = p.in(p.dir)
	p.t = t
	defer os.Remove(filepath.Join(p.dir, "build", "plan.prod.out"))
	for _, c := range []struct{ summary, detail, prod, note string }{
		{"No valid credential sources found", "no EC2 IMDS role found", "nothing changes", "- prod: Terraform could not plan it, so that the code alone is judged: terraform plan: aws_vpc.network_vpc: No valid credential sources found: no EC2 IMDS role found"},
		{"Cannot assume IAM Role", "operation error STS: AssumeRole, StatusCode: 403, AccessDenied", "nothing changes", "judged: terraform plan: aws_vpc.network_vpc: Cannot assume IAM Role"},
		{"Error acquiring the state", "dial tcp: lookup s3: no such host", "nothing changes", "no such host"},
		{"Invalid index", "The given key does not identify an element.", "unknown", "* Terraform could not plan it: terraform plan: aws_vpc.network_vpc: Invalid index: The given key"},
	} {
		p.write("build/plan.prod.out", diagnostic(c.summary, c.detail))
		out := p.says(0, []string{"stage  interruption", "prod   " + c.prod}, "--plan", "stage", "prod")
		if !strings.Contains(strings.Join(strings.Fields(out), " "), c.note) {
			t.Errorf("it does not say %q:\n%s", c.note, out)
		}
	}
	p.write("build/plan.prod.out", diagnostic("ExpiredToken", "Log in."))
	if out := p.says(0, []string{"stage  interruption", "prod   unknown"}, "--plan", "--base", "none", "stage", "prod"); !strings.Contains(out, "ExpiredToken") {
		t.Errorf("it does not say why:\n%s", out)
	}
	if _, failure, status := p.review("--plan", "prod"); status != 2 || !strings.Contains(failure, "review: prod: terraform plan: aws_vpc.network_vpc: ExpiredToken: Log in.\n") {
		t.Errorf("status %d: %s", status, failure)
	}
}

// infracost has an Infracost of the test's own say what a plan costs.
func infracost(t *testing.T, p *reviewed) {
	arguments := []string{"--base", "none", "--plan-file", "build/stage.json"}
	if out, _, _ := p.review(arguments...); !strings.Contains(strings.Join(strings.Fields(out), " "), "Infracost, which knows AWS's prices, is not installed") {
		t.Errorf("it does not say that Infracost is missing:\n%s", out)
	}
	folder := t.TempDir()
	priced := p.in(p.dir, "PATH="+folder+string(os.PathListSeparator)+os.Getenv("PATH"))
	for script, want := range map[string]string{
		`[ "$1" = breakdown ] && echo '{"currency":"USD","totalMonthlyCost":"130.5","pastTotalMonthlyCost":"100","diffTotalMonthlyCost":"30.5"}'`: "a month of stage: +30.50 USD, from 100.00 to 130.50",
		`[ "$1" = scan ] && echo '{"summary":{"total_monthly_cost":"130.5"}}'`:                                                                    "a month of stage: 130.50 USD as planned",
		`echo 'no INFRACOST_API_KEY' >&2; exit 1`:                                                                                                 "a month of stage: not known: infracost: no INFRACOST_API_KEY",
	} {
		if err := os.WriteFile(filepath.Join(folder, "infracost"), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		out, failure, status := priced.review(arguments...)
		if status != 0 || !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("status %d, want %q:\n%s%s", status, want, out, failure)
		}
	}
}
