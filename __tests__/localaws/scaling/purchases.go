package scaling

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// AWS does not document these words.
const (
	causePurchaseLaunch      = "an instance was launched in response to a change of the group's On-Demand and Spot capacity."
	causePurchaseTermination = "an instance was taken out of service in response to a change of the group's On-Demand and Spot capacity."
)

// share is how much of a group's capacity is On-Demand.
type share struct{ base, percent int32 }

// shareOf fills in AWS's defaults; they are those of a group without a policy, too.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html
func shareOf(p *types.MixedInstancesPolicy) share {
	s := share{percent: 100}
	if p == nil || p.InstancesDistribution == nil {
		return s
	}
	s.base = aws.ToInt32(p.InstancesDistribution.OnDemandBaseCapacity)
	if percent := p.InstancesDistribution.OnDemandPercentageAboveBaseCapacity; percent != nil {
		s.percent = *percent
	}
	return s
}

// repurchase has instances replaced if an update of the group's policy wants another
// share of them On-Demand: "Auto Scaling will automatically rebalance if the percentage
// of On-Demand Instances and Spot Instances do not match the new specifications". A
// first policy is taken for an update of the default, which the fleet does not match;
// for a group that loses its policy AWS's pages have nothing, so that it is a matter
// of the climate.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/update-auto-scaling-group.html
func (g *group) repurchase(before, now *types.MixedInstancesPolicy) {
	if shareOf(before) != shareOf(now) {
		g.repurchasing = now != nil || g.climate.UnkindPurchases
	}
}

// of is how many of the capacity are On-Demand Instances: the base, and above it the
// percentage, rounded up.
func (s share) of(capacity int) int {
	base := min(int(s.base), capacity)
	return base + percentUp(s.percent, capacity-base)
}

// mispurchased are the members to replace, in turn, so that as many are On-Demand as
// the policy wants, and the others Spot: those of which there are too many, but for
// protected ones.
func (g *group) mispurchased() []*member {
	onDemand := shareOf(g.settings.MixedInstancesPolicy).of(g.desired)
	tooMany := func(spot bool, wanted int) []*member {
		all := slices.DeleteFunc(g.capacity(), func(m *member) bool { return m.spot != spot })
		open := slices.DeleteFunc(slices.Clone(all), func(m *member) bool { return m.protected })
		return g.inTurn(open)[:min(len(open), max(0, len(all)-wanted))]
	}
	return append(tooMany(false, onDemand), tooMany(true, g.desired-onDemand)...)
}

// toRepurchase replaces instances gradually, and launches first, within the bounds of
// the group's instance maintenance policy. Without one it is an instance at a time, if
// need be beyond the maximum. AWS says neither how it meets a refresh, which goes first
// here, nor which instances go.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-maintenance-policy-overview-and-considerations.html
func (g *group) toRepurchase(now time.Time, seen *view) []command {
	if !g.repurchasing || g.active() != nil || g.suspended("Launch") || g.suspended("Terminate") {
		return nil
	}
	wrong := g.mispurchased()
	if len(wrong) == 0 {
		g.repurchasing = false
		return nil
	}
	least, most := g.repurchaseBounds()
	spare := g.countReady(seen) - least
	for _, m := range wrong {
		if spare <= 0 || !g.ready(m, seen) {
			continue
		}
		spare--
		g.terminate(m, now, at(now, causePurchaseTermination)+"  "+at(now, "instance "+m.id+" was selected for termination."))
		if len(g.capacity()) < g.desired {
			g.causes = append(g.causes, causePurchaseLaunch) // for scaleOut
		}
	}
	var todo []command
	have := len(g.capacity()) + len(g.causes)
	for n := min(most-have, len(g.mispurchased())-(have-g.desired)); n > 0; n-- {
		c, ok := g.launch(now, seen, at(now, causePurchaseLaunch))
		if !ok {
			break
		}
		todo = append(todo, c)
	}
	return todo
}

func (g *group) repurchaseBounds() (least, most int) {
	if p := g.maintenance; p != nil {
		return bounds(p.MinHealthyPercentage, p.MaxHealthyPercentage, g.desired)
	}
	return g.desired, g.desired + 1
}
