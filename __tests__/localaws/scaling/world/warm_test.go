package world_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"example.com/webserver-cluster/tests/localaws/scaling/world"
)

// pool lists the versions of the warm pool's instances that are in the state.
func (f *fleet) pool(state types.LifecycleState) string {
	f.Helper()
	out, err := f.Groups.DescribeWarmPool(f.Context(), &autoscaling.DescribeWarmPoolInput{AutoScalingGroupName: aws.String("web")})
	f.check(err)
	var versions []string
	for _, i := range out.Instances {
		if i.LifecycleState == state {
			versions = append(versions, *i.LaunchTemplate.Version)
		}
	}
	return strings.Join(versions, " ")
}

func TestWarmPool(t *testing.T) {
	inBubble(t, 2, func(in *autoscaling.CreateAutoScalingGroupInput) { in.MaxSize = aws.Int32(5) }, func(f *fleet) {
		f.Behave(1, world.Behaviour{Serves: 10 * time.Minute}) // a long boot
		_, err := f.Groups.PutWarmPool(t.Context(), &autoscaling.PutWarmPoolInput{AutoScalingGroupName: aws.String("web")})
		f.check(err)
		time.Sleep(time.Minute)
		if got := f.pool(types.LifecycleStateWarmedStopped); got != "1 1 1" {
			t.Errorf("the pool is %q, want the difference of maximum and desired capacity\n%s", got, f.report())
		}
		if n := len(f.group().Instances); n != 2 {
			t.Errorf("the group has %d instances, want 2", n)
		}
		f.resize(4)
		time.Sleep(2 * time.Minute)
		if n := f.healthy(""); n != 4 {
			t.Errorf("%d instances serve two minutes after a scale-out from the pool\n%s", n, f.report())
		}
		if got := f.pool(types.LifecycleStateWarmedStopped); got != "1" || !strings.Contains(f.report(), "Launching a new EC2 instance from warm pool: ") {
			t.Errorf("the pool is %q", got)
		}
		// A refresh replaces the pool, too.
		f.check(f.start(2, nil))
		if r, least := f.ended(); r.Status != types.InstanceRefreshStatusSuccessful || least < 4 {
			t.Errorf("%s, %d served\n%s", r.Status, least, f.report())
		}
		time.Sleep(5 * time.Minute)
		if got := f.pool(types.LifecycleStateWarmedStopped); got != "2" {
			t.Errorf("the pool is %q after a refresh\n%s", got, f.report())
		}
		_, err = f.Groups.DeleteWarmPool(t.Context(), &autoscaling.DeleteWarmPoolInput{AutoScalingGroupName: aws.String("web")})
		f.check(err)
		time.Sleep(time.Minute)
		if got := f.pool(types.LifecycleStateWarmedStopped); got != "" || f.healthy("2") != 4 {
			t.Errorf("the pool is %q after its end", got)
		}
	})
}
