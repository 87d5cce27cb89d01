package scaling

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go"
)

// launch adds a member, which EC2 then starts. It returns false if it cannot.
func (g *group) launch(now time.Time, seen *view, cause string) (command, bool) {
	where, ok := g.emptiest(seen.subnets)
	if !ok || g.pausing(now) || g.launches() == (template{}) {
		return command{}, false
	}
	r := g.active()
	p := g.policy()
	var replaced []*member
	if r != nil {
		replaced = g.stale(r)
	}
	m := &member{
		subnet:     where,
		template:   g.launches(),
		spot:       g.spotNext(p, replaced),
		state:      types.LifecycleStatePending,
		protected:  aws.ToBool(g.settings.NewInstancesProtectedFromScaleIn),
		byRefresh:  r != nil,
		launched:   now,
		registered: map[string]bool{},
		activity:   g.note(now, "Launching a new EC2 instance", cause, where),
	}
	m.instanceType = g.kindFor(p, where.zone, now)
	m.activity.StatusCode, m.activity.Progress = types.ScalingActivityStatusCodePreInService, aws.Int32(30)
	g.members = append(g.members, m)

	tags := []ec2types.Tag{{Key: aws.String("aws:autoscaling:groupName"), Value: aws.String(g.name)}}
	for _, t := range g.settings.Tags {
		if aws.ToBool(t.PropagateAtLaunch) {
			tags = append(tags, ec2types.Tag{Key: t.Key, Value: t.Value})
		}
	}
	in := &ec2.RunInstancesInput{
		MinCount:          aws.Int32(1),
		MaxCount:          aws.Int32(1),
		LaunchTemplate:    &ec2types.LaunchTemplateSpecification{LaunchTemplateId: aws.String(m.template.id), Version: aws.String(m.template.version)},
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeInstance, Tags: tags}},
	}
	m.purchase(in)
	if where.id != "" {
		in.SubnetId = aws.String(where.id)
	} else {
		in.Placement = &ec2types.Placement{AvailabilityZone: aws.String(where.zone)}
	}
	failure := g.fails(m)
	var started ec2types.Instance
	return command{
		run: func(ctx context.Context, a *Services) error {
			if failure != nil && !atOnce(failure) {
				return failure
			}
			out, err := a.EC2.RunInstances(ctx, in)
			if err != nil {
				return err
			}
			started = out.Instances[0]
			if failure != nil {
				_, err = a.EC2.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{*started.InstanceId}})
			}
			return err
		},
		record: func(g *group, now time.Time, err error) {
			if err != nil {
				g.launchFailed(m, now, err)
				return
			}
			if failure != nil {
				m.ended = failure.Code + ": " + failure.Message
			}
			m.id, m.instanceType = aws.ToString(started.InstanceId), string(started.InstanceType)
			m.activity.Description = aws.String(aws.ToString(m.activity.Description) + ": " + m.id)
		},
	}, true
}

// launches is the template version that the group's next instance gets: during
// a refresh its desired configuration, also for scale-outs.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html#instance-refresh-core-concepts
func (g *group) launches() template {
	if r := g.active(); r != nil && r.Status != types.InstanceRefreshStatusRollbackInProgress && r.target != (template{}) {
		return r.target
	}
	return g.template
}

