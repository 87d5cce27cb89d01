package review

import (
	"fmt"
	"slices"
	"strings"
)

// newVersion is a launch template that changes: the instances are those of the version
// that the group launches, which rollout changes.
var newVersion = by(func(j *judging, c *Change, _ Difference) effect {
	for address, r := range j.after.Resources {
		if isRollout(r) && j.changes[address] != nil && slices.ContainsFunc(references(r.Arguments), func(ref string) bool { return strings.HasPrefix(ref, c.Address+".") }) {
			return nothing("a new version of the launch template, which rollout brings to the instances")
		}
	}
	return effect{level: Unknown, text: "a new version of a launch template that no rollout of this code brings to instances", source: templateVersion}
})

// bound is a new minimum or maximum of a group.
func bound(_ *judging, _ *Change, d Difference) effect {
	old, now := d.numbers()
	switch {
	case d.Path == "min_size" && now > old:
		return nothing(fmt.Sprintf("at least %g instances: what is missing is launched at once", now))
	case d.Path == "max_size" && now < old:
		return look(fmt.Sprintf("at most %g instances: what is above goes at once, after it has finished its requests; at peak, capacity may lack", now), asgAPI)
	case d.Path == "min_size":
		return nothing(fmt.Sprintf("at least %g instances: none goes by that alone", now))
	}
	return nothing(fmt.Sprintf("at most %g instances", now))
}

// zones are the subnets of a group or a load balancer, of which one comes, or one goes.
func zones(comes, leaves effect) effect {
	return by(func(j *judging, c *Change, d Difference) effect {
		before, _ := d.Before.([]any)
		after, _ := d.After.([]any)
		unknown := d.Unknown
		if old, is := j.code(j.before, c, d.Path); unknown && is {
			// A plan knows no subnet that is still to be made; the code has them all.
			now, _ := j.code(j.after, c, d.Path)
			before, after, unknown = old, now, false
		}
		switch {
		case unknown || !containsAll(after, before):
			return leaves
		case containsAll(before, after):
			return nothing("the same zones, in another order")
		}
		if comes.judge != nil {
			return comes.judge(j, c, d)
		}
		return comes
	})
}

// code is a list that a stack's code has for an argument of what changes; false if it has
// none, or refers to what is replaced.
func (j *judging) code(s *Stack, c *Change, argument string) ([]any, bool) {
	if s == nil {
		return nil, false
	}
	list, is := s.Resources[c.Address].Arguments[argument].([]any)
	if j.madeAnew(list) {
		return nil, false
	}
	return list, is
}

// A group whose zones change balances its instances anew, if a zone has two more of them
// than another one.
var (
	getsZone = by(func(j *judging, c *Change, d Difference) effect {
		zones, _ := d.Before.([]any)
		most, _ := number(c.after, "max_size")
		instances, known := j.capacity[c.Address]
		if !known {
			instances = int(most)
		}
		const replaced = "some instances are replaced by ones there, which are launched before they go"
		switch {
		case instances <= len(zones):
			return nothing("the group gets another zone")
		case !known:
			return rolling(fmt.Sprintf("the group gets another zone: if it has more than %d instances now, which a plan tells, %s", len(zones), replaced), asgZones)
		}
		return rolling("the group gets another zone: "+replaced, asgZones)
	})
	leavesZone = rolling("the group leaves a zone: the instances there are replaced by ones in the other zones, which are launched before they go", asgZones)
)

func containsAll(all, some []any) bool {
	for _, s := range some {
		if !slices.Contains(all, s) {
			return false
		}
	}
	return true
}

// ofNew is an argument of a launch template that has an effect on the instances that are
// launched from then on, besides their being replaced.
func ofNew(e func(d Difference) effect) effect {
	return by(func(j *judging, c *Change, d Difference) effect {
		if found := e(d); found.text != "" {
			return found
		}
		return newVersion.judge(j, c, d)
	})
}

// encrypted is whether the volumes of instances are.
func encrypted(d Difference) effect {
	if !d.on() {
		return atRisk("the volumes of new instances are not encrypted, unless the account encrypts all", ebsEncryption)
	}
	return effect{}
}

// tokens are those of the instance metadata service: without them, whoever has a server ask
// for an address of theirs may get the credentials of its role.
func metadataTokens(d Difference) effect {
	if d.After != "required" {
		return look("new instances give the credentials of their role without a token (IMDSv1)", imds)
	}
	return effect{}
}

