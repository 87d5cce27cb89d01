package scaling

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"example.com/webserver-cluster/tests/localaws/front"
)

const service = "autoscaling"

// handleGroups registers the actions on groups and their capacity.
func (e *Engine) handleGroups() {
	e.Front.Handle(service, "CreateAutoScalingGroup", e.createGroup)
	e.Front.Handle(service, "UpdateAutoScalingGroup", e.updateGroup)
	e.Front.Handle(service, "DeleteAutoScalingGroup", e.deleteGroup)
	e.Front.Handle(service, "DescribeAutoScalingGroups", e.describeGroups)
	answer(e, "SetDesiredCapacity", e.setDesiredCapacity)
	answer(e, "ExecutePolicy", e.executePolicy)
	answer(e, "DescribeScalingActivities", e.describeActivities)
}

// answer registers an action that is answered from the engine's own state.
func answer[In, Out any](e *Engine, action string, h func(ctx context.Context, region string, in *In) (*Out, error)) {
	e.Front.Handle(service, action, func(r *front.Request, _ front.Next) (*front.Response, error) {
		var in In
		if err := r.DecodeQuery(&in); err != nil {
			return nil, err
		}
		out, err := h(r.HTTP.Context(), r.Region, &in)
		if err != nil {
			return nil, err
		}
		e.done(action)
		return r.Respond(out)
	})
}

// find returns the group of that name. The engine is locked.
func (e *Engine) find(region string, name *string) (*group, error) {
	if g := e.groups[key{region, aws.ToString(name)}]; g != nil {
		return g, nil
	}
	return nil, invalid("AutoScalingGroup name not found - AutoScalingGroup '%s' not found", aws.ToString(name))
}

// createGroup has moto keep a group's settings.
func (e *Engine) createGroup(r *front.Request, next front.Next) (*front.Response, error) {
	var in autoscaling.CreateAutoScalingGroupInput
	if err := r.DecodeQuery(&in); err != nil {
		return nil, err
	}
	defer e.done("CreateAutoScalingGroup")
	var resp *front.Response
	err := e.create(r.HTTP.Context(), r.Region, &in, func() error {
		for _, capacity := range []string{"MinSize", "MaxSize", "DesiredCapacity"} {
			r.Params.Set(capacity, "0") // moto launches nothing
		}
		var err error
		resp, err = stored(next(r))
		return err
	})
	return answered(resp, err)
}

// errRefused is moto's refusal, which the response tells.
var errRefused = errors.New("refused")

func stored(resp *front.Response, err error) (*front.Response, error) {
	if err == nil && !resp.OK() {
		err = errRefused
	}
	return resp, err
}

func answered(resp *front.Response, err error) (*front.Response, error) {
	if err != nil && !errors.Is(err, errRefused) {
		return nil, err
	}
	return resp, nil
}

// create makes a group, whose settings store keeps.
func (e *Engine) create(ctx context.Context, region string, in *autoscaling.CreateAutoScalingGroupInput, store func() error) error {
	g := &group{
		key:               key{region, aws.ToString(in.AutoScalingGroupName)},
		clock:             e.Clock,
		newID:             e.NewID,
		avoid:             map[pool]time.Time{},
		warmup:            in.DefaultInstanceWarmup,
		maintenance:       in.InstanceMaintenancePolicy,
		capacityRebalance: in.CapacityRebalance,
	}
	if err := cmp.Or(g.resize(in.MinSize, in.MaxSize, in.DesiredCapacity), checkPolicy(in.MixedInstancesPolicy)); err != nil {
		return err
	}
	for _, h := range in.LifecycleHookSpecificationList {
		g.addHook(types.LifecycleHook{
			AutoScalingGroupName: in.AutoScalingGroupName, LifecycleHookName: h.LifecycleHookName, LifecycleTransition: h.LifecycleTransition,
			DefaultResult: h.DefaultResult, HeartbeatTimeout: h.HeartbeatTimeout, NotificationMetadata: h.NotificationMetadata,
			NotificationTargetARN: h.NotificationTargetARN, RoleARN: h.RoleARN,
		})
	}
	if err := store(); err != nil {
		return err
	}
	var err error
	if g.settings, g.template, err = e.stored(ctx, g.key); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	g.intent = at(e.Clock.Now(), "a user request created an AutoScalingGroup changing the desired capacity from "+count(0, g.desired)+".")
	e.groups[g.key] = g
	g.climate, g.failure = e.climate, e.failure
	return nil
}

// stored returns what moto has stored of a group, and the template version that it
// means.
func (e *Engine) stored(ctx context.Context, k key) (types.AutoScalingGroup, template, error) {
	a := e.api(k.region)
	found, err := settings(ctx, a, k.name)
	if err != nil {
		return types.AutoScalingGroup{}, template{}, err
	}
	t, err := resolve(ctx, a, specOf(found[k.name].LaunchTemplate, found[k.name].MixedInstancesPolicy))
	return found[k.name], t, err
}

