package constructs

import (
	"fmt"
	"slices"

	"example.com/webserver-cluster/internal/faults"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/autoscalinggroup"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/launchtemplate"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// Spot says how much of a cluster runs on Spot Instances, which cost less and which
// EC2 may take back at two minutes' notice. The zero value is all of it. An account
// that has never had Spot Instances needs EC2's role for them first: "aws iam
// create-service-linked-role --aws-service-name spot.amazonaws.com".
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html
type Spot struct {
	// OnDemandBase is the number of instances that are On-Demand Instances before
	// the first Spot Instance. A change of this or of OnDemandPercentage has the group
	// replace instances until it holds; one of AllocationStrategy is for instances that
	// are launched from then on.
	// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html
	// Default 0.
	OnDemandBase int
	// OnDemandPercentage is how many of the instances above OnDemandBase are
	// On-Demand Instances, in percent. Default 0.
	OnDemandPercentage int
	// AllocationStrategy is how AWS chooses among the instance types (and zones) of
	// its Spot capacity: "price-capacity-optimized", "capacity-optimized",
	// "capacity-optimized-prioritized" (which heeds the order of the types) or
	// "lowest-price" (which is interrupted the most). Default
	// "price-capacity-optimized", as AWS recommends.
	AllocationStrategy string
	// NoCapacityRebalance leaves a Spot Instance that is at an elevated risk of
	// interruption where it is. Default false: AWS launches another one at once, and
	// takes the one at risk away when the new one is healthy, beyond MaxSize if need
	// be. Without that, the other one comes when EC2 has taken the first one back.
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-capacity-rebalancing.html
	NoCapacityRebalance bool
}

// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html
const defaultAllocation = "price-capacity-optimized"

var allocations = []string{defaultAllocation, "capacity-optimized", "capacity-optimized-prioritized", "lowest-price"}

// maxInstanceTypes is how many instance types a group takes.
// https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_autoscaling.MixedInstancesPolicy.html
const maxInstanceTypes = 40

// mixed says whether the group has a mixed instances policy in place of a launch
// template.
func (p WebserverClusterProps) mixed() bool { return p.Spot != nil || len(p.InstanceTypes) > 0 }

// everyType has the types that an instance may be of, in order of preference.
func (p WebserverClusterProps) everyType() []string {
	return append([]string{p.InstanceType}, p.InstanceTypes...)
}

// checkInstanceTypes checks what there may be besides InstanceType.
func (p WebserverClusterProps) checkInstanceTypes(f *faults.List) {
	if n := len(p.InstanceTypes) + 1; n > maxInstanceTypes {
		f.Add("InstanceTypes", n, "is their number together with InstanceType; an Auto Scaling group takes %d", maxInstanceTypes)
	}
	for i, t := range p.InstanceTypes {
		field := fmt.Sprintf("InstanceTypes[%d]", i)
		checkInstanceType(f, field, t, p.AllowUnknownInstanceType)
		switch {
		case slices.Contains(p.everyType()[:i+1], t):
			f.Add(field, t, "is there already: each type once, InstanceType included")
		case isToken(t), isToken(p.InstanceType), !instanceTypeRule.MatchString(t):
		case architecture(t) != p.architecture():
			f.Add(field, t, "runs %s, and InstanceType (%s) runs %s: all instances have one image", architecture(t), p.InstanceType, p.architecture())
		}
	}
	if p.Spot == nil {
		return
	}
	if p.Spot.OnDemandBase < 0 {
		f.Add("Spot.OnDemandBase", p.Spot.OnDemandBase, "must be 0 or more")
	}
	if percentage := p.Spot.OnDemandPercentage; percentage < 0 || percentage > 100 {
		f.Add("Spot.OnDemandPercentage", percentage, "must be 0 to 100")
	}
	if allocation := orDefault(p.Spot.AllocationStrategy, defaultAllocation); !slices.Contains(allocations, allocation) {
		f.Add("Spot.AllocationStrategy", allocation, "must be one of %q", allocations)
	}
}

// launches has the group launch its instances from the template, of one type or of
// several, and returns the arguments that Terraform is to leave as they are in the
// group: the template and its version. They are named within their blocks and not by
// the blocks: an ignored block would stay away where the other one of the two was
// before.
func (c *cluster) launches(config *autoscalinggroup.AutoscalingGroupConfig, template launchtemplate.LaunchTemplate) (ignored string) {
	// The number, not $Latest: that would launch a version as soon as it is made,
	// before a rollout has tried it.
	version := cdktf.Token_AsString(template.LatestVersion(), nil)
	if !c.props.mixed() {
		config.LaunchTemplate = &autoscalinggroup.AutoscalingGroupLaunchTemplate{Id: template.Id(), Version: version}
		return "launch_template[0]"
	}
	distribution := &autoscalinggroup.AutoscalingGroupMixedInstancesPolicyInstancesDistribution{
		OnDemandAllocationStrategy:          jsii.String("prioritized"), // in the order of the types
		OnDemandBaseCapacity:                jsii.Number(0),
		OnDemandPercentageAboveBaseCapacity: jsii.Number(100),
	}
	if spot := c.props.Spot; spot != nil {
		distribution.OnDemandBaseCapacity = jsii.Number(spot.OnDemandBase)
		distribution.OnDemandPercentageAboveBaseCapacity = jsii.Number(spot.OnDemandPercentage)
		distribution.SpotAllocationStrategy = jsii.String(orDefault(spot.AllocationStrategy, defaultAllocation))
		config.CapacityRebalance = jsii.Bool(!spot.NoCapacityRebalance)
	}
	var types []*autoscalinggroup.AutoscalingGroupMixedInstancesPolicyLaunchTemplateOverride
	for _, t := range c.props.everyType() {
		types = append(types, &autoscalinggroup.AutoscalingGroupMixedInstancesPolicyLaunchTemplateOverride{InstanceType: jsii.String(t)})
	}
	config.MixedInstancesPolicy = &autoscalinggroup.AutoscalingGroupMixedInstancesPolicy{
		InstancesDistribution: distribution,
		LaunchTemplate: &autoscalinggroup.AutoscalingGroupMixedInstancesPolicyLaunchTemplate{
			LaunchTemplateSpecification: &autoscalinggroup.AutoscalingGroupMixedInstancesPolicyLaunchTemplateLaunchTemplateSpecification{
				LaunchTemplateId: template.Id(), Version: version,
			},
			Override: types,
		},
	}
	return "mixed_instances_policy[0].launch_template[0].launch_template_specification"
}
