package synth_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/stacks"
)

// TestGitHubRoles: each environment's role trusts its own jobs, and what is elsewhere gets
// the state alone. What they may do, package roles holds.
func TestGitHubRoles(t *testing.T) {
	s := synthesized.settings
	s.GitHubRepository = "acme/web"
	there := stacks.Stage
	there.Name, there.Network.CIDR, there.AssumeRoleARN = "there", "10.30.0.0/16", "arn:aws:iam::111122223333:role/deploy"
	profile := stacks.Stage
	profile.Name, profile.Network.CIDR, profile.Profile = "profile", "10.40.0.0/16", "other"
	environments := []stacks.Environment{stacks.Stage, stacks.Prod, there, profile}
	if err := stacks.Validate(s, environments); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	synthesize(dir, s, environments...)
	state := readStack(t, dir, "state")
	trusts := func(role string, conditions ...string) {
		t.Helper()
		statement := at(state.json, "data", "aws_iam_policy_document", "github_"+role+"_trust", "statement", 0)
		for i, want := range append([]string{"aud [sts.amazonaws.com]"}, conditions...) {
			c := at(statement, "condition", i)
			if got := fmt.Sprint(strings.TrimPrefix(fmt.Sprint(at(c, "variable")), "token.actions.githubusercontent.com:"), " ", at(c, "values")); got != want {
				t.Errorf("%s trusts whoever has %s, want %s", role, got, want)
			}
		}
		if n := len(at(statement, "condition").([]any)); n != len(conditions)+1 {
			t.Errorf("%s has %d conditions", role, n)
		}
	}
	trusts("review", "sub [repo:acme/web:pull_request]")
	for _, e := range environments {
		trusts("deploy_"+e.Name, "sub [repo:acme/web:environment:"+e.Name+"]", "ref [refs/heads/main]")
		if at(state.json, "output", "deploy_role_arn_"+e.Name) == nil {
			t.Errorf("the role for %s is no output", e.Name)
		}
		boundary := "${data.aws_partition.boundary_partition.partition}:iam::${data.aws_caller_identity.boundary_account.account_id}:policy/github/webservers-" + e.Name + "-boundary"
		here := e.AssumeRoleARN == "" && e.Profile == ""
		made := readStack(t, dir, e.Name)
		for _, role := range []string{"web_role", "network_flow_logs_role"} {
			got, _ := at(made.get("aws_iam_role", role), "permissions_boundary").(string)
			if here != strings.HasSuffix(got, boundary) || !here && got != "" {
				t.Errorf("%s of %s has the boundary %q", role, e.Name, got)
			}
		}
		inline := 0
		for name := range at(state.json, "resource", "aws_iam_role_policy").(object) {
			if strings.HasPrefix(name, "github_deploy_"+e.Name+"_") {
				inline++
			}
		}
		want := map[bool]int{true: 3, false: 1}[here]
		if e.AssumeRoleARN != "" {
			want = 2
			statement := at(state.json, "data", "aws_iam_policy_document", "github_deploy_there_assume", "statement", 0)
			expect(t, statement, "[sts:AssumeRole]", "actions")
			expect(t, statement, "[arn:aws:iam::111122223333:role/deploy]", "resources")
		}
		if inline != want {
			t.Errorf("the role for %s has %d inline policies, want %d", e.Name, inline, want)
		}
	}
	content, err := os.ReadFile(file(dir, "state"))
	if err != nil || strings.Contains(string(content), "thumbprint") {
		t.Errorf("a thumbprint, or none to look for (%v)", err)
	}
}

