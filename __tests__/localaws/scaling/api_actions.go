package scaling

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
)

func (a *API) DescribeAutoScalingGroups(ctx context.Context, in *autoscaling.DescribeAutoScalingGroupsInput, _ ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
	return call(ctx, a, "DescribeAutoScalingGroups", in, a.engine.describe)
}

func (a *API) DescribeAutoScalingInstances(ctx context.Context, in *autoscaling.DescribeAutoScalingInstancesInput, _ ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingInstancesOutput, error) {
	return call(ctx, a, "DescribeAutoScalingInstances", in, a.engine.describeInstances)
}

func (a *API) DescribeInstanceRefreshes(ctx context.Context, in *autoscaling.DescribeInstanceRefreshesInput, _ ...func(*autoscaling.Options)) (*autoscaling.DescribeInstanceRefreshesOutput, error) {
	return call(ctx, a, "DescribeInstanceRefreshes", in, a.engine.describeRefreshes)
}

func (a *API) DescribeScalingActivities(ctx context.Context, in *autoscaling.DescribeScalingActivitiesInput, _ ...func(*autoscaling.Options)) (*autoscaling.DescribeScalingActivitiesOutput, error) {
	return call(ctx, a, "DescribeScalingActivities", in, a.engine.describeActivities)
}

func (a *API) StartInstanceRefresh(ctx context.Context, in *autoscaling.StartInstanceRefreshInput, _ ...func(*autoscaling.Options)) (*autoscaling.StartInstanceRefreshOutput, error) {
	return call(ctx, a, "StartInstanceRefresh", in, a.engine.startRefresh)
}

func (a *API) CancelInstanceRefresh(ctx context.Context, in *autoscaling.CancelInstanceRefreshInput, _ ...func(*autoscaling.Options)) (*autoscaling.CancelInstanceRefreshOutput, error) {
	return call(ctx, a, "CancelInstanceRefresh", in, a.engine.cancelRefresh)
}

func (a *API) RollbackInstanceRefresh(ctx context.Context, in *autoscaling.RollbackInstanceRefreshInput, _ ...func(*autoscaling.Options)) (*autoscaling.RollbackInstanceRefreshOutput, error) {
	return call(ctx, a, "RollbackInstanceRefresh", in, a.engine.rollbackRefresh)
}

func (a *API) SetDesiredCapacity(ctx context.Context, in *autoscaling.SetDesiredCapacityInput, _ ...func(*autoscaling.Options)) (*autoscaling.SetDesiredCapacityOutput, error) {
	return call(ctx, a, "SetDesiredCapacity", in, a.engine.setDesiredCapacity)
}

func (a *API) ExecutePolicy(ctx context.Context, in *autoscaling.ExecutePolicyInput, _ ...func(*autoscaling.Options)) (*autoscaling.ExecutePolicyOutput, error) {
	return call(ctx, a, "ExecutePolicy", in, a.engine.executePolicy)
}

func (a *API) TerminateInstanceInAutoScalingGroup(ctx context.Context, in *autoscaling.TerminateInstanceInAutoScalingGroupInput, _ ...func(*autoscaling.Options)) (*autoscaling.TerminateInstanceInAutoScalingGroupOutput, error) {
	return call(ctx, a, "TerminateInstanceInAutoScalingGroup", in, a.engine.terminateInstance)
}

func (a *API) SetInstanceHealth(ctx context.Context, in *autoscaling.SetInstanceHealthInput, _ ...func(*autoscaling.Options)) (*autoscaling.SetInstanceHealthOutput, error) {
	return call(ctx, a, "SetInstanceHealth", in, a.engine.setInstanceHealth)
}

func (a *API) SetInstanceProtection(ctx context.Context, in *autoscaling.SetInstanceProtectionInput, _ ...func(*autoscaling.Options)) (*autoscaling.SetInstanceProtectionOutput, error) {
	return call(ctx, a, "SetInstanceProtection", in, a.engine.setInstanceProtection)
}

func (a *API) EnterStandby(ctx context.Context, in *autoscaling.EnterStandbyInput, _ ...func(*autoscaling.Options)) (*autoscaling.EnterStandbyOutput, error) {
	return call(ctx, a, "EnterStandby", in, a.engine.enterStandby)
}

func (a *API) ExitStandby(ctx context.Context, in *autoscaling.ExitStandbyInput, _ ...func(*autoscaling.Options)) (*autoscaling.ExitStandbyOutput, error) {
	return call(ctx, a, "ExitStandby", in, a.engine.exitStandby)
}

func (a *API) DetachInstances(ctx context.Context, in *autoscaling.DetachInstancesInput, _ ...func(*autoscaling.Options)) (*autoscaling.DetachInstancesOutput, error) {
	return call(ctx, a, "DetachInstances", in, a.engine.detachInstances)
}

