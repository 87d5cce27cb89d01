package validation_test

import (
	"strings"
	"testing"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/stacks"
)

// TestGitHubRoles has the roles alone, as an app of somebody else's makes them.
func TestGitHubRoles(t *testing.T) {
	base := constructs.GitHubRolesProps{
		Name: "web", Repository: "acme/web", Region: "eu-central-1", StateBucket: "states", LockTable: "locks", StateKey: "state",
		Environments: []constructs.GitHubEnvironment{{Name: "stage", StateKey: "stage"}},
	}
	const rule = ": must be a GitHub repository as its tokens name it, owner/name or owner@1234/name@5678"
	alone(t, base, []row[constructs.GitHubRolesProps]{
		{func(p *constructs.GitHubRolesProps) { p.Repository = "" }, `Repository: ""` + rule},
		{func(p *constructs.GitHubRolesProps) { p.Repository = "web" }, `Repository: "web"` + rule},
		{func(p *constructs.GitHubRolesProps) { p.Repository = "https://github.com/acme/web" }, `Repository: "https://github.com/acme/web"` + rule},
		{func(p *constructs.GitHubRolesProps) { p.Repository = "acme/*" }, `Repository: "acme/*"` + rule},
		{func(p *constructs.GitHubRolesProps) { p.Repository = "acme/web:ref" }, `Repository: "acme/web:ref"` + rule},
		{func(p *constructs.GitHubRolesProps) { p.Repository = "-acme/web" }, `Repository: "-acme/web"` + rule},
		{func(p *constructs.GitHubRolesProps) { p.Repository = "acme@1/web" }, `Repository: "acme@1/web"` + rule},
		{func(p *constructs.GitHubRolesProps) { p.Repository = "acme@*/web@*" }, `Repository: "acme@*/web@*"` + rule},
		{func(p *constructs.GitHubRolesProps) { p.Repository = "acme/.." }, `Repository: "acme/.."` + rule},
		{func(p *constructs.GitHubRolesProps) { p.Repository = "${var.repository}" }, `Repository: "${var.repository}"` + rule},
		{func(p *constructs.GitHubRolesProps) {
			p.OIDCProviderARN = "arn:aws:iam::123456789012:oidc-provider/example.com"
		}, `OIDCProviderARN: "arn:aws:iam::123456789012:oidc-provider/example.com": must be the ARN of an OIDC provider for token.actions.githubusercontent.com`},
		{func(p *constructs.GitHubRolesProps) { p.StateBucket = "web-stage-states" }, `StateBucket: "web-stage-states": must not begin with web-stage-: a deploy of stage may do anything to such buckets`},
		{func(p *constructs.GitHubRolesProps) { p.Name = strings.Repeat("w", 26) }, `Name: "wwwwwwwwwwwwwwwwwwwwwwwwww-stage": has 32 characters; with Repository it can have 31, so that the names of all that a deploy makes begin with it`},
		{func(p *constructs.GitHubRolesProps) { *p = constructs.GitHubRolesProps{} }, `Name: "": must be lower-case letters, digits and single hyphens inside, a letter first
Repository: ""` + rule + `
Region: is missing: where the environments are
StateBucket: is missing: the S3 bucket of the states
LockTable: is missing: the DynamoDB table of the locks
StateKey: is missing: the key of the state store's own state
Environments: is missing: what is deployed`},
		{func(p *constructs.GitHubRolesProps) {
			p.Environments = []constructs.GitHubEnvironment{{}, {Name: "prod"}}
		}, "Environments.Name: is missing: the name of an environment\nEnvironments.StateKey: is missing: the key of the state of prod"},
	})
	alone(t, base, []row[constructs.GitHubRolesProps]{
		{func(p *constructs.GitHubRolesProps) { p.Repository = "A-1/.b_C-d" }, ""},
		{func(p *constructs.GitHubRolesProps) { p.Repository = "A-1@1/.b_C-d@23" }, ""},
		{func(p *constructs.GitHubRolesProps) {
			p.OIDCProviderARN = "arn:aws-cn:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
		}, ""},
		{func(p *constructs.GitHubRolesProps) { p.OIDCProviderARN = "${var.provider}" }, ""},
		{func(p *constructs.GitHubRolesProps) { p.StateBucket = "web-stages" }, ""},
		// Another account's names are no matter here.
		{func(p *constructs.GitHubRolesProps) {
			p.StateBucket, p.Environments[0].Elsewhere = "web-stage-states", true
		}, ""},
	})
}

