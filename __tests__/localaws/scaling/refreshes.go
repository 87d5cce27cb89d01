package scaling

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"example.com/webserver-cluster/tests/localaws/front"
)

// handleRefreshes registers the actions on instance refreshes.
func (e *Engine) handleRefreshes() {
	answer(e, "StartInstanceRefresh", e.startRefresh)
	answer(e, "DescribeInstanceRefreshes", e.describeRefreshes)
	answer(e, "CancelInstanceRefresh", e.cancelRefresh)
	answer(e, "RollbackInstanceRefresh", e.rollbackRefresh)
}

// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_StartInstanceRefresh.html
func (e *Engine) startRefresh(ctx context.Context, region string, in *autoscaling.StartInstanceRefreshInput) (*autoscaling.StartInstanceRefreshOutput, error) {
	if err := validate(in.Preferences); err != nil {
		return nil, err
	}
	if in.Strategy != "" && in.Strategy != types.RefreshStrategyRolling {
		return nil, invalid("The strategy %s is not known to the local AWS.", in.Strategy)
	}
	target, err := e.target(ctx, region, in.DesiredConfiguration)
	if err != nil {
		return nil, err
	}
	if in.Preferences != nil && in.Preferences.AlarmSpecification != nil {
		if err := e.quiet(ctx, region, in.Preferences.AlarmSpecification.Alarms); err != nil {
			return nil, err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	g, err := e.find(region, in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if g.active() != nil {
		return nil, front.Errorf("InstanceRefreshInProgress", "An Instance Refresh is already in progress and blocks the execution of this Instance Refresh.")
	}
	r := g.newRefresh(e.NewID(), in.Preferences, e.Clock.Now())
	r.DesiredConfiguration, r.target = in.DesiredConfiguration, target
	if *r.Preferences.AutoRollback && !g.reversible(r.DesiredConfiguration) {
		return nil, invalid("AutoRollback needs a desired configuration, and a group with a numbered version of its launch template.")
	}
	g.refreshes = append(g.refreshes, r)
	return &autoscaling.StartInstanceRefreshOutput{InstanceRefreshId: r.InstanceRefreshId}, nil
}

// target checks a desired configuration and returns the version it stands for.
func (e *Engine) target(ctx context.Context, region string, d *types.DesiredConfiguration) (template, error) {
	if d == nil {
		return template{}, nil
	}
	if err := checkPolicy(d.MixedInstancesPolicy); err != nil {
		return template{}, err
	}
	if (d.MixedInstancesPolicy == nil) == (d.LaunchTemplate == nil) {
		return template{}, invalid("The desired configuration has a launch template or a mixed instances policy.")
	}
	a := e.api(region)
	t, err := resolve(ctx, a, specOf(d.LaunchTemplate, d.MixedInstancesPolicy))
	if err == nil {
		err = e.exists(ctx, a, t)
	}
	if err != nil {
		return template{}, invalid("You must use a valid fully-formed launch template. %s", reason(err))
	}
	return t, nil
}

// exists returns an error if EC2 does not find a version, or not yet.
func (e *Engine) exists(ctx context.Context, a *Services, t template) error {
	out, err := a.EC2.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: aws.String(t.id), Versions: []string{t.version},
	})
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, v := range out.LaunchTemplateVersions {
		if v.CreateTime != nil && e.Clock.Since(*v.CreateTime) < e.climate.Lag {
			return fmt.Errorf("Could not find the specified version %s for the launch template with ID %s.", t.version, t.id)
		}
	}
	return nil
}

// quiet returns an error if one of the alarms does not exist, or is not in the
// state OK: "If the alarm state is INSUFFICIENT_DATA or ALARM, you receive an
// error when you try to start the instance refresh". AWS does not document its words.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html#instance-refresh-using-auto-rollback
func (e *Engine) quiet(ctx context.Context, region string, names []string) error {
	found, err := alarms(ctx, e.api(region), names)
	if err != nil {
		return err
	}
	for _, name := range names {
		switch state := found[name]; state {
		case "":
			return invalid("The CloudWatch alarm %s does not exist.", name)
		case cloudwatchtypes.StateValueOk:
		default:
			return invalid("The CloudWatch alarm %s is in the %s state: must be OK to start an instance refresh.", name, state)
		}
	}
	return nil
}

func (e *Engine) describeRefreshes(_ context.Context, region string, in *autoscaling.DescribeInstanceRefreshesInput) (*autoscaling.DescribeInstanceRefreshesOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, err := e.find(region, in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	p, _ := g.shown()
	var found []types.InstanceRefresh // the newest first
	for _, r := range p.refreshes {
		if len(in.InstanceRefreshIds) == 0 || slices.Contains(in.InstanceRefreshIds, *r.InstanceRefreshId) {
			found = append(found, r)
		}
	}
	out := &autoscaling.DescribeInstanceRefreshesOutput{}
	out.InstanceRefreshes, out.NextToken, err = page(found, in.NextToken, in.MaxRecords, 50)
	return out, err
}

// describeRefresh returns r as it is shown, with the time that is left of a pause.
func (g *group) describeRefresh(r *refresh) types.InstanceRefresh {
	shown := r.InstanceRefresh
	if r.pause.IsZero() || r.EndTime != nil {
		return shown
	}
	switch p := r.Preferences; r.Status {
	case types.InstanceRefreshStatusBaking:
		shown.StatusReason = g.left(r, "bake time", p.BakeTime)
	case types.InstanceRefreshStatusInProgress:
		shown.StatusReason = g.left(r, "checkpoint delay", p.CheckpointDelay)
	}
	return shown
}

func (g *group) left(r *refresh, what string, of *int32) *string {
	left := max(0, seconds(aws.ToInt32(of))-g.clock.Since(r.pause))
	return aws.String(fmt.Sprintf("Waiting for %s to finish before continuing. There are %d seconds left.", what, int(left.Seconds())))
}

// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CancelInstanceRefresh.html
func (e *Engine) cancelRefresh(_ context.Context, region string, in *autoscaling.CancelInstanceRefreshInput) (*autoscaling.CancelInstanceRefreshOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, r, err := e.running(region, in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	r.Status = types.InstanceRefreshStatusCancelling
	r.cancelled = e.Clock.Now()
	r.awaitTransitions = in.WaitForTransitioningInstances == nil || *in.WaitForTransitioningInstances
	r.say("Cancelling due to user request.")
	g.trim = g.climate.UnkindSurplus
	return &autoscaling.CancelInstanceRefreshOutput{InstanceRefreshId: r.InstanceRefreshId}, nil
}

// running returns a group and its refresh, which is not being cancelled yet.
// The engine is locked.
func (e *Engine) running(region string, name *string) (*group, *refresh, error) {
	g, err := e.find(region, name)
	if err != nil {
		return nil, nil, err
	}
	r := g.active()
	if r == nil || r.Status == types.InstanceRefreshStatusCancelling {
		return nil, nil, front.Errorf("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found for Auto Scaling group %s", g.name)
	}
	return g, r, nil
}

// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RollbackInstanceRefresh.html
func (e *Engine) rollbackRefresh(_ context.Context, region string, in *autoscaling.RollbackInstanceRefreshInput) (*autoscaling.RollbackInstanceRefreshOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, r, err := e.running(region, in.AutoScalingGroupName)
	if err != nil {
		return nil, err
	}
	if r.RollbackDetails != nil {
		return nil, front.Errorf("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found for Auto Scaling group %s", g.name)
	}
	if !g.reversible(r.DesiredConfiguration) {
		return nil, front.Errorf("IrreversibleInstanceRefresh", "The instance refresh cannot be rolled back: it has no desired configuration, or the group uses $Latest or $Default of its launch template.")
	}
	g.rollBack(r, e.Clock.Now(), "Manual rollback was requested.")
	return &autoscaling.RollbackInstanceRefreshOutput{InstanceRefreshId: r.InstanceRefreshId}, nil
}
