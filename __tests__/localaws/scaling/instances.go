package scaling

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"example.com/webserver-cluster/tests/localaws/front"
)

// handleInstances registers the actions on single instances of a group.
func (e *Engine) handleInstances() {
	answer(e, "DescribeAutoScalingInstances", e.describeInstances)
	answer(e, "TerminateInstanceInAutoScalingGroup", e.terminateInstance)
	answer(e, "SetInstanceHealth", e.setInstanceHealth)
	answer(e, "SetInstanceProtection", e.setInstanceProtection)
	answer(e, "EnterStandby", e.enterStandby)
	answer(e, "ExitStandby", e.exitStandby)
	answer(e, "DetachInstances", e.detachInstances)
}

func (e *Engine) describeInstances(_ context.Context, region string, in *autoscaling.DescribeAutoScalingInstancesInput) (*autoscaling.DescribeAutoScalingInstancesOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []types.AutoScalingInstanceDetails
	for k, g := range e.groups {
		if k.region != region {
			continue
		}
		p, _ := g.shown()
		for _, i := range p.instances {
			if len(in.InstanceIds) == 0 || slices.Contains(in.InstanceIds, *i.InstanceId) {
				found = append(found, i)
			}
		}
	}
	out := &autoscaling.DescribeAutoScalingInstancesOutput{}
	var err error
	out.AutoScalingInstances, out.NextToken, err = page(found, in.NextToken, in.MaxRecords, 50)
	return out, err
}

// instance returns an instance and its group, which may be left out. The engine
// is locked.
func (e *Engine) instance(region string, id string) (*group, *member, error) {
	for k, g := range e.groups {
		if m := g.member(id); m != nil && k.region == region {
			return g, m, nil
		}
	}
	return nil, nil, invalid("Instance Id not found - No managed instance found for instance ID: %s", id)
}

// inState returns members of a group by their ids, all in the state.
func (e *Engine) inState(region string, name *string, ids []string, state types.LifecycleState) (*group, []*member, error) {
	g, err := e.find(region, name)
	if err != nil {
		return nil, nil, err
	}
	var found []*member
	for _, id := range ids {
		m := g.member(id)
		if m == nil {
			return nil, nil, invalid("The instance %s is not part of Auto Scaling group %s.", id, g.name)
		}
		if m.state != state {
			return nil, nil, invalid("The instance %s is not in %s.", id, state)
		}
		found = append(found, m)
	}
	return g, found, nil
}

// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TerminateInstanceInAutoScalingGroup.html
func (e *Engine) terminateInstance(_ context.Context, region string, in *autoscaling.TerminateInstanceInAutoScalingGroupInput) (*autoscaling.TerminateInstanceInAutoScalingGroupOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, m, err := e.instance(region, aws.ToString(in.InstanceId))
	if err != nil {
		return nil, err
	}
	if m.leaving() {
		return nil, front.Errorf("ScalingActivityInProgress", "The instance %s is being terminated.", m.id)
	}
	cause := "instance " + m.id + " was taken out of service in response to a user request"
	if aws.ToBool(in.ShouldDecrementDesiredCapacity) {
		if g.desired <= g.min {
			return nil, invalid("Currently, desiredSize equals minSize (%d). Terminating instance without replacement will violate group's min size constraint.", g.min)
		}
		g.desired--
		cause += ", shrinking the capacity from " + count(g.desired+1, g.desired)
	}
	g.terminate(m, e.Clock.Now(), at(e.Clock.Now(), cause+"."))
	return &autoscaling.TerminateInstanceInAutoScalingGroupOutput{Activity: snapshot(m.activity)}, nil
}

// setInstanceHealth marks an instance; the grace period holds unless the caller says otherwise.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_SetInstanceHealth.html
func (e *Engine) setInstanceHealth(_ context.Context, region string, in *autoscaling.SetInstanceHealthInput) (*autoscaling.SetInstanceHealthOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, m, err := e.instance(region, aws.ToString(in.InstanceId))
	if err != nil {
		return nil, err
	}
	respect := in.ShouldRespectGracePeriod == nil || *in.ShouldRespectGracePeriod
	if respect && !g.past(m.inService, g.grace()) {
		return &autoscaling.SetInstanceHealthOutput{}, nil
	}
	m.unhealthy = ""
	if aws.ToString(in.HealthStatus) == "Unhealthy" {
		m.unhealthy = causeUserHealth
	}
	return &autoscaling.SetInstanceHealthOutput{}, nil
}

