package review

import "slices"

// purchased is another part of a group that is to be On-Demand, which it is by default where
// the code has none. Of a policy that goes, AWS does not say whether its Spot Instances are
// replaced: here they are. https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html
func purchased(byDefault float64) effect {
	return by(func(_ *judging, _ *Change, d Difference) effect {
		old, now := d.numbers()
		if d.Before == nil {
			old = byDefault
		}
		if d.After == nil {
			now = byDefault
		}
		if old == now {
			return nothing("as many On-Demand Instances as before")
		}
		return rolling("instances are replaced until as many are On-Demand, and as many Spot, as the group is to have now: by its instance maintenance policy, or without one, new ones are launched before old ones go", asgUpdate)
	})
}

// mixed is which instances a group launches. With the policy that comes or goes, Terraform
// gives the group the newest version of the launch template, of which rollout knows only
// afterwards.
func mixed(j *judging, c *Change, _ Difference) effect {
	has := func(values map[string]any) bool { return len(list(values["mixed_instances_policy"])) > 0 }
	if has(c.before) == has(c.after) || !j.newTemplate(c) {
		return nothing("which instances are launched from now on; those that run stay until they are replaced")
	}
	const text = "the first of Spot and InstanceTypes, or the last, comes or goes together with another launch template: the group launches its newest version before " +
		"rollout has tried it, and AWS cannot roll it back (the command rollout still does): let this deploy change nothing else"
	if spot(c.before) || spot(c.after) {
		return effect{level: Unknown, text: text + ". The group itself replaces instances by that version meanwhile", source: asgUpdate}
	}
	return look(text, asgUpdate)
}

// newTemplate tells whether a group's launch template gets a new version.
func (j *judging) newTemplate(group *Change) bool {
	return slices.ContainsFunc(addresses(group.code.Arguments), func(address string) bool {
		template := j.changes[address]
		return template != nil && template.Type == "aws_launch_template" && !template.onlyTags()
	})
}

// spot tells whether a group has Spot Instances.
func spot(group map[string]any) bool {
	for path, value := range flat(group) {
		if plain(path) == "mixed_instances_policy.instances_distribution.on_demand_percentage_above_base_capacity" {
			onDemand, _ := number(map[string]any{"": value}, "")
			return onDemand < 100
		}
	}
	return false
}
