package synth_test

import (
	"os"
	"strings"
	"testing"

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
	subject := func(role string) any {
		return at(state.json, "data", "aws_iam_policy_document", "github_"+role+"_trust", "statement", 0, "condition", 1, "values")
	}
	expect(t, subject("review"), "[repo:acme/web:pull_request]")
	for _, e := range environments {
		expect(t, subject("deploy_"+e.Name), "[repo:acme/web:environment:"+e.Name+"]")
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
		want := map[bool]int{true: 3, false: 2}[here]
		if e.AssumeRoleARN != "" {
			want = 3
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
