package stacks

import (
	"os"

	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/outdir"
	"example.com/webserver-cluster/internal/project"
)

// backendVariable set to "local" keeps the state stack's own state in a file:
// before its first deploy there is no bucket to keep it in. The command
// "state bootstrap" sets it.
const backendVariable = "STATE_BACKEND"

// NewStateStack makes the stack of the bucket and the table that hold
// everyone's state, its own included. It is deployed once an account, before
// all others. With a GitHub repository in the settings it makes the roles for its workflows,
// too.
func NewStateStack(app cdktf.App, s project.Settings, environments []Environment) cdktf.TerraformStack {
	stack := newStack(app, project.StateStack, s.Region, withDefaultTags(nil, s, project.StateStack), credentials{accountID: s.AccountID})
	if os.Getenv(backendVariable) == "local" {
		cdktf.NewLocalBackend(stack, &cdktf.LocalBackendConfig{
			// In the project's folder, where clearing the output folder does not take it away.
			Path: jsii.String(outdir.ToProject(*app.Outdir(), project.StateStack) + "/terraform.state.tfstate"),
		})
	} else {
		useS3Backend(stack, project.StateStack, s)
	}
	store := constructs.NewStateStore(stack, "store", stateStore(s))
	outputs := []output{
		{"state_bucket", store.BucketName, "S3 bucket of the Terraform state"},
		{"state_bucket_arn", store.BucketARN, "ARN of the state bucket"},
		{"lock_table", store.TableName, "DynamoDB table of the state's locks"},
		{"lock_table_arn", store.TableARN, "ARN of the lock table"},
	}
	if s.GitHubRepository != "" {
		roles := constructs.NewGitHubRoles(stack, "github", gitHubRoles(s, environments))
		outputs = append(outputs, output{"review_role_arn", roles.ReviewRoleARN, "IAM role of reviews in " + s.GitHubRepository})
		for _, e := range environments {
			outputs = append(outputs, output{"deploy_role_arn_" + e.Name, roles.DeployRoleARNs[e.Name], "IAM role of deploys of " + e.Name + " in " + s.GitHubRepository})
		}
	}
	addOutputs(stack, outputs)
	return stack
}

func stateStore(s project.Settings) constructs.StateStoreProps {
	return constructs.StateStoreProps{BucketName: s.StateBucket, TableName: s.LockTable}
}
