package scaling_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

func TestMixedInstancesOverHTTP(t *testing.T) {
	f := newGroup(t, func(in *autoscaling.CreateAutoScalingGroupInput) {
		in.MixedInstancesPolicy = &types.MixedInstancesPolicy{
			LaunchTemplate: &types.LaunchTemplate{
				LaunchTemplateSpecification: in.LaunchTemplate,
				Overrides:                   []types.LaunchTemplateOverrides{{InstanceType: aws.String("t3.small")}, {InstanceType: aws.String("t3.medium")}},
			},
			InstancesDistribution: &types.InstancesDistribution{OnDemandBaseCapacity: aws.Int32(1), OnDemandPercentageAboveBaseCapacity: aws.Int32(0)},
		}
		in.LaunchTemplate = nil
	})
	g := f.group()
	if g.LaunchTemplate != nil || *g.MixedInstancesPolicy.InstancesDistribution.OnDemandBaseCapacity != 1 || len(g.MixedInstancesPolicy.LaunchTemplate.Overrides) != 2 {
		t.Errorf("%+v %+v", g.LaunchTemplate, g.MixedInstancesPolicy)
	}
	out, err := world.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: f.inService()})
	f.check(err)
	var spot []string
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			if i.InstanceType != "t3.small" {
				t.Errorf("a %s, want the first override's type", i.InstanceType)
			}
			if i.InstanceLifecycle == "spot" {
				spot = append(spot, *i.InstanceId)
			}
		}
	}
	if len(spot) != 1 {
		t.Fatalf("%d Spot Instances, want one of two", len(spot))
	}

	// What an update does not name stays as it is.
	_, err = world.groups.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: &f.name, CapacityRebalance: aws.Bool(true)})
	f.check(err)
	_, err = world.groups.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: &f.name, MaxSize: aws.Int32(4)})
	f.check(err)
	if g = f.group(); g.MixedInstancesPolicy == nil || *g.MixedInstancesPolicy.InstancesDistribution.OnDemandPercentageAboveBaseCapacity != 0 ||
		len(g.MixedInstancesPolicy.LaunchTemplate.Overrides) != 2 || !aws.ToBool(g.CapacityRebalance) {
		t.Fatalf("after updates of something else: %+v, CapacityRebalance %v", g.MixedInstancesPolicy, aws.ToBool(g.CapacityRebalance))
	}

	desired := *g.MixedInstancesPolicy
	desired.LaunchTemplate.LaunchTemplateSpecification = f.version(2)
	_, err = world.groups.StartInstanceRefresh(t.Context(), &autoscaling.StartInstanceRefreshInput{
		AutoScalingGroupName: &f.name, DesiredConfiguration: &types.DesiredConfiguration{MixedInstancesPolicy: &desired}, Preferences: preferences(),
	})
	f.check(err)
	f.awaitStatus(types.InstanceRefreshStatusSuccessful)
	if v := *f.group().MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version; v != "2" {
		t.Errorf("the group has version %s", v)
	}
}

// TestShareOverHTTP: a policy by which all are On-Demand becomes one by which all are Spot.
func TestShareOverHTTP(t *testing.T) {
	policy := func(template *types.LaunchTemplateSpecification, percent int32) *types.MixedInstancesPolicy {
		return &types.MixedInstancesPolicy{
			LaunchTemplate:        &types.LaunchTemplate{LaunchTemplateSpecification: template, Overrides: []types.LaunchTemplateOverrides{{InstanceType: aws.String("t3.small")}}},
			InstancesDistribution: &types.InstancesDistribution{OnDemandPercentageAboveBaseCapacity: aws.Int32(percent)},
		}
	}
	var template *types.LaunchTemplateSpecification
	f := newGroup(t, func(in *autoscaling.CreateAutoScalingGroupInput) {
		template, in.LaunchTemplate = in.LaunchTemplate, nil
		in.MixedInstancesPolicy = policy(template, 100)
	})
	before := f.inService()
	_, err := world.groups.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: &f.name, MixedInstancesPolicy: policy(template, 0)})
	f.check(err)
	f.await("all instances replaced", func() bool {
		now := f.inService()
		return len(now) == len(before) && !slices.ContainsFunc(now, func(id string) bool { return slices.Contains(before, id) })
	})
}
