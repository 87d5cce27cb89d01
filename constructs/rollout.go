package constructs

import (
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"example.com/webserver-cluster/internal/outdir"
	"example.com/webserver-cluster/internal/refresh"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/autoscalinggroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/launchtemplate"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// rollout ends a deploy with the command rollout, which starts an instance refresh
// to the launch template's version and waits until every instance of the cluster
// runs it and is healthy. Terraform's own instance_refresh gives the group the new
// version before anybody has tried it, and reports success while the refresh still
// runs, or fails.
// https://github.com/hashicorp/terraform-provider-aws/issues/34189
// https://github.com/hashicorp/terraform-provider-aws/issues/42355
//
// It runs when there is a new version (or, by an override, another template), and
// again at the next deploy if it failed: Terraform replaces a resource whose
// provisioner failed. A template that another one replaces is deleted after the
// rollout: create_before_destroy keeps it until all that refers to it is done.
//
// It returns the command, for use by hand, in the project's folder, in a POSIX shell or
// in PowerShell, and what is there when it has succeeded.
func (c *cluster) rollout(group autoscalinggroup.AutoscalingGroup, template launchtemplate.LaunchTemplate, preferences refresh.Preferences) (command string, done cdktf.ITerraformDependable) {
	version := cdktf.Token_AsString(template.LatestVersion(), nil)
	arguments := " " + strings.Join([]string{
		"--region", c.region,
		"--group", *group.Name(),
		"--template", *template.Id(),
		"--template-version", *version,
		"--timeout", c.props.rolloutTimeout().String(),
	}, " ")
	text, err := json.Marshal(preferences)
	if err != nil {
		panic(err) // unreachable: strings and numbers
	}
	program := c.rolloutProgram()
	byHand := program.byHand + arguments + " --preferences " + quoted(string(text))
	// Not in the command: it goes through a shell, which is cmd on Windows and quotes in
	// other ways.
	environment := map[string]*string{"ROLLOUT_PREFERENCES": jsii.String(string(text))}
	for _, flag := range identityOf(cdktf.TerraformStack_Of(c.scope.Construct)).flags() {
		environment["ROLLOUT_"+strings.ToUpper(strings.ReplaceAll(flag.name, "-", "_"))] = jsii.String(flag.value)
		byHand += " --" + flag.name + " " + quoted(flag.value)
	}
	// Not cdktf.DataResource: that one runs "terraform version" at every synth.
	data := add(c.scope, "rollout", cdktf.NewTerraformResource, &cdktf.TerraformResourceConfig{
		TerraformResourceType: jsii.String("terraform_data"),
		// Where it is not, the plan fails, before anything is changed.
		Lifecycle: &cdktf.TerraformResourceLifecycle{Precondition: &[]*cdktf.Precondition{{
			Condition:    jsii.String(fmt.Sprintf(`${fileexists("%s/%s")}`, program.folder, program.file)),
			ErrorMessage: jsii.String(program.missing),
		}}},
		Provisioners: &[]any{&cdktf.LocalExecProvisioner{
			Type:        jsii.String("local-exec"),
			Command:     jsii.String(program.check + program.deploy + arguments),
			WorkingDir:  jsii.String(program.folder),
			Environment: &environment,
		}},
	})
	data.AddOverride(jsii.String("triggers_replace"), map[string]any{
		"group":            group.Name(),
		"template":         template.Id(),
		"template_version": version,
	})
	return byHand, data
}

// quoted is a text as one word of a shell's.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// rolloutProgram is how the command rollout is started.
type rolloutProgram struct {
	// deploy starts it in folder, after check, a list of commands for sh and for cmd
	// that fails with a reason where it cannot run.
	folder, check, deploy string
	// byHand starts it in the project's folder.
	byHand string
	// file in folder is there if it is; missing says that it is not.
	file, missing string
}

func (c *cluster) rolloutProgram() rolloutProgram {
	stack := cdktf.TerraformStack_Of(c.scope.Construct)
	output, id := *cdktf.App_Of(stack).Outdir(), *stack.Node().Id()
	project := "${path.root}/" + outdir.ToProject(output, id)
	if len(c.props.RolloutPlatforms) == 0 {
		return rolloutProgram{
			folder: project,
			check:  `(go version || (echo "rollout needs Go on this machine, or rolloutPlatforms in cdktf.json; it has not started, and the instances are as they were" >&2 && exit 127)) && `,
			deploy: "go run ./cmd/rollout",
			byHand: "go run ./cmd/rollout",
			file:   "cmd/rollout/main.go",
			missing: fmt.Sprintf("There is no cmd/rollout in ${abspath(\"%s\")}, where the project was when this was synthesized. "+
				"A deploy ends with that command: synthesize and deploy in the project's folder.", project),
		}
	}
	// Beside the stack's JSON, and gone where that goes.
	folder := path.Join("assets", c.prefix+"rollout")
	if err := buildRollout(filepath.Join(outdir.Stack(output, id), folder), c.props.RolloutPlatforms); err != nil {
		panic(fmt.Errorf("%s: %w", c.scope.path, err))
	}
	script := path.Join(folder, rolloutScriptName)
	return rolloutProgram{
		folder: "${path.root}",
		deploy: "sh " + script,
		byHand: "sh " + path.Join(outdir.FromProject(output, id), script),
		file:   script,
		missing: fmt.Sprintf("There is no %s in ${abspath(path.root)}. "+
			"A deploy ends with that command: take all of the stack's folder along, not only the JSON.", folder),
	}
}
