package image_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"example.com/webserver-cluster/tests/localaws"
)

// world is a local AWS with the environments stage and prod.
type world struct {
	t       *testing.T
	env     []string
	dir     string // with cdktf.json
	groups  *autoscaling.Client
	compute *ec2.Client
	params  *ssm.Client
	objects *s3.Client
	images  []string // for x86_64
	arm     string
	subnet  string
}

func newWorld(t *testing.T) *world {
	cloud, err := localaws.Start(t.Context(), localaws.Options{Region: "eu-central-1", TimeFactor: 60})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	w := &world{
		t: t, env: append(os.Environ(), cloud.Environ()...), dir: t.TempDir(),
		groups: autoscaling.NewFromConfig(cloud.Config()), compute: ec2.NewFromConfig(cloud.Config()),
		params: ssm.NewFromConfig(cloud.Config()), objects: s3.NewFromConfig(cloud.Config()),
	}
	settings, err := os.ReadFile("../../cdktf.json")
	w.must(err)
	w.must(os.WriteFile(filepath.Join(w.dir, "cdktf.json"), settings, 0o644))
	images, err := w.compute.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"amazon"}})
	w.must(err)
	for _, image := range images.Images {
		switch image.Architecture {
		case ec2types.ArchitectureValuesX8664:
			w.images = append(w.images, *image.ImageId)
		case ec2types.ArchitectureValuesArm64:
			w.arm = *image.ImageId
		}
	}
	if len(w.images) < 3 {
		t.Fatalf("the local AWS has %d images for x86_64", len(w.images))
	}
	subnets, err := w.compute.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	w.must(err)
	w.subnet = *subnets.Subnets[0].SubnetId
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// deploy makes an environment's group, whose two instances run an image and an
// application.
func (w *world) deploy(environment, image, digest string) {
	w.t.Helper()
	name := "webservers-" + environment
	tags := []ec2types.Tag{{Key: aws.String("Name"), Value: &name}}
	if digest != "" {
		tags = append(tags, ec2types.Tag{Key: aws.String("ApplicationDigest"), Value: &digest})
	}
	template, err := w.compute.CreateLaunchTemplate(w.t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: &name,
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{
			ImageId: &image, InstanceType: ec2types.InstanceTypeT3Micro,
			TagSpecifications: []ec2types.LaunchTemplateTagSpecificationRequest{{ResourceType: ec2types.ResourceTypeInstance, Tags: tags}},
		},
	})
	w.must(err)
	_, err = w.groups.CreateAutoScalingGroup(w.t.Context(), &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: &name, MinSize: aws.Int32(2), MaxSize: aws.Int32(4), VPCZoneIdentifier: &w.subnet,
		LaunchTemplate: &scaling.LaunchTemplateSpecification{LaunchTemplateId: template.LaunchTemplate.LaunchTemplateId, Version: aws.String("1")},
		Tags: []scaling.Tag{
			{Key: aws.String("Name"), Value: &name, PropagateAtLaunch: aws.Bool(false)},
			{Key: aws.String("TerraformName"), Value: aws.String("web_group"), PropagateAtLaunch: aws.Bool(false)},
		},
	})
	w.must(err)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		out, err := w.groups.DescribeAutoScalingGroups(w.t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{name}})
		w.must(err)
		serving := 0
		for _, i := range out.AutoScalingGroups[0].Instances {
			if i.LifecycleState == scaling.LifecycleStateInService {
				serving++
			}
		}
		if serving == 2 {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%d instances of %s are in service", serving, name)
		}
	}
}

// put writes an SSM parameter as a deploy does.
func (w *world) put(name, value string) {
	w.t.Helper()
	_, err := w.params.PutParameter(w.t.Context(), &ssm.PutParameterInput{Name: &name, Value: &value, Type: ssmtypes.ParameterTypeString, Overwrite: aws.Bool(true)})
	w.must(err)
}

func (w *world) value(name string) string {
	w.t.Helper()
	out, err := w.params.GetParameter(w.t.Context(), &ssm.GetParameterInput{Name: &name})
	w.must(err)
	return *out.Parameter.Value
}

// upload makes a bucket, if need be, and puts an application into it as a deploy does.
func (w *world) upload(bucket, content string) (parameter, digest string) {
	w.t.Helper()
	_, err := w.objects.CreateBucket(w.t.Context(), &s3.CreateBucketInput{
		Bucket: &bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "eu-central-1"},
	})
	if taken := new(s3types.BucketAlreadyOwnedByYou); err != nil && !errors.As(err, &taken) {
		w.t.Fatal(err)
	}
	_, err = w.objects.PutBucketVersioning(w.t.Context(), &s3.PutBucketVersioningInput{
		Bucket: &bucket, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled},
	})
	w.must(err)
	out, err := w.objects.PutObject(w.t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("application.tar"), Body: strings.NewReader(content)})
	w.must(err)
	sum := sha256.Sum256([]byte(content))
	digest = hex.EncodeToString(sum[:])
	return fmt.Sprintf(`{"bucket":%q,"key":"application.tar","version":%q,"digest":%q}`, bucket, *out.VersionId, digest), digest
}

// run runs the command and returns what it prints and its exit status.
func (w *world) run(args ...string) (string, int) {
	w.t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir, cmd.Env = w.dir, w.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// expect runs the command, which ends with a status and prints want.
func (w *world) expect(status int, want string, args ...string) {
	w.t.Helper()
	if out, got := w.run(args...); got != status || !strings.Contains(out, want) {
		w.t.Errorf("image %s ends with %d, want %d with %q:\n%s", strings.Join(args, " "), got, status, want, out)
	}
}
