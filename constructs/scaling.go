package constructs

import (
	"strings"
	"time"

	// The time zones that Go knows do not depend on the machine.
	_ "time/tzdata"

	"example.com/webserver-cluster/internal/faults"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/autoscalinggroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/autoscalingpolicy"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/autoscalingschedule"
)

// Schedule changes the size of the group at set times. At least one of
// MinSize, MaxSize and DesiredCapacity is given.
//
// As soon as one schedule sets MinSize or MaxSize, the cluster's own MinSize
// and MaxSize count only when the group is made: later the schedules own them.
type Schedule struct {
	// Name tells it from the cluster's other schedules. Required.
	Name string
	// Recurrence is when, in cron's five fields: minute, hour, day of month,
	// month, day of week. Required.
	Recurrence string
	// TimeZone is the zone of Recurrence, as the IANA database names it, such
	// as "Europe/Berlin"; daylight saving time is followed. Default "Etc/UTC".
	TimeZone string
	// MinSize, MaxSize and DesiredCapacity are set from then on. Default: left
	// as they are.
	MinSize, MaxSize, DesiredCapacity int
}

func (s Schedule) setsBounds() bool { return s.MinSize != 0 || s.MaxSize != 0 }

// validate returns the schedule's faults in a cluster with these bounds.
func (s Schedule) validate(clusterMin, clusterMax int) error {
	var f faults.List
	if s.Name == "" {
		f.Add("Name", s.Name, "must not be empty")
	}
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
	if len(strings.Fields(s.Recurrence)) != 5 {
		f.Add("Recurrence", s.Recurrence, "must be cron's five fields, such as \"0 8 * * 1-5\"")
	}
	if _, err := time.LoadLocation(s.TimeZone); err != nil || s.TimeZone == "Local" {
		f.Add("TimeZone", s.TimeZone, "must be a time zone of the IANA database, such as Europe/Berlin")
	}
	if !s.setsBounds() && s.DesiredCapacity == 0 {
		f.Add("MinSize", s.MinSize, "must be given, or MaxSize or DesiredCapacity: the schedule changes nothing")
	}
	if s.MinSize != 0 && s.MinSize < 2 {
		f.Add("MinSize", s.MinSize, "must be 2 or more: one instance cannot survive the loss of its zone")
	}
	least, most := orDefault(s.MinSize, clusterMin), orDefault(s.MaxSize, clusterMax)
	if least > most {
		f.Add("MinSize", least, "must not be above MaxSize (%d)", most)
	}
	if s.DesiredCapacity != 0 && (s.DesiredCapacity < least || s.DesiredCapacity > most) {
		f.Add("DesiredCapacity", s.DesiredCapacity, "must be MinSize (%d) to MaxSize (%d)", least, most)
	}
	return f.Err()
}

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
		add(c.scope, "schedule_"+strings.ReplaceAll(schedule.Name, "-", "_"), autoscalingschedule.NewAutoscalingSchedule, &autoscalingschedule.AutoscalingScheduleConfig{
			AutoscalingGroupName: group.Name(),
			ScheduledActionName:  jsii.String(schedule.Name),
			Recurrence:           jsii.String(schedule.Recurrence),
			TimeZone:             jsii.String(orDefault(schedule.TimeZone, "Etc/UTC")),
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
