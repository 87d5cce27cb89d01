package localaws

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/robfig/cron/v3"

	"example.com/webserver-cluster/tests/localaws/strict"
)

// refuse adds to the gate what AWS refuses because of what there is already and
// moto takes. A rule that cannot look at what it needs, such as a subnet that
// does not exist, leaves the request to moto, which then says so.
func (a *AWS) refuse(g *strict.Gate) {
	a.refuseRDS(g)
	a.refuseDomain(g)
	g.Add("elasticloadbalancing", a.logsWritable, "ModifyLoadBalancerAttributes")
	g.Add("elasticloadbalancing", a.balancerNetwork, "CreateLoadBalancer", "SetSubnets")
	g.Add("elasticloadbalancing", a.differentNamesake, "CreateLoadBalancer")
	g.Add("elasticloadbalancing", a.balancerProtected, "DeleteLoadBalancer")
	g.Add("autoscaling", a.groupTaken, "CreateAutoScalingGroup")
	g.Add("autoscaling", a.scheduleTaken, "PutScheduledUpdateGroupAction")
	g.Add("ec2", a.architecture, "RunInstances")
	g.Add("ec2", a.otherGroups, "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
}

// lookup is how rules look at what there is, in the region of a request.
func (a *AWS) lookup(call strict.Call) (context.Context, aws.Config) {
	config := a.MotoConfig()
	config.Region = call.Request.Region
	return call.Request.HTTP.Context(), config
}

// balancerNetwork: an Application Load Balancer has subnets in two zones, one in
// each, and security groups of their VPC.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html#API_CreateLoadBalancer_Errors
func (a *AWS) balancerNetwork(call strict.Call) []strict.Fault {
	if kind := call.Text("Type"); kind != "" && kind != "application" {
		return nil
	}
	ctx, config := a.lookup(call)
	ids := call.Texts("Subnets")
	subnets := subnetsOf(ctx, config, ids)
	if subnets == nil {
		return nil
	}
	var faults []strict.Fault
	zones, vpcs := placesOf(subnets)
	if len(zones) < len(subnets) {
		faults = append(faults, strict.Faultf("InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone: %s", strings.Join(ids, ", ")))
	}
	if len(zones) < 2 {
		faults = append(faults, strict.Faultf("ValidationError", "At least two subnets in two different Availability Zones must be specified"))
	}
	if len(vpcs) > 1 {
		faults = append(faults, strict.Faultf("InvalidSubnet", "Subnets are in several VPCs: %s", strings.Join(vpcs, ", ")))
	}
	for _, g := range groupsOf(ctx, config, call.Texts("SecurityGroups")) {
		if !slices.Contains(vpcs, aws.ToString(g.VpcId)) {
			faults = append(faults, strict.Faultf("InvalidConfigurationRequest", "One or more security groups are invalid: %s is not in %s", aws.ToString(g.GroupId), strings.Join(vpcs, ", ")))
		}
	}
	return faults
}

// differentNamesake: two load balancers of one name are one if all their settings
// are the same (moto then makes a second), and the second is refused if not.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
func (a *AWS) differentNamesake(call strict.Call) []strict.Fault {
	ctx, config := a.lookup(call)
	name := call.Text("Name")
	found, err := elb.NewFromConfig(config).DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: []string{name}})
	if err != nil || len(found.LoadBalancers) == 0 {
		return nil
	}
	there := found.LoadBalancers[0]
	var subnets []string
	for _, zone := range there.AvailabilityZones {
		subnets = append(subnets, aws.ToString(zone.SubnetId))
	}
	same := sameSet(subnets, call.Texts("Subnets")) && sameSet(there.SecurityGroups, call.Texts("SecurityGroups")) &&
		string(there.Scheme) == cmp.Or(call.Text("Scheme"), "internet-facing") && string(there.Type) == cmp.Or(call.Text("Type"), "application")
	if same {
		return nil
	}
	return []strict.Fault{strict.Faultf("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings", name)}
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// balancerProtected: deletion protection protects. moto deletes all the same.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html
func (a *AWS) balancerProtected(call strict.Call) []strict.Fault {
	ctx, config := a.lookup(call)
	arn := call.Text("LoadBalancerArn")
	found, err := elb.NewFromConfig(config).DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &arn})
	if err != nil {
		return nil
	}
	for _, attribute := range found.Attributes {
		if aws.ToString(attribute.Key) == "deletion_protection.enabled" && aws.ToString(attribute.Value) == "true" {
			return []strict.Fault{strict.Faultf("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", arn)}
		}
	}
	return nil
}

