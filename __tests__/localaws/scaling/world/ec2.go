package world

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
)

// instance is one of EC2's. Times that are zero are never.
type instance struct {
	id     string
	kind   ec2types.InstanceType
	spot   bool
	state  ec2types.InstanceStateName // terminated or stopped, or what the times say
	runs   time.Time
	serves time.Time
	breaks time.Time
	dies   time.Time
	broken bool
}

func (i *instance) stateAt(t time.Time) ec2types.InstanceStateName {
	switch {
	case i.state == ec2types.InstanceStateNameTerminated, reached(t, i.dies):
		return ec2types.InstanceStateNameTerminated
	case i.state == ec2types.InstanceStateNameStopped:
		return i.state
	case reached(t, i.runs):
		return ec2types.InstanceStateNameRunning
	}
	return ec2types.InstanceStateNamePending
}

// answers tells whether its server answers a health check.
func (i *instance) answers(t time.Time) bool {
	return reached(t, i.serves) && !reached(t, i.breaks) && !i.broken && i.stateAt(t) == ec2types.InstanceStateNameRunning
}

func reached(now, t time.Time) bool { return !t.IsZero() && !now.Before(t) }

func refuse(code, format string, args ...any) error {
	return &smithy.GenericAPIError{Code: code, Message: fmt.Sprintf(format, args...), Fault: smithy.FaultClient}
}

// RunInstances launches one instance.
func (w *World) RunInstances(_ context.Context, in *ec2.RunInstancesInput, _ ...func(*ec2.Options)) (*ec2.RunInstancesOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.behaviours[aws.ToString(in.LaunchTemplate.Version)]
	if b.Refusal != nil {
		return nil, b.Refusal
	}
	now := time.Now()
	in0 := func(d time.Duration) time.Time {
		if d == 0 {
			return time.Time{}
		}
		return now.Add(d)
	}
	w.launched++
	i := &instance{id: fmt.Sprintf("i-%017x", w.launched), kind: in.InstanceType, spot: in.InstanceMarketOptions != nil, runs: now.Add(b.Boot), breaks: in0(b.Breaks), dies: in0(b.Dies)}
	if i.kind == "" {
		i.kind = ec2types.InstanceTypeT3Micro
	}
	if !b.Never {
		i.serves = now.Add(b.Serves)
		if b.Serves == 0 {
			i.serves = now.Add(30 * time.Second)
		}
	}
	w.instances[i.id] = i
	return &ec2.RunInstancesOutput{Instances: []ec2types.Instance{{InstanceId: &i.id, InstanceType: i.kind}}}, nil
}

// Spot tells whether an instance is a Spot Instance.
func (w *World) Spot(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.instances[id] != nil && w.instances[id].spot
}

// StopInstances stops instances at once.
func (w *World) StopInstances(_ context.Context, in *ec2.StopInstancesInput, _ ...func(*ec2.Options)) (*ec2.StopInstancesOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range in.InstanceIds {
		w.instances[id].state = ec2types.InstanceStateNameStopped
	}
	return &ec2.StopInstancesOutput{}, nil
}

// StartInstances starts stopped instances, whose servers serve 10 s later if they
// ever do: what takes longer has been done.
func (w *World) StartInstances(_ context.Context, in *ec2.StartInstancesInput, _ ...func(*ec2.Options)) (*ec2.StartInstancesOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range in.InstanceIds {
		if i := w.instances[id]; i.state == ec2types.InstanceStateNameStopped {
			i.state, i.runs = "", time.Now()
			if !i.serves.IsZero() {
				i.serves = time.Now().Add(10 * time.Second)
			}
		}
	}
	return &ec2.StartInstancesOutput{}, nil
}

// TerminateInstances ends instances at once.
func (w *World) TerminateInstances(_ context.Context, in *ec2.TerminateInstancesInput, _ ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range in.InstanceIds {
		if w.instances[id] == nil {
			return nil, refuse("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
		}
		w.instances[id].state = ec2types.InstanceStateNameTerminated
	}
	return &ec2.TerminateInstancesOutput{}, nil
}

func (w *World) states(_ context.Context, ids []string) (map[string]ec2types.InstanceStateName, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := make(map[string]ec2types.InstanceStateName, len(ids))
	now := time.Now()
	for _, id := range ids {
		if i := w.instances[id]; i != nil {
			found[id] = i.stateAt(now)
		}
	}
	return found, nil
}

// DescribeLaunchTemplates knows one.
func (w *World) DescribeLaunchTemplates(_ context.Context, in *ec2.DescribeLaunchTemplatesInput, _ ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplatesOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(in.LaunchTemplateIds, Template) && !slices.Contains(in.LaunchTemplateNames, templateName) {
		return nil, refuse("InvalidLaunchTemplateId.NotFound", "The specified launch template, with template ID %v, does not exist.", in.LaunchTemplateIds)
	}
	return &ec2.DescribeLaunchTemplatesOutput{LaunchTemplates: []ec2types.LaunchTemplate{{
		LaunchTemplateId: aws.String(Template), LaunchTemplateName: aws.String(templateName),
		DefaultVersionNumber: aws.Int64(1), LatestVersionNumber: aws.Int64(int64(len(w.versions))),
	}}}, nil
}

// DescribeLaunchTemplateVersions describes one by its number.
func (w *World) DescribeLaunchTemplateVersions(_ context.Context, in *ec2.DescribeLaunchTemplateVersionsInput, _ ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplateVersionsOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := &ec2.DescribeLaunchTemplateVersionsOutput{}
	for _, version := range in.Versions {
		n, err := strconv.Atoi(version)
		if err != nil || n < 1 || n > len(w.versions) || aws.ToString(in.LaunchTemplateId) != Template {
			return nil, refuse("InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version %s for the launch template with ID %s.", version, aws.ToString(in.LaunchTemplateId))
		}
		out.LaunchTemplateVersions = append(out.LaunchTemplateVersions, ec2types.LaunchTemplateVersion{
			LaunchTemplateId: aws.String(Template), LaunchTemplateName: aws.String(templateName), VersionNumber: aws.Int64(int64(n)), CreateTime: aws.Time(w.versions[n-1]),
		})
	}
	return out, nil
}

// DescribeSubnets knows any: subnet-a is in zone us-east-1a.
func (w *World) DescribeSubnets(_ context.Context, in *ec2.DescribeSubnetsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error) {
	out := &ec2.DescribeSubnetsOutput{}
	for _, id := range in.SubnetIds {
		out.Subnets = append(out.Subnets, ec2types.Subnet{SubnetId: &id, AvailabilityZone: aws.String(Region + id[len(id)-1:])})
	}
	return out, nil
}
