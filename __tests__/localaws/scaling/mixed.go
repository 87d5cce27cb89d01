package scaling

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// Mixed instances policies:
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups.html

// specOf is the launch template of a group, or of a desired configuration.
func specOf(t *types.LaunchTemplateSpecification, p *types.MixedInstancesPolicy) *types.LaunchTemplateSpecification {
	if p != nil && p.LaunchTemplate != nil {
		return p.LaunchTemplate.LaunchTemplateSpecification
	}
	return t
}

// checkPolicy refuses what AWS refuses, and what the local AWS does not know.
func checkPolicy(p *types.MixedInstancesPolicy) error {
	if p == nil {
		return nil
	}
	if p.LaunchTemplate == nil || p.LaunchTemplate.LaunchTemplateSpecification == nil {
		return invalid("You must use a valid fully-formed launch template: a mixed instances policy needs one.")
	}
	for _, o := range p.LaunchTemplate.Overrides {
		if o.InstanceRequirements != nil || o.WeightedCapacity != nil || o.LaunchTemplateSpecification != nil || o.ImageId != nil {
			return invalid("Of overrides, the local AWS knows the instance type alone.")
		}
	}
	if d := p.InstancesDistribution; d != nil {
		if percent := d.OnDemandPercentageAboveBaseCapacity; percent != nil && (*percent < 0 || *percent > 100) {
			return invalid("OnDemandPercentageAboveBaseCapacity %d must be between 0 and 100.", *percent)
		}
		if base := aws.ToInt32(d.OnDemandBaseCapacity); base < 0 {
			return invalid("OnDemandBaseCapacity %d must not be negative.", base)
		}
	}
	return nil
}

// policy is the mixed instances policy that the group's next instance gets; nil
// for none.
func (g *group) policy() *types.MixedInstancesPolicy {
	if r := g.active(); r != nil && r.Status != types.InstanceRefreshStatusRollbackInProgress && r.DesiredConfiguration != nil {
		return r.DesiredConfiguration.MixedInstancesPolicy
	}
	return g.settings.MixedInstancesPolicy
}

// kinds are the instance types to try, in the order of their priority: AWS's
// strategies that look at prices or capacity have neither here. "" is the launch
// template's own type.
func kinds(p *types.MixedInstancesPolicy) []string {
	if p == nil || len(p.LaunchTemplate.Overrides) == 0 {
		return []string{""}
	}
	var found []string
	for _, o := range p.LaunchTemplate.Overrides {
		found = append(found, aws.ToString(o.InstanceType))
	}
	return found
}

// spotNext tells whether the next instance is a Spot Instance: as many On-Demand
// Instances as there are to be come first. Those that are about to go do not count;
// one more than desired, which balances zones, may be either.
func (g *group) spotNext(p *types.MixedInstancesPolicy, replaced []*member) bool {
	onDemand, stay := 0, 0
	for _, m := range g.capacity() {
		if slices.Contains(replaced, m) || m.unhealthy != "" || !m.interrupted.IsZero() {
			continue
		}
		stay++
		if !m.spot {
			onDemand++
		}
	}
	return p != nil && onDemand >= shareOf(p).of(max(g.desired, stay+1))
}

// purchase has in ask for m's type and purchase option.
func (m *member) purchase(in *ec2.RunInstancesInput) {
	in.InstanceType = ec2types.InstanceType(m.instanceType)
	if m.spot {
		in.InstanceMarketOptions = &ec2types.InstanceMarketOptionsRequest{MarketType: ec2types.MarketTypeSpot}
	}
}

// matches tells whether m is as the group's next instance would be: "the same
// launch template and instance types".
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh-skip-matching.html
func (g *group) matches(m *member) bool {
	types := kinds(g.policy())
	return m.template == g.launches() && (types[0] == "" || slices.Contains(types, m.instanceType))
}

// alignment is for the policy AllocationStrategy: the purchase option of which
// there are too many goes first, of it the type of the lowest priority.
func (g *group) alignment(m *member) int {
	p := g.settings.MixedInstancesPolicy
	if p == nil {
		return 0
	}
	onDemand := 0
	for _, other := range g.capacity() {
		if !other.spot {
			onDemand++
		}
	}
	order := -slices.Index(kinds(p), m.instanceType)
	if tooMany := onDemand > shareOf(p).of(g.desired); tooMany == m.spot {
		order += 1000
	}
	return order
}

// asGiven is a policy, as a group is described, in the form in which a request takes it.
func asGiven(p *types.MixedInstancesPolicy) *types.MixedInstancesPolicy {
	given := *p
	if d := p.InstancesDistribution; d != nil {
		copied := *d
		for _, text := range []**string{&copied.OnDemandAllocationStrategy, &copied.SpotAllocationStrategy, &copied.SpotMaxPrice} {
			if aws.ToString(*text) == "" {
				*text = nil
			}
		}
		given.InstancesDistribution = &copied
	}
	if t := p.LaunchTemplate; t != nil {
		copied := *t
		if t.LaunchTemplateSpecification != nil { // by its id, or by its name
			copied.LaunchTemplateSpecification = &types.LaunchTemplateSpecification{
				LaunchTemplateId: t.LaunchTemplateSpecification.LaunchTemplateId, Version: t.LaunchTemplateSpecification.Version,
			}
		}
		copied.Overrides = slices.Clone(t.Overrides)
		for i := range copied.Overrides {
			if o := &copied.Overrides[i]; aws.ToString(o.WeightedCapacity) == "" {
				o.WeightedCapacity = nil
			}
		}
		given.LaunchTemplate = &copied
	}
	return &given
}