// groupTaken: moto replaces an Auto Scaling group by another of its name.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html#API_CreateAutoScalingGroup_Errors
func (a *AWS) groupTaken(call strict.Call) []strict.Fault {
	ctx, config := a.lookup(call)
	name := call.Text("AutoScalingGroupName")
	found, err := autoscaling.NewFromConfig(config).DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{name}})
	if err != nil || len(found.AutoScalingGroups) == 0 {
		return nil
	}
	return []strict.Fault{strict.Faultf("AlreadyExists", "AutoScalingGroup by this name already exists - A group with the name %s already exists", name)}
}

// scheduleTaken: no two scheduled actions of a group have one time. moto takes
// any.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html#scheduled-scaling-considerations
func (a *AWS) scheduleTaken(call strict.Call) []strict.Fault {
	ctx, config := a.lookup(call)
	name := call.Text("ScheduledActionName")
	found, err := autoscaling.NewFromConfig(config).DescribeScheduledActions(ctx, &autoscaling.DescribeScheduledActionsInput{
		AutoScalingGroupName: aws.String(call.Text("AutoScalingGroupName")),
	})
	if err != nil {
		return nil
	}
	start, _ := time.Parse(time.RFC3339, call.Request.Params.Get("StartTime"))
	at := firing(start, call.Text("Recurrence"), call.Text("TimeZone"))
	for _, other := range found.ScheduledUpdateGroupActions {
		theirs := firing(aws.ToTime(other.StartTime), aws.ToString(other.Recurrence), aws.ToString(other.TimeZone))
		if aws.ToString(other.ScheduledActionName) != name && !at.IsZero() && at.Equal(theirs) {
			return []strict.Fault{strict.Faultf("AlreadyExists", "A scheduled action with this scheduled start time already exists: %s, %v", aws.ToString(other.ScheduledActionName), at.UTC().Format(time.RFC3339))}
		}
	}
	return nil
}

// firing is when a scheduled action acts next; the zero time if it never does
// again.
func firing(start time.Time, recurrence, zone string) time.Time {
	now := time.Now()
	if start.After(now) {
		return start
	}
	if recurrence == "" {
		return time.Time{}
	}
	if zone == "" {
		zone = "UTC"
	}
	s, err := cron.ParseStandard("CRON_TZ=" + zone + " " + recurrence)
	if err != nil {
		return time.Time{}
	}
	return s.Next(now)
}

// otherGroups: the other side of a rule, if it is a group, exists.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (InvalidGroup.NotFound)
func (a *AWS) otherGroups(call strict.Call) []strict.Fault {
	ctx, config := a.lookup(call)
	var faults []strict.Fault
	for _, permission := range call.Structures("IpPermissions") {
		for _, pair := range (strict.Call{Input: permission}).Structures("UserIdGroupPairs") {
			id := strict.Call{Input: pair}.Text("GroupId")
			if id != "" && len(groupsOf(ctx, config, []string{id})) == 0 {
				faults = append(faults, strict.Faultf("InvalidGroup.NotFound", "The security group '%s' does not exist", id))
			}
		}
	}
	return faults
}

// subnetsOf returns the subnets; nil if one of them is not there.
func subnetsOf(ctx context.Context, config aws.Config, ids []string) []ec2types.Subnet {
	if len(ids) == 0 {
		return nil
	}
	found, err := ec2.NewFromConfig(config).DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: ids})
	if err != nil {
		return nil
	}
	return found.Subnets
}

// placesOf returns the zones and the VPCs of subnets.
func placesOf(subnets []ec2types.Subnet) (zones, vpcs []string) {
	for _, s := range subnets {
		zones, vpcs = append(zones, aws.ToString(s.AvailabilityZone)), append(vpcs, aws.ToString(s.VpcId))
	}
	slices.Sort(zones)
	slices.Sort(vpcs)
	return slices.Compact(zones), slices.Compact(vpcs)
}

// groupsOf returns those of the security groups that exist.
func groupsOf(ctx context.Context, config aws.Config, ids []string) []ec2types.SecurityGroup {
	if len(ids) == 0 {
		return nil
	}
	found, err := ec2.NewFromConfig(config).DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{
		Filters: []ec2types.Filter{{Name: aws.String("group-id"), Values: ids}},
	})
	if err != nil {
		return nil
	}
	return found.SecurityGroups
}
