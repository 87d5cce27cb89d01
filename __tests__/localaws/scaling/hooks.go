package scaling

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"example.com/webserver-cluster/tests/localaws/front"
)

// Lifecycle hooks: https://docs.aws.amazon.com/autoscaling/ec2/userguide/lifecycle-hooks-overview.html.
// Nobody is notified of them; an action is completed by its instance.

const (
	hookLaunching   = "autoscaling:EC2_INSTANCE_LAUNCHING"
	hookTerminating = "autoscaling:EC2_INSTANCE_TERMINATING"
)

// longestWait, 48 hours, is how long an instance waits at most, in seconds; it is
// 100 times the hook's timeout if that is less.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LifecycleHook.html
const longestWait = 172800

// wait is an instance's for a hook.
type wait struct {
	since time.Time // or since its last heartbeat
	began time.Time
}

// handleHooks registers the actions on lifecycle hooks.
func (e *Engine) handleHooks() {
	answer(e, "PutLifecycleHook", e.putHook)
	answer(e, "DescribeLifecycleHooks", e.describeHooks)
	answer(e, "DeleteLifecycleHook", e.deleteHook)
	answer(e, "CompleteLifecycleAction", e.completeAction)
	answer(e, "RecordLifecycleActionHeartbeat", e.heartbeat)
}

func (e *Engine) putHook(_ context.Context, region string, in *autoscaling.PutLifecycleHookInput) (*autoscaling.PutLifecycleHookOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, err := e.find(region, in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	before := g.hook(aws.ToString(in.LifecycleHookName))
	if before == nil && in.LifecycleTransition == nil {
		return nil, invalid("1 validation error detected: a new lifecycle hook needs a LifecycleTransition")
	}
	h := types.LifecycleHook{AutoScalingGroupName: in.AutoScalingGroupName, LifecycleHookName: in.LifecycleHookName}
	if before != nil {
		h = *before
	}
	set(&h.LifecycleTransition, in.LifecycleTransition)
	set(&h.DefaultResult, in.DefaultResult)
	set(&h.HeartbeatTimeout, in.HeartbeatTimeout)
	set(&h.NotificationMetadata, in.NotificationMetadata)
	set(&h.NotificationTargetARN, in.NotificationTargetARN)
	set(&h.RoleARN, in.RoleARN)
	g.addHook(h)
	return &autoscaling.PutLifecycleHookOutput{}, nil
}

func set[T any](field **T, value *T) {
	if value != nil {
		*field = value
	}
}

// addHook adds a hook, or changes the one of its name.
func (g *group) addHook(h types.LifecycleHook) {
	if h.DefaultResult == nil {
		h.DefaultResult = aws.String("ABANDON")
	}
	if h.HeartbeatTimeout == nil {
		h.HeartbeatTimeout = aws.Int32(3600)
	}
	h.GlobalTimeout = aws.Int32(int32(min(100*int64(*h.HeartbeatTimeout), longestWait)))
	g.hooks = slices.DeleteFunc(g.hooks, func(other types.LifecycleHook) bool { return *other.LifecycleHookName == *h.LifecycleHookName })
	g.hooks = append(g.hooks, h)
}

func (g *group) hook(name string) *types.LifecycleHook {
	for i := range g.hooks {
		if *g.hooks[i].LifecycleHookName == name {
			return &g.hooks[i]
		}
	}
	return nil
}

func (e *Engine) describeHooks(_ context.Context, region string, in *autoscaling.DescribeLifecycleHooksInput) (*autoscaling.DescribeLifecycleHooksOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, err := e.find(region, in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	out := &autoscaling.DescribeLifecycleHooksOutput{}
	for _, h := range g.hooks {
		if len(in.LifecycleHookNames) == 0 || slices.Contains(in.LifecycleHookNames, *h.LifecycleHookName) {
			out.LifecycleHooks = append(out.LifecycleHooks, h)
		}
	}
	return out, nil
}

// deleteHook: actions under way are completed with ABANDON for instances that
// launch, with CONTINUE for those that terminate.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteLifecycleHook.html
func (e *Engine) deleteHook(_ context.Context, region string, in *autoscaling.DeleteLifecycleHookInput) (*autoscaling.DeleteLifecycleHookOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, err := e.find(region, in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	name := aws.ToString(in.LifecycleHookName)
	if g.hook(name) == nil {
		return nil, invalid("No Lifecycle Hook found with name: %s", name)
	}
	for _, m := range g.members {
		if _, waits := m.waits[name]; waits {
			delete(m.waits, name)
			m.abandoned = m.abandoned || !m.leaving()
		}
	}
	g.hooks = slices.DeleteFunc(g.hooks, func(h types.LifecycleHook) bool { return *h.LifecycleHookName == name })
	return &autoscaling.DeleteLifecycleHookOutput{}, nil
}

// waiting returns the instance that waits for the hook.
func (e *Engine) waiting(region string, name, hook, id *string) (*group, *member, error) {
	g, err := e.find(region, name)
	if err != nil {
		return nil, nil, err
	}
	if m := g.member(aws.ToString(id)); m != nil {
		if _, waits := m.waits[aws.ToString(hook)]; waits {
			return g, m, nil
		}
	}
	return nil, nil, front.Errorf("ValidationError", "No active Lifecycle Action found with instance ID %s", aws.ToString(id))
}

func (e *Engine) completeAction(_ context.Context, region string, in *autoscaling.CompleteLifecycleActionInput) (*autoscaling.CompleteLifecycleActionOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, m, err := e.waiting(region, in.AutoScalingGroupName, in.LifecycleHookName, in.InstanceId)
	if err != nil {
		return nil, err
	}
	m.complete(*in.LifecycleHookName, aws.ToString(in.LifecycleActionResult))
	return &autoscaling.CompleteLifecycleActionOutput{}, nil
}

func (e *Engine) heartbeat(_ context.Context, region string, in *autoscaling.RecordLifecycleActionHeartbeatInput) (*autoscaling.RecordLifecycleActionHeartbeatOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, m, err := e.waiting(region, in.AutoScalingGroupName, in.LifecycleHookName, in.InstanceId)
	if err != nil {
		return nil, err
	}
	w := m.waits[*in.LifecycleHookName]
	w.since = e.Clock.Now()
	m.waits[*in.LifecycleHookName] = w
	return &autoscaling.RecordLifecycleActionHeartbeatOutput{}, nil
}

// complete ends m's wait for a hook. ABANDON ends that for all others, too.
func (m *member) complete(hook, result string) {
	delete(m.waits, hook)
	if result != "CONTINUE" {
		m.abandoned = true
		clear(m.waits)
	}
}

// holdUp has m wait for the hooks of a transition, and tells whether there is one.
func (g *group) holdUp(m *member, transition string, now time.Time) bool {
	m.waits = map[string]wait{}
	for _, h := range g.hooks {
		if aws.ToString(h.LifecycleTransition) == transition {
			m.waits[*h.LifecycleHookName] = wait{now, now}
		}
	}
	return len(m.waits) > 0
}

// released tells whether m has waited for its hooks.
func (g *group) released(m *member) bool {
	for _, name := range slices.Sorted(maps.Keys(m.waits)) {
		h := g.hook(name)
		w, waits := m.waits[name]
		if waits && (g.past(w.since, seconds(*h.HeartbeatTimeout)) || g.past(w.began, seconds(*h.GlobalTimeout))) {
			m.complete(name, *h.DefaultResult)
		}
	}
	return len(m.waits) == 0
}
