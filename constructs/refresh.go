package constructs

import (
	"strconv"
	"time"

	"example.com/webserver-cluster/internal/refresh"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/autoscalinggroup"
)

// refreshPreferences say how an instance refresh of the cluster goes on; alarms are
// those that can stop it. The group has them from Terraform, and the command rollout
// for the refreshes that it starts.
func (p WebserverClusterProps) refreshPreferences(alarms []string) refresh.Preferences {
	preferences := refresh.Preferences{
		MinHealthyPercentage: new(minHealthyPercentage),
		MaxHealthyPercentage: &p.MaxHealthyPercentage,
		InstanceWarmup:       &p.Warmup,
		Checkpoints:          p.Checkpoints,
	}
	if p.CheckpointDelay != 0 {
		preferences.CheckpointDelay = &p.CheckpointDelay
	}
	if p.AlarmsStopRefresh {
		preferences.Alarms = alarms
	}
	return preferences
}

// timeToHealthy is how long a new instance takes to pass its health checks.
func (p WebserverClusterProps) timeToHealthy() time.Duration {
	return healthCheckThreshold * p.HealthCheckInterval
}

// rolloutTimeout is how long a rollout may take besides its pauses at checkpoints,
// whatever size the group has by then.
func (p WebserverClusterProps) rolloutTimeout() time.Duration {
	group := refresh.Group{
		MaxSize:             p.MaxSize,
		HealthChecks:        p.timeToHealthy(),
		DeregistrationDelay: p.DeregistrationDelay,
	}
	for _, schedule := range p.Schedules {
		group.MaxSize = max(group.MaxSize, schedule.MaxSize)
	}
	return p.refreshPreferences(nil).Timeout(group)
}

// terraformPreferences are preferences as the group's resource takes them. The
// percentages and the warm-up must be set: with one of the percentages left out, the
// provider sends 90 and 100 for the pair.
func terraformPreferences(p refresh.Preferences) *autoscalinggroup.AutoscalingGroupInstanceRefreshPreferences {
	preferences := &autoscalinggroup.AutoscalingGroupInstanceRefreshPreferences{
		MinHealthyPercentage:      jsii.Number(*p.MinHealthyPercentage),
		MaxHealthyPercentage:      jsii.Number(*p.MaxHealthyPercentage),
		InstanceWarmup:            secondsText(*p.InstanceWarmup),
		SkipMatching:              jsii.Bool(refresh.SkipMatching),
		ScaleInProtectedInstances: jsii.String(refresh.ScaleInProtectedInstances),
		StandbyInstances:          jsii.String(refresh.StandbyInstances),
		// Terraform gives the group its new version before it starts the
		// refresh, so that AWS would "roll back" to the bad one.
		// https://github.com/hashicorp/terraform-provider-aws/issues/34189
		AutoRollback: jsii.Bool(false),
	}
	if len(p.Checkpoints) > 0 {
		preferences.CheckpointPercentages = numbers(p.Checkpoints)
		preferences.CheckpointDelay = secondsText(*p.CheckpointDelay)
	}
	if len(p.Alarms) > 0 {
		preferences.AlarmSpecification = &autoscalinggroup.AutoscalingGroupInstanceRefreshPreferencesAlarmSpecification{
			Alarms: jsii.Strings(p.Alarms...),
		}
	}
	return preferences
}

// secondsText is a duration where the provider takes a text.
func secondsText(d time.Duration) *string {
	return jsii.String(strconv.Itoa(int(d.Seconds())))
}
