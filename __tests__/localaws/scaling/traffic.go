package scaling

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// drains has the activity say what it waits for.
func (g *group) drains(m *member) {
	const waiting = types.ScalingActivityStatusCodeWaitingForELBConnectionDraining
	if m.state == types.LifecycleStateTerminating && m.activity.StatusCode != waiting {
		m.activity.StatusCode, m.activity.Progress = waiting, aws.Int32(50)
		m.activity.Description = aws.String("Terminating EC2 instance: " + m.id + " - Waiting For ELB Connection Draining.")
	}
}

// register puts m into the group's target groups.
func (g *group) register(m *member) []command {
	if g.suspended("AddToLoadBalancer") {
		return nil
	}
	var todo []command
	for _, arn := range g.settings.TargetGroupARNs {
		if m.registered[arn] {
			continue
		}
		id := m.id
		todo = append(todo, command{
			run: func(ctx context.Context, a *Services) error {
				_, err := a.Balancer.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: &arn, Targets: []elbtypes.TargetDescription{{Id: &id}}})
				return err
			},
			record: func(_ *group, _ time.Time, err error) { m.registered[arn] = err == nil },
		})
	}
	return todo
}

// deregister takes m out of those of its target groups that match.
func (g *group) deregister(m *member, match func(arn string) bool) []command {
	var todo []command
	for arn, in := range m.registered {
		if !in || !match(arn) {
			continue
		}
		id := m.id
		todo = append(todo, command{
			run: func(ctx context.Context, a *Services) error {
				_, err := a.Balancer.DeregisterTargets(ctx, &elb.DeregisterTargetsInput{TargetGroupArn: &arn, Targets: []elbtypes.TargetDescription{{Id: &id}}})
				var noGroup *elbtypes.TargetGroupNotFoundException
				var noInstance *elbtypes.InvalidTargetException
				if errors.As(err, &noGroup) || errors.As(err, &noInstance) {
					return nil
				}
				return err
			},
			record: func(_ *group, _ time.Time, err error) {
				if err == nil {
					delete(m.registered, arn)
				} else {
					m.deregistered = false // again, at the next tick
				}
			},
		})
	}
	return todo
}