func (e *Engine) updateGroup(r *front.Request, next front.Next) (*front.Response, error) {
	var in autoscaling.UpdateAutoScalingGroupInput
	if err := r.DecodeQuery(&in); err != nil {
		return nil, err
	}
	defer e.done("UpdateAutoScalingGroup")
	var resp *front.Response
	err := e.update(r.HTTP.Context(), r.Region, &in, func() error {
		for _, capacity := range []string{"MinSize", "MaxSize", "DesiredCapacity"} {
			r.Params.Del(capacity)
		}
		var err error
		resp, err = stored(next(r))
		return err
	})
	return answered(resp, err)
}

// update changes a group, whose settings store keeps.
func (e *Engine) update(ctx context.Context, region string, in *autoscaling.UpdateAutoScalingGroupInput, store func() error) error {
	e.mu.Lock()
	g, err := e.find(region, in.AutoScalingGroupName)
	var before *types.MixedInstancesPolicy
	if err == nil {
		before = g.settings.MixedInstancesPolicy
		trial := group{min: g.min, max: g.max, desired: g.desired}
		err = cmp.Or(trial.resize(in.MinSize, in.MaxSize, in.DesiredCapacity), checkPolicy(in.MixedInstancesPolicy))
	}
	if err == nil && (in.LaunchTemplate != nil || in.MixedInstancesPolicy != nil || in.LaunchConfigurationName != nil) {
		err = g.free()
	}
	e.mu.Unlock()
	if err != nil {
		return err
	}
	if err := store(); err != nil {
		return err
	}
	// moto forgets the policy in an update that does not name it.
	if before != nil && in.MixedInstancesPolicy == nil && in.LaunchTemplate == nil && in.LaunchConfigurationName == nil {
		again := &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: in.AutoScalingGroupName, MixedInstancesPolicy: asGiven(before)}
		if _, err := e.api(region).Settings.UpdateAutoScalingGroup(ctx, again); err != nil {
			return err
		}
	}
	settings, template, err := e.stored(ctx, g.key)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	g.revision++
	g.settings, g.template = settings, template
	g.repurchase(before, settings.MixedInstancesPolicy)
	if in.DefaultInstanceWarmup != nil {
		g.warmup = in.DefaultInstanceWarmup
		if *g.warmup < 0 { // -1 takes it away
			g.warmup = nil
		}
	}
	if p := in.InstanceMaintenancePolicy; p != nil {
		g.maintenance = p
		if aws.ToInt32(p.MinHealthyPercentage) < 0 {
			g.maintenance = nil
		}
	}
	if len(in.TerminationPolicies) > 0 {
		g.policies = in.TerminationPolicies
	}
	g.capacityRebalance = cmp.Or(in.CapacityRebalance, g.capacityRebalance)
	if in.LaunchTemplate != nil || in.MixedInstancesPolicy != nil {
		g.taking = nil
	}
	return g.retarget(e.Clock.Now(), "a user request update of", in.MinSize, in.MaxSize, in.DesiredCapacity)
}

// free returns an error if what a group launches is not to be changed now, since
// a refresh, or its rollback, is to do that.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html#instance-refresh-limitations
func (g *group) free() error {
	if r := g.active(); r != nil && r.DesiredConfiguration != nil {
		return invalid("An active instance refresh with a desired configuration exists. All configuration options derived from the desired configuration are not available for update while the instance refresh is active.")
	}
	return nil
}

func (e *Engine) deleteGroup(r *front.Request, next front.Next) (*front.Response, error) {
	var in autoscaling.DeleteAutoScalingGroupInput
	if err := r.DecodeQuery(&in); err != nil {
		return nil, err
	}
	if err := e.remove(r.HTTP.Context(), r.Region, &in); err != nil {
		return nil, err
	}
	return next(r)
}

// remove ends a group: one with instances only by force, and they with it,
// without waiting for their requests.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeleteAutoScalingGroup.html
func (e *Engine) remove(ctx context.Context, region string, in *autoscaling.DeleteAutoScalingGroupInput) error {
	e.mu.Lock()
	g, err := e.find(region, in.AutoScalingGroupName)
	if err == nil && len(g.members) > 0 && !aws.ToBool(in.ForceDelete) {
		err = front.Errorf("ResourceInUse", "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.")
	}
	if err == nil {
		delete(e.groups, g.key) // no more steps
	}
	e.mu.Unlock()
	if err == nil {
		e.clear(ctx, g)
	}
	return err
}

// clear ends all instances of a group that is no more.
func (e *Engine) clear(ctx context.Context, g *group) {
	var todo []command
	e.mu.Lock()
	for _, m := range g.started() {
		todo = append(todo, g.deregister(m, func(string) bool { return true })...)
		todo = append(todo, g.end(m, ec2types.InstanceStateNameRunning))
	}
	e.mu.Unlock()
	for _, c := range todo {
		if err := c.run(ctx, e.api(g.region)); err != nil {
			e.Log("delete the Auto Scaling group %s: %v", g.name, err)
		}
	}
}
