package world

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// CreateAutoScalingGroup keeps settings; a test wants World.Groups, which also
// launches.
func (w *World) CreateAutoScalingGroup(_ context.Context, in *autoscaling.CreateAutoScalingGroupInput, _ ...func(*autoscaling.Options)) (*autoscaling.CreateAutoScalingGroupOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := aws.ToString(in.AutoScalingGroupName)
	if w.settings[name] != nil {
		return nil, refuse("AlreadyExists", "AutoScalingGroup by this name already exists - A group with the name %s already exists", name)
	}
	g := &types.AutoScalingGroup{
		AutoScalingGroupName:             &name,
		AutoScalingGroupARN:              aws.String("arn:aws:autoscaling:" + Region + ":123456789012:autoScalingGroup:" + name),
		CreatedTime:                      aws.Time(time.Now()),
		AvailabilityZones:                in.AvailabilityZones,
		CapacityRebalance:                in.CapacityRebalance,
		HealthCheckType:                  in.HealthCheckType,
		HealthCheckGracePeriod:           in.HealthCheckGracePeriod,
		LaunchTemplate:                   in.LaunchTemplate,
		MixedInstancesPolicy:             in.MixedInstancesPolicy,
		NewInstancesProtectedFromScaleIn: in.NewInstancesProtectedFromScaleIn,
		TargetGroupARNs:                  in.TargetGroupARNs,
		TerminationPolicies:              in.TerminationPolicies,
		VPCZoneIdentifier:                in.VPCZoneIdentifier,
	}
	for _, t := range in.Tags {
		g.Tags = append(g.Tags, types.TagDescription{Key: t.Key, Value: t.Value, PropagateAtLaunch: t.PropagateAtLaunch})
	}
	w.settings[name] = g
	return &autoscaling.CreateAutoScalingGroupOutput{}, nil
}

// UpdateAutoScalingGroup changes what in names.
func (w *World) UpdateAutoScalingGroup(_ context.Context, in *autoscaling.UpdateAutoScalingGroupInput, _ ...func(*autoscaling.Options)) (*autoscaling.UpdateAutoScalingGroupOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, err := w.named(in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	set(&g.CapacityRebalance, in.CapacityRebalance)
	set(&g.HealthCheckType, in.HealthCheckType)
	set(&g.HealthCheckGracePeriod, in.HealthCheckGracePeriod)
	set(&g.NewInstancesProtectedFromScaleIn, in.NewInstancesProtectedFromScaleIn)
	set(&g.VPCZoneIdentifier, in.VPCZoneIdentifier)
	if in.TerminationPolicies != nil {
		g.TerminationPolicies = in.TerminationPolicies
	}
	// One takes the place of the other.
	if in.LaunchTemplate != nil {
		g.LaunchTemplate, g.MixedInstancesPolicy = in.LaunchTemplate, nil
	}
	if in.MixedInstancesPolicy != nil {
		g.LaunchTemplate, g.MixedInstancesPolicy = nil, in.MixedInstancesPolicy
	}
	return &autoscaling.UpdateAutoScalingGroupOutput{}, nil
}

func set[T any](field **T, value *T) {
	if value != nil {
		*field = value
	}
}

func (w *World) named(name *string) (*types.AutoScalingGroup, error) {
	if g := w.settings[aws.ToString(name)]; g != nil {
		return g, nil
	}
	return nil, refuse("ValidationError", "AutoScalingGroup name not found - AutoScalingGroup '%s' not found", aws.ToString(name))
}

// DeleteAutoScalingGroup forgets settings.
func (w *World) DeleteAutoScalingGroup(_ context.Context, in *autoscaling.DeleteAutoScalingGroupInput, _ ...func(*autoscaling.Options)) (*autoscaling.DeleteAutoScalingGroupOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.settings, aws.ToString(in.AutoScalingGroupName))
	return &autoscaling.DeleteAutoScalingGroupOutput{}, nil
}

// DescribeAutoScalingGroups tells the settings alone.
func (w *World) DescribeAutoScalingGroups(_ context.Context, in *autoscaling.DescribeAutoScalingGroupsInput, _ ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := &autoscaling.DescribeAutoScalingGroupsOutput{}
	names := in.AutoScalingGroupNames
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(w.settings))
	}
	for _, name := range names {
		if g := w.settings[name]; g != nil {
			out.AutoScalingGroups = append(out.AutoScalingGroups, *g)
		}
	}
	return out, nil
}

// Suspend suspends processes of a group, Resume resumes all.
func (w *World) Suspend(group string, processes ...string) {
	w.mu.Lock()
	if g := w.settings[group]; g != nil {
		for _, p := range processes {
			g.SuspendedProcesses = append(g.SuspendedProcesses, types.SuspendedProcess{ProcessName: &p})
		}
	}
	w.mu.Unlock()
	w.Engine.Wake()
}

// Resume undoes Suspend.
func (w *World) Resume(group string) {
	w.mu.Lock()
	if g := w.settings[group]; g != nil {
		g.SuspendedProcesses = nil
	}
	w.mu.Unlock()
	w.Engine.Wake()
}

// Schedule adds a scheduled action to a group.
func (w *World) Schedule(group string, action types.ScheduledUpdateGroupAction) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.schedules[group] = append(w.schedules[group], action)
}

// DescribeScheduledActions tells a group's.
func (w *World) DescribeScheduledActions(_ context.Context, in *autoscaling.DescribeScheduledActionsInput, _ ...func(*autoscaling.Options)) (*autoscaling.DescribeScheduledActionsOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &autoscaling.DescribeScheduledActionsOutput{ScheduledUpdateGroupActions: w.schedules[aws.ToString(in.AutoScalingGroupName)]}, nil
}

// DescribePolicies knows none.
func (w *World) DescribePolicies(context.Context, *autoscaling.DescribePoliciesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribePoliciesOutput, error) {
	return &autoscaling.DescribePoliciesOutput{}, nil
}
