package scaling

import (
	"cmp"
	"slices"
)

// choose returns the instance that scale-in ends first, by AWS's default
// policy: of the zone with the most instances that are not protected, the one
// with the oldest launch template, then the oldest instance. Unhealthy
// instances go before. The other policies of the settings replace the part
// after the zone.
//
// What a refresh launched in advance and then did not need, because it was
// cancelled or failed, goes first of all while it is not ready: AWS does not
// document this.
//
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html
func (g *group) choose(seen *view) *member {
	open := slices.DeleteFunc(g.capacity(), func(m *member) bool { return m.protected || m.id == "" })
	if len(open) == 0 {
		return nil
	}
	zones := perZone(open)
	policy := "Default"
	if len(g.settings.TerminationPolicies) > 0 {
		policy = g.settings.TerminationPolicies[0]
	}
	first := func(yes bool) int {
		if yes {
			return 0
		}
		return 1
	}
	return slices.MinFunc(open, func(a, b *member) int {
		byAge := a.launched.Compare(b.launched)
		switch policy {
		case "NewestInstance":
			byAge = -byAge
		case "OldestInstance":
		default:
			byAge = cmp.Or(cmp.Compare(number(a.template.version), number(b.template.version)), byAge)
		}
		return cmp.Or(
			cmp.Compare(first(a.byRefresh && !g.ready(a, seen)), first(b.byRefresh && !g.ready(b, seen))),
			cmp.Compare(first(a.unhealthy != ""), first(b.unhealthy != "")),
			cmp.Compare(zones[b.subnet.zone], zones[a.subnet.zone]),
			byAge,
		)
	})
}
