package examples_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"example.com/webserver-cluster/tests/localaws"
)

// TestAnyGroup applies the example in plain Terraform: a first image, another one, one
// whose instances do not stay, and one that mends that.
func TestAnyGroup(t *testing.T) {
	cloud, err := localaws.Start(t.Context(), localaws.Options{TimeFactor: 60, BuildDir: t.TempDir(), Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	g := newAnyGroup(t, cloud)

	g.apply(t, 0, "done: 2 of 2 instances run version 1")
	g.runs(t, "1")
	g.unchanged(t)

	out := g.apply(t, 1, "started instance refresh", "to version 2", "done: 2 of 2 instances run version 2")
	if strings.Contains(out, "aws_autoscaling_group.shop: Modifying") {
		t.Error("Terraform gave the group the new version itself")
	}
	g.runs(t, "2")
	g.unchanged(t)

	stop := g.killing("3")
	g.fails(t, 2, "rolling back instance refresh", "Rolled back: 2 of 2 instances run version 2")
	stop()
	g.runs(t, "2")

	g.apply(t, 3, "done: 2 of 2 instances run version 4")
	g.runs(t, "4")
}

// anyGroup is the example's folder, its variables and what it made.
type anyGroup struct {
	dir     string
	env     []string
	args    []string
	images  []string
	groups  *autoscaling.Client
	compute *ec2.Client
}

func newAnyGroup(t *testing.T, cloud *localaws.AWS) *anyGroup {
	t.Helper()
	g := &anyGroup{
		dir:     t.TempDir(),
		env:     append(append(os.Environ(), cloud.Environ()...), "ROLLOUT_POLL=200ms"),
		groups:  autoscaling.NewFromConfig(cloud.Config()),
		compute: ec2.NewFromConfig(cloud.Config()),
	}
	// A copy: Terraform writes its state beside it.
	if err := os.CopyFS(g.dir, os.DirFS("../../examples/any-group")); err != nil {
		t.Fatal(err)
	}
	command := filepath.Join(t.TempDir(), "rollout")
	build := exec.Command("go", "build", "-o", command, "./cmd/rollout")
	build.Dir = "../.." // the app is a module of its own
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	subnets, err := g.compute.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	if err != nil {
		t.Fatal(err)
	}
	images, err := g.compute.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"amazon"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range images.Images {
		g.images = append(g.images, *i.ImageId)
	}
	g.args = []string{
		"-no-color", "-input=false", "-var=region=us-east-1", "-var=rollout=" + command,
		fmt.Sprintf("-var=subnet_ids=[%q, %q]", *subnets.Subnets[0].SubnetId, *subnets.Subnets[1].SubnetId),
	}
	for _, args := range [][]string{{"fmt", "-check", "-diff"}, {"init", "-input=false"}} {
		if out, err := g.terraform(t, args...); err != nil {
			t.Fatalf("terraform %v: %v\n%s", args, err, out)
		}
	}
	return g
}

func (g *anyGroup) terraform(t *testing.T, args ...string) (string, error) {
	cmd := exec.CommandContext(t.Context(), "terraform", args...)
	cmd.Dir, cmd.Env = g.dir, g.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// set has the commands that follow be about an image.
func (g *anyGroup) set(image int) {
	const flag = "-var=image_id="
	for i, arg := range g.args {
		if strings.HasPrefix(arg, flag) {
			g.args = append(g.args[:i], g.args[i+1:]...)
			break
		}
	}
	g.args = append(g.args, flag+g.images[image])
}

// apply deploys an image.
func (g *anyGroup) apply(t *testing.T, image int, says ...string) string {
	t.Helper()
	g.set(image)
	out, err := g.terraform(t, append([]string{"apply", "-auto-approve"}, g.args...)...)
	if err != nil {
		t.Fatalf("image %d: %v\n%s", image, err, out)
	}
	saysAll(t, out, says)
	return out
}

// fails deploys an image that is rolled back.
func (g *anyGroup) fails(t *testing.T, image int, says ...string) {
	t.Helper()
	g.set(image)
	out, err := g.terraform(t, append([]string{"apply", "-auto-approve"}, g.args...)...)
	if err == nil {
		t.Errorf("image %d was deployed\n%s", image, out)
	}
	saysAll(t, out, says)
}

func saysAll(t *testing.T, out string, says []string) {
	t.Helper()
	for _, want := range says {
		if !strings.Contains(out, want) {
			t.Errorf("does not say %q:\n%s", want, out)
		}
	}
}

// unchanged checks that there is nothing to do.
func (g *anyGroup) unchanged(t *testing.T) {
	t.Helper()
	if out, err := g.terraform(t, append([]string{"plan", "-detailed-exitcode"}, g.args...)...); err != nil {
		t.Errorf("the next plan: %v\n%s", err, out)
	}
}

func (g *anyGroup) describe(ctx context.Context) (types.AutoScalingGroup, error) {
	out, err := g.groups.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{})
	if err != nil {
		return types.AutoScalingGroup{}, err
	}
	return out.AutoScalingGroups[0], nil
}

// runs checks that the group launches a version, and that its two instances run it.
func (g *anyGroup) runs(t *testing.T, version string) {
	t.Helper()
	group, err := g.describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := *group.LaunchTemplate.Version; got != version {
		t.Errorf("the group launches version %s, want %s", got, version)
	}
	serving := 0
	for _, i := range group.Instances {
		if i.LifecycleState == types.LifecycleStateInService && *i.LaunchTemplate.Version == version {
			serving++
		}
	}
	if serving != 2 {
		t.Errorf("%d instances run version %s, want 2", serving, version)
	}
}

// killing ends the instances of a version as they start, as those of an image that
// shuts down do, until stop is called.
func (g *anyGroup) killing(version string) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if group, err := g.describe(ctx); err == nil {
				for _, i := range group.Instances {
					if i.LaunchTemplate != nil && *i.LaunchTemplate.Version == version {
						g.compute.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{*i.InstanceId}})
					}
				}
			}
			time.Sleep(100 * time.Millisecond)
		}
	}()
	return func() { cancel(); <-done }
}
