package scaling_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

func TestWarmPoolAndHookOverHTTP(t *testing.T) {
	f := newGroup(t, func(in *autoscaling.CreateAutoScalingGroupInput) { in.MaxSize = aws.Int32(3) })
	_, err := world.groups.PutLifecycleHook(t.Context(), &autoscaling.PutLifecycleHookInput{
		AutoScalingGroupName: &f.name, LifecycleHookName: aws.String("warm"), LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_LAUNCHING"),
	})
	f.check(err)
	_, err = world.groups.PutWarmPool(t.Context(), &autoscaling.PutWarmPoolInput{AutoScalingGroupName: &f.name})
	f.check(err)
	pool := func(state types.LifecycleState) (id string) {
		out, err := world.groups.DescribeWarmPool(t.Context(), &autoscaling.DescribeWarmPoolInput{AutoScalingGroupName: &f.name})
		f.check(err)
		for _, i := range out.Instances {
			if i.LifecycleState == state {
				id = *i.InstanceId
			}
		}
		return id
	}
	complete := func(id string) {
		_, err := world.groups.CompleteLifecycleAction(t.Context(), &autoscaling.CompleteLifecycleActionInput{
			AutoScalingGroupName: &f.name, LifecycleHookName: aws.String("warm"), InstanceId: &id, LifecycleActionResult: aws.String("CONTINUE"),
		})
		f.check(err)
	}
	f.await("an instance waits on its way to the pool", func() bool { return pool(types.LifecycleStateWarmedPendingWait) != "" })
	complete(pool(types.LifecycleStateWarmedPendingWait))
	f.await("it is in the pool", func() bool { return pool(types.LifecycleStateWarmedStopped) != "" })
	id := pool(types.LifecycleStateWarmedStopped)
	_, err = world.groups.SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: &f.name, DesiredCapacity: aws.Int32(3)})
	f.check(err)
	f.await("it waits on its way into service", func() bool {
		for _, i := range f.group().Instances {
			if i.LifecycleState == types.LifecycleStatePendingWait {
				return *i.InstanceId == id
			}
		}
		return false
	})
	complete(id)
	f.await("it serves", func() bool { return len(f.inService()) == 3 })
}
