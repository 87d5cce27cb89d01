package scaling

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// interruption is the time from a Spot Instance's notice to its end.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
const interruption = 2 * time.Minute

// AWS does not document these words.
const causeAtRisk = "an instance was launched in response to an EC2 instance rebalance recommendation."
const causeRebalance = "an instance was taken out of service in response to an EC2 instance rebalance recommendation."

// InterruptSpot has EC2 take a Spot Instance back: it gets a rebalance
// recommendation and its notice now, and ends two minutes later. (EC2 may send the
// recommendation earlier.)
func (e *Engine) InterruptSpot(id string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, g := range e.groups {
		if m := g.member(id); m != nil {
			if !m.spot {
				return invalid("The instance %s is no Spot Instance.", id)
			}
			m.interrupted = e.Clock.Now()
			e.Wake()
			return nil
		}
	}
	return invalid("Instance Id not found - No managed instance found for instance ID: %s", id)
}

// rebalance ends Spot Instances whose notice is over. With Capacity Rebalancing,
// the group launches a replacement at the recommendation, and ends the instance
// itself when the replacement is ready.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-capacity-rebalancing.html
func (g *group) rebalance(now time.Time, seen *view) []command {
	var todo []command
	g.atRisk = 0
	stable := 0
	for _, m := range g.members {
		if m.interrupted.IsZero() && g.ready(m, seen) {
			stable++
		}
	}
	for _, m := range g.members {
		switch {
		case m.interrupted.IsZero() || m.reclaimed:
		case g.past(m.interrupted, interruption):
			m.reclaimed = true
			todo = append(todo, reclaim(m))
		case !aws.ToBool(g.capacityRebalance) || !m.counts():
		case stable >= g.desired:
			g.terminate(m, now, at(now, causeRebalance))
		default:
			g.atRisk++
		}
	}
	return todo
}

// reclaim is EC2's doing.
func reclaim(m *member) command {
	id := m.id
	return command{
		run: func(ctx context.Context, a *Services) error {
			_, err := a.EC2.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
			return err
		},
		record: func(_ *group, _ time.Time, err error) { m.reclaimed = err == nil },
	}
}
