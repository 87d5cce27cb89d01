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
	"example.com/webserver-cluster/tests/provider"
	"example.com/webserver-cluster/tests/usual"
)

// TestAnyGroup applies the example in plain Terraform: a first image, another one, one
// whose instances do not stay, and one that mends that.
func TestAnyGroup(t *testing.T) {
	usual.Skip(t)
	cloud, err := localaws.Start(t.Context(), localaws.Options{TimeFactor: 60, BuildDir: t.TempDir(), Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	g := newAnyGroup(t, cloud)

	g.apply(t, 0, true, "done: 2 of 2 instances run version 1")
	g.runs(t, "1")

	g.apply(t, 1, true, "started instance refresh", "to version 2", "done: 2 of 2 instances run version 2")
	g.runs(t, "2")

	stop := g.killing("3")
	g.apply(t, 2, false, "rolling back instance refresh", "Rolled back: 2 of 2 instances run version 2")
	stop()
	g.runs(t, "2")

	g.apply(t, 3, true, "done: 2 of 2 instances run version 4")
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
	process, err := provider.Start(g.dir, g.env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.Stop)
	g.env = append(g.env, process.Environ()...)
	return g
}

func (g *anyGroup) terraform(t *testing.T, args ...string) (string, error) {
	cmd := exec.CommandContext(t.Context(), "terraform", args...)
	cmd.Dir, cmd.Env = g.dir, g.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// apply deploys an image, well or not.
func (g *anyGroup) apply(t *testing.T, image int, well bool, says ...string) {
	t.Helper()
	out, err := g.terraform(t, append([]string{"apply", "-auto-approve", "-var=image_id=" + g.images[image]}, g.args...)...)
	if (err == nil) != well {
		t.Fatalf("image %d: %v\n%s", image, err, out)
	}
	for _, want := range says {
		if !strings.Contains(out, want) {
			t.Errorf("image %d: does not say %q:\n%s", image, want, out)
		}
	}
	// Neither the new version, nor an earlier one in place of what AWS gave the group.
	if strings.Contains(out, "aws_autoscaling_group.shop: Modifying") {
		t.Errorf("image %d: Terraform changed the group itself:\n%s", image, out)
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
