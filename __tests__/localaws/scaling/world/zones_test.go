package world_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"example.com/webserver-cluster/tests/localaws/scaling/world"
)

func (f *fleet) zones() map[string]int {
	n := map[string]int{}
	for _, i := range f.group().Instances {
		n[strings.TrimPrefix(*i.AvailabilityZone, world.Region)]++
	}
	return n
}

// spread sets the group's subnets and returns the least number of instances that
// served in a quarter of an hour.
func (f *fleet) spread(subnets string) (least int) {
	f.Helper()
	_, err := f.Groups.UpdateAutoScalingGroup(f.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("web"), VPCZoneIdentifier: &subnets})
	f.check(err)
	least = 100
	for range 180 {
		time.Sleep(5 * time.Second)
		least = min(least, f.healthy(""))
	}
	return least
}

func TestZonesAreBalanced(t *testing.T) {
	inBubble(t, 4, func(in *autoscaling.CreateAutoScalingGroupInput) {
		in.VPCZoneIdentifier = aws.String("subnet-a")
		in.MaxSize = aws.Int32(4) // balancing may go beyond
	}, func(f *fleet) {
		f.Suspend("web", "AZRebalance")
		f.spread("subnet-a,subnet-b")
		if n := f.zones(); n["a"] != 4 {
			t.Errorf("%v while the process is suspended", n)
		}
		f.Resume("web")
		if least := f.spread("subnet-a,subnet-b"); least < 4 || f.zones()["a"] != 2 || f.zones()["b"] != 2 {
			t.Errorf("%v, %d served, want 2 in each\n%s", f.zones(), least, f.report())
		}
		if !strings.Contains(f.report(), "instances were launched to balance instances in zones") {
			t.Error(f.report())
		}
		// A zone that the group leaves.
		if least := f.spread("subnet-b,subnet-c"); least < 4 || f.zones()["b"] != 2 || f.zones()["c"] != 2 {
			t.Errorf("%v, %d served, want 2 in each\n%s", f.zones(), least, f.report())
		}
		// Nothing to do.
		before := f.report()
		f.spread("subnet-b,subnet-c")
		if f.report() != before {
			t.Errorf("%s\n%s", before, f.report())
		}
		// A new instance that never serves takes nobody's place.
		f.Behave(1, world.Behaviour{Never: true})
		if least := f.spread("subnet-a,subnet-b"); least < 4 {
			t.Errorf("%d served\n%s", least, f.report())
		}
	})
}
