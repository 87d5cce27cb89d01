package synth_test

import (
	"strings"
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/stacks"
)

const deployRole = "arn:aws:iam::111122223333:role/deploy"

// TestRolloutActsAsTheProvider: the deploy's command, and the one for use by hand.
func TestRolloutActsAsTheProvider(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) { e.AssumeRoleARN, e.Profile = deployRole, "Power User" }))
	aws := at(s.json, "provider", "aws", 0)
	expect(t, aws, deployRole, "assume_role", 0, "role_arn")
	expect(t, aws, "Power User", "profile")
	environment := at(s.get("terraform_data", "web_rollout"), "provisioner", "local-exec", "environment")
	expect(t, environment, deployRole, "ROLLOUT_ROLE_ARN")
	expect(t, environment, "Power User", "ROLLOUT_PROFILE")
	expect(t, environment, nil, "ROLLOUT_EXTERNAL_ID")
	byHand := at(s.json, "output", "rollout_command", "value").(string)
	if want := " --profile 'Power User' --role-arn '" + deployRole + "'"; !strings.HasSuffix(byHand, want) {
		t.Errorf("the output is %s\nwant at its end %s", byHand, want)
	}
	// The state is reached as whoever deploys.
	for _, argument := range []string{"profile", "assume_role", "role_arn"} {
		expect(t, s.json, nil, "terraform", "backend", "s3", argument)
	}

	environments(t, func(t *testing.T, s stack) { // whose literals have neither
		environment := at(s.get("terraform_data", "web_rollout"), "provisioner", "local-exec", "environment").(object)
		if len(environment) != 1 {
			t.Errorf("the environment is %v", environment)
		}
	})
}

// TestAccount: the settings' account is every stack's, an environment's own wins, and
// without any nothing is said.
func TestAccount(t *testing.T) {
	const all, own = "111122223333", "444455556666"
	settings := synthesized.settings
	settings.AccountID = all
	dir := t.TempDir()
	synthesize(dir, settings, trial, variant(func(e *stacks.Environment) { e.Name, e.AccountID = "other", own }))
	for id, want := range map[string]string{project.StateStack: all, trial.Name: all, "other": own} {
		s := readStack(t, dir, id)
		expect(t, s.json, "["+want+"]", "provider", "aws", 0, "allowed_account_ids")
		if id == project.StateStack {
			continue
		}
		expect(t, s.get("terraform_data", "web_rollout"), want, "provisioner", "local-exec", "environment", "ROLLOUT_ACCOUNT_ID")
		byHand := at(s.json, "output", "rollout_command", "value").(string)
		if want := " --account-id '" + want + "'"; !strings.HasSuffix(byHand, want) {
			t.Errorf("the output is %s\nwant at its end %s", byHand, want)
		}
	}
	for _, id := range synthesized.ids {
		expect(t, load(t, id).json, nil, "provider", "aws", 0, "allowed_account_ids")
	}
}

// TestOwnProvider: a stack of one's own may say more, in its provider without an alias.
func TestOwnProvider(t *testing.T) {
	roles := func(arns ...string) (list []*provider.AwsProviderAssumeRole) {
		for _, arn := range arns {
			list = append(list, &provider.AwsProviderAssumeRole{RoleArn: jsii.String(arn), ExternalId: jsii.String("x'1"), SessionName: jsii.String("deploy")})
		}
		return list
	}
	own := func(roles []*provider.AwsProviderAssumeRole) (stack, error) {
		return synthesizeOwn(t, func(own cdktf.TerraformStack) {
			provider.NewAwsProvider(own, jsii.String("other"), &provider.AwsProviderConfig{Alias: jsii.String("other"), Profile: jsii.String("other")})
			for _, child := range *own.Node().Children() {
				if aws, ok := child.(provider.AwsProvider); ok && aws.Alias() == nil {
					aws.SetAssumeRole(roles)
					aws.SetAllowedAccountIds(jsii.Strings("111122223333", "444455556666"))
				}
			}
			cluster(own, "web", nil)
		})
	}
	s, err := own(roles(deployRole))
	if err != nil {
		t.Fatal(err)
	}
	environment := at(s.get("terraform_data", "web_rollout"), "provisioner", "local-exec", "environment")
	for name, want := range map[string]any{
		"ROLLOUT_ROLE_ARN": deployRole, "ROLLOUT_EXTERNAL_ID": "x'1", "ROLLOUT_SESSION_NAME": "deploy", "ROLLOUT_PROFILE": nil,
		"ROLLOUT_ACCOUNT_ID": "111122223333,444455556666",
	} {
		expect(t, environment, want, name)
	}
	if _, err := own(roles(deployRole, deployRole)); err == nil || !strings.Contains(err.Error(), "assumes 2 roles in a row") {
		t.Errorf("a chain of roles: %v", err)
	}
}
