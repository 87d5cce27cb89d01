package rollout_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/smithy-go"

	"example.com/webserver-cluster/internal/rollout"
	engine "example.com/webserver-cluster/tests/localaws/scaling"
	"example.com/webserver-cluster/tests/localaws/scaling/world"
)

// furnish gives the group, perhaps, what other teams' groups have.
func (h *history) furnish() {
	for _, transition := range []string{"autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"} {
		if h.chance(20) {
			_, err := h.Groups.PutLifecycleHook(h.Context(), &autoscaling.PutLifecycleHookInput{
				AutoScalingGroupName: aws.String("web"), LifecycleHookName: aws.String(transition[len("autoscaling:EC2_INSTANCE_"):]),
				LifecycleTransition: aws.String(transition), HeartbeatTimeout: aws.Int32(30 + int32(h.dice.IntN(60))), DefaultResult: aws.String("CONTINUE")})
			must(h.T, err)
		}
	}
	if h.warm = h.chance(20) && !h.spot; h.warm { // AWS has no warm pool of a group with Spot Instances
		_, err := h.Groups.PutWarmPool(h.Context(), &autoscaling.PutWarmPoolInput{AutoScalingGroupName: aws.String("web"), MinSize: aws.Int32(1)})
		must(h.T, err)
	}
}

// trouble has things happen during the next minutes.
func (h *history) trouble() {
	for h.chance(60) {
		troubles := []func() func(){h.killed, h.interrupted, h.cancelled, h.turnedBack, h.alarmed, h.resized, h.refused, h.suspended, h.throttled}
		happens := troubles[h.dice.IntN(len(troubles))]()
		time.AfterFunc(h.moment(15), happens)
	}
	if !h.warm && h.purchases.IntN(100) < 30 {
		time.AfterFunc(time.Duration(h.purchases.IntN(15*60))*time.Second, h.repurchased())
	}
}

// Each returns what happens then; what is thrown for it is thrown before.

// killed has an instance die.
func (h *history) killed() func() {
	which := h.dice.Int()
	return func() {
		instances := h.fleet().Instances
		if len(instances) == 0 {
			return
		}
		victim := instances[which%len(instances)]
		if victim.Ready() {
			h.lost(time.Now())
		}
		h.note("%s of version %d dies", victim.ID, victim.Version.Number)
		h.Kill(victim.ID)
	}
}

// lost takes note of an instance that is killed at that time.
func (h *history) lost(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.owed++
	if at.After(h.killedAt) {
		h.killedAt = at
	}
}

// owes is how many instances were killed and have yet to be replaced, where the fleet
// has been whole since. AWS counts on what replaces one when that has warmed up: it may
// serve before, and AWS may take it away again.
func (h *history) owes(whole time.Time) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(whole) > 4*time.Minute && time.Since(h.killedAt) > 4*time.Minute {
		h.owed = 0
	}
	return h.owed
}

// interrupted has EC2 take a Spot Instance back.
func (h *history) interrupted() func() {
	which := h.dice.Int()
	return func() {
		if !h.spot {
			return
		}
		instances := h.fleet().Instances
		if len(instances) == 0 {
			return
		}
		victim := instances[which%len(instances)].ID
		err := h.Engine.InterruptSpot(victim)
		h.note("EC2 takes %s back: %v", victim, err)
		if err == nil {
			h.lost(time.Now().Add(2 * time.Minute)) // the notice
		}
	}
}

// repurchased has a person want another share of On-Demand Instances, with a mixed
// instances policy or, of On-Demand Instances alone, without one: the group replaces
// what runs.
func (h *history) repurchased() func() {
	base, percent, policy := h.purchases.IntN(2), []int{0, 50, 100}[h.purchases.IntN(3)], h.purchases.IntN(100) < 70
	return func() {
		groups, err := h.Groups.DescribeAutoScalingGroups(context.Background(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{"web"}})
		if err != nil {
			return // throttled
		}
		group := groups.AutoScalingGroups[0]
		launches := group.LaunchTemplate
		if group.MixedInstancesPolicy != nil {
			launches = group.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification
		}
		in := &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web")}
		if policy {
			in.MixedInstancesPolicy = spotPolicy(launches, base, percent)
		} else {
			in.LaunchTemplate = launches
		}
		_, err = h.Groups.UpdateAutoScalingGroup(context.Background(), in)
		h.note("a policy %v, %d and %d %% On-Demand: %v", policy, base, percent, err)
	}
}