func publicAddress(d Difference) effect {
	if d.on() {
		return look("new instances get public addresses", publicAddresses)
	}
	return effect{}
}

var clusterKinds = map[string]kind{
	"aws_launch_template": {
		what: "launch template",
		made: nothing("a launch template"), removed: nothing("a launch template that nothing launches any more"), replaced: newVersion,
		arguments: effects(map[string]effect{
			"block_device_mappings.ebs.encrypted":            ofNew(encrypted),
			"metadata_options.http_tokens":                   ofNew(metadataTokens),
			"network_interfaces.associate_public_ip_address": ofNew(publicAddress),
			"update_default_version":                         nothing("which version others launch that name none"),
			"description":                                    nothing("a description"),
		}, newVersion, "block_device_mappings", "credit_specification", "iam_instance_profile", "image_id", "instance_type",
			"instance_market_options", "metadata_options", "monitoring", "network_interfaces", "tag_specifications", "user_data"),
	},
	"aws_autoscaling_group": {
		what: "Auto Scaling group",
		made: nothing("a group of instances"), removed: interruption("all instances go", asgDelete),
		replaced: interruption("another group: the instances of the old one go when the new one's are launched, healthy or not", asgDelete),
		arguments: effects(map[string]effect{
			"min_size": by(bound), "max_size": by(bound),
			"vpc_zone_identifier":    zones(getsZone, leavesZone),
			"target_group_arns":      interruption("the instances move to another target group, where they get requests only when they are found healthy", asgDrain),
			"health_check_type":      look("by what AWS calls an instance unhealthy and replaces it", asgHealth),
			"mixed_instances_policy": by(mixed),
			"mixed_instances_policy.instances_distribution.on_demand_base_capacity":                  purchased(0),
			"mixed_instances_policy.instances_distribution.on_demand_percentage_above_base_capacity": purchased(100),
			"launch_template": nothing("which instances are launched from now on; those that run stay until they are replaced"),
			// Of the code, none has it; a plan shows it beside a mixed instances policy.
			"capacity_reservation_specification": nothing("which Capacity Reservations instances use that are launched from now on"),
			"capacity_rebalance":                 nothing("whether a Spot Instance at risk is replaced before it goes"),
		}, nothing("how the group works from now on: no instance goes because of it"),
			"default_instance_warmup", "enabled_metrics", "health_check_grace_period", "instance_maintenance_policy", "tag", "termination_policies", "wait_for_capacity_timeout"),
	},
	"aws_autoscaling_policy": {
		what: "scaling policy",
		made: nothing("when the group grows and shrinks"), removed: look("the group grows and shrinks no more by this policy", asgPolicies),
		replaced:  nothing("when the group grows and shrinks"),
		arguments: effects(nil, nothing("when the group grows and shrinks"), "target_tracking_configuration", "policy_type"),
	},
	"aws_autoscaling_schedule": {
		what: "schedule",
		made: nothing("when the group's size changes"), removed: look("the group's size stays as it is when this schedule would have changed it", asgSchedules),
		replaced:  nothing("when the group's size changes"),
		arguments: effects(nil, nothing("when the group's size changes"), "desired_capacity", "max_size", "min_size", "recurrence", "time_zone", "start_time", "end_time"),
	},
	"terraform_data": {
		what: "record in the state",
		made: by(rolls), replaced: by(rolls), removed: nothing("Terraform's own: nothing on AWS"),
		arguments: effects(nil, nothing("Terraform's own: nothing on AWS"), "input"),
	},
	"aws_ssm_parameter": {
		what: "parameter", made: nothing("a parameter"),
		removed:   look("what is kept there, such as which image or application is pinned, is forgotten", ssmDelete),
		replaced:  look("what is kept there, such as which image or application is pinned, is forgotten, and begins anew", ssmDelete),
		arguments: effects(nil, nothing("what is noted there"), "description", "insecure_value", "type"),
	},
	"aws_s3_object": {
		what: "application in its bucket",
		made: nothing("the application, in its bucket"), removed: look("new instances cannot fetch it any more", s3Versions),
		replaced:  look("new instances cannot fetch the former version any more", s3Versions),
		arguments: effects(nil, nothing("a new version of the application, in its bucket"), "source", "source_hash", "etag", "checksum_algorithm", "content_type"),
	},
}
