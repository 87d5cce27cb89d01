package stacks

import (
	"fmt"
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
	cdktf.NewDataResource(stack, jsii.String("rollout"), &cdktf.DataConfig{
		TriggersReplace: &map[string]any{
			"group":            web.GroupName,
			"template_version": web.LaunchTemplateVersion,
		},
		Provisioners: &[]any{&cdktf.LocalExecProvisioner{
			Type:    jsii.String("local-exec"),
			Command: jsii.String(line),
			// Terraform runs in cdktf.out/stacks/NAME.
			WorkingDir:  jsii.String("${path.root}/../../.."),
			Environment: &map[string]*string{"AWS_REGION": jsii.String(s.Region)},
		}},
	})
	return line
}
