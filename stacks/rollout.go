package stacks

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/settings"
	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// addRollout ends a deploy with the command rollout, which waits until every
// instance of the cluster runs the launch template's version and is healthy.
// Terraform alone starts an instance refresh and reports success while it
// still runs, or fails.
// https://github.com/hashicorp/terraform-provider-aws/issues/42355
//
// It runs when there is a new version, and again at the next deploy if it
// failed: Terraform replaces a resource whose provisioner failed.
//
// It returns the command, for use by hand.
func addRollout(stack cdktf.TerraformStack, s settings.Settings, web *constructs.WebserverCluster) string {
	command := []string{
		"go run ./cmd/rollout",
		"--group", web.GroupName,
		"--template-version", web.LaunchTemplateVersion,
	}
	// What it needs to start a refresh like the group's own, should there be
	// instances of an old version and no refresh under way.
	if len(web.Checkpoints) > 0 {
		percentages := strings.Trim(strings.ReplaceAll(fmt.Sprint(web.Checkpoints), " ", ","), "[]")
		command = append(command, "--checkpoints", percentages, "--checkpoint-delay", web.CheckpointDelay.String())
	}
	if len(web.RefreshAlarmNames) > 0 {
		command = append(command, "--alarms", strings.Join(web.RefreshAlarmNames, ","))
	}
	line := strings.Join(command, " ")
	project := "${path.root}/" + toProject(stack)
	cdktf.NewDataResource(stack, jsii.String("rollout"), &cdktf.DataConfig{
		TriggersReplace: &map[string]any{
			"group":            web.GroupName,
			"template_version": web.LaunchTemplateVersion,
		},
		// Where it cannot run, the plan fails, before anything is changed.
		Lifecycle: &cdktf.TerraformResourceLifecycle{Precondition: &[]*cdktf.Precondition{{
			Condition: jsii.String(fmt.Sprintf(`${fileexists("%s/cmd/rollout/main.go")}`, project)),
			ErrorMessage: jsii.String(fmt.Sprintf(`There is no cmd/rollout in ${abspath("%s")}, where the project was when this was synthesized. `+
				"A deploy ends with that command: synthesize and deploy in the project's folder.", project)),
		}}},
		Provisioners: &[]any{&cdktf.LocalExecProvisioner{
			Type:        jsii.String("local-exec"),
			Command:     jsii.String(line),
			WorkingDir:  jsii.String(project),
			Environment: &map[string]*string{"AWS_REGION": jsii.String(s.Region)},
		}},
	})
	return line
}

// toProject is the path from the folder in which Terraform runs for a stack to
// the project's folder, in which the app runs: ../../.. unless cdktf was told of
// another output folder.
func toProject(stack cdktf.TerraformStack) string {
	path, err := relative(*cdktf.App_Of(stack).Outdir(), *stack.Node().Id())
	if err != nil {
		panic(fmt.Sprintf("the path from the output folder to the project's: %v", err))
	}
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(filepath.ToSlash(path))
}

func relative(outputFolder, stack string) (string, error) {
	project, err := os.Getwd()
	if err != nil {
		return "", err
	}
	if outputFolder, err = filepath.Abs(outputFolder); err != nil {
		return "", err
	}
	// ".." of a folder that is reached by a link is that of the folder itself.
	if project, err = filepath.EvalSymlinks(project); err != nil {
		return "", err
	}
	if outputFolder, err = filepath.EvalSymlinks(outputFolder); err != nil { // the app has made it
		return "", err
	}
	return filepath.Rel(filepath.Join(outputFolder, "stacks", stack), project)
}
