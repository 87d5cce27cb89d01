package scaling

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
)

// resize sets the capacity. A desired capacity that is not given is moved into
// the new bounds.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_UpdateAutoScalingGroup.html
func (g *group) resize(least, most, desired *int32) error {
	if least != nil {
		g.min = int(*least)
	}
	if most != nil {
		g.max = int(*most)
	}
	if g.min > g.max {
		return invalid("Max bound, %d, must be greater than or equal to min bound, %d", g.max, g.min)
	}
	if desired != nil {
		if n := int(*desired); n < g.min || n > g.max {
			return invalid("Desired capacity:%d must be between the specified min size:%d and max size:%d", n, g.min, g.max)
		}
		g.desired = int(*desired)
	}
	g.desired = min(max(g.desired, g.min), g.max)
	return nil
}

// retarget resizes the group, and remembers who wanted it for the causes of
// the activities that follow.
func (g *group) retarget(now time.Time, who string, least, most, desired *int32) error {
	before := g.desired
	if err := g.resize(least, most, desired); err != nil {
		return err
	}
	if g.desired != before {
		g.intent = at(now, fmt.Sprintf("%s AutoScalingGroup constraints to min: %d, max: %d, desired: %d changing the desired capacity from %s.",
			who, g.min, g.max, g.desired, count(before, g.desired)))
	}
	return nil
}

func (e *Engine) setDesiredCapacity(_ context.Context, region string, in *autoscaling.SetDesiredCapacityInput) (*autoscaling.SetDesiredCapacityOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, err := e.find(region, in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	return &autoscaling.SetDesiredCapacityOutput{}, g.want(int(aws.ToInt32(in.DesiredCapacity)), at(e.Clock.Now(), "a user request explicitly set group desired capacity"))
}

// want sets the desired capacity. by is the beginning of a cause.
func (g *group) want(desired int, by string) error {
	if desired > g.max {
		return invalid("New SetDesiredCapacity value %d is above max value %d for the AutoScalingGroup.", desired, g.max)
	}
	if desired < g.min {
		return invalid("New SetDesiredCapacity value %d is below min value %d for the AutoScalingGroup.", desired, g.min)
	}
	if desired != g.desired {
		g.intent = by + " changing the desired capacity from " + count(g.desired, desired) + "."
		g.desired = desired
	}
	return nil
}

// executePolicy scales as a simple scaling policy says.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html#as-scaling-adjustment
func (e *Engine) executePolicy(ctx context.Context, region string, in *autoscaling.ExecutePolicyInput) (*autoscaling.ExecutePolicyOutput, error) {
	policies, err := e.api(region).Settings.DescribePolicies(ctx, &autoscaling.DescribePoliciesInput{
		AutoScalingGroupName: in.AutoScalingGroupName, PolicyNames: []string{aws.ToString(in.PolicyName)},
	})
	if err != nil {
		return nil, err
	}
	if len(policies.ScalingPolicies) == 0 {
		return nil, invalid("The policy %s does not exist", aws.ToString(in.PolicyName))
	}
	p := policies.ScalingPolicies[0]
	e.mu.Lock()
	defer e.mu.Unlock()
	g, err := e.find(region, in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	n := int(aws.ToInt32(p.ScalingAdjustment))
	switch aws.ToString(p.AdjustmentType) {
	case "ChangeInCapacity":
		n += g.desired
	case "PercentChangeInCapacity":
		n = g.desired + percentDown(int32(n), g.desired)
	}
	return &autoscaling.ExecutePolicyOutput{}, g.want(min(max(n, g.min), g.max), at(e.Clock.Now(), "a user request executed policy "+aws.ToString(p.PolicyName)))
}
