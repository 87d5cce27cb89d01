package constructs

import (
	"regexp"
	"strings"
	"time"

	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawscalleridentity"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawspartition"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamopenidconnectprovider"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iampolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrole"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/iamrolepolicyattachment"

	"example.com/webserver-cluster/internal/faults"
)

// GitHubRolesProps says whose workflows may review and deploy what.
type GitHubRolesProps struct {
	// Name is the project's: it starts the names of the environments' resources, and is
	// their tag Project. Required.
	Name string
	// Repository is the GitHub repository as its tokens name it: "owner/name", or with ids
	// "owner@1234/name@5678" if it was made or renamed since 15 July 2026 or somebody has
	// chosen that. Required.
	// https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims
	Repository string
	// OIDCProviderARN is the account's IAM OIDC provider for GitHub, of which an account can
	// have one. Default: it is made here.
	OIDCProviderARN string
	// Region is where the environments, the bucket and the table are. Required.
	Region string
	// StateBucket and LockTable hold the states and their locks. Required.
	StateBucket, LockTable string
	// StateKey is the key of the state store's own state, which a review reads. Required.
	StateKey string
	// Environments are what is deployed. Required.
	Environments []GitHubEnvironment
}

// GitHubEnvironment is an environment of GitHub's, and of ours by the same name.
type GitHubEnvironment struct {
	// Name is its name, and its tag Environment. Required.
	Name string
	// StateKey is the key of its state. Required.
	StateKey string
	// AssumeRoleARN is the role that makes and changes the environment. The role for its
	// deploy may assume that, and does nothing itself but read and write the state. Default:
	// none, the role for its deploy makes and changes it.
	AssumeRoleARN string
	// Elsewhere says that other credentials make and change it, those of a profile: the role
	// for its deploy reads and writes the state alone.
	Elsewhere bool
	// ImageParameter is an SSM parameter with the instances' image, if that is not Amazon's.
	ImageParameter string
	// DatabaseUser is the database user who logs in with IAM. Default: nobody does.
	DatabaseUser string
	// HostedZoneID is the Route 53 hosted zone in which a deploy makes records of DomainNames,
	// and of what is below them. Default: it makes none.
	HostedZoneID string
	DomainNames  []string
}

// here says whether the role for the environment's deploy makes and changes it itself.
func (e GitHubEnvironment) here() bool { return e.AssumeRoleARN == "" && !e.Elsewhere }

// GitHubRoles are the IAM roles that workflows of a GitHub repository assume, without any
// credentials kept at GitHub: one for reviews, which reads, and one for the deploys of each
// environment, which reads and writes that environment and its state and no other's.
// https://docs.github.com/en/actions/how-tos/secure-your-work/security-harden-deployments/oidc-in-aws
//
// What a deploy may change it finds by name where AWS's resources have names, and else by the
// tags Project and Environment. The roles that it makes have the environment's permissions
// boundary; see PermissionsBoundaryARN.
type GitHubRoles struct {
	// ReviewRoleARN is for pull requests.
	ReviewRoleARN string
	// DeployRoleARNs are for deploys, by environment.
	DeployRoleARNs map[string]string

	// Provider, Review and Deploy are its main resources, for overrides. Provider is nil for
	// one that exists already.
	Provider iamopenidconnectprovider.IamOpenidConnectProvider
	Review   iamrole.IamRole
	Deploy   map[string]iamrole.IamRole
}

const (
	gitHubIssuer = "token.actions.githubusercontent.com"
	// deployedBranch is the one that .github/workflows/deploy.yml deploys.
	deployedBranch = "main"
	// gitHubPath is the path of all that is made here. Roles that deploys make have none: so
	// no name that an environment can have leads to the roles for deploys.
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-friendly-names
	gitHubPath = "/github/"
	// deploySession is how long a deploy's credentials can hold, which nobody renews on the
	// way: a database is given an hour to come, and the rollout at the end rests at its
	// checkpoints. A workflow has to ask for more than an hour, by role-duration-seconds.
	// https://github.com/aws-actions/configure-aws-credentials#session-length
	// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use.html (1 h to 12 h)
	deploySession = 4 * time.Hour
	// maxGitHubName is how long the name of an environment's resources can be: 63 characters
	// for a bucket, less Terraform's 26 and what the construct puts between.
	maxGitHubName = 31
)