// spotPolicy has so many On-Demand Instances, that part of the others, and Spot
// Instances.
func spotPolicy(launches *scaling.LaunchTemplateSpecification, base, percent int) *scaling.MixedInstancesPolicy {
	return &scaling.MixedInstancesPolicy{
		LaunchTemplate: &scaling.LaunchTemplate{LaunchTemplateSpecification: launches,
			Overrides: []scaling.LaunchTemplateOverrides{{InstanceType: aws.String("t3.micro")}, {InstanceType: aws.String("t3a.micro")}}},
		InstancesDistribution: &scaling.InstancesDistribution{OnDemandBaseCapacity: aws.Int32(int32(base)),
			OnDemandPercentageAboveBaseCapacity: aws.Int32(int32(percent)), SpotAllocationStrategy: aws.String("price-capacity-optimized")},
	}
}

// cancelled has a person cancel the refresh, turnedBack have it rolled back.
func (h *history) cancelled() func() {
	return func() {
		_, err := h.Groups.CancelInstanceRefresh(context.Background(), &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: aws.String("web")})
		h.note("a person cancels: %v", err)
	}
}

func (h *history) turnedBack() func() {
	return func() {
		_, err := h.Groups.RollbackInstanceRefresh(context.Background(), &autoscaling.RollbackInstanceRefreshInput{AutoScalingGroupName: aws.String("web")})
		h.note("a person rolls back: %v", err)
	}
}

// alarmed has the alarm be on, or without data, for a while.
func (h *history) alarmed() func() {
	state, lasts := "ALARM", h.moment(20)
	if h.chance(30) {
		state = "INSUFFICIENT_DATA"
	}
	return func() {
		h.note("the alarm is in %s", state)
		h.SetAlarm("web-5xx", cloudwatchtypes.StateValue(state))
		time.AfterFunc(lasts, func() {
			h.note("the alarm is OK")
			h.SetAlarm("web-5xx", "OK")
		})
	}
}

// resized has a person or a policy set the desired capacity.
func (h *history) resized() func() {
	n := floor + h.dice.IntN(ceiling-floor+1)
	return func() {
		_, err := h.Groups.SetDesiredCapacity(context.Background(), &autoscaling.SetDesiredCapacityInput{
			AutoScalingGroupName: aws.String("web"), DesiredCapacity: aws.Int32(int32(n))})
		h.note("desired capacity %d: %v", n, err)
	}
}

// refused has EC2 launch nothing of the new version for a while.
func (h *history) refused() func() {
	lasts, version := h.moment(20), h.wanted
	if h.bad[version] {
		return func() {} // its instances do not get far anyway
	}
	return func() {
		h.note("EC2 has no capacity")
		h.Behave(version, world.Behaviour{Refusal: &smithy.GenericAPIError{
			Code: "InsufficientInstanceCapacity", Message: "We currently do not have sufficient t3.micro capacity in the Availability Zone you requested."}})
		time.AfterFunc(lasts, func() {
			h.note("EC2 has capacity again")
			h.Behave(version, world.Behaviour{})
		})
	}
}

// suspended has a process of the group rest for a while.
func (h *history) suspended() func() {
	process := []string{"Launch", "Terminate", "InstanceRefresh", "AlarmNotification"}[h.dice.IntN(4)]
	lasts := h.moment(20)
	return func() {
		h.note("%s is suspended", process)
		h.Suspend("web", process)
		time.AfterFunc(lasts, func() {
			h.note("all is resumed")
			h.Resume("web")
		})
	}
}

// throttled has AWS refuse every call for a while.
func (h *history) throttled() func() {
	lasts := h.moment(10)
	return func() {
		h.note("AWS throttles")
		worse := climates[h.climate]
		worse.Throttle = 1
		h.Engine.SetClimate(worse)
		time.AfterFunc(lasts, func() {
			h.note("AWS answers again")
			h.Engine.SetClimate(climates[h.climate])
		})
	}
}

// calm waits for the end of everything that was thrown, and for AWS's own patience.
func (h *history) calm() { time.Sleep(2 * time.Hour) }

// activities are what the group did, oldest first.
func (h *history) activities() (lines []string) {
	h.Engine.SetClimate(engine.Climate{})
	var token *string
	for {
		out, err := h.Groups.DescribeScalingActivities(context.Background(), &autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: aws.String("web"), NextToken: token})
		if err != nil {
			return append(lines, err.Error())
		}
		for _, a := range out.Activities {
			lines = append(lines, fmt.Sprint(a.StartTime.Format(time.TimeOnly), " ", *a.Description, ": ", *a.Cause))
		}
		if token = out.NextToken; token == nil {
			slices.Sort(lines)
			return lines
		}
	}
}

// reporter notes what a run says.
type reporter struct{ h *history }

func (r reporter) Say(format string, args ...any) { r.h.note("  "+format, args...) }
func (r reporter) Show(rollout.Progress)          {}
