package scaling

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// roll takes a refresh one step on. The statuses:
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html
func (g *group) roll(r *refresh, now time.Time, seen *view) []command {
	switch r.Status {
	case types.InstanceRefreshStatusPending:
		r.total = len(g.stale(r))
		r.Status, r.progress = types.InstanceRefreshStatusInProgress, now
		g.measure(r, seen)
		return nil
	case types.InstanceRefreshStatusCancelling:
		if !r.awaitTransitions || !g.transitions() {
			r.say("Cancelled due to user request.")
			r.end(types.InstanceRefreshStatusCancelled, now)
		}
		return nil
	case types.InstanceRefreshStatusBaking:
		if alarm := r.stoppedBy(seen); alarm != "" {
			g.refreshFailed(r, now, "CloudWatch alarm "+alarm+" is in the ALARM state.")
		} else if left := seconds(*r.Preferences.BakeTime) - g.clock.Since(r.pause); left > 0 {
			r.say("Waiting for bake time to finish before continuing. There are %d seconds left.", int(left.Seconds()))
		} else {
			return g.complete(r, now)
		}
		return nil
	}
	// Suspending one of these stops the replacement of instances.
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
	for _, process := range []string{"InstanceRefresh", "Launch", "Terminate"} {
		if g.suspended(process) {
			r.say("Waiting for the process %s to be resumed.", process)
			return nil
		}
	}
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html#instance-refresh-using-auto-rollback
	if alarm := r.stoppedBy(seen); alarm != "" && r.Status == types.InstanceRefreshStatusInProgress {
		g.refreshFailed(r, now, "CloudWatch alarm "+alarm+" is in the ALARM state.")
		return nil
	}
	if g.measure(r, seen) {
		r.progress = now
	}
	if g.atCheckpoint(r, now, seen) {
		r.progress = now
		return nil
	}
	if g.finished(r, seen) {
		return g.complete(r, now)
	}
	g.explain(r, seen)
	if wait := patience + g.warmupTime() + launching; g.clock.Since(r.progress) > wait {
		g.refreshFailed(r, now, "The instance refresh did not get on for too long. "+aws.ToString(r.StatusReason))
		return nil
	}
	return g.replace(r, now, seen)
}

// stale are the members that r has to replace.
func (g *group) stale(r *refresh) []*member {
	return g.where(func(m *member) bool {
		if m.leaving() {
			return false
		}
		if r.RollbackDetails != nil {
			// A rollback replaces what the refresh launched.
			return m.launched.After(*r.StartTime) && m.template == r.target && m.template != g.template
		}
		if m.launched.After(*r.StartTime) {
			return false
		}
		p := r.Preferences
		if m.state == types.LifecycleStateStandby && p.StandbyInstances == types.StandbyInstancesIgnore ||
			m.protected && p.ScaleInProtectedInstances == types.ScaleInProtectedInstancesIgnore {
			return false
		}
		// https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh-skip-matching.html
		return !*p.SkipMatching || m.template != g.launches()
	})
}

// blocked tells whether r has to wait before it may replace m.
func (r *refresh) blocked(m *member) bool {
	return m.state == types.LifecycleStateStandby && r.Preferences.StandbyInstances == types.StandbyInstancesWait ||
		m.protected && r.Preferences.ScaleInProtectedInstances == types.ScaleInProtectedInstancesWait
}

// fresh are the members that r does not have to replace, without those that it
// ignores or that were there before: its replacements.
func (g *group) fresh(r *refresh) []*member {
	return g.where(func(m *member) bool {
		if r.RollbackDetails != nil {
			return m.counts() && m.launched.After(*r.RollbackDetails.RollbackStartTime)
		}
		return m.counts() && m.launched.After(*r.StartTime)
	})
}

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

// atCheckpoint tells whether r pauses at a checkpoint: "the minimum percentage of
// instances in the Auto Scaling group that must be new". One that was passed
// together with a later one is skipped.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-adding-checkpoints-instance-refresh.html
func (g *group) atCheckpoint(r *refresh, now time.Time, seen *view) bool {
	points := r.Preferences.CheckpointPercentages
	if r.RollbackDetails != nil {
		return false
	}
	if !r.pause.IsZero() {
		if left := seconds(*r.Preferences.CheckpointDelay) - g.clock.Since(r.pause); left > 0 {
			r.say("Waiting for checkpoint delay to finish before continuing. There are %d seconds left.", int(left.Seconds()))
			return true
		}
		r.pause = time.Time{}
	}
	before := r.checkpoint
	for r.checkpoint < len(points) && g.updatedShare(r, seen) >= float64(points[r.checkpoint]) {
		r.checkpoint++
	}
	// After the last one there is nothing to continue with.
	if r.checkpoint == before || r.checkpoint == len(points) {
		return false
	}
	r.pause = now
	return true
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
	if r.RollbackDetails != nil {
		r.end(types.InstanceRefreshStatusRollbackSuccessful, now)
		return nil
	}
	if bake := aws.ToInt32(r.Preferences.BakeTime); bake > 0 && r.Status != types.InstanceRefreshStatusBaking {
		r.Status, r.pause = types.InstanceRefreshStatusBaking, now
		return nil
	}
	if r.DesiredConfiguration == nil {
		r.end(types.InstanceRefreshStatusSuccessful, now)
		return nil
	}
	in := &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String(g.name), LaunchTemplate: r.spec()}
	return []command{{
		run: func(ctx context.Context, a *apis) error {
			_, err := a.settings.UpdateAutoScalingGroup(ctx, in)
			return err
		},
		record: func(g *group, now time.Time, err error) {
			if err == nil && r.EndTime == nil {
				g.revision++
				g.template, g.settings.LaunchTemplate = r.target, in.LaunchTemplate
				r.end(types.InstanceRefreshStatusSuccessful, now)
			}
		},
	}}
}

