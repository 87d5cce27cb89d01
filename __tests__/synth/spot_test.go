package synth_test

import (
	"testing"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/stacks"
)

// TestSpot: one field runs an environment on Spot Instances, and the template's
// version stays the rollout's.
func TestSpot(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) { e.Cluster.Spot = &constructs.Spot{} }))
	group := s.get("aws_autoscaling_group", "web_group")
	expect(t, group, nil, "launch_template")
	expect(t, group, true, "capacity_rebalance")
	expect(t, group, "[mixed_instances_policy[0].launch_template[0].launch_template_specification]", "lifecycle", "ignore_changes")
	policy := at(group, "mixed_instances_policy")
	expect(t, policy, 0, "instances_distribution", "on_demand_base_capacity")
	expect(t, policy, 0, "instances_distribution", "on_demand_percentage_above_base_capacity")
	expect(t, policy, "price-capacity-optimized", "instances_distribution", "spot_allocation_strategy")
	expect(t, policy, "${aws_launch_template.web_template.id}", "launch_template", "launch_template_specification", "launch_template_id")
	expect(t, policy, "${aws_launch_template.web_template.latest_version}", "launch_template", "launch_template_specification", "version")
	expect(t, policy, "t3.micro", "launch_template", "override", 0, "instance_type")
	expect(t, policy, nil, "launch_template", "override", 1)
	expect(t, s.get("aws_launch_template", "web_template"), "unlimited", "credit_specification", "cpu_credits")
}

func TestSpotInPart(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Cluster.Spot = &constructs.Spot{OnDemandBase: 2, OnDemandPercentage: 25, AllocationStrategy: "capacity-optimized", NoCapacityRebalance: true}
	}))
	group := s.get("aws_autoscaling_group", "web_group")
	expect(t, group, false, "capacity_rebalance")
	distribution := at(group, "mixed_instances_policy", "instances_distribution")
	expect(t, distribution, 2, "on_demand_base_capacity")
	expect(t, distribution, 25, "on_demand_percentage_above_base_capacity")
	expect(t, distribution, "capacity-optimized", "spot_allocation_strategy")
}

// TestInstanceTypes: several types, in order of preference, and no Spot Instances.
func TestInstanceTypes(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Cluster.InstanceType, e.Cluster.InstanceTypes = "t3.large", []string{"t3a.large", "m7i.large"}
	}))
	group := s.get("aws_autoscaling_group", "web_group")
	expect(t, group, nil, "capacity_rebalance")
	policy := at(group, "mixed_instances_policy")
	expect(t, policy, "prioritized", "instances_distribution", "on_demand_allocation_strategy")
	expect(t, policy, 100, "instances_distribution", "on_demand_percentage_above_base_capacity")
	expect(t, policy, nil, "instances_distribution", "spot_allocation_strategy")
	for i, want := range []string{"t3.large", "t3a.large", "m7i.large"} {
		expect(t, policy, want, "launch_template", "override", i, "instance_type")
	}
	template := s.get("aws_launch_template", "web_template")
	expect(t, template, "t3.large", "instance_type")
	expect(t, template, nil, "credit_specification") // not for the m7i
	s.get("aws_cloudwatch_metric_alarm", "web_alarm_cpu_credits")
}
