package scaling

import (
	"cmp"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"example.com/webserver-cluster/tests/localaws/front"
)

// refresh is an instance refresh. The embedded struct is what
// DescribeInstanceRefreshes shows of it.
type refresh struct {
	types.InstanceRefresh
	target template // the desired configuration; none: the group's own

	// Wait for launches and terminations under way before it is Cancelled.
	awaitTransitions bool
	cancelled        time.Time

	total      int       // instances to update when it began
	checkpoint int       // index of the checkpoint that it works towards
	pause      time.Time // when a checkpoint's delay or the bake time began
	progress   time.Time // when it last got on
}

// active is the refresh that has not ended, nil if there is none. There is one
// at most.
func (g *group) active() *refresh {
	if n := len(g.refreshes); n > 0 && g.refreshes[n-1].EndTime == nil {
		return g.refreshes[n-1]
	}
	return nil
}

// newRefresh returns a refresh with AWS's defaults filled in.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/understand-instance-refresh-default-values.html
func (g *group) newRefresh(id string, p *types.RefreshPreferences, now time.Time) *refresh {
	if p == nil {
		p = &types.RefreshPreferences{}
	}
	prefs := *p
	if m := g.maintenance; m != nil { // each for itself
		prefs.MinHealthyPercentage = cmp.Or(prefs.MinHealthyPercentage, m.MinHealthyPercentage)
		prefs.MaxHealthyPercentage = cmp.Or(prefs.MaxHealthyPercentage, m.MaxHealthyPercentage)
	}
	prefs.MinHealthyPercentage = cmp.Or(prefs.MinHealthyPercentage, aws.Int32(90))
	if prefs.InstanceWarmup == nil {
		prefs.InstanceWarmup = aws.Int32(int32(g.defaultWarmup().Seconds()))
	}
	if len(prefs.CheckpointPercentages) > 0 && prefs.CheckpointDelay == nil {
		prefs.CheckpointDelay = aws.Int32(3600)
	}
	if prefs.ScaleInProtectedInstances == "" {
		prefs.ScaleInProtectedInstances = types.ScaleInProtectedInstancesWait
	}
	if prefs.StandbyInstances == "" {
		prefs.StandbyInstances = types.StandbyInstancesWait
	}
	prefs.SkipMatching = aws.Bool(aws.ToBool(prefs.SkipMatching))
	prefs.AutoRollback = aws.Bool(aws.ToBool(prefs.AutoRollback))
	return &refresh{
		InstanceRefresh: types.InstanceRefresh{
			AutoScalingGroupName: aws.String(g.name),
			InstanceRefreshId:    aws.String(id),
			Preferences:          &prefs,
			StartTime:            aws.Time(now),
			Status:               types.InstanceRefreshStatusPending,
			Strategy:             types.RefreshStrategyRolling,
			PercentageComplete:   aws.Int32(0),
		},
		awaitTransitions: true,
		progress:         now,
	}
}

// validate checks preferences by the ranges of
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html.
// AWS does not document the words of these errors.
func validate(p *types.RefreshPreferences) error {
	if p == nil {
		return nil
	}
	for _, r := range []struct {
		name        string
		value       *int32
		least, most int32
	}{
		{"MinHealthyPercentage", p.MinHealthyPercentage, 0, 100},
		{"MaxHealthyPercentage", p.MaxHealthyPercentage, 100, 200},
		{"InstanceWarmup", p.InstanceWarmup, 0, 1<<31 - 1},
		{"CheckpointDelay", p.CheckpointDelay, 0, 172800},
		{"BakeTime", p.BakeTime, 0, 172800},
	} {
		if r.value != nil && (*r.value < r.least || *r.value > r.most) {
			return invalid("%s %d must be between %d and %d.", r.name, *r.value, r.least, r.most)
		}
	}
	if p.MaxHealthyPercentage != nil {
		if p.MinHealthyPercentage == nil {
			return invalid("MinHealthyPercentage must be specified if MaxHealthyPercentage is.")
		}
		if *p.MaxHealthyPercentage-*p.MinHealthyPercentage > 100 {
			return invalid("The difference between MaxHealthyPercentage and MinHealthyPercentage cannot be greater than 100.")
		}
	}
	if p.CheckpointDelay != nil && len(p.CheckpointPercentages) == 0 {
		return invalid("CheckpointPercentages must be specified if CheckpointDelay is.")
	}
	before := int32(0)
	for _, percent := range p.CheckpointPercentages {
		if percent <= before || percent > 100 {
			return invalid("CheckpointPercentages must be unique, ascending and between 1 and 100.")
		}
		before = percent
	}
	if p.AlarmSpecification != nil && len(p.AlarmSpecification.Alarms) > 10 {
		return invalid("AlarmSpecification can have up to 10 alarms.")
	}
	if err := oneOf("ScaleInProtectedInstances", p.ScaleInProtectedInstances, p.ScaleInProtectedInstances.Values()); err != nil {
		return err
	}
	return oneOf("StandbyInstances", p.StandbyInstances, p.StandbyInstances.Values())
}

func oneOf[T ~string](name string, value T, values []T) error {
	if value == "" {
		return nil
	}
	for _, v := range values {
		if value == v {
			return nil
		}
	}
	return invalid("%s %q must be one of %v.", name, value, values)
}

func invalid(format string, args ...any) error {
	return front.Errorf("ValidationError", format, args...)
}

// bounds are the least instances that must be ready and the most that may be in
// service or pending while instances are replaced.
//
// Without MaxHealthyPercentage, an instance is ended and its replacement
// launched at the same time. With it, and if both bounds cannot be kept, the
// new instance is launched first, beyond the maximum.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
func bounds(minHealthy, maxHealthy *int32, desired int) (least, most int) {
	least = percentUp(*minHealthy, desired)
	if maxHealthy == nil {
		// "Setting the minimum healthy percentage to 100 percent limits the rate
		// of replacement to one instance at a time" (an earlier edition of that page).
		return max(0, min(least, desired-1)), desired
	}
	return least, max(percentDown(*maxHealthy, desired), least+1)
}

func (r *refresh) bounds(desired int) (least, most int) {
	return bounds(r.Preferences.MinHealthyPercentage, r.Preferences.MaxHealthyPercentage, desired)
}

// patience is how long a refresh waits without getting on before it fails: for
// instances to pass their health checks ("up to 60 minutes after it reaches
// the minimum healthy threshold", an earlier edition of
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html),
// for protection to be removed and for instances to leave Standby (one hour each,
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html).
const patience = time.Hour

// alarms are the names of the alarms that stop r.
func (r *refresh) alarms() []string {
	if r.Preferences.AlarmSpecification == nil {
		return nil
	}
	return r.Preferences.AlarmSpecification.Alarms
}

// alarmIn returns an alarm of r that is in the state, "" for none.
func (r *refresh) alarmIn(state cloudwatchtypes.StateValue, seen *view) string {
	for _, alarm := range r.alarms() {
		if seen.alarms[alarm] == state {
			return alarm
		}
	}
	return ""
}

// say sets the explanation of the status.
func (r *refresh) say(format string, args ...any) {
	r.StatusReason = nil
	if format != "" {
		r.StatusReason = aws.String(fmt.Sprintf(format, args...))
	}
}

// reversible tells whether r can be rolled back.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html
func (g *group) reversible(desired *types.DesiredConfiguration) bool {
	spec := specOf(g.settings.LaunchTemplate, g.settings.MixedInstancesPolicy)
	return desired != nil && spec != nil && numbered(aws.ToString(spec.Version))
}
