package scaling

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// measure sets the figures that show how far r is, and tells whether more
// instances are updated than before. "When the instance's health status changes to healthy and the
// specified warm-up time passes, the instance is considered updated"; during a
// rollback the percentage goes back to zero, and InstancesToUpdate stays.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html
func (g *group) measure(r *refresh, seen *view) bool {
	stale := len(g.stale(r))
	if d := r.RollbackDetails; d != nil {
		before := *r.PercentageComplete
		if r.total > 0 {
			r.PercentageComplete = aws.Int32(min(*d.PercentageCompleteOnRollback, int32(100*stale/r.total)))
		}
		return *r.PercentageComplete < before
	}
	unready := max(0, g.desired-len(g.capacity()))
	for _, m := range g.fresh(r) {
		if !g.ready(m, seen) {
			unready++
		}
	}
	updated := max(0, r.total-stale-unready)
	before := r.InstancesToUpdate
	r.InstancesToUpdate = aws.Int32(int32(r.total - updated))
	r.PercentageComplete = aws.Int32(100)
	if r.total > 0 {
		r.PercentageComplete = aws.Int32(int32(100 * updated / r.total))
	}
	return before != nil && *r.InstancesToUpdate < *before
}

// updatedShare is the percentage of the group's instances that are new and
// ready. Those that skip matching passes over are new from the start.
func (g *group) updatedShare(r *refresh, seen *view) float64 {
	n := 0
	for _, m := range g.capacity() {
		if !slices.Contains(g.stale(r), m) && g.ready(m, seen) {
			n++
		}
	}
	// A replacement that was launched first still has its predecessor.
	n -= max(0, len(g.capacity())-g.desired)
	return 100 * float64(n) / float64(max(1, g.desired))
}

// finished tells whether there is nothing more to replace, all replacements
// are ready, or the last checkpoint is reached: "to replace all instances, the
// last number must be 100".
func (g *group) finished(r *refresh, seen *view) bool {
	points := r.Preferences.CheckpointPercentages
	if len(points) > 0 && r.checkpoint == len(points) && r.RollbackDetails == nil {
		return true
	}
	if len(g.stale(r)) > 0 || len(g.capacity()) < g.desired {
		return false
	}
	return !slices.ContainsFunc(g.fresh(r), func(m *member) bool { return !g.ready(m, seen) })
}

// complete ends a refresh that did all it had to. "After the instance refresh
// succeeds, Amazon EC2 Auto Scaling updates the settings of the Auto Scaling
// group to reflect the new desired configuration".
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_StartInstanceRefresh.html
func (g *group) complete(r *refresh, now time.Time) []command {
	r.say("")
	g.refreshPool(r, now)
	if r.RollbackDetails != nil {
		r.end(types.InstanceRefreshStatusRollbackSuccessful, now)
		return nil
	}
	if bake := aws.ToInt32(r.Preferences.BakeTime); bake > 0 && r.Status != types.InstanceRefreshStatusBaking {
		r.Status, r.pause = types.InstanceRefreshStatusBaking, now
		return nil
	}
	if r.DesiredConfiguration != nil && g.climate.Lag == 0 {
		return []command{g.take(r)}
	}
	r.end(types.InstanceRefreshStatusSuccessful, now)
	if r.DesiredConfiguration != nil {
		g.taking = r
	}
	return nil
}

// spec is the desired configuration as the group's settings take it: by the
// template's id alone.
func (r *refresh) spec() *types.LaunchTemplateSpecification {
	return &types.LaunchTemplateSpecification{
		LaunchTemplateId: aws.String(r.target.id),
		Version:          r.DesiredConfiguration.LaunchTemplate.Version,
	}
}

// take gives the group the configuration of r, which has succeeded then.
func (g *group) take(r *refresh) command {
	in := &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String(g.name)}
	if in.MixedInstancesPolicy = r.DesiredConfiguration.MixedInstancesPolicy; in.MixedInstancesPolicy == nil {
		in.LaunchTemplate = r.spec()
	}
	return command{
		run: func(ctx context.Context, a *Services) error {
			_, err := a.Settings.UpdateAutoScalingGroup(ctx, in)
			return err
		},
		record: func(g *group, now time.Time, err error) {
			if err != nil {
				return // again, at the next tick
			}
			g.revision++
			g.template, g.taking = r.target, nil
			g.repurchase(g.settings.MixedInstancesPolicy, in.MixedInstancesPolicy)
			g.settings.LaunchTemplate, g.settings.MixedInstancesPolicy = in.LaunchTemplate, in.MixedInstancesPolicy
			if r.EndTime == nil {
				r.end(types.InstanceRefreshStatusSuccessful, now)
			}
		},
	}
}

func (r *refresh) end(status types.InstanceRefreshStatus, now time.Time) {
	r.Status, r.EndTime = status, aws.Time(now)
}

// refreshFailed ends a refresh that cannot go on, or turns it back, if it has
// auto rollback. AWS does not document the reasons it gives.
func (g *group) refreshFailed(r *refresh, now time.Time, reason string) {
	switch {
	case r.RollbackDetails != nil:
		r.say("%s", reason)
		r.end(types.InstanceRefreshStatusRollbackFailed, now)
	case *r.Preferences.AutoRollback:
		g.rollBack(r, now, "Auto rollback: "+reason)
	default:
		g.trim = g.climate.UnkindSurplus
		r.say("%s", reason)
		r.end(types.InstanceRefreshStatusFailed, now)
	}
}

// rollBack turns a refresh into its rollback.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RollbackDetails.html
func (g *group) rollBack(r *refresh, now time.Time, reason string) {
	g.trim = g.climate.UnkindSurplus
	r.Status, r.progress, r.pause = types.InstanceRefreshStatusRollbackInProgress, now, time.Time{}
	r.RollbackDetails = &types.RollbackDetails{
		RollbackReason:               aws.String(reason),
		RollbackStartTime:            aws.Time(now),
		PercentageCompleteOnRollback: r.PercentageComplete,
		InstancesToUpdateOnRollback:  r.InstancesToUpdate,
	}
	r.say("%s", reason)
}

// explain says what r waits for, in AWS's words where they are known.
func (g *group) explain(r *refresh, seen *view) {
	const waiting = "Waiting for remaining instances to be available. For example: "
	for _, m := range g.members {
		switch {
		case m.leaving():
		case m.unhealthy != "":
			r.say(waiting+"%s is not healthy: %s", m.id, m.unhealthy)
			return
		case m.pending():
			r.say(waiting+"%s has insufficient data to evaluate its health with Amazon EC2.", m.id)
			return
		case m.state == types.LifecycleStateInService && !g.past(m.inService, g.warmupTime()):
			r.say("Waiting for instances to warm up before continuing. For example: %s is warming up.", m.id)
			return
		case m.state == types.LifecycleStateInService && g.initial(m, seen):
			r.say(waiting+"%s has insufficient data to evaluate its health with Elastic Load Balancing.", m.id)
			return
		}
	}
	for _, m := range g.stale(r) {
		switch {
		case r.blocked(m) && m.protected:
			r.say(waiting+"%s is protected. Remove instance scale-in protection to continue.", m.id)
			return
		case r.blocked(m):
			r.say(waiting+"%s is in Standby.", m.id)
			return
		}
	}
	r.say("")
}
