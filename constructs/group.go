package constructs

import (
	"maps"
	"slices"
	"time"

	"example.com/webserver-cluster/internal/project"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/autoscalinggroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/launchtemplate"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// deleteTimeout is the provider's own timeout for a group's end: to terminate the
// instances, wait until they are gone, and delete the group.
// https://registry.terraform.io/providers/hashicorp/aws/5.99.1/docs/resources/autoscaling_group#timeouts
const deleteTimeout = 10 * time.Minute

// group makes the Auto Scaling group behind the load balancer. Its instances wait
// for paths.
func (c *cluster) group(template launchtemplate.LaunchTemplate, b balancer, paths []cdktf.ITerraformDependable) autoscalinggroup.AutoscalingGroup {
	config := &autoscalinggroup.AutoscalingGroupConfig{
		NamePrefix:        jsii.String(c.props.Name + "-"),
		VpcZoneIdentifier: jsii.Strings(c.props.Network.PrivateSubnetIDs...),
		// No desired_capacity: it would undo at every deploy what target
		// tracking and schedules have decided.
		MinSize: jsii.Number(c.props.MinSize),
		MaxSize: jsii.Number(c.props.MaxSize),
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
		// A refresh that fails, is cancelled or is rolled back may leave more
		// instances than are wanted, old ones that have proven themselves and new
		// ones that have not: the new ones go. AWS first takes from the zone that has
		// the most, then by this policy. It holds for every scale-in, too: the oldest
		// instances live longest.
		// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html
		TerminationPolicies: jsii.Strings("NewestInstance"),
		EnabledMetrics:      jsii.Strings(groupMetrics...),
		// Do not wait for instances here: a group whose first instances fail
		// would be replaced by the next deploy. The rollout waits, and says what it
		// waits for.
		WaitForCapacityTimeout: jsii.String("0"),
		// A destroy terminates all instances at once, and each finishes its requests.
		Timeouts: &autoscalinggroup.AutoscalingGroupTimeouts{
			Delete: jsii.String((c.props.DeregistrationDelay + deleteTimeout).String()),
		},
		Tag: c.groupTags("group"),
		// No instance starts before requests and health checks can reach it,
		// nor is one left when they no longer can: a target group without a
		// listener calls no target healthy.
		DependsOn: &paths,
	}
	// The group is made with the template's version of that time. Later ones come
	// by rollout: AWS gives the group a version when all instances run it, so that
	// what the group launches in the meantime (for a scale-out, in place of a dead
	// instance) is the version that is proven. Terraform would give the group the
	// new version first, and leave it there when the refresh fails.
	// https://github.com/hashicorp/terraform-provider-aws/issues/34189
	ignored := []string{c.launches(config, template)}
	if slices.ContainsFunc(c.props.Schedules, Schedule.setsBounds) {
		// The schedules own the bounds now. A plan between two of them must
		// not want the first ones back.
		ignored = append(ignored, "min_size", "max_size")
	}
	config.Lifecycle = &cdktf.TerraformResourceLifecycle{
		CreateBeforeDestroy: jsii.Bool(true),
		IgnoreChanges:       jsii.Strings(ignored...),
	}
	return add(c.scope, "group", autoscalinggroup.NewAutoscalingGroup, config)
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
