package world_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"example.com/webserver-cluster/tests/localaws/scaling"
	"example.com/webserver-cluster/tests/localaws/scaling/world"
)

// purchase gives the group a policy with that share of On-Demand Instances.
func (f *fleet) purchase(base, percent int32) {
	f.Helper()
	p := f.mixed(1)
	p.InstancesDistribution = &types.InstancesDistribution{OnDemandBaseCapacity: &base, OnDemandPercentageAboveBaseCapacity: &percent}
	_, err := f.Groups.UpdateAutoScalingGroup(f.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web"), MixedInstancesPolicy: p})
	f.check(err)
}

func (f *fleet) spot() int { return strings.Count(f.bought(), "spot") }

// served watches the group for that long: how many instances served at least, and how
// many there were at most that were not on their way out.
func (f *fleet) served(lasts time.Duration) (least, most int) {
	f.Helper()
	least = 100
	for end := time.Now().Add(lasts); time.Now().Before(end); time.Sleep(5 * time.Second) {
		n := 0
		for _, i := range f.group().Instances {
			if !strings.HasPrefix(string(i.LifecycleState), "Terminating") {
				n++
			}
		}
		least, most = min(least, f.healthy("")), max(most, n)
	}
	return least, most
}

func keeping(least, most int32) func(*autoscaling.CreateAutoScalingGroupInput) {
	return func(in *autoscaling.CreateAutoScalingGroupInput) {
		in.TerminationPolicies = []string{"NewestInstance"} // has no say in this
		in.MaxSize = aws.Int32(4)                           // neither has the maximum
		in.InstanceMaintenancePolicy = &types.InstanceMaintenancePolicy{MinHealthyPercentage: &least, MaxHealthyPercentage: &most}
	}
}

func TestPurchaseOptionsAreReplaced(t *testing.T) {
	for _, test := range []struct {
		name        string
		group       func(*autoscaling.CreateAutoScalingGroupInput)
		least, most int
	}{
		{"no maintenance policy", nil, 4, 5},
		{"launch first", keeping(100, 150), 4, 6},
		{"end first", keeping(50, 100), 2, 4},
		{"half of each", keeping(75, 125), 3, 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			inBubble(t, 4, test.group, func(f *fleet) {
				for _, change := range []struct {
					base, percent int32
					spot          int
				}{{0, 0, 4}, {1, 50, 1}, {2, 0, 2}, {0, 100, 0}, {0, 25, 3}} {
					f.purchase(change.base, change.percent)
					least, most := f.served(time.Hour)
					if f.spot() != change.spot || len(f.ids()) != 4 || f.healthy("") != 4 {
						t.Errorf("%+v: %s\n%s", change, f.bought(), f.report())
					}
					if least < test.least || most > test.most {
						t.Errorf("%+v: %d served of %d, want %d of %d\n%s", change, least, most, test.least, test.most, f.report())
					}
				}
			})
		})
	}
}

func TestPurchaseOptionsStay(t *testing.T) {
	inBubble(t, 4, keeping(100, 150), func(f *fleet) {
		unchanged := func(what string, change func()) {
			t.Helper()
			before := f.ids()
			change()
			time.Sleep(time.Hour)
			if got := f.ids(); strings.Join(got, " ") != strings.Join(before, " ") {
				t.Errorf("%s: %v, want %v\n%s", what, got, before, f.report())
			}
		}
		unchanged("a policy with On-Demand Instances alone", func() { f.purchase(0, 100) })
		unchanged("another share that comes to the same", func() { f.purchase(3, 90) })
		for _, process := range []string{"Launch", "Terminate"} {
			f.Suspend("web", process)
			unchanged(process+" is suspended", func() { f.purchase(0, 0) })
			f.purchase(0, 100)
			f.Resume("web")
		}
		f.purchase(0, 0)
		time.Sleep(time.Hour)
		unchanged("another strategy", func() {
			p := f.mixed(1)
			p.InstancesDistribution = &types.InstancesDistribution{OnDemandPercentageAboveBaseCapacity: aws.Int32(0), SpotAllocationStrategy: aws.String("lowest-price")}
			_, err := f.Groups.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web"), MixedInstancesPolicy: p})
			f.check(err)
		})
		for _, id := range f.ids() {
			_, err := f.Groups.SetInstanceProtection(t.Context(), &autoscaling.SetInstanceProtectionInput{AutoScalingGroupName: aws.String("web"), InstanceIds: []string{id}, ProtectedFromScaleIn: aws.Bool(true)})
			f.check(err)
		}
		unchanged("protected", func() { f.purchase(0, 100) })
	})
}

// A group that launches a bad version goes on with those that serve.
func TestReplacementsThatNeverServe(t *testing.T) {
	inBubble(t, 4, keeping(100, 150), func(f *fleet) {
		f.Behave(1, world.Behaviour{Never: true})
		f.purchase(0, 0)
		if least, most := f.served(2 * time.Hour); least < 4 || most > 6 {
			t.Errorf("%d served of %d\n%s", least, most, f.report())
		}
		f.Behave(1, world.Behaviour{})
		if least, _ := f.served(time.Hour); least < 4 || f.spot() != 4 || f.healthy("") != 4 {
			t.Errorf("%d served, %s\n%s", least, f.bought(), f.report())
		}
	})
}

func TestRefreshDuringReplacement(t *testing.T) {
	for _, begins := range []time.Duration{0, 30 * time.Second, time.Minute, 3 * time.Minute, 5 * time.Minute, 8 * time.Minute} {
		inBubble(t, 4, keeping(100, 150), func(f *fleet) {
			f.purchase(0, 0)
			time.Sleep(begins)
			p := f.mixed(2)
			p.InstancesDistribution = f.group().MixedInstancesPolicy.InstancesDistribution
			_, err := f.Groups.StartInstanceRefresh(t.Context(), &autoscaling.StartInstanceRefreshInput{
				AutoScalingGroupName: aws.String("web"), DesiredConfiguration: &types.DesiredConfiguration{MixedInstancesPolicy: p},
				Preferences: &types.RefreshPreferences{MinHealthyPercentage: aws.Int32(100), MaxHealthyPercentage: aws.Int32(150), SkipMatching: aws.Bool(true)},
			})
			f.check(err)
			least, most := f.served(2 * time.Hour)
			if least < 4 || most > 6 || f.spot() != 4 || f.healthy("2") != 4 || f.latest().Status != types.InstanceRefreshStatusSuccessful {
				t.Errorf("after %s: %d served of %d, %s\n%s", begins, least, most, f.bought(), f.report())
			}
		})
	}
}

func TestPolicyThatGoes(t *testing.T) {
	for _, unkind := range []bool{false, true} {
		inBubble(t, 4, keeping(100, 150), func(f *fleet) {
			f.Engine.SetClimate(scaling.Climate{UnkindPurchases: unkind})
			f.purchase(0, 0)
			time.Sleep(time.Hour)
			_, err := f.Groups.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web"), LaunchTemplate: f.version(1)})
			f.check(err)
			least, _ := f.served(time.Hour)
			if want := map[bool]int{false: 4, true: 0}[unkind]; least < 4 || f.spot() != want {
				t.Errorf("unkind %v: %d served, %s\n%s", unkind, least, f.bought(), f.report())
			}
		})
	}
}
