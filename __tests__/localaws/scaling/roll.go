package scaling

import (
	"cmp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
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
		if !r.awaitTransitions || !g.transitions(r) {
			r.say("Cancelled due to user request.")
			r.end(types.InstanceRefreshStatusCancelled, now)
		}
		return nil
	case types.InstanceRefreshStatusBaking:
		if alarm := r.alarmIn(cloudwatchtypes.StateValueAlarm, seen); alarm != "" {
			g.refreshFailed(r, now, "CloudWatch alarm "+alarm+" is in the ALARM state.")
		} else if g.past(r.pause, seconds(*r.Preferences.BakeTime)) {
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
	if alarm := r.alarmIn(cloudwatchtypes.StateValueAlarm, seen); alarm != "" && r.Status == types.InstanceRefreshStatusInProgress {
		g.refreshFailed(r, now, "CloudWatch alarm "+alarm+" is in the ALARM state.")
		return nil
	}
	if g.measure(r, seen) {
		r.progress = now
	}
	if g.atCheckpoint(r, now, seen) {
		return nil
	}
	if g.finished(r, seen) {
		return g.complete(r, now)
	}
	g.explain(r, seen)
	if wait := patience + g.warmupTime() + launching; g.past(r.progress, wait) {
		g.refreshFailed(r, now, "The instance refresh did not get on for too long. "+aws.ToString(r.StatusReason))
		return nil
	}
	// "If a metric is frequently missing data points by design, the state of the
	// alarm is INSUFFICIENT_DATA during those periods. When this happens, Amazon
	// EC2 Auto Scaling cannot replace instances until new data points are found."
	if alarm := r.alarmIn(cloudwatchtypes.StateValueInsufficientData, seen); alarm != "" && r.RollbackDetails == nil {
		r.say("Waiting for the CloudWatch alarm %s to have data.", alarm)
		return nil
	}
	return g.replace(r, now, seen)
}

// stale are the members that r has to replace.
func (g *group) stale(r *refresh) []*member {
	return g.where(func(m *member) bool {
		if m.leaving() || m.warm() {
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
		return !*p.SkipMatching || !g.matches(m)
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
		if !g.past(r.pause, seconds(*r.Preferences.CheckpointDelay)) {
			return true
		}
		r.pause, r.progress = time.Time{}, now
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

// transitions tells whether instances that were on their way when the refresh was
// cancelled still are. What the group launches and ends later is its own.
func (g *group) transitions(r *refresh) bool {
	return slices.ContainsFunc(g.members, func(m *member) bool {
		return (m.pending() || m.leaving()) && !m.activity.StartTime.After(r.cancelled)
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
		case !ready && !m.pending() && r.RollbackDetails == nil:
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
