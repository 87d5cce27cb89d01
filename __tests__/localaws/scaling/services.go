package scaling

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"
)

// Services are what the engine needs of one region: the SDK's clients, or a
// world in memory (package world).
type Services struct {
	Settings Settings
	EC2      EC2
	Balancer Balancer
	Alarms   Alarms

	// States returns the states of those of the instances that EC2 knows. The
	// SDK's type of an instance is large, and this is asked at every look.
	States func(ctx context.Context, ids []string) (map[string]ec2types.InstanceStateName, error)
}

// Settings keeps what groups are to be like, and launches nothing.
type Settings interface {
	CreateAutoScalingGroup(context.Context, *autoscaling.CreateAutoScalingGroupInput, ...func(*autoscaling.Options)) (*autoscaling.CreateAutoScalingGroupOutput, error)
	UpdateAutoScalingGroup(context.Context, *autoscaling.UpdateAutoScalingGroupInput, ...func(*autoscaling.Options)) (*autoscaling.UpdateAutoScalingGroupOutput, error)
	DeleteAutoScalingGroup(context.Context, *autoscaling.DeleteAutoScalingGroupInput, ...func(*autoscaling.Options)) (*autoscaling.DeleteAutoScalingGroupOutput, error)
	DescribeAutoScalingGroups(context.Context, *autoscaling.DescribeAutoScalingGroupsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error)
	DescribePolicies(context.Context, *autoscaling.DescribePoliciesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribePoliciesOutput, error)
	DescribeScheduledActions(context.Context, *autoscaling.DescribeScheduledActionsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeScheduledActionsOutput, error)
}

// EC2 has the instances, their templates and their subnets.
type EC2 interface {
	RunInstances(context.Context, *ec2.RunInstancesInput, ...func(*ec2.Options)) (*ec2.RunInstancesOutput, error)
	StartInstances(context.Context, *ec2.StartInstancesInput, ...func(*ec2.Options)) (*ec2.StartInstancesOutput, error)
	StopInstances(context.Context, *ec2.StopInstancesInput, ...func(*ec2.Options)) (*ec2.StopInstancesOutput, error)
	TerminateInstances(context.Context, *ec2.TerminateInstancesInput, ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error)
	DescribeLaunchTemplates(context.Context, *ec2.DescribeLaunchTemplatesInput, ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplatesOutput, error)
	DescribeLaunchTemplateVersions(context.Context, *ec2.DescribeLaunchTemplateVersionsInput, ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplateVersionsOutput, error)
	DescribeSubnets(context.Context, *ec2.DescribeSubnetsInput, ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error)
}

// Balancer knows the health of targets.
type Balancer interface {
	RegisterTargets(context.Context, *elb.RegisterTargetsInput, ...func(*elb.Options)) (*elb.RegisterTargetsOutput, error)
	DeregisterTargets(context.Context, *elb.DeregisterTargetsInput, ...func(*elb.Options)) (*elb.DeregisterTargetsOutput, error)
	DescribeTargetHealth(context.Context, *elb.DescribeTargetHealthInput, ...func(*elb.Options)) (*elb.DescribeTargetHealthOutput, error)
}

// Alarms knows the states of alarms.
type Alarms interface {
	DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
}

// OverHTTP returns services that are asked over HTTP: the settings of moto
// itself, since with the engine's handlers it would answer itself, the others as
// public, which other parts of the local AWS may answer.
func OverHTTP(public, moto aws.Config) func(region string) Services {
	return func(region string) Services {
		public, moto := public.Copy(), moto.Copy()
		public.Region, moto.Region = region, region
		instances := ec2.NewFromConfig(public)
		return Services{
			Settings: autoscaling.NewFromConfig(moto),
			EC2:      instances,
			Balancer: elb.NewFromConfig(public),
			Alarms: cloudwatch.NewFromConfig(public, func(o *cloudwatch.Options) {
				o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801) // moto does not know CBOR
			}),
			States: func(ctx context.Context, ids []string) (map[string]ec2types.InstanceStateName, error) {
				return states(ctx, instances, ids)
			},
		}
	}
}

func states(ctx context.Context, instances *ec2.Client, ids []string) (map[string]ec2types.InstanceStateName, error) {
	found := map[string]ec2types.InstanceStateName{}
	if len(ids) == 0 {
		return found, nil
	}
	// A filter, not InstanceIds: an id that EC2 no longer knows is no error then.
	pages := ec2.NewDescribeInstancesPaginator(instances, &ec2.DescribeInstancesInput{
		Filters: []ec2types.Filter{{Name: aws.String("instance-id"), Values: ids}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Reservations {
			for _, i := range r.Instances {
				found[aws.ToString(i.InstanceId)] = i.State.Name
			}
		}
	}
	return found, nil
}
