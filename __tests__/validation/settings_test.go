package validation_test

import (
	"strings"
	"testing"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/stacks"
)

// inStageWith runs rows on the settings, with prod, which pins its image.
func inStageWith(t *testing.T, rows []row[project.Settings]) {
	run(t, rows, func(change func(*project.Settings)) error {
		s := valid
		change(&s)
		prod := stage
		prod.Name, prod.Cluster.PinAMI = "prod", true
		return stacks.Validate(s, []stacks.Environment{prod})
	})
}

// TestSettings has settings of the right form whose values AWS would refuse.
func TestSettings(t *testing.T) {
	inStageWith(t, []row[project.Settings]{
		{func(p *project.Settings) { p.StateBucket = "My.Bucket" }, `cdktf.json: context.stateBucket: "My.Bucket": must be 3 to 63 lower-case letters, digits and hyphens, a letter or digit at either end`},
		{func(p *project.Settings) { p.StateBucket = "sthree-state" }, `cdktf.json: context.stateBucket: "sthree-state": must not begin with sthree-, which S3 keeps for itself`},
		{func(p *project.Settings) { p.StateBucket = "state.bucket" }, `cdktf.json: context.stateBucket: "state.bucket": must be 3 to 63 lower-case letters, digits and hyphens, a letter or digit at either end`},
		{func(p *project.Settings) { p.LockTable = "t" }, `cdktf.json: context.lockTable: "t": must be 3 to 255 letters, digits, and _ . -`},
		{func(p *project.Settings) { p.AlertEmail = "nobody" }, `cdktf.json: context.alertEmail: "nobody": must be one plain e-mail address, such as ops@example.com`},
		{func(p *project.Settings) { p.AlertEmail = "a@example.com, b@example.com" }, `cdktf.json: context.alertEmail: "a@example.com, b@example.com": must be one plain e-mail address, such as ops@example.com`},
		{func(p *project.Settings) { p.StateBucket, p.LockTable, p.AlertEmail = "B", "t", "@" }, "cdktf.json: context.stateBucket: \"B\": must be 3 to 63 lower-case letters, digits and hyphens, a letter or digit at either end\ncdktf.json: context.lockTable: \"t\": must be 3 to 255 letters, digits, and _ . -\ncdktf.json: context.alertEmail: \"@\": must be one plain e-mail address, such as ops@example.com"},
		{func(p *project.Settings) {
			p.RolloutPlatforms = []string{"linux/amd64", "linux/amd46", "linux/amd64", "plan9/386"}
		}, `cdktf.json: context.rolloutPlatforms[1]: "linux/amd46": must be one of ["darwin/amd64" "darwin/arm64" "linux/amd64" "linux/arm64" "windows/amd64" "windows/arm64"]` + ` (did you mean linux/amd64?)
cdktf.json: context.rolloutPlatforms[2]: "linux/amd64": is there already
cdktf.json: context.rolloutPlatforms[3]: "plan9/386": must be one of ["darwin/amd64" "darwin/arm64" "linux/amd64" "linux/arm64" "windows/amd64" "windows/arm64"]`},
		{func(p *project.Settings) { p.Project = "sg" }, `cdktf.json: context.project and environment.Name: "sg-prod": must not begin with sg-, which AWS keeps for the ids of security groups`},
		{func(p *project.Settings) { p.Project = "sg-team" }, `cdktf.json: context.project and environment.Name: "sg-team-prod": must not begin with sg-, which AWS keeps for the ids of security groups`},
		{func(p *project.Settings) { p.Project = "aws" }, `cdktf.json: context.project and environment.Name: "aws-prod": must not begin with aws, which AWS keeps for its own SSM parameters, when PinAMI makes one`},
		{func(p *project.Settings) { p.Project = "awsome" }, `cdktf.json: context.project and environment.Name: "awsome-prod": must not begin with aws, which AWS keeps for its own SSM parameters, when PinAMI makes one`},
		{func(p *project.Settings) { p.Project = "ssm" }, `cdktf.json: context.project and environment.Name: "ssm-prod": must not begin with ssm, which AWS keeps for its own SSM parameters, when PinAMI makes one`},
		{func(p *project.Settings) { p.Project = "internal" }, `cdktf.json: context.project and environment.Name: "internal-prod": must not begin with internal-, which AWS keeps for itself`},
		{func(p *project.Settings) { p.Project = strings.Repeat("p", 28) }, `cdktf.json: context.project and environment.Name: "pppppppppppppppppppppppppppp-prod": has 33 characters; a load balancer's name can have 32`},
		{func(p *project.Settings) { p.Project = strings.Repeat("p", 250) }, "cdktf.json: context.project and environment.Name: \"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\"…: has 255 characters; a name tag can have 200\ncdktf.json: context.project and environment.Name: \"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\"…: has 255 characters; a load balancer's name can have 32\ncdktf.json: context.project and environment.Name: \"pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\"…: has 255 characters; a DB instance's name can have 63"},
	})
}

// TestAccountOfRole: the account of every stack, and a role in another one.
func TestAccountOfRole(t *testing.T) {
	s := valid
	s.AccountID = "111122223333"
	e := stage
	for role, want := range map[string]string{
		"":                                      "",
		"arn:aws:iam::111122223333:role/deploy": "",
		"arn:aws:iam::444455556666:role/deploy": `stage.AssumeRoleARN: "arn:aws:iam::444455556666:role/deploy": is in another account than cdktf.json: context.accountId, 111122223333: say so in AccountID`,
	} {
		e.AssumeRoleARN = role
		if got := lines(stacks.Validate(s, []stacks.Environment{e})); got != want {
			t.Errorf("%s: faults are\n%s\nwant\n%s", role, got, want)
		}
	}
	e.AccountID, e.AssumeRoleARN = "444455556666", "arn:aws:iam::444455556666:role/deploy"
	if err := stacks.Validate(s, []stacks.Environment{e}); err != nil {
		t.Error(err)
	}
}

// TestSettingsValid has odd values that must pass.
func TestSettingsValid(t *testing.T) {
	inStageWith(t, []row[project.Settings]{
		{func(p *project.Settings) { p.Project = "sgteam" }, ""},
		{func(p *project.Settings) { p.Project = "a" }, ""},
		{func(p *project.Settings) { p.Project = strings.Repeat("p", 27) }, ""},
		{func(p *project.Settings) { p.Project = "laws" }, ""},
		{func(p *project.Settings) { p.AlertEmail = "ops@example.com" }, ""},
		{func(p *project.Settings) { p.StateBucket, p.LockTable = "a-1", "a.b" }, ""},
		{func(p *project.Settings) { p.RolloutPlatforms = []string{"windows/arm64", "darwin/arm64"} }, ""},
		{func(p *project.Settings) { *p = project.Settings{} }, ""},
	})
}