// spec is the desired configuration as the group's settings take it: by the
// template's id alone.
func (r *refresh) spec() *types.LaunchTemplateSpecification {
	return &types.LaunchTemplateSpecification{
		LaunchTemplateId: aws.String(r.target.id),
		Version:          r.DesiredConfiguration.LaunchTemplate.Version,
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
		r.say("%s", reason)
		r.end(types.InstanceRefreshStatusFailed, now)
	}
}

// rollBack turns a refresh into its rollback.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RollbackDetails.html
func (g *group) rollBack(r *refresh, now time.Time, reason string) {
	r.Status, r.progress, r.pause = types.InstanceRefreshStatusRollbackInProgress, now, time.Time{}
	r.RollbackDetails = &types.RollbackDetails{
		RollbackReason:               aws.String(reason),
		RollbackStartTime:            aws.Time(now),
		PercentageCompleteOnRollback: r.PercentageComplete,
		InstancesToUpdateOnRollback:  r.InstancesToUpdate,
	}
	r.say("%s", reason)
}

// transitions tells whether instances that the refresh launched or replaced are
// still on their way.
func (g *group) transitions() bool {
	return slices.ContainsFunc(g.members, func(m *member) bool {
		return m.state == types.LifecycleStatePending || m.leaving()
	})
}

// replace launches and ends as many instances as the bounds allow.
func (g *group) replace(r *refresh, now time.Time, seen *view) []command {
	least, most := r.bounds(g.desired)
	stale := g.stale(r)
	budget := g.budget(r, stale)

	// Instances that were launched in advance take over as soon as they are
	// ready; others are ended first and then replaced.
	surplus := len(g.capacity()) - g.desired
	spare := g.countReady(seen) - least
	for _, m := range g.inTurn(stale) {
		ready := g.ready(m, seen)
		switch {
		case r.blocked(m) || m.id == "":
			continue
		case m.state == types.LifecycleStateStandby: // to be terminated
			g.retire(m, now)
			continue
		case ready && spare <= 0:
			continue
		case !ready && m.state != types.LifecycleStatePending && r.RollbackDetails == nil:
			continue // it may serve already: AWS waits for its warm-up
		case surplus > 0:
			surplus--
		case budget > 0:
			budget--
		default:
			continue
		}
		if ready {
			spare--
		}
		g.retire(m, now)
		if len(g.capacity()) < g.desired {
			g.causes = append(g.causes, causeRefreshLaunch) // for scaleOut
		}
	}

	var todo []command
	have := len(g.capacity()) + len(g.causes)
	waiting := 0 // for a replacement to be launched
	for _, m := range g.stale(r) {
		if m.counts() && !r.blocked(m) {
			waiting++
		}
	}
	for n := min(most-have, waiting-(have-g.desired), budget); n > 0; n-- {
		c, ok := g.launch(now, seen, at(now, causeRefreshLaunch))
		if !ok {
			break
		}
		todo = append(todo, c)
	}
	return todo
}

// budget is how many more instances may be replaced before the next checkpoint.
func (g *group) budget(r *refresh, stale []*member) int {
	points := r.Preferences.CheckpointPercentages
	if r.checkpoint >= len(points) || r.RollbackDetails != nil {
		return len(stale)
	}
	renewed := 0
	for _, m := range g.capacity() {
		if !slices.Contains(stale, m) {
			renewed++
		}
	}
	return percentUp(points[r.checkpoint], g.desired) - renewed
}

func (g *group) retire(m *member, now time.Time) {
	g.terminate(m, now, at(now, causeRefreshTermination)+"  "+at(now, "instance "+m.id+" was selected for termination."))
}

// inTurn orders the instances to replace: from the fullest zone first, the oldest
// first.
func (g *group) inTurn(stale []*member) []*member {
	zones := perZone(g.capacity())
	return slices.SortedStableFunc(slices.Values(stale), func(a, b *member) int {
		return cmp.Or(cmp.Compare(zones[b.subnet.zone], zones[a.subnet.zone]), a.launched.Compare(b.launched))
	})
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
		case m.state == types.LifecycleStatePending:
			r.say(waiting+"%s has insufficient data to evaluate its health with Amazon EC2.", m.id)
			return
		case m.state == types.LifecycleStateInService && g.clock.Since(m.inService) < g.warmupTime():
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