func (e *Engine) setInstanceProtection(_ context.Context, region string, in *autoscaling.SetInstanceProtectionInput) (*autoscaling.SetInstanceProtectionOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, members, err := e.inState(region, in.AutoScalingGroupName, in.InstanceIds, types.LifecycleStateInService)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		m.protected = aws.ToBool(in.ProtectedFromScaleIn)
	}
	return &autoscaling.SetInstanceProtectionOutput{}, nil
}

// enterStandby takes instances out of service, but leaves them in the group:
// no requests, no health checks, no part of the capacity.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enter-exit-standby.html
func (e *Engine) enterStandby(_ context.Context, region string, in *autoscaling.EnterStandbyInput) (*autoscaling.EnterStandbyOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, members, err := e.inState(region, in.AutoScalingGroupName, in.InstanceIds, types.LifecycleStateInService)
	if err != nil {
		return nil, err
	}
	if err := g.release(aws.ToBool(in.ShouldDecrementDesiredCapacity), len(members)); err != nil {
		return nil, err
	}
	out := &autoscaling.EnterStandbyOutput{}
	for _, m := range members {
		out.Activities = append(out.Activities, g.move(m, e.Clock.Now(), types.LifecycleStateStandby, "Moving EC2 instance to Standby: ", "moved to standby"))
	}
	return out, nil
}

func (e *Engine) exitStandby(_ context.Context, region string, in *autoscaling.ExitStandbyInput) (*autoscaling.ExitStandbyOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, members, err := e.inState(region, in.AutoScalingGroupName, in.InstanceIds, types.LifecycleStateStandby)
	if err != nil {
		return nil, err
	}
	if g.desired+len(members) > g.max {
		return nil, invalid("The group's max size (%d) would be exceeded.", g.max)
	}
	g.desired += len(members)
	out := &autoscaling.ExitStandbyOutput{}
	for _, m := range members {
		out.Activities = append(out.Activities, g.move(m, e.Clock.Now(), types.LifecycleStateInService, "Moving EC2 instance out of Standby: ", "moved out of standby"))
		m.inService = e.Clock.Now()
	}
	return out, nil
}

// detachInstances takes instances out of the group without ending them.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-detach-attach-instances.html
func (e *Engine) detachInstances(_ context.Context, region string, in *autoscaling.DetachInstancesInput) (*autoscaling.DetachInstancesOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, members, err := e.inState(region, in.AutoScalingGroupName, in.InstanceIds, types.LifecycleStateInService)
	if err != nil {
		return nil, err
	}
	if err := g.release(aws.ToBool(in.ShouldDecrementDesiredCapacity), len(members)); err != nil {
		return nil, err
	}
	out := &autoscaling.DetachInstancesOutput{}
	for _, m := range members {
		out.Activities = append(out.Activities, g.move(m, e.Clock.Now(), types.LifecycleStateDetaching, "Detaching EC2 instance: ", "detached"))
	}
	return out, nil
}

// release lowers the desired capacity by n, if it is to be lowered.
func (g *group) release(decrement bool, n int) error {
	if !decrement {
		return nil
	}
	if g.desired-n < g.min {
		return invalid("The group's min size (%d) would be violated.", g.min)
	}
	g.desired -= n
	return nil
}

func (g *group) move(m *member, now time.Time, to types.LifecycleState, description, verb string) types.Activity {
	m.state = to
	a := g.note(now, description+m.id, at(now, "instance "+m.id+" was "+verb+" in response to a user request."), m.subnet)
	succeed(a, now)
	return *a
}

func snapshot(a *types.Activity) *types.Activity {
	copied := *a
	return &copied
}
