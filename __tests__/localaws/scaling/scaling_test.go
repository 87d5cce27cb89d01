package scaling_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
)

func TestLaunch(t *testing.T) {
	f := newGroup(t, nil)
	g := f.group()
	if *g.MinSize != 2 || *g.MaxSize != 10 || *g.DesiredCapacity != 2 {
		t.Errorf("capacity %d/%d/%d, want 2/10/2", *g.MinSize, *g.MaxSize, *g.DesiredCapacity)
	}
	zones := map[string]bool{}
	for _, i := range g.Instances {
		zones[*i.AvailabilityZone] = true
		if *i.LaunchTemplate.Version != "1" || *i.HealthStatus != "Healthy" || *i.InstanceType != "t3.micro" {
			t.Errorf("instance %+v", i)
		}
	}
	if len(zones) != 2 {
		t.Errorf("the instances are in %v, want both zones", zones)
	}
	health, err := world.balancer.DescribeTargetHealth(t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: &f.target})
	f.check(err)
	if len(health.TargetHealthDescriptions) != 2 {
		t.Errorf("%d targets, want 2", len(health.TargetHealthDescriptions))
	}
	if !f.told("", "a user request created an AutoScalingGroup changing the desired capacity from 0 to 2.") {
		t.Error(f.report())
	}
}

func TestScaleOutAndIn(t *testing.T) {
	f := newGroup(t, nil)
	old := f.inService()
	_, err := world.groups.SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: &f.name, DesiredCapacity: aws.Int32(4)})
	f.check(err)
	f.await("four instances", func() bool { return len(f.inService()) == 4 })
	if !f.told("", "increasing the capacity from 3 to 4.") {
		t.Error(f.report())
	}
	_, err = world.groups.SetInstanceProtection(t.Context(), &autoscaling.SetInstanceProtectionInput{
		AutoScalingGroupName: &f.name, InstanceIds: old[:1], ProtectedFromScaleIn: aws.Bool(true),
	})
	f.check(err)
	_, err = world.groups.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: &f.name, MinSize: aws.Int32(1), DesiredCapacity: aws.Int32(1),
	})
	f.check(err)
	f.await("one instance", func() bool { return len(f.group().Instances) == 1 })
	if left := f.inService(); !slices.Equal(left, old[:1]) {
		t.Errorf("%v is left, want the protected %v", left, old[:1])
	}
	if !f.told(old[1], "shrinking the capacity") || !f.told(old[1], "instance "+old[1]+" was selected for termination.") {
		t.Error(f.report())
	}
	for _, a := range f.activities() {
		if took := world.Clock.Real(drainFor); strings.HasPrefix(*a.Description, "Terminating") && a.EndTime.Sub(*a.StartTime) < took {
			t.Errorf("%s was ended in %s, before it was drained", *a.Description, a.EndTime.Sub(*a.StartTime))
		}
	}
	_, err = world.groups.SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: &f.name, DesiredCapacity: aws.Int32(11)})
	wantCode(t, err, "ValidationError")
}

func TestUnhealthyTargetIsReplaced(t *testing.T) {
	f := newGroup(t, nil)
	bad := f.inService()[0]
	verdicts.say(bad, "unhealthy")
	f.await("replaced", func() bool { return len(f.inService()) == 2 && !slices.Contains(f.inService(), bad) })
	if !f.told(bad, "an instance was taken out of service in response to an ELB system health check failure.") ||
		!f.told("", "an instance was launched in response to an unhealthy instance needing to be replaced.") {
		t.Error(f.report())
	}
}

func TestReplacementFirst(t *testing.T) {
	f := newGroup(t, func(in *autoscaling.CreateAutoScalingGroupInput) {
		in.InstanceMaintenancePolicy = &types.InstanceMaintenancePolicy{MinHealthyPercentage: aws.Int32(100), MaxHealthyPercentage: aws.Int32(150)}
	})
	bad := f.inService()[0]
	verdicts.say(bad, "unhealthy")
	f.await("a third instance", func() bool { return len(f.inService()) == 3 })
	f.await("the unhealthy one gone", func() bool { return len(f.inService()) == 2 })
	if slices.Contains(f.inService(), bad) {
		t.Error(f.report())
	}
}

func TestDeadInstanceIsReplaced(t *testing.T) {
	f := newGroup(t, nil)
	dead := f.inService()[0]
	_, err := world.ec2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{dead}})
	f.check(err)
	f.await("replaced", func() bool { return len(f.inService()) == 2 && !slices.Contains(f.inService(), dead) })
	if !f.told(dead, "an EC2 health check indicating it has been terminated or stopped.") {
		t.Error(f.report())
	}
}

func TestStandby(t *testing.T) {
	f := newGroup(t, nil)
	id := f.inService()[:1]
	_, err := world.groups.EnterStandby(t.Context(), &autoscaling.EnterStandbyInput{AutoScalingGroupName: &f.name, InstanceIds: id, ShouldDecrementDesiredCapacity: aws.Bool(true)})
	wantCode(t, err, "ValidationError") // below the minimum
	_, err = world.groups.EnterStandby(t.Context(), &autoscaling.EnterStandbyInput{AutoScalingGroupName: &f.name, InstanceIds: id, ShouldDecrementDesiredCapacity: aws.Bool(false)})
	f.check(err)
	f.await("a replacement", func() bool { return len(f.inService()) == 2 && len(f.group().Instances) == 3 })
	_, err = world.groups.ExitStandby(t.Context(), &autoscaling.ExitStandbyInput{AutoScalingGroupName: &f.name, InstanceIds: id})
	f.check(err)
	f.await("all back", func() bool { return len(f.inService()) == 3 && *f.group().DesiredCapacity == 3 })
}

func TestTerminateInstance(t *testing.T) {
	f := newGroup(t, nil)
	id := f.inService()[0]
	out, err := world.groups.TerminateInstanceInAutoScalingGroup(t.Context(), &autoscaling.TerminateInstanceInAutoScalingGroupInput{InstanceId: &id, ShouldDecrementDesiredCapacity: aws.Bool(false)})
	f.check(err)
	if *out.Activity.Description != "Terminating EC2 instance: "+id {
		t.Error(*out.Activity.Description)
	}
	f.await("replaced", func() bool { return len(f.inService()) == 2 && !slices.Contains(f.inService(), id) })
}

func TestSchedule(t *testing.T) {
	f := newGroup(t, nil)
	_, err := world.groups.PutScheduledUpdateGroupAction(t.Context(), &autoscaling.PutScheduledUpdateGroupActionInput{
		AutoScalingGroupName: &f.name, ScheduledActionName: aws.String("morning"), MinSize: aws.Int32(3),
		Recurrence: aws.String("0 8 * * 1-5"), TimeZone: aws.String("Europe/Berlin"),
	})
	f.check(err)
	f.check(world.Scaling.Fire(t.Context(), f.name, "morning"))
	f.await("three instances", func() bool { return len(f.inService()) == 3 })
	if !f.told("", "a scheduled action update of AutoScalingGroup constraints to min: 3, max: 10, desired: 3 changing the desired capacity from 2 to 3.") {
		t.Error(f.report())
	}
}

func TestDelete(t *testing.T) {
	f := newGroup(t, nil)
	_, err := world.groups.DeleteAutoScalingGroup(t.Context(), &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: &f.name})
	wantCode(t, err, "ResourceInUse")
}
