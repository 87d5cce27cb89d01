package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// removalLimit is how long instances may take to shut down.
const removalLimit = 15 * time.Minute

// removeLeft removes what a run of that name left.
func (c *cloud) removeLeft(ctx context.Context, name string, say func(string, ...any)) error {
	left, err := c.left(ctx, name)
	if err != nil {
		return err
	}
	if err := c.remove(ctx, name); err != nil {
		return err
	}
	if len(left) == 0 {
		say("nothing called %s was found in %s", name, c.where())
		return nil
	}
	say("removed from %s: %s", c.where(), list(left))
	return nil
}

// remove removes everything that has the name, and returns when nothing is left.
func (c *cloud) remove(ctx context.Context, name string) error {
	err := c.await(ctx, removalLimit, func() (string, error) {
		// In any case: a group that has just been made may not be listed yet.
		if err := c.removeGroup(ctx, name); err != nil {
			return "", err
		}
		left, err := c.left(ctx, name)
		for _, t := range left {
			if t.remove != nil && err == nil {
				err = t.remove()
			}
		}
		return list(left), err
	})
	if err != nil {
		return fmt.Errorf("%s: not removed: %s; try again with --remove %[1]s", name, words(err))
	}
	return nil
}

// removeGroup removes the group and its instances, if AWS knows it and is not at work
// on that already.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteAutoScalingGroup.html
func (c *cloud) removeGroup(ctx context.Context, name string) error {
	_, err := c.groups.DeleteAutoScalingGroup(ctx, &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: &name, ForceDelete: aws.Bool(true)})
	if slices.Contains([]string{"ScalingActivityInProgress", "ResourceContention", "ResourceInUse"}, code(err)) ||
		code(err) == "ValidationError" && strings.Contains(words(err), "not found") {
		return nil
	}
	return err
}

// thing is something that was made.
type thing struct {
	name   string
	remove func() error // none for what goes with the group
}

func list(things []thing) string {
	var names []string
	for _, t := range things {
		names = append(names, t.name)
	}
	return strings.Join(names, ", ")
}

// left is what there is of that name.
func (c *cloud) left(ctx context.Context, name string) (left []thing, err error) {
	groups, err1 := c.groups.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{name}})
	instances, err2 := c.compute.DescribeInstances(ctx, &ec2.DescribeInstancesInput{Filters: []types.Filter{
		{Name: aws.String("tag:" + tagKey), Values: []string{name}},
		{Name: aws.String("instance-state-name"), Values: []string{"pending", "running", "shutting-down", "stopping", "stopped"}},
	}})
	templates, err3 := c.compute.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{
		Filters: []types.Filter{{Name: aws.String("launch-template-name"), Values: []string{name}}},
	})
	alarms, err4 := c.alarms.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{name}})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	for range groups.AutoScalingGroups {
		left = append(left, thing{name: "the Auto Scaling group"})
	}
	for _, r := range instances.Reservations {
		for _, i := range r.Instances {
			left = append(left, thing{name: aws.ToString(i.InstanceId)})
		}
	}
	for range templates.LaunchTemplates {
		left = append(left, thing{"the launch template", func() error {
			_, err := c.compute.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateName: &name})
			return err
		}})
	}
	for range alarms.MetricAlarms {
		left = append(left, thing{"the alarm", func() error {
			_, err := c.alarms.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{name}})
			return err
		}})
	}
	return left, nil
}

// await looks until look returns nothing that is missing, for an AWS time of limit
// at most.
func (c *cloud) await(ctx context.Context, limit time.Duration, look func() (missing string, err error)) error {
	begin := time.Now()
	for {
		missing, err := look()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil || missing == "":
			return err
		case c.time.Since(begin) > limit:
			return fmt.Errorf("after %s still: %s", brief(limit), missing)
		}
		select {
		case <-ctx.Done():
		case <-time.After(c.poll):
		}
	}
}
