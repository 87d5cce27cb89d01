package constructs

import (
	"encoding/json"
	"fmt"
	"strings"

	"example.com/webserver-cluster/internal/outdir"
	"example.com/webserver-cluster/internal/refresh"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/autoscalinggroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsregion"
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
// It returns the command, for use by hand in a POSIX shell or in PowerShell.
func (c *cluster) rollout(group autoscalinggroup.AutoscalingGroup, template launchtemplate.LaunchTemplate, preferences refresh.Preferences) string {
	version := cdktf.Token_AsString(template.LatestVersion(), nil)
	region := add(c.scope, "region", dataawsregion.NewDataAwsRegion, &dataawsregion.DataAwsRegionConfig{})
	command := strings.Join([]string{
		"go run ./cmd/rollout",
		"--region", *region.Name(),
		"--group", *group.Name(),
		"--template", *template.Id(),
		"--template-version", *version,
		"--timeout", c.props.rolloutTimeout().String(),
	}, " ")
	text, err := json.Marshal(preferences)
	if err != nil {
		panic(err) // unreachable: strings and numbers
	}
	stack := cdktf.TerraformStack_Of(c.scope.Construct)
	project := "${path.root}/" + outdir.ToProject(*cdktf.App_Of(stack).Outdir(), *stack.Node().Id())
	// Not cdktf.DataResource: that one runs "terraform version" at every synth.
	data := add(c.scope, "rollout", cdktf.NewTerraformResource, &cdktf.TerraformResourceConfig{
		TerraformResourceType: jsii.String("terraform_data"),
		// Where it cannot run, the plan fails, before anything is changed.
		Lifecycle: &cdktf.TerraformResourceLifecycle{Precondition: &[]*cdktf.Precondition{{
			Condition: jsii.String(fmt.Sprintf(`${fileexists("%s/cmd/rollout/main.go")}`, project)),
			ErrorMessage: jsii.String(fmt.Sprintf(`There is no cmd/rollout in ${abspath("%s")}, where the project was when this was synthesized. `+
				"A deploy ends with that command: synthesize and deploy in the project's folder.", project)),
		}}},
		Provisioners: &[]any{&cdktf.LocalExecProvisioner{
			Type:       jsii.String("local-exec"),
			Command:    jsii.String(command),
			WorkingDir: jsii.String(project),
			// Not in the command: it goes through a shell, which is cmd on Windows
			// and quotes in other ways.
			Environment: &map[string]*string{"ROLLOUT_PREFERENCES": jsii.String(string(text))},
		}},
	})
	data.AddOverride(jsii.String("triggers_replace"), map[string]any{
		"group":            group.Name(),
		"template":         template.Id(),
		"template_version": version,
	})
	return command + " --preferences '" + strings.ReplaceAll(string(text), "'", `'\''`) + "'"
}
