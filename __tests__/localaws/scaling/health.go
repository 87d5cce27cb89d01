package scaling

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// checkHealth finds the members that are no longer healthy. An instance never
// becomes healthy again by itself.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html
func (g *group) checkHealth(seen *view) {
	if g.suspended("HealthCheck") {
		return
	}
	for _, m := range g.members {
		// Instances in Standby are not checked, those on their way out neither.
		if m.id == "" || m.unhealthy != "" || !m.counts() {
			continue
		}
		switch seen.states[m.id] {
		case ec2types.InstanceStateNameRunning, ec2types.InstanceStateNamePending:
		default: // at once, grace period or not
			m.unhealthy = causeStopped
			continue
		}
		if m.state != types.LifecycleStateInService || !g.checksBalancer() || !g.past(m.inService, g.grace()) {
			continue
		}
		for _, state := range seen.targets[m.id] {
			if state == elbtypes.TargetHealthStateEnumUnhealthy {
				m.unhealthy = causeBalancer
			}
		}
	}
}

// replaceUnhealthy ends unhealthy members, whose replacement then is launched
// at the same time. With an instance maintenance policy that keeps the group
// from falling below its minimum, the replacement comes first.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-maintenance-policy-overview-and-considerations.html
func (g *group) replaceUnhealthy(now time.Time, seen *view) {
	g.keep = 0
	if g.suspended("ReplaceUnhealthy") || g.suspended("Terminate") {
		return
	}
	for _, m := range g.members {
		if m.unhealthy == "" || !m.counts() {
			continue
		}
		if g.launchFirst() && m.unhealthy != causeStopped && g.countReady(seen) < g.desired {
			g.keep++
			continue
		}
		g.terminate(m, now, at(now, m.unhealthy))
		if len(g.capacity()) < g.desired {
			g.causes = append(g.causes, causeReplacement)
		}
	}
}

// launchFirst tells whether unhealthy instances keep running until their
// replacements are ready.
func (g *group) launchFirst() bool {
	p := g.maintenance
	return p != nil && aws.ToInt32(p.MinHealthyPercentage) == 100 && aws.ToInt32(p.MaxHealthyPercentage) > 100
}

func (g *group) countReady(seen *view) int {
	return len(g.where(func(m *member) bool { return g.ready(m, seen) }))
}
