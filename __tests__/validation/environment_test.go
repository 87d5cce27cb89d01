package validation_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/webserver-cluster/internal/environ"
	"example.com/webserver-cluster/internal/faults"
)

// TestEnvironmentThatLeadsElsewhere: each variable alone would have a deploy work
// on another state, folder or service than the code says, or on a part of it.
func TestEnvironmentThatLeadsElsewhere(t *testing.T) {
	for _, test := range []struct{ entry, want string }{
		{"TF_WORKSPACE=dev", `environment variable TF_WORKSPACE: "dev": Terraform would use another state`},
		{"TF_DATA_DIR=/tmp/data", "all stacks in one folder"},
		{"TF_DATA_DIR=.tf", "all stacks in one folder"},
		{`TF_REATTACH_PROVIDERS={"aws":{}}`, "a provider that is being debugged"},
		{"TF_ENCRYPTION=key_provider…", "environment variable TF_ENCRYPTION: (not shown): OpenTofu would encrypt"},
		{"AWS_SSE_CUSTOMER_KEY=c2VjcmV0", "environment variable AWS_SSE_CUSTOMER_KEY: (not shown): Terraform would encrypt"},
		{"AWS_S3_ENDPOINT=http://127.0.0.1:1", "set AWS_ENDPOINT_URL_S3 in its place"},
		{"AWS_DYNAMODB_ENDPOINT=http://127.0.0.1:1", "set AWS_ENDPOINT_URL_DYNAMODB in its place"},
		{"AWS_IAM_ENDPOINT=http://127.0.0.1:1", "set AWS_ENDPOINT_URL_IAM in its place"},
		{"AWS_STS_ENDPOINT=http://127.0.0.1:1", "set AWS_ENDPOINT_URL_STS in its place"},
		{"TF_AWS_S3_ENDPOINT=http://127.0.0.1:1", "set AWS_ENDPOINT_URL_S3 in its place"},
		{"TF_AWS_DYNAMODB_ENDPOINT=http://127.0.0.1:1", "set AWS_ENDPOINT_URL_DYNAMODB in its place"},
		{"AWS_METADATA_URL=http://127.0.0.1:1", "set AWS_EC2_METADATA_SERVICE_ENDPOINT in its place"},
		{"AWS_SHARED_CONFIG_FILE=/tmp/config", "set AWS_CONFIG_FILE in its place"},
		{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true\nAWS_ENDPOINT_URL_S3=http://127.0.0.1:1", "reads AWS_ENDPOINT_URL_S3 all the same"},

		{"CDKTF_APP=go run ./other", "what another app synthesizes"},
		{"CDKTF_A=go run ./other", "what another app synthesizes"},
		{"CDKTF_MIGRATE_STATE=true", "copy a state over another one"},
		{"CDKTF_SKIP_SYNTH=true", "what was synthesized earlier"},
		{"CDKTF_SKIP_SYNTH=1", "what was synthesized earlier"},
		{"CDKTF_REFRESH_ONLY=true", "deploy nothing"},
		{"CDKTF_HELP=true", "only print text"},

		{"TF_CLI_ARGS=-state=other.tfstate", "with -state, the state would be kept in another file"},
		{"TF_CLI_ARGS=--state other.tfstate", "with -state, the state would be kept in another file"},
		{"TF_CLI_ARGS_apply=-state-out=other.tfstate", "with -state-out, "},
		{"TF_CLI_ARGS_apply=-backup=-", "with -backup, "},
		{"TF_CLI_ARGS_init=-backend-config=bucket=other", "in another backend"},
		{"TF_CLI_ARGS_init='-backend-config=key=my state'", "in another backend"},
		{"TF_CLI_ARGS_init=-backend=false", "with -backend, "},
		{"TF_CLI_ARGS=-chdir=/tmp", "in another folder"},
		{"TF_CLI_ARGS_init=-from-module=git::x", "with -from-module, "},
		{"TF_CLI_ARGS_init=-migrate-state", "with -migrate-state, "},
		{"TF_CLI_ARGS_init=-force-copy=1", "with -force-copy, "},
		{"TF_CLI_ARGS_init=-input=false -reconfigure", "with -reconfigure, "},
		{"TF_CLI_ARGS_plan=-target=aws_vpc.v", "with -target, a deploy would do a part"},
		{"TF_CLI_ARGS_apply=-lock-timeout=5m -target aws_vpc.v", "with -target, a deploy would do a part"},
		{"TF_CLI_ARGS_apply=-exclude=aws_vpc.v", "with -exclude, "},
		{"TF_CLI_ARGS_apply=-replace=aws_vpc.v", "with -replace, "},
		{"TF_CLI_ARGS_apply=-destroy", "a deploy would destroy the stack"},
		{"TF_CLI_ARGS_apply=-refresh-only", "with -refresh-only, "},
		{"TF_CLI_ARGS_plan=-refresh=false", "with -refresh, "},
		{"TF_CLI_ARGS_apply=-lock=0", "with -lock, no lock would be taken"},
		{"TF_CLI_ARGS=-version", "with -version, Terraform would only print text"},
		{"TF_CLI_ARGS_apply=/tmp/other.plan", `would take "/tmp/other.plan" for a plan`},
		{"TF_CLI_ARGS_apply=-lock-timeout=5m other.plan", `would take "other.plan" for a plan`},
		{"TF_CLI_ARGS_apply=-no-color other.plan", `would take "other.plan" for a plan`},
		{"TF_CLI_ARGS_apply=-lock-timeout 5m other.plan", `would take "other.plan" for a plan`},
		{"TF_CLI_ARGS_apply='-lock-timeout=5m", "cannot read it as a command line"},
	} {
		t.Run(test.entry, func(t *testing.T) {
			found := faults.Each(environ.Check(strings.Split(test.entry, "\n"), t.TempDir()))
			if len(found) != 1 || !strings.Contains(found[0].Error(), test.want) {
				t.Errorf("faults are %q, want one that says %q", found, test.want)
			}
		})
	}
}

// TestEnvironmentThatIsFine has what leads nowhere else: each tool reads it alike,
// or it changes how Terraform runs, not on what.
func TestEnvironmentThatIsFine(t *testing.T) {
	for _, entry := range []string{
		"TF_WORKSPACE=", "TF_WORKSPACE=default", "TF_DATA_DIR=", "TF_DATA_DIR=.terraform/",
		"TF_CLI_ARGS=", "TF_CLI_ARGS_plan=-lock-timeout=10m -parallelism=5 -input=false -no-color -compact-warnings",
		"TF_CLI_ARGS_plan=-lock-timeout 10m -parallelism 5 -no-color", "TF_CLI_ARGS_plan=-var x=1 -var-file /f -out plan",
		"TF_CLI_ARGS_init=-upgrade -plugin-dir=/p -lockfile=readonly",
		"TF_CLI_ARGS_apply=-lock=true -refresh=true -auto-approve", "TF_CLI_ARGS_init=-backend=true -reconfigure=false",
		"TF_CLI_CONFIG_FILE=/c", "TF_PLUGIN_CACHE_DIR=/p", "TF_LOG=debug", "TF_IN_AUTOMATION=1", "TF_INPUT=0", "TF_VAR_x=1",
		"TERRAFORM_BINARY_NAME=tofu", "TF_REATTACH_PROVIDERS=", "TF_ENCRYPTION=", "TF_STATE_PERSIST_INTERVAL=60", "TF_TOKEN_example_com=t",
		// Read only for a backend that the code does not name.
		"TF_CLOUD_ORGANIZATION=o", "TF_CLOUD_HOSTNAME=h", "TF_CLOUD_PROJECT=p", "TF_FORCE_LOCAL_BACKEND=1",
		"AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_ENDPOINT_URL_S3=http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true",
		"AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:1", "AWS_ENDPOINT_URL_EC2=http://127.0.0.1:1",
		// Another address of the same service.
		"AWS_USE_FIPS_ENDPOINT=true", "AWS_USE_DUALSTACK_ENDPOINT=true", "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT=regional", "AWS_STS_REGIONAL_ENDPOINTS=legacy",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false\nAWS_ENDPOINT_URL_S3=http://127.0.0.1:1",
		"AWS_PROFILE=p", "AWS_REGION=r", "AWS_CONFIG_FILE=/c", "AWS_S3_ENDPOINT=",
		"CDKTF_OUTDIR=o", "CDKTF_OUTPUT=o", "CDKTF_CONTEXT_JSON={}", "CDKTF_AUTO_APPROVE=true", "CDKTF_SKIP_PROVIDER_LOCK=true",
		"CDKTF_CONTINUE_SYNTH_ON_ERROR_ANNOTATIONS=true", "CDKTF_DISABLE_PLUGIN_CACHE_ENV=true", "CDKTF_LOG_LEVEL=debug",
		// The stack on the command line wins; Terraform refuses a variable that the code does not have.
		"CDKTF_STACKS=prod", "CDKTF_STACK=prod", "CDKTF_VAR=x=1", "CDKTF_PARALLELISM=1",
		"CDKTF_MIGRATE_STATE=false", "CDKTF_SKIP_SYNTH=", "SYNTH_HCL_OUTPUT=false",
		"TF_WORKSPACE=dev\nTF_WORKSPACE=",
	} {
		if err := environ.Check(strings.Split(entry, "\n"), t.TempDir()); err != nil {
			t.Errorf("%s: %v", entry, err)
		}
	}
}

// TestWorkspaceSelectedEarlier: "terraform workspace select" in a stack's folder
// leads there at every later deploy.
func TestWorkspaceSelectedEarlier(t *testing.T) {
	output := t.TempDir()
	selected := func(stack, workspace string) {
		dir := filepath.Join(output, "stacks", stack, ".terraform")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "environment"), []byte(workspace), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	selected("prod", "default")
	if err := environ.Check(nil, output); err != nil {
		t.Error(err)
	}
	selected("stage", "dev")
	stage := filepath.Join(output, "stacks", "stage")
	expectFaults(t, environ.Check(nil, output), []string{
		stage + `/.terraform/environment: "dev": this workspace was selected earlier, and Terraform would use its state, not the stack's own: terraform -chdir=` + stage + ` workspace select default`,
	})
	// This one wins over what was selected.
	if err := environ.Check([]string{"TF_WORKSPACE=default"}, output); err != nil {
		t.Error(err)
	}
}
