// Package environ refuses variables of the environment, and workspaces selected
// earlier, that send Terraform, cdktf or the AWS SDK to another state, folder or
// service than the code says. One left over from another project would
// otherwise have a deploy make everything a second time.
package environ

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"example.com/webserver-cluster/internal/faults"
)

// rule is what makes a variable one to refuse.
type rule struct {
	names   []string
	allowed func(value string) bool // values that lead nowhere else; nil for none
	why     string
	todo    string
	secret  bool // the value is not for a terminal or a log
}

const unset = "unset it"

// rules are about variables that are set. Terraform, OpenTofu, cdktf and the AWS
// SDK all treat an empty one as unset.
var rules = []rule{
	{
		// https://developer.hashicorp.com/terraform/cli/config/environment-variables#tf_workspace
		names:   []string{"TF_WORKSPACE"},
		allowed: is(defaultWorkspace),
		why:     "Terraform would use another state, under another lock, than the stack's own, and make everything anew",
		todo:    unset,
	}, {
		// https://developer.hashicorp.com/terraform/cli/config/environment-variables#tf_data_dir
		names:   []string{"TF_DATA_DIR"},
		allowed: func(v string) bool { return filepath.Clean(v) == dataFolder },
		why:     "Terraform would keep elsewhere what it knows of a stack's backend, all stacks in one folder if the path is absolute",
		todo:    unset,
	}, {
		// https://developer.hashicorp.com/terraform/internals/debugging
		names: []string{"TF_REATTACH_PROVIDERS"},
		why:   "Terraform would use a provider that is being debugged in place of the one that the code asks for",
		todo:  unset,
	}, {
		// https://opentofu.org/docs/language/state/encryption/#configuration
		names:  []string{"TF_ENCRYPTION"},
		why:    "OpenTofu would encrypt the states, and nobody without the variable could read them",
		todo:   unset + "; the bucket encrypts them already",
		secret: true,
	}, {
		// https://developer.hashicorp.com/terraform/language/backend/s3#sse_customer_key
		names:  []string{"AWS_SSE_CUSTOMER_KEY"},
		why:    "Terraform would encrypt the states with this key, and nobody without it could read them",
		todo:   unset + "; the bucket encrypts them already",
		secret: true,
	}, {
		names: []string{"AWS_METADATA_URL"},
		why:   "Terraform would get its credentials from here, and the commands of this project from elsewhere",
		todo:  "set AWS_EC2_METADATA_SERVICE_ENDPOINT in its place, which both read",
	}, {
		// https://developer.hashicorp.com/terraform/language/backend/s3#shared_config_files
		names: []string{"AWS_SHARED_CONFIG_FILE"},
		why:   "Terraform's backend would read its profile here, and the provider and the commands of this project elsewhere",
		todo:  "set AWS_CONFIG_FILE in its place, which all of them read",
	}, {
		// From here on: every option of cdktf can come from the environment.
		// https://developer.hashicorp.com/terraform/cdktf/cli-reference/commands
		names: []string{"CDKTF_APP", "CDKTF_A"},
		why:   "cdktf would deploy what another app synthesizes",
		todo:  `unset it, and give the app as "app" in cdktf.json or by --app`,
	}, {
		names:   []string{"CDKTF_MIGRATE_STATE"},
		allowed: off,
		why:     "cdktf would answer yes whenever Terraform asks whether to copy a state over another one",
		todo:    "unset it, and give --migrate-state to the one command that needs it",
	}, {
		names:   []string{"CDKTF_SKIP_SYNTH"},
		allowed: off,
		why:     "cdktf would deploy what was synthesized earlier, not what the code says",
		todo:    unset,
	}, {
		names:   []string{"CDKTF_REFRESH_ONLY"},
		allowed: off,
		why:     "cdktf would deploy nothing, only read AWS into the state, and report success",
		todo:    "unset it, and give --refresh-only to the one command that needs it",
	}, {
		names:   []string{"CDKTF_HELP", "CDKTF_H", "CDKTF_VERSION"},
		allowed: off,
		why:     "cdktf would only print text, and report success",
		todo:    unset,
	},
}

