package world_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"example.com/webserver-cluster/tests/localaws/scaling"
	"example.com/webserver-cluster/tests/localaws/scaling/world"
)

// mixed is a policy of two types, with one On-Demand Instance and half of the
// others On-Demand.
func (f *fleet) mixed(version int) *types.MixedInstancesPolicy {
	return &types.MixedInstancesPolicy{
		LaunchTemplate: &types.LaunchTemplate{
			LaunchTemplateSpecification: f.version(version),
			Overrides:                   []types.LaunchTemplateOverrides{{InstanceType: aws.String("m7g.large")}, {InstanceType: aws.String("m6g.large")}},
		},
		InstancesDistribution: &types.InstancesDistribution{OnDemandBaseCapacity: aws.Int32(1), OnDemandPercentageAboveBaseCapacity: aws.Int32(50)},
	}
}

// inMixedBubble has a group of four with such a policy.
func inMixedBubble(t *testing.T, rebalance bool, test func(f *fleet)) {
	t.Helper()
	inBubble(t, 4, func(in *autoscaling.CreateAutoScalingGroupInput) {
		in.MixedInstancesPolicy, in.LaunchTemplate = (&fleet{}).mixed(1), nil
		in.CapacityRebalance = &rebalance
	}, test)
}

// bought tells of each instance version, type and purchase option, in order.
func (f *fleet) bought() string {
	var all []string
	for _, i := range f.group().Instances {
		option := "on-demand"
		if f.Spot(*i.InstanceId) {
			option = "spot"
		}
		all = append(all, fmt.Sprintf("%s/%s/%s", *i.LaunchTemplate.Version, *i.InstanceType, option))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func (f *fleet) spotID() string {
	f.Helper()
	for _, id := range f.ids() {
		if f.Spot(id) {
			return id
		}
	}
	f.Fatal("no Spot Instance")
	return ""
}

func TestMixedInstances(t *testing.T) {
	inMixedBubble(t, false, func(f *fleet) {
		// One, and half of three rounded up, are On-Demand.
		if got, want := f.bought(), "1/m7g.large/on-demand 1/m7g.large/on-demand 1/m7g.large/on-demand 1/m7g.large/spot"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		f.Engine.FailLaunches(&scaling.LaunchFailure{Code: "InsufficientInstanceCapacity", Type: "m7g.large"})
		f.resize(6)
		time.Sleep(10 * time.Minute)
		if got := f.bought(); strings.Count(got, "m6g.large") != 2 || strings.Count(got, "spot") != 2 {
			t.Errorf("%s, want two of the second type, one of them a Spot Instance", got)
		}
		if !strings.Contains(f.report(), "Could not launch Spot Instances. InsufficientInstanceCapacity - We currently") {
			t.Error(f.report())
		}
		f.Engine.FailLaunches(nil)
		f.resize(4)
		time.Sleep(10 * time.Minute)

		_, err := f.Groups.StartInstanceRefresh(t.Context(), &autoscaling.StartInstanceRefreshInput{
			AutoScalingGroupName: aws.String("web"), DesiredConfiguration: &types.DesiredConfiguration{MixedInstancesPolicy: f.mixed(2)},
			Preferences: &types.RefreshPreferences{MinHealthyPercentage: aws.Int32(100), MaxHealthyPercentage: aws.Int32(150), AutoRollback: aws.Bool(true)},
		})
		f.check(err)
		if r, least := f.ended(); r.Status != types.InstanceRefreshStatusSuccessful || least < 4 {
			t.Errorf("%s, %d served\n%s", r.Status, least, f.report())
		}
		time.Sleep(5 * time.Minute)
		if got := f.bought(); strings.Count(got, "2/") != 4 || strings.Count(got, "spot") != 1 {
			t.Errorf("%s after the refresh", got)
		}
		if g := f.group(); g.LaunchTemplate != nil || *g.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification.Version != "2" {
			t.Errorf("the group launches %+v", g.MixedInstancesPolicy)
		}
	})
}

func TestSpotInterruption(t *testing.T) {
	for _, rebalance := range []bool{false, true} {
		inMixedBubble(t, rebalance, func(f *fleet) {
			// AWS gives two minutes; a replacement that takes less leaves no gap.
			f.Behave(1, world.Behaviour{Serves: 20 * time.Second})
			_, err := f.Groups.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web"), DefaultInstanceWarmup: aws.Int32(30)})
			f.check(err)
			id := f.spotID()
			if err := f.Engine.InterruptSpot(id); err != nil {
				t.Fatal(err)
			}
			least := 4
			for range 60 {
				time.Sleep(5 * time.Second)
				least = min(least, f.healthy(""))
			}
			want := map[bool]int{false: 3, true: 4}[rebalance]
			if least != want || f.healthy("") != 4 || slices.Contains(f.ids(), id) || len(f.ids()) != 4 {
				t.Errorf("rebalance %v: %d served, want %d\n%s", rebalance, least, want, f.report())
			}
		})
	}
	inBubble(t, 1, nil, func(f *fleet) {
		if f.Engine.InterruptSpot(f.ids()[0]) == nil {
			t.Error("an On-Demand Instance was interrupted")
		}
	})
}
