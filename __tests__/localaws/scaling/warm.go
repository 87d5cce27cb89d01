package scaling

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Warm pools: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html.
// The pool's instances are stopped or running, not hibernated, and none returns to
// it. An instance refresh launches its instances cold.

func (e *Engine) handleWarmPools() {
	answer(e, "PutWarmPool", e.putWarmPool)
	answer(e, "DescribeWarmPool", e.describeWarmPool)
	answer(e, "DeleteWarmPool", e.deleteWarmPool)
}

func (e *Engine) putWarmPool(_ context.Context, region string, in *autoscaling.PutWarmPoolInput) (*autoscaling.PutWarmPoolOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, err := e.find(region, in.AutoScalingGroupName)
	switch {
	case err != nil:
		return nil, err
	case in.PoolState == types.WarmPoolStateHibernated || in.InstanceReusePolicy != nil:
		return nil, invalid("Hibernation and reuse are not known to the local AWS.")
	case g.settings.MixedInstancesPolicy != nil && g.spotNext(g.settings.MixedInstancesPolicy, g.members):
		return nil, invalid("You can't add a warm pool to Auto Scaling groups that have a mixed instances policy with Spot Instances.")
	}
	c := &types.WarmPoolConfiguration{MinSize: in.MinSize, PoolState: in.PoolState, MaxGroupPreparedCapacity: in.MaxGroupPreparedCapacity}
	if c.PoolState == "" {
		c.PoolState = types.WarmPoolStateStopped
	}
	if c.MinSize == nil {
		c.MinSize = aws.Int32(0)
	}
	if aws.ToInt32(c.MaxGroupPreparedCapacity) < 0 { // -1 takes it away
		c.MaxGroupPreparedCapacity = nil
	}
	g.warmPool = c
	return &autoscaling.PutWarmPoolOutput{}, nil
}

