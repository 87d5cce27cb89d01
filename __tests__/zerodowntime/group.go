package zerodowntime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	autoscalingtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// Follow names the group of an attached stage: a run ends when it is at rest.
func (s *Stage) Follow(group string) { s.group = group }

// atRest tells whether the group has as many instances as it wants, and none on its way.
// A group that is gone, or that nobody has named, is at rest.
func (s *Stage) atRest(ctx context.Context) bool {
	if s.group == "" {
		return true
	}
	groups := autoscaling.NewFromConfig(s.Cloud.Config())
	described, err := groups.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{s.group}})
	if err != nil || len(described.AutoScalingGroups) != 1 {
		return err == nil
	}
	g := described.AutoScalingGroups[0]
	return len(g.Instances) == int(aws.ToInt32(g.DesiredCapacity)) && !slices.ContainsFunc(g.Instances, func(i autoscalingtypes.Instance) bool {
		return i.LifecycleState != autoscalingtypes.LifecycleStateInService
	})
}

// Whole returns an error that says what of the fleet is not as it has to be
// after a deploy: everybody InService and healthy on the group's version, with
// that image, no refresh under way. Instances that only drain do not count.
func (s *Stage) Whole(ctx context.Context, image string) error {
	groups := autoscaling.NewFromConfig(s.Cloud.Config())
	described, err := groups.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{s.group}})
	if err != nil {
		return err
	}
	if len(described.AutoScalingGroups) != 1 {
		return fmt.Errorf("there are %d groups %s", len(described.AutoScalingGroups), s.group)
	}
	g := described.AutoScalingGroups[0]
	var faults []error
	g.Instances = slices.DeleteFunc(g.Instances, func(i autoscalingtypes.Instance) bool {
		return strings.HasPrefix(string(i.LifecycleState), "Terminating")
	})
	if n, want := len(g.Instances), int(aws.ToInt32(g.DesiredCapacity)); n != want {
		faults = append(faults, fmt.Errorf("%d instances, wanted are %d", n, want))
	}
	serving := map[string]bool{}
	for _, t := range s.Cloud.Balancers.Targets() {
		serving[t.ID] = t.State == "healthy"
	}
	for _, i := range g.Instances {
		id, version := aws.ToString(i.InstanceId), aws.ToString(i.LaunchTemplate.Version)
		server, _ := s.Cloud.Servers.Get(id)
		if want := aws.ToString(templateOf(g).Version); version != want || server.Image != image || i.LifecycleState != "InService" || aws.ToString(i.HealthStatus) != "Healthy" || !serving[id] {
			faults = append(faults, fmt.Errorf("%s is %s and %s, serving: %v, version %s (the group's is %s), image %s (wanted is %s)",
				id, i.LifecycleState, aws.ToString(i.HealthStatus), serving[id], version, want, server.Image, image))
		}
	}
	refreshes, err := groups.DescribeInstanceRefreshes(ctx, &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: &s.group})
	if err != nil {
		return err
	}
	for _, r := range refreshes.InstanceRefreshes {
		if r.EndTime == nil {
			faults = append(faults, fmt.Errorf("instance refresh %s is %s", aws.ToString(r.InstanceRefreshId), r.Status))
		}
	}
	return errors.Join(faults...)
}

// templateOf is the launch template that a group launches.
func templateOf(g autoscalingtypes.AutoScalingGroup) *autoscalingtypes.LaunchTemplateSpecification {
	if g.LaunchTemplate == nil {
		return g.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification
	}
	return g.LaunchTemplate
}

// Resize sets the group's capacity, as a person or an autoscaling policy does.
func (s *Stage) Resize(ctx context.Context, capacity int) error {
	_, err := autoscaling.NewFromConfig(s.Cloud.Config()).SetDesiredCapacity(ctx, &autoscaling.SetDesiredCapacityInput{
		AutoScalingGroupName: &s.group, DesiredCapacity: aws.Int32(int32(capacity)),
	})
	return err
}

// Fire has the schedule's time come.
func (s *Stage) Fire(ctx context.Context) error { return s.Cloud.Scaling.Fire(ctx, s.group, Schedule) }

// fresh returns the instances that were launched since, as they are now.
func (s *Stage) fresh(since time.Time) []Life {
	return slices.DeleteFunc(s.fleet.all(since), func(l Life) bool { return l.Spans[0].From.Before(since) })
}

// serving returns the ids of the instances that serve now, oldest first.
func (s *Stage) serving() (ids []string) {
	for _, l := range s.fleet.all(time.Now()) {
		if state, there := l.state(); there && state == Serving {
			ids = append(ids, l.Instance)
		}
	}
	return ids
}