func is(allowed string) func(string) bool { return func(v string) bool { return v == allowed } }

// off is what switches an option of cdktf off. cdktf itself takes everything but
// "true" for that; whoever writes 1 means something else.
func off(v string) bool { return slices.Contains([]string{"0", "false"}, v) }

// serviceEndpoints are, by their SDK's names, the services whose endpoint has
// variables that Terraform's S3 backend and AWS provider read, and the SDK does not.
// https://developer.hashicorp.com/terraform/language/backend/s3#endpoints
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/custom-service-endpoints
var serviceEndpoints = []string{"DYNAMODB", "IAM", "S3", "STS"}

// backendEndpoints are what Terraform's backend reads whatever
// AWS_IGNORE_CONFIGURED_ENDPOINT_URLS says.
var backendEndpoints = []string{"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_STS"}

const (
	ignoreEndpoints = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"
	// dataFolder is where Terraform keeps what it knows of a folder, and
	// workspaceFile, in it, which workspace is selected there.
	dataFolder       = ".terraform"
	workspaceFile    = "environment"
	defaultWorkspace = "default"
)

// Check returns every variable of environ (as from os.Environ), and every
// workspace selected in a stack of the output folder, that leads elsewhere; nil
// if there is none.
func Check(environ []string, outputFolder string) error {
	var f faults.List
	set := map[string]string{}
	for _, entry := range environ {
		if name, value, _ := strings.Cut(entry, "="); value != "" {
			set[name] = value // as for every program, the last one counts
		} else {
			delete(set, name)
		}
	}
	for _, r := range rules {
		for _, name := range r.names {
			value, ok := set[name]
			if !ok || r.allowed != nil && r.allowed(value) {
				continue
			}
			if r.secret {
				f.Add(variable(name), secret{}, "%s: %s", r.why, r.todo)
			} else {
				f.Add(variable(name), value, "%s: %s", r.why, r.todo)
			}
		}
	}
	for _, service := range serviceEndpoints {
		for _, name := range []string{"AWS_" + service + "_ENDPOINT", "TF_AWS_" + service + "_ENDPOINT"} {
			if value, ok := set[name]; ok {
				f.Add(variable(name), value, "Terraform would go to this service, and the commands of this project to another one: set AWS_ENDPOINT_URL_%s in its place, which both read", service)
			}
		}
	}
	// https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
	if v := set[ignoreEndpoints]; strings.EqualFold(v, "true") {
		for _, name := range backendEndpoints {
			if set[name] != "" {
				f.Add(variable(ignoreEndpoints), v, "Terraform's backend reads %s all the same, the commands of this project do not: unset one of the two", name)
			}
		}
	}
	checkArguments(&f, set)
	if set["TF_WORKSPACE"] == "" {
		checkWorkspaces(&f, outputFolder)
	}
	return f.Err()
}

func variable(name string) string { return "environment variable " + name }

// secret stands for a value that is not shown.
type secret struct{}

func (secret) String() string { return "(not shown)" }

// checkWorkspaces finds the workspaces that "terraform workspace" selected.
func checkWorkspaces(f *faults.List, outputFolder string) {
	stacks := filepath.Join(outputFolder, "stacks")
	entries, err := os.ReadDir(stacks)
	if err != nil {
		return // nothing was synthesized yet
	}
	for _, entry := range entries {
		folder := filepath.Join(stacks, entry.Name())
		file := filepath.Join(folder, dataFolder, workspaceFile)
		content, err := os.ReadFile(file)
		if name := strings.TrimSpace(string(content)); err == nil && name != "" && name != defaultWorkspace {
			f.Add(file, name, "this workspace was selected earlier, and Terraform would use its state, not the stack's own: terraform -chdir=%s workspace select %s", folder, defaultWorkspace)
		}
	}
}