func (e *Engine) describeWarmPool(_ context.Context, region string, in *autoscaling.DescribeWarmPoolInput) (*autoscaling.DescribeWarmPoolOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, err := e.find(region, in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	out := &autoscaling.DescribeWarmPoolOutput{WarmPoolConfiguration: g.warmPool}
	for _, i := range g.picture().instances {
		if warmed(types.LifecycleState(*i.LifecycleState)) {
			out.Instances = append(out.Instances, instance(i))
		}
	}
	return out, nil
}

// deleteWarmPool ends the pool's instances. "ForceDelete" is not needed here: they
// are not waited for.
func (e *Engine) deleteWarmPool(_ context.Context, region string, in *autoscaling.DeleteWarmPoolInput) (*autoscaling.DeleteWarmPoolOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, err := e.find(region, in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if g.warmPool == nil {
		return nil, invalid("No warm pool found for Auto Scaling group %s.", g.name)
	}
	g.warmPool = nil
	return &autoscaling.DeleteWarmPoolOutput{}, nil
}

func warmed(s types.LifecycleState) bool {
	switch s {
	case types.LifecycleStateWarmedPending, types.LifecycleStateWarmedPendingWait, types.LifecycleStateWarmedPendingProceed,
		types.LifecycleStateWarmedStopped, types.LifecycleStateWarmedRunning:
		return true
	}
	return false
}

func (m *member) warm() bool { return warmed(m.state) }

// prepared tells whether m is in the pool and can be taken from it.
func (m *member) prepared() bool {
	return m.state == types.LifecycleStateWarmedStopped || m.state == types.LifecycleStateWarmedRunning
}

// poolSize is "the difference between the Auto Scaling group's maximum capacity",
// or the one given, "and its desired capacity", and the pool's minimum at least.
func (g *group) poolSize() int {
	if g.warmPool == nil {
		return 0
	}
	most := g.max
	if n := g.warmPool.MaxGroupPreparedCapacity; n != nil {
		most = int(*n)
	}
	return max(most-g.desired, int(aws.ToInt32(g.warmPool.MinSize)), 0)
}

// stock launches what the pool lacks and ends what it has too much of: what
// does not launch from the group's template any longer only when a refresh has
// replaced the instances in service.
func (g *group) stock(now time.Time, seen *view) []command {
	pool := g.where((*member).warm)
	size := g.poolSize()
	for _, m := range slices.Backward(pool) {
		if len(pool) <= size {
			break
		}
		if m.id != "" {
			g.terminate(m, now, at(now, "an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the warm pool capacity from "+count(len(pool), len(pool)-1)+"."))
		}
		pool = pool[:len(pool)-1]
	}
	if g.suspended("Launch") || g.active() != nil {
		return nil
	}
	var todo []command
	for n := len(pool); n < size; n++ {
		c, ok := g.launch(now, seen, at(now, "an instance was started in response to a difference between desired and actual capacity, increasing the warm pool capacity from "+count(n, n+1)+"."))
		if !ok {
			break
		}
		m := g.members[len(g.members)-1]
		m.state = types.LifecycleStateWarmedPending
		m.activity.Description = aws.String("Launching a new EC2 instance into warm pool")
		todo = append(todo, c)
	}
	return todo
}

// enterPool takes a new instance of the pool on: "Amazon EC2 Auto Scaling stops …
// instances as they enter the warm pool, and does not wait for user data to
// finish", but for its lifecycle hooks.
func (g *group) enterPool(m *member, now time.Time, seen *view) []command {
	switch m.state {
	case types.LifecycleStateWarmedPending:
		if m.id == "" || seen.states[m.id] != ec2types.InstanceStateNameRunning || !g.past(m.launched, launching) {
			return nil
		}
		if g.holdUp(m, hookLaunching, now) {
			m.state = types.LifecycleStateWarmedPendingWait
			return nil
		}
		m.state = types.LifecycleStateWarmedPendingProceed
	case types.LifecycleStateWarmedPendingWait:
		switch {
		case !g.released(m):
		case m.abandoned:
			g.terminate(m, now, at(now, causeAbandoned))
		default:
			m.state = types.LifecycleStateWarmedPendingProceed
		}
	case types.LifecycleStateWarmedPendingProceed:
		succeed(m.activity, now)
		if g.warmPool == nil || g.warmPool.PoolState == types.WarmPoolStateRunning {
			m.state = types.LifecycleStateWarmedRunning
			return nil
		}
		m.state = types.LifecycleStateWarmedStopped
		id := m.id
		return []command{{
			run: func(ctx context.Context, a *Services) error {
				_, err := a.EC2.StopInstances(ctx, &ec2.StopInstancesInput{InstanceIds: []string{id}})
				return err
			},
			record: func(*group, time.Time, error) {},
		}}
	}
	return nil
}

// draw takes an instance from the pool, if there is one; it then launches as any
// other, of the template that it has.
func (g *group) draw(now time.Time, cause string) (command, bool) {
	for _, m := range g.members {
		if !m.prepared() {
			continue
		}
		m.state, m.launched = types.LifecycleStatePending, now
		m.activity = g.note(now, "Launching a new EC2 instance from warm pool: "+m.id, cause, m.subnet)
		id := m.id
		return command{
			run: func(ctx context.Context, a *Services) error {
				_, err := a.EC2.StartInstances(ctx, &ec2.StartInstancesInput{InstanceIds: []string{id}})
				return err
			},
			record: func(*group, time.Time, error) {},
		}, true
	}
	return command{}, false
}

// refreshPool ends the pool's instances that a refresh has left behind: "an
// instance refresh first replaces InService instances. Then it replaces instances
// in the warm pool."
func (g *group) refreshPool(r *refresh, now time.Time) {
	for _, m := range g.where((*member).warm) {
		if m.id != "" && !m.launched.After(*r.StartTime) && !(aws.ToBool(r.Preferences.SkipMatching) && g.matches(m)) {
			g.terminate(m, now, at(now, causeRefreshTermination))
		}
	}
}