// advance takes a member to the next state of its life, if it is time.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
func (g *group) advance(m *member, now time.Time, seen *view) []command {
	if m.warm() {
		return g.enterPool(m, now, seen)
	}
	switch m.state {
	case types.LifecycleStatePending:
		if m.id == "" || seen.states[m.id] != ec2types.InstanceStateNameRunning || !g.past(m.launched, launching) {
			return nil
		}
		if g.holdUp(m, hookLaunching, now) {
			m.state = types.LifecycleStatePendingWait
			return nil
		}
		return g.enter(m, now)
	case types.LifecycleStatePendingWait:
		switch {
		case !g.released(m):
		case m.abandoned:
			g.terminate(m, now, at(now, causeAbandoned))
		default:
			m.state = types.LifecycleStatePendingProceed
		}
	case types.LifecycleStatePendingProceed:
		return g.enter(m, now)
	case types.LifecycleStateInService:
		// Target groups can be attached to a group, and detached, at any time.
		return append(g.register(m), g.deregister(m, func(arn string) bool {
			return !slices.Contains(g.settings.TargetGroupARNs, arn)
		})...)
	case types.LifecycleStateStandby:
		return g.deregister(m, func(string) bool { return true })
	case types.LifecycleStateTerminating, types.LifecycleStateDetaching:
		// First no new requests, then the end of those under way, then the
		// end of the instance.
		// https://docs.aws.amazon.com/autoscaling/ec2/userguide/attach-load-balancer-asg.html
		if !m.deregistered {
			m.deregistered = true
			return g.deregister(m, func(string) bool { return true })
		}
		for _, state := range seen.targets[m.id] {
			if state != elbtypes.TargetHealthStateEnumUnused {
				g.drains(m)
				return nil
			}
		}
		switch {
		case m.state == types.LifecycleStateDetaching:
			g.remove(m)
		case g.holdUp(m, hookTerminating, now):
			m.state = types.LifecycleStateTerminatingWait
		default:
			return []command{g.end(m, seen.states[m.id])}
		}
	case types.LifecycleStateTerminatingWait:
		if g.released(m) {
			m.state = types.LifecycleStateTerminatingProceed
		}
	case types.LifecycleStateTerminatingProceed:
		return []command{g.end(m, seen.states[m.id])}
	}
	return nil
}

// enter takes m into service: "before the instance reaches the InService state
// … the instance is registered with the load balancer".
func (g *group) enter(m *member, now time.Time) []command {
	if todo := g.register(m); len(todo) > 0 {
		return todo
	}
	m.state, m.inService = types.LifecycleStateInService, now
	succeed(m.activity, now)
	return nil
}

// terminate starts to take m out of the group. m has an id.
func (g *group) terminate(m *member, now time.Time, cause string) {
	switch {
	case m.pending() && m.unhealthy == causeStopped:
		g.cancelLaunch(m, now)
	case m.pending():
		succeed(m.activity, now)
	}
	m.state = types.LifecycleStateTerminating
	m.activity = g.note(now, "Terminating EC2 instance: "+m.id, cause, m.subnet)
}

// end ends m, which is in that state, in EC2 and forgets it.
func (g *group) end(m *member, state ec2types.InstanceStateName) command {
	id := m.id
	return command{
		run: func(ctx context.Context, a *Services) error {
			if state == "" || state == ec2types.InstanceStateNameTerminated {
				return nil
			}
			_, err := a.EC2.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
			return err
		},
		record: func(g *group, now time.Time, err error) {
			if err != nil {
				return // again, at the next tick
			}
			m.activity.Description = aws.String("Terminating EC2 instance: " + id)
			succeed(m.activity, now)
			g.remove(m)
		},
	}
}

func (g *group) remove(m *member) {
	g.members = slices.DeleteFunc(g.members, func(other *member) bool { return other == m })
}

// wanted is the capacity to launch up to: the desired one beside the instances that
// are to go, for whatever reason, and the unhealthy ones that are kept. The latter are
// not counted in the maximum, which is that of instances "in service and healthy, or
// pending":
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceMaintenancePolicy.html
func (g *group) wanted() int {
	extra := g.atRisk + g.keep
	if g.balancing != nil && g.balancing.counts() && g.active() == nil {
		extra = max(extra, 1)
	}
	return g.desired + extra
}

// ceiling is the capacity from which on scaling in may begin.
func (g *group) ceiling() int {
	if r := g.active(); r != nil && !g.trim {
		_, most := r.bounds(g.desired)
		return max(g.wanted(), most)
	}
	if g.repurchasing {
		_, most := g.repurchaseBounds()
		return max(g.wanted(), most)
	}
	return g.wanted()
}

// reason is AWS's own message of an error.
func reason(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorMessage()
	}
	return err.Error()
}

// code is that of an error of AWS; "" of another.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func count(from, to int) string { return strconv.Itoa(from) + " to " + strconv.Itoa(to) }

func number(version string) int {
	n, _ := strconv.Atoi(version)
	return n
}

// percentUp and percentDown are the bounds of n: the minimum is "rounded up to
// the nearest integer" (an earlier edition of the instance refresh page); for
// the maximum AWS says nothing, and down keeps within it.
func percentUp(percent int32, n int) int { return int(math.Ceil(float64(percent) * float64(n) / 100)) }

func percentDown(percent int32, n int) int { return int(percent) * n / 100 }
