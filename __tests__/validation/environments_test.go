package validation_test

import (
	"strings"
	"testing"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/stacks"
)

type environment = stacks.Environment

// TestEnvironments has an environment as a whole.
func TestEnvironments(t *testing.T) {
	inStage(t, itself, []row[environment]{
		{func(p *environment) { *p = environment{Name: "empty"} }, `empty.Network.CIDR: "": must be an IPv4 block such as 10.10.0.0/16`},
		{func(p *environment) { *p = environment{} }, "environment.Name: \"\": must be lower-case letters and digits, a letter first\nenvironment.Network.CIDR: \"\": must be an IPv4 block such as 10.10.0.0/16"},
		{func(p *environment) { p.Name = "Pre-Prod" }, `environment.Name: "Pre-Prod": must be lower-case letters and digits, a letter first`},
		{func(p *environment) { p.Name = "1st" }, `environment.Name: "1st": must be lower-case letters and digits, a letter first`},
		{func(p *environment) { p.Name = "a b" }, `environment.Name: "a b": must be lower-case letters and digits, a letter first`},
		{func(p *environment) { p.Name = "state" }, `environment.Name: "state": is the name of another stack`},
		{func(p *environment) { p.Name = strings.Repeat("x", 30) }, `cdktf.json: context.project and environment.Name: "webservers-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": has 41 characters; a load balancer's name can have 32`},
		{func(p *environment) { p.Cluster.Name = "web" }, `stage.Cluster.Name: follows from the environment: leave it out`},
		{func(p *environment) { p.AssumeRoleARN, p.Profile = "deploy", "[stage]" }, "stage.AssumeRoleARN: \"deploy\": must be the ARN of an IAM role, such as arn:aws:iam::111122223333:role/deploy\nstage.Profile: \"[stage]\": must be the name of a profile: words of letters, digits and _ . : / @ + = , -"},
		{func(p *environment) { p.AssumeRoleARN = "arn:aws:iam::111122223333:user/deploy" }, `stage.AssumeRoleARN: "arn:aws:iam::111122223333:user/deploy": must be the ARN of an IAM role, such as arn:aws:iam::111122223333:role/deploy`},
		{func(p *environment) { p.AssumeRoleARN = "arn:aws:iam::${var.account}:role/deploy" }, `stage.AssumeRoleARN: "arn:aws:iam::${var.account}:role/deploy": must be the ARN of an IAM role, such as arn:aws:iam::111122223333:role/deploy`},
		{func(p *environment) { p.AccountID = "1111-2222-3333" }, `stage.AccountID: "1111-2222-3333": must be the id of an AWS account: 12 digits, such as 111122223333`},
		{func(p *environment) { p.AccountID = "${data.aws_caller_identity.current.account_id}" }, `stage.AccountID: "${data.aws_caller_identity.current.account_id}": must be the id of an AWS account: 12 digits, such as 111122223333`},
		{func(p *environment) { p.AccountID = "012345678901" }, ""},
		{func(p *environment) {
			p.AccountID, p.AssumeRoleARN = "111122223333", "arn:aws:iam::444455556666:role/deploy"
		}, `stage.AccountID: "111122223333": is not the account of AssumeRoleARN, 444455556666`},
		{func(p *environment) {
			p.AccountID, p.AssumeRoleARN = "444455556666", "arn:aws:iam::444455556666:role/deploy"
		}, ""},
		{func(p *environment) { p.Profile = " stage" }, `stage.Profile: " stage": must be the name of a profile: words of letters, digits and _ . : / @ + = , -`},
		{func(p *environment) {
			p.AssumeRoleARN, p.Profile = "arn:aws-cn:iam::111122223333:role/team/x/deploy", "Power User-1"
		}, ""},
		{func(p *environment) { p.Cluster.RolloutPlatforms = []string{} }, `stage.Cluster.RolloutPlatforms: follows from the environment: leave it out`},
		{func(p *environment) { p.Cluster.Network = &constructs.Network{} }, `stage.Cluster.Network: follows from the environment: leave it out`},
		{func(p *environment) { p.Database.Name, p.Database.Network = "db", &constructs.Network{} }, "stage.Database.Name: follows from the environment: leave it out\nstage.Database.Network: follows from the environment: leave it out"},
		{func(p *environment) { p.Network.Name = "n" }, `stage.Network.Name: follows from the environment: leave it out`},
		{func(p *environment) { p.Cluster.Alerts, p.Cluster.Database = &constructs.Alerts{}, &constructs.MySQL{} }, "stage.Cluster.Database: follows from the environment: leave it out\nstage.Cluster.Alerts: follows from the environment: leave it out"},
		{func(p *environment) { p.Database.Alerts = &constructs.Alerts{} }, `stage.Database.Alerts: follows from the environment: leave it out`},
		{func(p *environment) { p.Cluster.DefaultTags = map[string]string{} }, `stage.Cluster.DefaultTags: follows from the environment: leave it out`},
		{func(p *environment) { p.Tags = map[string]string{"aws:x": "x"} }, `stage.Tags: "aws:x": must not begin with aws:, which AWS keeps for itself`},
		{func(p *environment) { p.Tags = map[string]string{"Team": "a,b"} }, `stage.Tags[Team]: "a,b": is no value of a tag: at most 256 letters, digits, spaces and _ . : / = + - @`},
		{func(p *environment) { p.Tags = map[string]string{"project": "x"} }, `stage.Tags: "project": differs from the tag Project only in case, and IAM takes the two for one`},
		{func(p *environment) { p.Tags = map[string]string{"Name": "x"} }, `stage.Tags: "Name": is a tag that is set anyway`},
		{func(p *environment) {
			p.Name, p.Network.CIDR, p.Cluster.MinSize, p.Database.StorageGiB = "Stage", "10", 1, 1
		}, "environment.Name: \"Stage\": must be lower-case letters and digits, a letter first\nStage.Network.CIDR: \"10\": must be an IPv4 block such as 10.10.0.0/16\nStage.Cluster.MinSize: 1: must be 2 or more: one instance cannot survive the loss of its zone\nStage.Database.StorageGiB: 1: must be 20 to 59578: MaxStorageGiB, which can be 65536, must be at least 10% above"},
		{func(e *stacks.Environment) { e.Name, e.Network.CIDR = "a\r\n", "10" }, "environment.Name: \"a\\r\\n\": must be lower-case letters and digits, a letter first\na\\r\\n.Network.CIDR: \"10\": must be an IPv4 block such as 10.10.0.0/16"},
	})
}

// TestEnvironmentsValid has odd values that must pass.
func TestEnvironmentsValid(t *testing.T) {
	inStage(t, itself, []row[environment]{
		{func(p *environment) { p.Tags = map[string]string{"Project": "mine", "Team": "a"} }, ""},
		{func(p *environment) { p.Name = strings.Repeat("x", 21) }, ""},
		{func(p *environment) { p.Database = nil }, ""},
	})
}
