package constructs

import (
	"maps"
	"slices"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/refresh"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/autoscalinggroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/launchtemplate"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// group makes the Auto Scaling group behind the load balancer. Its instances wait
// for paths, and its instance refreshes have the preferences.
func (c *cluster) group(template launchtemplate.LaunchTemplate, b balancer, preferences refresh.Preferences, paths []cdktf.ITerraformDependable) autoscalinggroup.AutoscalingGroup {
	lifecycle := &cdktf.TerraformResourceLifecycle{CreateBeforeDestroy: jsii.Bool(true)}
	if slices.ContainsFunc(c.props.Schedules, Schedule.setsBounds) {
		// The schedules own the bounds now. A plan between two of them must
		// not want the first ones back.
		lifecycle.IgnoreChanges = jsii.Strings("min_size", "max_size")
	}
	return add(c.scope, "group", autoscalinggroup.NewAutoscalingGroup, &autoscalinggroup.AutoscalingGroupConfig{
		NamePrefix:        jsii.String(c.props.Name + "-"),
		VpcZoneIdentifier: jsii.Strings(c.props.Network.PrivateSubnetIDs...),
		// No desired_capacity: it would undo at every deploy what target
		// tracking and schedules have decided.
		MinSize: jsii.Number(c.props.MinSize),
		MaxSize: jsii.Number(c.props.MaxSize),
		LaunchTemplate: &autoscalinggroup.AutoscalingGroupLaunchTemplate{
			Id: template.Id(),
			// The number, not $Latest: only a number that changes starts an
			// instance refresh.
			Version: cdktf.Token_AsString(template.LatestVersion(), nil),
		},
		// Attached here and only here: together with attachments of their own
		// (aws_autoscaling_attachment) the two undo each other.
		TargetGroupArns:        &[]*string{b.targets.Arn()},
		HealthCheckType:        jsii.String("ELB"),
		HealthCheckGracePeriod: seconds(c.props.HealthCheckGracePeriod),
		DefaultInstanceWarmup:  seconds(c.props.Warmup),
		InstanceMaintenancePolicy: &autoscalinggroup.AutoscalingGroupInstanceMaintenancePolicy{
			MinHealthyPercentage: jsii.Number(minHealthyPercentage),
			MaxHealthyPercentage: jsii.Number(c.props.MaxHealthyPercentage),
		},
		InstanceRefresh: &autoscalinggroup.AutoscalingGroupInstanceRefresh{
			Strategy:    jsii.String("Rolling"),
			Preferences: terraformPreferences(preferences),
		},
		EnabledMetrics: jsii.Strings(groupMetrics...),
		// Do not wait for instances here: a group whose first instances fail
		// would be replaced by the next deploy. The rollout waits, and says what it
		// waits for.
		WaitForCapacityTimeout: jsii.String("0"),
		Tag:                    c.groupTags("group"),
		Lifecycle:              lifecycle,
		// No instance starts before requests and health checks can reach it,
		// nor is one left when they no longer can: a target group without a
		// listener calls no target healthy.
		DependsOn: &paths,
	})
}

// launchTags are the tags of what AWS makes for the group.
func (c *cluster) launchTags() map[string]string {
	tags := map[string]string{nameTagKey: c.props.Name}
	maps.Copy(tags, c.props.DefaultTags)
	maps.Copy(tags, c.props.Tags)
	return tags
}

// groupTags are the group's own tags. Its instances have theirs from the launch
// template, where they reach the volumes too.
func (c *cluster) groupTags(role string) []*autoscalinggroup.AutoscalingGroupTag {
	tags := c.launchTags()
	tags[project.TerraformNameTag] = c.prefix + role
	var list []*autoscalinggroup.AutoscalingGroupTag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, &autoscalinggroup.AutoscalingGroupTag{
			Key: jsii.String(key), Value: jsii.String(tags[key]), PropagateAtLaunch: jsii.Bool(false),
		})
	}
	return list
}
