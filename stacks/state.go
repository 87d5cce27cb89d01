package stacks

import (
	"os"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/outdir"
	"example.com/webserver-cluster/internal/settings"
	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// StateStackID is the id of the stack of the state store.
const StateStackID = "state"

// backendVariable set to "local" keeps the state stack's own state in a file:
// before its first deploy there is no bucket to keep it in. The command
// "state bootstrap" sets it.
const backendVariable = "STATE_BACKEND"

// NewStateStack makes the stack of the bucket and the table that hold
// everyone's state, its own included. It is deployed once an account, before
// all others.
func NewStateStack(app cdktf.App, s settings.Settings) cdktf.TerraformStack {
	stack := newStack(app, StateStackID, s, withDefaultTags(nil, s, StateStackID))
	if os.Getenv(backendVariable) == "local" {
		cdktf.NewLocalBackend(stack, &cdktf.LocalBackendConfig{
			// In the project's folder, where clearing the output folder does not take it away.
			Path: jsii.String(outdir.ToProject(*app.Outdir(), StateStackID) + "/terraform.state.tfstate"),
		})
	} else {
		useS3Backend(stack, StateStackID, s)
	}
	store := constructs.NewStateStore(stack, "store", stateStore(s))
	addOutputs(stack, []output{
		{"state_bucket", store.BucketName, "S3 bucket of the Terraform state"},
		{"state_bucket_arn", store.BucketARN, "ARN of the state bucket"},
		{"lock_table", store.TableName, "DynamoDB table of the state's locks"},
		{"lock_table_arn", store.TableARN, "ARN of the lock table"},
	})
	return stack
}

func stateStore(s settings.Settings) constructs.StateStoreProps {
	return constructs.StateStoreProps{BucketName: s.StateBucket, TableName: s.LockTable}
}