// TestGitHubSetting has the setting, and what goes without it.
func TestGitHubSetting(t *testing.T) {
	type app struct {
		project.Settings
		stacks.Environment
	}
	run(t, []row[app]{
		{func(a *app) {}, ""},
		{func(a *app) { a.GitHubRepository = "acme" }, `cdktf.json: context.githubRepository: "acme": must be a GitHub repository as its tokens name it, owner/name or owner@1234/name@5678`},
		{func(a *app) {
			a.GitHubProviderARN = "arn:aws:iam::123456789012:oidc-provider/gitlab.com"
		}, `cdktf.json: context.githubProviderArn: "arn:aws:iam::123456789012:oidc-provider/gitlab.com": must be the ARN of an OIDC provider for token.actions.githubusercontent.com`},
		{func(a *app) {
			a.GitHubProviderARN = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
		}, ""},
		{func(a *app) { a.StateBucket = "webservers-stage-states" }, `cdktf.json: context.stateBucket: "webservers-stage-states": must not begin with webservers-stage-: a deploy of stage may do anything to such buckets`},
		{func(a *app) { a.GitHubRepository, a.StateBucket = "", "webservers-stage-states" }, ""},
		{func(a *app) {
			a.Cluster.Domain = &constructs.Domain{Name: "${local.name}", HostedZoneID: "${local.zone}"}
		}, `stage.Cluster.Domain.Name: "${local.name}": must be the value itself with cdktf.json: context.githubRepository: the state's stack has it in a policy`},
		{func(a *app) { a.Cluster.AMIParameter = "${local.image}" }, `stage.Cluster.AMIParameter: "${local.image}": must be the value itself with cdktf.json: context.githubRepository: the state's stack has it in a policy`},
		{func(a *app) {
			a.GitHubRepository, a.Cluster.Domain = "", &constructs.Domain{Name: "${local.name}", HostedZoneID: "${local.zone}"}
		}, ""},
		{func(a *app) { a.Project = strings.Repeat("p", 26) }, `cdktf.json: context.project and environment.Name: "pppppppppppppppppppppppppp-stage": has 32 characters; with Repository it can have 31, so that the names of all that a deploy makes begin with it`},
		{func(a *app) { a.Tags = map[string]string{"Environment": "prod", "Team": "web"} }, `stage.Tags.Environment: "prod": must be left out with cdktf.json: context.githubRepository: by this tag, IAM tells whose a resource is`},
		{func(a *app) { a.Network.Tags = map[string]string{"Project": "x"} }, `stage.Network.Tags.Project: "x": must be left out with cdktf.json: context.githubRepository: by this tag, IAM tells whose a resource is`},
		{func(a *app) { a.GitHubRepository, a.Network.Tags = "", map[string]string{"Project": "x"} }, ""},
		{func(a *app) { a.Network.PermissionsBoundaryARN = "arn:aws:iam::123456789012:policy/b" }, `stage.Network.PermissionsBoundaryARN: follows from the environment: leave it out`},
		{func(a *app) { a.Cluster.PermissionsBoundaryARN = "b" }, "stage.Cluster.PermissionsBoundaryARN: follows from the environment: leave it out\nstage.Cluster.PermissionsBoundaryARN: \"b\": must be the ARN of an IAM policy, such as arn:aws:iam::111122223333:policy/boundary"},
	}, func(change func(*app)) error {
		a := app{valid, stage}
		a.GitHubRepository = "acme/web"
		change(&a)
		return stacks.Validate(a.Settings, []stacks.Environment{a.Environment})
	})
}

// TestDatabaseUsersOfTwoEnvironments: by a user's name, IAM tells whose a database is.
func TestDatabaseUsersOfTwoEnvironments(t *testing.T) {
	type pair struct {
		project.Settings
		stage, prod stacks.Environment
	}
	run(t, []row[pair]{
		{func(p *pair) {}, `prod.Database.ApplicationUser: "app": is that of stage, too: with cdktf.json: context.githubRepository, each environment takes another one, by which IAM tells their databases apart`},
		{func(p *pair) { p.prod.Database.ApplicationUser = "app_prod" }, ""},
		{func(p *pair) { p.GitHubRepository = "" }, ""},
		{func(p *pair) { p.prod.AssumeRoleARN = "arn:aws:iam::111122223333:role/deploy" }, ""},
		{func(p *pair) { p.stage.Database.ApplicationUser, p.prod.Database.ApplicationUser = "", "" }, ""},
	}, func(change func(*pair)) error {
		p := pair{valid, stacks.Stage, stacks.Prod}
		p.GitHubRepository = "acme/web"
		for _, e := range []*stacks.Environment{&p.stage, &p.prod} {
			database := *e.Database
			database.ApplicationUser = "app"
			e.Database = &database
		}
		change(&p)
		return stacks.Validate(p.Settings, []stacks.Environment{p.stage, p.prod})
	})
}