func (a *API) CreateAutoScalingGroup(ctx context.Context, in *autoscaling.CreateAutoScalingGroupInput, _ ...func(*autoscaling.Options)) (*autoscaling.CreateAutoScalingGroupOutput, error) {
	return call(ctx, a, "CreateAutoScalingGroup", in, func(ctx context.Context, region string, in *autoscaling.CreateAutoScalingGroupInput) (*autoscaling.CreateAutoScalingGroupOutput, error) {
		kept := *in
		kept.MinSize, kept.MaxSize, kept.DesiredCapacity = aws.Int32(0), aws.Int32(0), aws.Int32(0)
		return &autoscaling.CreateAutoScalingGroupOutput{}, a.engine.create(ctx, region, in, func() error {
			_, err := a.engine.api(region).Settings.CreateAutoScalingGroup(ctx, &kept)
			return err
		})
	})
}

func (a *API) UpdateAutoScalingGroup(ctx context.Context, in *autoscaling.UpdateAutoScalingGroupInput, _ ...func(*autoscaling.Options)) (*autoscaling.UpdateAutoScalingGroupOutput, error) {
	return call(ctx, a, "UpdateAutoScalingGroup", in, func(ctx context.Context, region string, in *autoscaling.UpdateAutoScalingGroupInput) (*autoscaling.UpdateAutoScalingGroupOutput, error) {
		kept := *in
		kept.MinSize, kept.MaxSize, kept.DesiredCapacity = nil, nil, nil
		return &autoscaling.UpdateAutoScalingGroupOutput{}, a.engine.update(ctx, region, in, func() error {
			_, err := a.engine.api(region).Settings.UpdateAutoScalingGroup(ctx, &kept)
			return err
		})
	})
}

func (a *API) DeleteAutoScalingGroup(ctx context.Context, in *autoscaling.DeleteAutoScalingGroupInput, _ ...func(*autoscaling.Options)) (*autoscaling.DeleteAutoScalingGroupOutput, error) {
	return call(ctx, a, "DeleteAutoScalingGroup", in, func(ctx context.Context, region string, in *autoscaling.DeleteAutoScalingGroupInput) (*autoscaling.DeleteAutoScalingGroupOutput, error) {
		if err := a.engine.remove(ctx, region, in); err != nil {
			return nil, err
		}
		return a.engine.api(region).Settings.DeleteAutoScalingGroup(ctx, in)
	})
}

func (a *API) PutLifecycleHook(ctx context.Context, in *autoscaling.PutLifecycleHookInput, _ ...func(*autoscaling.Options)) (*autoscaling.PutLifecycleHookOutput, error) {
	return call(ctx, a, "PutLifecycleHook", in, a.engine.putHook)
}

func (a *API) DescribeLifecycleHooks(ctx context.Context, in *autoscaling.DescribeLifecycleHooksInput, _ ...func(*autoscaling.Options)) (*autoscaling.DescribeLifecycleHooksOutput, error) {
	return call(ctx, a, "DescribeLifecycleHooks", in, a.engine.describeHooks)
}

func (a *API) DeleteLifecycleHook(ctx context.Context, in *autoscaling.DeleteLifecycleHookInput, _ ...func(*autoscaling.Options)) (*autoscaling.DeleteLifecycleHookOutput, error) {
	return call(ctx, a, "DeleteLifecycleHook", in, a.engine.deleteHook)
}

func (a *API) CompleteLifecycleAction(ctx context.Context, in *autoscaling.CompleteLifecycleActionInput, _ ...func(*autoscaling.Options)) (*autoscaling.CompleteLifecycleActionOutput, error) {
	return call(ctx, a, "CompleteLifecycleAction", in, a.engine.completeAction)
}

func (a *API) RecordLifecycleActionHeartbeat(ctx context.Context, in *autoscaling.RecordLifecycleActionHeartbeatInput, _ ...func(*autoscaling.Options)) (*autoscaling.RecordLifecycleActionHeartbeatOutput, error) {
	return call(ctx, a, "RecordLifecycleActionHeartbeat", in, a.engine.heartbeat)
}

func (a *API) PutWarmPool(ctx context.Context, in *autoscaling.PutWarmPoolInput, _ ...func(*autoscaling.Options)) (*autoscaling.PutWarmPoolOutput, error) {
	return call(ctx, a, "PutWarmPool", in, a.engine.putWarmPool)
}

func (a *API) DescribeWarmPool(ctx context.Context, in *autoscaling.DescribeWarmPoolInput, _ ...func(*autoscaling.Options)) (*autoscaling.DescribeWarmPoolOutput, error) {
	return call(ctx, a, "DescribeWarmPool", in, a.engine.describeWarmPool)
}

func (a *API) DeleteWarmPool(ctx context.Context, in *autoscaling.DeleteWarmPoolInput, _ ...func(*autoscaling.Options)) (*autoscaling.DeleteWarmPoolOutput, error) {
	return call(ctx, a, "DeleteWarmPool", in, a.engine.deleteWarmPool)
}