// TestGitHubProvider: an account's own OIDC provider is trusted, and none is made beside it.
func TestGitHubProvider(t *testing.T) {
	const arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
	s := synthesized.settings
	s.GitHubRepository = "acme/web"
	for _, given := range []string{"", arn} {
		s.GitHubProviderARN = given
		dir := t.TempDir()
		synthesize(dir, s, stacks.Stage)
		state := readStack(t, dir, "state")
		if made := len(state.all("aws_iam_openid_connect_provider")); made != map[string]int{"": 1}[given] {
			t.Errorf("%q: %d providers are made", given, made)
		}
		who := at(state.json, "data", "aws_iam_policy_document", "github_deploy_stage_trust", "statement", 0, "principals", 0, "identifiers", 0)
		if want := cmp.Or(given, "${aws_iam_openid_connect_provider.github_provider.arn}"); who != want {
			t.Errorf("%q: %v is trusted, want %s", given, who, want)
		}
	}
}

// TestGitHubPolicySizes has the longest names and ten environments: what IAM limits does not
// grow with their number. What a policy has more than its statements, it has in every case.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func TestGitHubPolicySizes(t *testing.T) {
	const maxInline, maxManaged = 10240, 6144
	s := synthesized.settings
	s.GitHubRepository, s.Project, s.Region = "acme/web", strings.Repeat("w", 21), "ap-southeast-1"
	s.StateBucket, s.LockTable = strings.Repeat("b", 63), strings.Repeat("t", 63)
	var environments []stacks.Environment
	for i := range 10 {
		e := stacks.Stage
		e.Name, e.Network.CIDR = fmt.Sprintf("stage%d", 1000+i), fmt.Sprintf("10.%d.0.0/16", i)
		e.Cluster.AMIParameter = "/images/of-this-environment-and-no-other"
		e.Cluster.Domain = &constructs.Domain{Name: fmt.Sprintf("shop%d.some-long-example.com", i), HostedZoneID: "Z0123456789ABCDEFGHIJ"}
		database := *e.Database
		database.ApplicationUser = fmt.Sprintf("application_of_stage_%d", i)
		e.Database = &database
		environments = append(environments, e)
	}
	if err := stacks.Validate(s, environments); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	synthesize(dir, s, environments...)
	state := readStack(t, dir, "state").json
	size := func(policy object) int {
		reference := policy["policy"].(string) // ${data.aws_iam_policy_document.NAME.minified_json}
		name := strings.Split(reference, ".")[2]
		n := len(`{"Version":"2012-10-17","Statement":[]}`)
		for _, statement := range at(state, "data", "aws_iam_policy_document", name, "statement").([]any) {
			n += statementSize(t, statement.(object))
		}
		return n
	}
	inline := map[string]int{}
	for _, policy := range at(state, "resource", "aws_iam_role_policy").(object) {
		inline[policy.(object)["role"].(string)] += size(policy.(object))
	}
	for role, n := range inline {
		t.Logf("%s: %d", role, n)
		if n > maxInline {
			t.Errorf("the inline policies of %s have %d characters; a role's can have %d together", role, n, maxInline)
		}
	}
	for name, policy := range at(state, "resource", "aws_iam_policy").(object) {
		n := size(policy.(object))
		t.Logf("%s: %d", name, n)
		if n > maxManaged {
			t.Errorf("%s has %d characters; a managed policy can have %d", name, n, maxManaged)
		}
	}
}

var token = regexp.MustCompile(`\$\{[^}]*\}`)

// statementSize is how many characters a statement has in a policy.
func statementSize(t *testing.T, s object) int {
	t.Helper()
	made := object{"Effect": "Allow", "Action": s["actions"], "Resource": s["resources"]}
	if s["sid"] != nil {
		made["Sid"] = s["sid"]
	}
	conditions := object{}
	if list, ok := s["condition"].([]any); ok {
		for _, c := range list {
			test := c.(object)["test"].(string)
			if conditions[test] == nil {
				conditions[test] = object{}
			}
			conditions[test].(object)[c.(object)["variable"].(string)] = c.(object)["values"]
		}
		made["Condition"] = conditions
	}
	content, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	text := token.ReplaceAllStringFunc(string(content), func(reference string) string {
		if strings.Contains(reference, "partition") {
			return "aws"
		}
		return "123456789012"
	})
	return len(text) + len(",")
}
