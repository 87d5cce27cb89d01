package scaling

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// uneven starts and ends the balancing of zones: when one has two instances more
// than another, or the group no longer uses it, an instance is launched in the
// emptiest one, and then one is ended in the fullest. AWS does that with the new
// instance in service before the old one goes, and beyond the maximum if need be.
// It does not say how often it looks; here it is always when nothing else is
// under way.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html#AutoScalingBehavior.Rebalancing
func (g *group) uneven(now time.Time, seen *view) {
	if m := g.balancing; m != nil {
		if !m.counts() || m.unhealthy != "" || g.ready(m, seen) { // it will not serve, or does
			g.balancing = nil
		}
		return
	}
	if g.active() != nil || g.repurchasing || len(g.capacity()) != g.desired || g.countReady(seen) != g.desired || g.pausing(now) {
		return
	}
	for _, process := range []string{"AZRebalance", "Launch", "Terminate"} {
		if g.suspended(process) {
			return
		}
	}
	g.balance = g.skewed(seen, now)
}

// skewed tells whether moving one instance, which is not protected, makes the
// zones more even.
func (g *group) skewed(seen *view, now time.Time) bool {
	n := perZone(g.capacity())
	open := slices.DeleteFunc(g.capacity(), func(m *member) bool { return m.protected })
	movable := perZone(open)
	least, most := len(g.members), 0
	for _, s := range seen.subnets {
		if g.avoided(s.zone, now) {
			continue
		}
		least = min(least, n[s.zone])
		if movable[s.zone] > 0 {
			most = max(most, n[s.zone])
		}
	}
	return most-least > 1 || slices.ContainsFunc(open, func(m *member) bool { return g.abandonedZone(m, seen) })
}

// abandonedZone tells whether m is in a zone that the group no longer uses.
func (g *group) abandonedZone(m *member, seen *view) bool {
	return len(seen.subnets) > 0 && !slices.ContainsFunc(seen.subnets, func(s subnet) bool { return s.zone == m.subnet.zone })
}

// toBalance launches the instance that makes the zones even.
func (g *group) toBalance(now time.Time, seen *view) []command {
	if !g.balance {
		return nil
	}
	g.balance = false
	var zones []string
	for _, s := range seen.subnets {
		zones = append(zones, s.zone)
	}
	// AWS does not document these words.
	c, ok := g.launch(now, seen, at(now, "instances were launched to balance instances in zones "+strings.Join(zones, " ")+
		" with other zones resulting in more than desired number of instances in the group."))
	if !ok {
		return nil
	}
	g.balancing = g.members[len(g.members)-1]
	return []command{c}
}

// emptiest is the subnet of the zone with the fewest instances: AWS keeps the
// zones balanced. Instances that a refresh is about to replace count only where
// that leaves a choice.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html#arch-AutoScalingMultiAZ
func (g *group) emptiest(subnets []subnet) (subnet, bool) {
	if len(subnets) == 0 {
		return subnet{}, false
	}
	var stale []*member
	if r := g.active(); r != nil {
		stale = g.stale(r)
	}
	all := g.capacity()
	staying := perZone(slices.DeleteFunc(slices.Clone(all), func(m *member) bool { return slices.Contains(stale, m) }))
	total := perZone(all)
	now := g.clock.Now()
	return slices.MinFunc(subnets, func(a, b subnet) int {
		return cmp.Or(first(!g.avoided(a.zone, now), !g.avoided(b.zone, now)), cmp.Compare(staying[a.zone], staying[b.zone]), cmp.Compare(total[a.zone], total[b.zone]))
	}), true
}

// perZone counts members.
func perZone(members []*member) map[string]int {
	n := map[string]int{}
	for _, m := range members {
		n[m.subnet.zone]++
	}
	return n
}
