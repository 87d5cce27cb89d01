package scaling

import (
	"cmp"
	"slices"
	"time"
)

// choose returns the instance that scale-in ends first; none if all are
// protected. An instance that the group finds unhealthy goes first: termination
// policies are for the others. Then zones are kept in balance: it is one of a
// zone with the most instances, if not all there are protected. Then the group's
// policies decide, in their order.
//
// In a kind climate, what a refresh launched in advance and then did not need,
// because it was cancelled or failed, goes first of all while it is not ready:
// AWS does not document this.
//
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html
func (g *group) choose(seen *view) *member {
	open := slices.DeleteFunc(g.capacity(), func(m *member) bool { return m.protected || m.id == "" })
	if len(open) == 0 {
		return nil
	}
	zones := perZone(g.capacity())
	policies := g.policies
	if len(policies) == 0 {
		policies = g.settings.TerminationPolicies
	}
	if len(policies) == 0 {
		policies = []string{"Default"}
	}
	unneeded := func(m *member) bool { return !g.climate.UnkindSurplus && m.byRefresh && !g.ready(m, seen) }
	return slices.MinFunc(open, func(a, b *member) int {
		order := cmp.Or(
			first(unneeded(a), unneeded(b)),
			first(a.unhealthy != "", b.unhealthy != ""),
			first(g.abandonedZone(a, seen), g.abandonedZone(b, seen)),
			cmp.Compare(zones[b.subnet.zone], zones[a.subnet.zone]),
		)
		for _, policy := range policies {
			order = cmp.Or(order, g.compare(policy, a, b))
		}
		return cmp.Or(order, a.launched.Compare(b.launched)) // AWS: at random
	})
}

func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// compare tells which of two instances a policy ends first.
func (g *group) compare(policy string, a, b *member) int {
	switch policy {
	case "OldestInstance":
		return a.launched.Compare(b.launched)
	case "NewestInstance":
		return b.launched.Compare(a.launched)
	case "OldestLaunchTemplate":
		// "instances that use the noncurrent launch template are terminated first,
		// followed by instances that use the oldest version of the current launch
		// template"
		return cmp.Or(
			first(a.template.id != g.template.id, b.template.id != g.template.id),
			cmp.Compare(number(a.template.version), number(b.template.version)),
		)
	case "ClosestToNextInstanceHour":
		return cmp.Compare(g.toNextHour(a), g.toNextHour(b))
	case "AllocationStrategy":
		return cmp.Compare(g.alignment(a), g.alignment(b))
	case "Default":
		// With a mixed instances policy, the purchase option comes first.
		return cmp.Or(g.compare("AllocationStrategy", a, b), g.compare("OldestLaunchTemplate", a, b), g.compare("ClosestToNextInstanceHour", a, b))
	}
	return 0 // OldestLaunchConfiguration: there are none
}

// toNextHour is the AWS time until the next hour of m's life begins, which used
// to be billed as a whole.
func (g *group) toNextHour(m *member) time.Duration {
	return time.Hour - g.clock.Since(m.launched)%time.Hour
}
