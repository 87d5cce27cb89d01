package pins_test

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPlanInAnotherAccount: Terraform refuses before it has asked AWS for anything else.
func TestPlanInAnotherAccount(t *testing.T) {
	for id, want := range map[string]string{
		account:      "to add",
		otherAccount: "AWS account ID not allowed: " + account,
	} {
		dir := t.TempDir()
		synthesize(t, dir, id)
		if out, err := terraform(t, dir, "state", "init", "-no-color"); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		out, err := terraform(t, dir, "state", "plan", "-no-color", "-input=false")
		if (err == nil) != (id == account) || !strings.Contains(out, want) {
			t.Errorf("a plan for %s: %v: %s\nwant %s", id, err, out, want)
		}
	}
}

// TestCommandsInAnotherAccount: the commands say which account the credentials are of,
// which one is wanted, and where that stands.
func TestCommandsInAnotherAccount(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "cdktf.json"), settings(otherAccount))
	// One environment that was synthesized, in an account of its own.
	const own = "444455556666"
	write(t, filepath.Join(folder(dir, "stage"), "cdk.tf.json"), `{"provider": {"aws": [{"allowed_account_ids": ["`+own+`"]}]}}`)
	const of = "the AWS credentials are of account " + account + ", and "
	for _, test := range []struct{ command, want string }{
		{"state check", "state: " + of + "cdktf.json: context.accountId says " + otherAccount + ": check AWS_PROFILE and the AWS_… variables"},
		{"state bootstrap --yes", "state: " + of + "cdktf.json: context.accountId says " + otherAccount + ": check AWS_PROFILE and the AWS_… variables"},
		{"database user stage", "database: " + of + "cdktf.json: context.accountId says " + otherAccount},
		{"image show prod", "image: " + of + "cdktf.json: context.accountId says " + otherAccount},
		{"image show stage", "image: " + of + "allowed_account_ids in cdktf.out/stacks/stage/cdk.tf.json says " + own},
		{"rollout --group web --account-id " + own, "rollout: " + of + "--account-id says " + own},
		{"rollout status --group web --account-id " + own + "," + otherAccount, "rollout: " + of + "--account-id says " + own + ", " + otherAccount},
	} {
		words := strings.Fields(test.command)
		out, err := command(t, dir, words[0], nil, words[1:]...)
		if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 1 || out != test.want {
			t.Errorf("%s: %v: %s\nwant %s", test.command, err, out, test.want)
		}
	}
	// The right one is no matter: the group is missing, and AWS has said so.
	for _, args := range []string{"--account-id " + account, "--account-id " + own + "," + account} {
		if out, err := command(t, dir, "rollout", nil, strings.Fields("--group web "+args)...); err == nil || !strings.Contains(out, "there is no Auto Scaling group web") {
			t.Errorf("%s: %v: %s", args, err, out)
		}
	}
	out, err := command(t, dir, "rollout", nil, "--group", "web", "--account-id", "1234")
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(out, `--account-id: "1234": must be the id of an AWS account: 12 digits`) {
		t.Errorf("%v: %s", err, out)
	}
}
