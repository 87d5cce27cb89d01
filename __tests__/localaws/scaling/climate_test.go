package scaling_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"example.com/webserver-cluster/tests/localaws/scaling"
)

// TestClimateOverHTTP changes the climate of all groups, so it does not run beside
// the other tests.
func TestClimateOverHTTP(t *testing.T) {
	client := autoscaling.NewFromConfig(world.Config(), func(o *autoscaling.Options) { o.Retryer = aws.NopRetryer{} })
	defer world.Scaling.SetClimate(scaling.Climate{})
	world.Scaling.SetClimate(scaling.Climate{Throttle: 1})
	_, err := client.DescribeTags(t.Context(), &autoscaling.DescribeTagsInput{}) // moto's own
	wantCode(t, err, "Throttling")

	world.Scaling.SetClimate(scaling.Climate{Lag: 40 * time.Second})
	name := "lagging"
	lt, err := world.ec2.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: &name, LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: aws.String("ami-12c6146b"), InstanceType: "t3.micro"},
	})
	if err != nil {
		t.Fatal(err)
	}
	listed := func() int {
		out, err := client.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{name}})
		if err != nil {
			t.Fatal(err)
		}
		return len(out.AutoScalingGroups)
	}
	_, err = client.CreateAutoScalingGroup(t.Context(), &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: &name, MinSize: aws.Int32(0), MaxSize: aws.Int32(2), AvailabilityZones: []string{"us-east-1a"},
		LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateId: lt.LaunchTemplate.LaunchTemplateId, Version: aws.String("1")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := listed(); n != 0 {
		t.Errorf("%d groups are listed at once", n)
	}
	if err := world.Clock.Sleep(t.Context(), 45*time.Second); err != nil {
		t.Fatal(err)
	}
	if n := listed(); n != 1 {
		t.Errorf("%d groups are listed after the lag", n)
	}
}
