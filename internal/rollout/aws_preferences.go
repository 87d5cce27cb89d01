package rollout

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	scaling "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"example.com/webserver-cluster/internal/refresh"
)

// toAWS returns preferences as the SDK has them.
func toAWS(p refresh.Preferences) *scaling.RefreshPreferences {
	out := &scaling.RefreshPreferences{
		StandbyInstances:          refresh.StandbyInstances,
		ScaleInProtectedInstances: refresh.ScaleInProtectedInstances,
		SkipMatching:              aws.Bool(refresh.SkipMatching),
		MinHealthyPercentage:      number32(p.MinHealthyPercentage),
		MaxHealthyPercentage:      number32(p.MaxHealthyPercentage),
		InstanceWarmup:            refresh.Seconds(p.InstanceWarmup),
		CheckpointDelay:           refresh.Seconds(p.CheckpointDelay),
	}
	for _, percentage := range p.Checkpoints {
		out.CheckpointPercentages = append(out.CheckpointPercentages, int32(percentage))
	}
	if len(p.Alarms) > 0 {
		out.AlarmSpecification = &scaling.AlarmSpecification{Alarms: p.Alarms}
	}
	return out
}

// fromAWS returns preferences that the SDK has.
func fromAWS(p *scaling.RefreshPreferences) refresh.Preferences {
	if p == nil {
		return refresh.Preferences{}
	}
	out := refresh.Preferences{
		MinHealthyPercentage: number(p.MinHealthyPercentage),
		MaxHealthyPercentage: number(p.MaxHealthyPercentage),
		InstanceWarmup:       refresh.Duration(p.InstanceWarmup),
		CheckpointDelay:      refresh.Duration(p.CheckpointDelay),
	}
	for _, percentage := range p.CheckpointPercentages {
		out.Checkpoints = append(out.Checkpoints, int(percentage))
	}
	if p.AlarmSpecification != nil {
		out.Alarms = p.AlarmSpecification.Alarms
	}
	return out
}

// In both, nil stays nil.

func number32(n *int) *int32 {
	if n == nil {
		return nil
	}
	return new(int32(*n))
}

func number(n *int32) *int {
	if n == nil {
		return nil
	}
	return new(int(*n))
}
