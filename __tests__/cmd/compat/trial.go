package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/tests/workcopy"
)

const stageFolder = "cdktf.out/stacks/stage"

// trial is one set of tools at work.
type trial struct {
	*lab
	set      set
	project  *workcopy.Copy
	settings project.Settings
	program  string // of cdktf or cdktn
	warnings []string
}

// choose finds the program that deploys.
func (t *trial) choose(ctx context.Context) error {
	switch t.set.cli {
	case cdktf:
		t.program = filepath.Join("node_modules", ".bin", "cdktf")
		if t.set.node == "" {
			return nil
		}
		modules, err := reinstall(ctx, t.dir, t.root, t.set.node, t.project.Env)
		if err != nil {
			return err
		}
		link := filepath.Join(t.project.Dir, "node_modules")
		return errors.Join(os.Remove(link), os.Symlink(modules, link))
	case cdktn:
		bin, err := fetch(ctx, t.dir, "cdktn-cli", cdktnVersion, t.project.Env)
		if err != nil {
			return err
		}
		t.program = filepath.Join(bin, "cdktn")
	}
	return nil
}

// apply deploys stage, or destroys it, as a user of these tools does.
func (t *trial) apply(ctx context.Context, verb string) (output string, err error) {
	if t.program != "" {
		return t.command(ctx, t.program, verb, "stage", "--auto-approve")
	}
	if verb == "deploy" {
		verb = "apply"
	}
	chdir := "-chdir=" + stageFolder
	for _, words := range [][]string{
		{"go", "run", "."},
		{t.set.terraform.path, chdir, "init", "-input=false"},
		{t.set.terraform.path, chdir, verb, "-input=false", "-auto-approve"},
	} {
		if output, err = t.command(ctx, words...); err != nil {
			return output, err
		}
	}
	return output, nil
}

func (t *trial) command(ctx context.Context, words ...string) (string, error) {
	output, err := workcopy.Run(t.project.Command(ctx, words[0], words[1:]...), nil)
	for _, w := range warnings(output) {
		if !slices.Contains(t.warnings, w) {
			t.warnings = append(t.warnings, w)
		}
	}
	return output, withOutput(err, output)
}

func (t *trial) deploy(ctx context.Context) error {
	output, err := t.apply(ctx, "deploy")
	if err != nil {
		return err
	}
	if !strings.Contains(output, "Apply complete!") {
		return withOutput(errors.New(`it does not say "Apply complete!"`), output)
	}
	return errors.Join(t.sameJSON(t.project.Dir), t.runs(ctx, "1"))
}

// changedText is a file beside the app's literals.
const changedText = `package stacks

func init() { Stage.Cluster.ServerText += ", changed" }
`

func (t *trial) change(ctx context.Context) error {
	if err := os.WriteFile(filepath.Join(t.project.Dir, "stacks", "changed.go"), []byte(changedText), 0o644); err != nil {
		return err
	}
	if _, err := t.apply(ctx, "deploy"); err != nil {
		return err
	}
	return t.runs(ctx, "2")
}

func (t *trial) again(ctx context.Context) error {
	output, err := t.apply(ctx, "deploy")
	if err == nil && !strings.Contains(output, "No changes.") {
		err = withOutput(errors.New(`it does not say "No changes."`), output)
	}
	return errors.Join(err, t.runs(ctx, "2"))
}

// runs fails unless the group launches this version of its launch template and all
// its instances run it.
func (t *trial) runs(ctx context.Context, version string) error {
	config := t.cloud.Config()
	config.Region = t.settings.Region
	groups, err := autoscaling.NewFromConfig(config).DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{})
	if err != nil {
		return err
	}
	if n := len(groups.AutoScalingGroups); n != 1 {
		return fmt.Errorf("there are %d Auto Scaling groups, not 1", n)
	}
	group := groups.AutoScalingGroups[0]
	if got := aws.ToString(group.LaunchTemplate.Version); got != version {
		return fmt.Errorf("the group launches version %s, not %s", got, version)
	}
	if len(group.Instances) < 2 {
		return fmt.Errorf("the group has %d instances", len(group.Instances))
	}
	for _, instance := range group.Instances {
		if got := aws.ToString(instance.LaunchTemplate.Version); got != version {
			return fmt.Errorf("instance %s runs version %s, not %s", aws.ToString(instance.InstanceId), got, version)
		}
	}
	return nil
}

func (t *trial) destroy(ctx context.Context) error {
	if _, err := t.apply(ctx, "destroy"); err != nil {
		return err
	}
	config := t.cloud.Config()
	config.Region = t.settings.Region
	object, err := s3.NewFromConfig(config).GetObject(ctx, &s3.GetObjectInput{
		Bucket: &t.settings.StateBucket, Key: aws.String("stage/terraform.tfstate"),
	})
	if err != nil {
		return err
	}
	defer object.Body.Close()
	var state struct{ Resources []struct{ Type, Name string } }
	if err := json.NewDecoder(object.Body).Decode(&state); err != nil {
		return fmt.Errorf("the state of stage: %w", err)
	}
	if len(state.Resources) > 0 {
		return fmt.Errorf("the state of stage still has %v", state.Resources)
	}
	return nil
}
