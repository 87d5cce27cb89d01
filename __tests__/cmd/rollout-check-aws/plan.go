package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// plan is what a run makes, found by calls that change nothing.
type plan struct {
	where        string
	image        string
	instanceType string
	subnets      []types.Subnet
	timeout      string
}

// amazonLinux starts the names of the parameters of Amazon Linux 2023's newest
// images. https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
const amazonLinux = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"

func (o options) plan(ctx context.Context, c *cloud) (plan, error) {
	p := plan{where: c.where(), instanceType: o.instanceType, timeout: brief(o.timeout)}
	image, err := c.parameters.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(amazonLinux + architectures[o.instanceType])})
	if err != nil {
		return p, fmt.Errorf("the image of Amazon Linux 2023: %s", words(err))
	}
	p.image = aws.ToString(image.Parameter.Value)
	if len(o.subnets) > 0 {
		p.subnets, err = c.named(ctx, o.subnets)
	} else {
		p.subnets, err = c.ofDefaultVPC(ctx, o.instanceType)
	}
	return p, err
}

func (c *cloud) named(ctx context.Context, ids []string) ([]types.Subnet, error) {
	out, err := c.compute.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: ids})
	if err != nil {
		return nil, fmt.Errorf("--subnets: %s", words(err))
	}
	if len(out.Subnets) != 2 || aws.ToString(out.Subnets[0].AvailabilityZone) == aws.ToString(out.Subnets[1].AvailabilityZone) {
		return nil, usageError{fmt.Errorf("--subnets: %s: must lie in different zones", strings.Join(ids, ","))}
	}
	return out.Subnets, nil
}

// ofDefaultVPC returns two subnets in different zones that have the instance type.
// Two, since an old and a new instance are then in each: AWS balances zones before
// it looks at the termination policy.
func (c *cloud) ofDefaultVPC(ctx context.Context, instanceType string) ([]types.Subnet, error) {
	offered, err := c.compute.DescribeInstanceTypeOfferings(ctx, &ec2.DescribeInstanceTypeOfferingsInput{
		LocationType: types.LocationTypeAvailabilityZone,
		Filters:      []types.Filter{{Name: aws.String("instance-type"), Values: []string{instanceType}}},
	})
	if err != nil {
		return nil, fmt.Errorf("the zones that have %s: %s", instanceType, words(err))
	}
	out, err := c.compute.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{
		Filters: []types.Filter{{Name: aws.String("default-for-az"), Values: []string{"true"}}},
	})
	if err != nil {
		return nil, fmt.Errorf("the subnets of the default VPC: %s", words(err))
	}
	found := slices.DeleteFunc(out.Subnets, func(s types.Subnet) bool {
		return !slices.ContainsFunc(offered.InstanceTypeOfferings, func(o types.InstanceTypeOffering) bool {
			return aws.ToString(o.Location) == aws.ToString(s.AvailabilityZone)
		})
	})
	slices.SortFunc(found, func(a, b types.Subnet) int {
		return strings.Compare(aws.ToString(a.AvailabilityZone), aws.ToString(b.AvailabilityZone))
	})
	if len(found) < 2 {
		return nil, usageError{fmt.Errorf("there is no default VPC with two zones that have %s in %s: give --subnets, or another --instance-type", instanceType, c.where())}
	}
	return found[:2], nil
}

// what says what is made, where, and what it costs. The bound is generous: four
// instances for an hour and a half at twice the price of us-east-1, with volumes of
// 8 GiB. https://aws.amazon.com/ec2/pricing/on-demand/
func (p plan) what() string {
	var subnets []string
	for _, s := range p.subnets {
		subnets = append(subnets, fmt.Sprintf("%s (%s)", aws.ToString(s.SubnetId), aws.ToString(s.AvailabilityZone)))
	}
	return fmt.Sprintf(`In %s:
  a launch template   %s, image %s (Amazon Linux 2023), no public address
  an Auto Scaling group of two instances, for moments four, in %s
  a CloudWatch alarm  without actions
All of it is called and tagged %sRANDOM, and removed at the end.
It takes about 40 minutes, %s at most, and costs a few cents: two to four %s
with a volume of 8 GiB each, less than 0.10 US dollars in all. No load balancer.
In an account that has had no group before, AWS's service-linked role for Auto
Scaling stays.`,
		p.where, p.instanceType, p.image, strings.Join(subnets, " and "), namePrefix, p.timeout, p.instanceType)
}

// String is what there is to read before a run.
func (p plan) String() string {
	var b strings.Builder
	fmt.Fprintln(&b, "Nothing was made. This is what a run makes.")
	fmt.Fprintln(&b, p.what())
	fmt.Fprintln(&b, "\nIt asks:")
	for _, q := range questions {
		fmt.Fprintf(&b, "  %-3s %s\n", q.ID, q.Asks)
	}
	fmt.Fprint(&b, "\nTo run it: RUN=yes make rollout-check-aws\nWith flags: RUN=yes make rollout-check-aws ARGS='--region eu-central-1 --json'")
	return b.String()
}