var (
	// https://docs.github.com/en/enterprise-cloud@latest/admin/managing-iam/iam-configuration-reference/username-considerations-for-external-authentication
	repositoryRule = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,37}[A-Za-z0-9])?(/[A-Za-z0-9_.-]{1,100}|@\d+/[A-Za-z0-9_.-]{1,100}@\d+)$`)
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
	gitHubProviderRule = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:oidc-provider/token\.actions\.githubusercontent\.com$`)
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
	boundaryRule = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\x21-\x7e]{1,640}$`)
)

// Validate returns every fault of the props, or nil.
func (p GitHubRolesProps) Validate() error {
	var f faults.List
	checkName(&f, p.Name, maxOtherName, "a tag")
	if !repositoryRule.MatchString(p.Repository) || strings.HasSuffix(p.Repository, "/.") || strings.HasSuffix(p.Repository, "/..") {
		f.Add("Repository", p.Repository, "must be a GitHub repository as its tokens name it, owner/name or owner@1234/name@5678")
	}
	if p.OIDCProviderARN != "" && !isToken(p.OIDCProviderARN) && !gitHubProviderRule.MatchString(p.OIDCProviderARN) {
		f.Add("OIDCProviderARN", p.OIDCProviderARN, "must be the ARN of an OIDC provider for %s", gitHubIssuer)
	}
	for _, required := range []struct{ field, value, what string }{
		{"Region", p.Region, "where the environments are"},
		{"StateBucket", p.StateBucket, "the S3 bucket of the states"},
		{"LockTable", p.LockTable, "the DynamoDB table of the locks"},
		{"StateKey", p.StateKey, "the key of the state store's own state"},
	} {
		if required.value == "" {
			f.Missing(required.field, required.what)
		}
	}
	if len(p.Environments) == 0 {
		f.Missing("Environments", "what is deployed")
	}
	for _, e := range p.Environments {
		name := p.Name + "-" + e.Name
		switch {
		case e.Name == "":
			f.Missing("Environments.Name", "the name of an environment")
		case e.StateKey == "":
			f.Missing("Environments.StateKey", "the key of the state of "+e.Name)
		case !e.here():
		case len(name) > maxGitHubName:
			f.Add("Name", name, "has %d characters; with Repository it can have %d, so that the names of all that a deploy makes begin with it", len(name), maxGitHubName)
		case strings.HasPrefix(p.StateBucket, name+"-"):
			f.Add("StateBucket", p.StateBucket, "must not begin with %s-: a deploy of %s may do anything to such buckets", name, e.Name)
		}
	}
	return f.Err()
}

// NewGitHubRoles makes GitHubRoles called id in parent. It panics if props are not valid.
func NewGitHubRoles(parent constructs.Construct, id string, props GitHubRolesProps) *GitHubRoles {
	mustBeValid(id, props.Validate())
	s := newScope(parent, id, nil)
	made := &GitHubRoles{DeployRoleARNs: map[string]string{}, Deploy: map[string]iamrole.IamRole{}}
	g := gitHub{
		scope: s, GitHubRolesProps: props, provider: props.OIDCProviderARN,
		partition: *add(s, "partition", dataawspartition.NewDataAwsPartition, &dataawspartition.DataAwsPartitionConfig{}).Partition(),
		account:   *add(s, "account", dataawscalleridentity.NewDataAwsCallerIdentity, &dataawscalleridentity.DataAwsCallerIdentityConfig{}).AccountId(),
	}
	if g.provider == "" {
		made.Provider = add(s, "provider", iamopenidconnectprovider.NewIamOpenidConnectProvider, &iamopenidconnectprovider.IamOpenidConnectProviderConfig{
			Url:          jsii.String("https://" + gitHubIssuer),
			ClientIdList: jsii.Strings("sts.amazonaws.com"),
			// No thumbprint: AWS trusts GitHub's certificate by its own list of authorities.
			// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc_verify-thumbprint.html
		})
		g.provider = *made.Provider.Arn()
	}
	// A managed policy, since a deploy reads what a review reads: twice it would not fit.
	reads := g.managed("read", props.Name+"-read", "What a plan reads", g.reads())

	made.Review = g.role("review", props.Name+"-review", time.Hour, claim{"sub", "repo:" + props.Repository + ":pull_request"})
	g.inline("review_state", made.Review, g.reviewState())
	g.inline("review_environments", made.Review, g.reviewReads())
	g.attach("review_read", made.Review, reads)
	made.ReviewRoleARN = *made.Review.Arn()

	for _, e := range props.Environments {
		role := g.role("deploy_"+e.Name, props.Name+"-deploy-"+e.Name, deploySession,
			claim{"sub", "repo:" + props.Repository + ":environment:" + e.Name},
			// GitHub limits the branches of an environment only where somebody has told it to.
			claim{"ref", "refs/heads/" + deployedBranch})
		made.Deploy[e.Name], made.DeployRoleARNs[e.Name] = role, *role.Arn()
		d := g.deploy(e)
		g.inline("deploy_"+e.Name+"_state", role, d.state())
		switch {
		case e.AssumeRoleARN != "":
			g.inline("deploy_"+e.Name+"_assume", role, []allow{{sid: "AssumeRole", actions: []string{"sts:AssumeRole"}, resources: []string{e.AssumeRoleARN}}})
		case e.here():
			g.managed("boundary_"+e.Name, boundaryName(d.name), "The most that a role of "+d.name+" can do", d.boundary())
			g.attach("deploy_"+e.Name+"_read", role, reads)
			g.inline("deploy_"+e.Name+"_network", role, d.network())
			g.inline("deploy_"+e.Name+"_servers", role, d.servers())
			// What a role may have inline together is too little for all, and so is what a managed
			// policy may have.
			// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
			g.attach("deploy_"+e.Name+"_others_attached", role, g.managed("deploy_"+e.Name+"_others", props.Name+"-deploy-"+e.Name, "What a deploy of "+d.name+" changes besides network and servers", d.others()))
			if e.HostedZoneID != "" {
				g.attach("deploy_"+e.Name+"_domain_attached", role, g.managed("deploy_"+e.Name+"_domain", props.Name+"-deploy-"+e.Name+"-domain", "What a deploy of "+d.name+" changes for its domain", d.domain()))
			}
		}
	}
	return made
}

// gitHub is what the steps of NewGitHubRoles share.
type gitHub struct {
	scope
	GitHubRolesProps
	provider, partition, account string
}

// claim is one of a token that GitHub gives a job, and its value.
// https://docs.github.com/en/actions/reference/security/oidc
type claim struct{ name, value string }

// role makes a role that workflows assume whose token has the claims.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
func (g gitHub) role(id, name string, longest time.Duration, claims ...claim) iamrole.IamRole {
	when := []condition{{"StringEquals", gitHubIssuer + ":aud", []string{"sts.amazonaws.com"}}}
	for _, c := range claims {
		when = append(when, condition{"StringEquals", gitHubIssuer + ":" + c.name, []string{c.value}})
	}
	return add(g.scope, id, iamrole.NewIamRole, &iamrole.IamRoleConfig{
		Name:               jsii.String(name),
		Path:               jsii.String(gitHubPath),
		MaxSessionDuration: seconds(longest),
		AssumeRolePolicy: document(g.scope, id+"_trust", []allow{{
			actions:   []string{"sts:AssumeRoleWithWebIdentity"},
			federated: g.provider,
			when:      when,
		}}),
	})
}

func (g gitHub) inline(id string, role iamrole.IamRole, statements []allow) {
	add(g.scope, id+"_policy", iamrolepolicy.NewIamRolePolicy, &iamrolepolicy.IamRolePolicyConfig{
		Name: jsii.String(id[strings.LastIndexByte(id, '_')+1:]), Role: role.Id(), Policy: document(g.scope, id, statements),
	})
}

func (g gitHub) managed(id, name, description string, statements []allow) iampolicy.IamPolicy {
	return add(g.scope, id+"_policy", iampolicy.NewIamPolicy, &iampolicy.IamPolicyConfig{
		Name: jsii.String(name), Path: jsii.String(gitHubPath), Description: jsii.String(description), Policy: document(g.scope, id, statements),
	})
}

func (g gitHub) attach(id string, role iamrole.IamRole, policy iampolicy.IamPolicy) {
	add(g.scope, id, iamrolepolicyattachment.NewIamRolePolicyAttachment, &iamrolepolicyattachment.IamRolePolicyAttachmentConfig{
		Role: role.Name(), PolicyArn: policy.Arn(),
	})
}

// checkBoundary checks the permissions boundary of a construct's role.
func checkBoundary(f *faults.List, arn string) {
	if arn != "" && !isToken(arn) && !boundaryRule.MatchString(arn) {
		f.Add("PermissionsBoundaryARN", arn, "must be the ARN of an IAM policy, such as arn:aws:iam::111122223333:policy/boundary")
	}
}

func boundaryName(environment string) string { return environment + "-boundary" }

// PermissionsBoundaryARN is the ARN of the permissions boundary of an environment whose
// resources have this name, for roles in the construct parent.
func PermissionsBoundaryARN(parent constructs.Construct, id, name string) string {
	s := newScope(parent, id, nil)
	partition := add(s, "partition", dataawspartition.NewDataAwsPartition, &dataawspartition.DataAwsPartitionConfig{})
	account := add(s, "account", dataawscalleridentity.NewDataAwsCallerIdentity, &dataawscalleridentity.DataAwsCallerIdentityConfig{})
	return "arn:" + *partition.Partition() + ":iam::" + *account.AccountId() + ":policy" + gitHubPath + boundaryName(name)
}
