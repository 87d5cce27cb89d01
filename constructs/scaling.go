package constructs

import (
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/autoscalinggroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/autoscalingpolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/autoscalingschedule"
)

// groupMetrics are what the group itself reports to CloudWatch, every minute
// and for free.
var groupMetrics = []string{
	"GroupDesiredCapacity",
	"GroupInServiceInstances",
	"GroupMaxSize",
	"GroupMinSize",
	"GroupPendingInstances",
	"GroupStandbyInstances",
	"GroupTerminatingInstances",
	"GroupTotalInstances",
}

// scaling makes what moves the group's capacity: target tracking and
// schedules.
func (c *cluster) scaling(group autoscalinggroup.AutoscalingGroup, b balancer) {
	c.targetTracking("cpu", group, c.props.CPUTarget, &autoscalingpolicy.AutoscalingPolicyTargetTrackingConfigurationPredefinedMetricSpecification{
		PredefinedMetricType: jsii.String("ASGAverageCPUUtilization"),
	})
	c.targetTracking("requests", group, c.props.RequestsTarget, &autoscalingpolicy.AutoscalingPolicyTargetTrackingConfigurationPredefinedMetricSpecification{
		PredefinedMetricType: jsii.String("ALBRequestCountPerTarget"),
		ResourceLabel:        jsii.String(*b.lb.ArnSuffix() + "/" + *b.targets.ArnSuffix()),
	})
	// -1 leaves a size as it is.
	size := func(n int) *float64 { return jsii.Number(orDefault(n, -1)) }
	for _, schedule := range c.props.Schedules {
		add(c.scope, schedule.role(), autoscalingschedule.NewAutoscalingSchedule, &autoscalingschedule.AutoscalingScheduleConfig{
			AutoscalingGroupName: group.Name(),
			ScheduledActionName:  jsii.String(schedule.Name),
			Recurrence:           jsii.String(schedule.Recurrence),
			TimeZone:             jsii.String(schedule.timeZone()),
			MinSize:              size(schedule.MinSize),
			MaxSize:              size(schedule.MaxSize),
			DesiredCapacity:      size(schedule.DesiredCapacity),
		})
	}
}

func (c *cluster) targetTracking(role string, group autoscalinggroup.AutoscalingGroup, target int, metric *autoscalingpolicy.AutoscalingPolicyTargetTrackingConfigurationPredefinedMetricSpecification) {
	add(c.scope, role+"_tracking", autoscalingpolicy.NewAutoscalingPolicy, &autoscalingpolicy.AutoscalingPolicyConfig{
		Name:                 jsii.String(c.props.Name + "-" + role),
		AutoscalingGroupName: group.Name(),
		PolicyType:           jsii.String("TargetTrackingScaling"),
		TargetTrackingConfiguration: &autoscalingpolicy.AutoscalingPolicyTargetTrackingConfiguration{
			TargetValue:                   jsii.Number(target),
			PredefinedMetricSpecification: metric,
		},
	})
}
