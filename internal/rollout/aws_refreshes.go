package rollout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/smithy-go"
)

// templateOf is the launch template of a group, nil if it has none. One with a mixed
// instances policy has it there.
func templateOf(g scaling.AutoScalingGroup) *scaling.LaunchTemplateSpecification {
	if g.LaunchTemplate == nil && g.MixedInstancesPolicy != nil {
		return templateIn(g.MixedInstancesPolicy)
	}
	return g.LaunchTemplate
}

func templateIn(p *scaling.MixedInstancesPolicy) *scaling.LaunchTemplateSpecification {
	if p == nil || p.LaunchTemplate == nil {
		return nil
	}
	return p.LaunchTemplate.LaunchTemplateSpecification
}

// overrideTemplates are the ids of the templates that a mixed instances policy has for
// single types, such as those of another architecture.
func overrideTemplates(g scaling.AutoScalingGroup) (ids []string) {
	if p := g.MixedInstancesPolicy; p != nil && p.LaunchTemplate != nil {
		for _, override := range p.LaunchTemplate.Overrides {
			if own := override.LaunchTemplateSpecification; own != nil {
				ids = append(ids, aws.ToString(own.LaunchTemplateId))
			}
		}
	}
	return ids
}

// versionOf reads a launch template's version; its Number is 0 for $Latest, $Default
// and where there is none.
func versionOf(spec *scaling.LaunchTemplateSpecification) Version {
	if spec == nil {
		return Version{}
	}
	number, _ := strconv.ParseInt(aws.ToString(spec.Version), 10, 64)
	return Version{TemplateID: aws.ToString(spec.LaunchTemplateId), Number: number}
}

func (a *AWS) refreshes(ctx context.Context) ([]Refresh, error) {
	out, err := a.Scaling.DescribeInstanceRefreshes(ctx, &autoscaling.DescribeInstanceRefreshesInput{
		AutoScalingGroupName: &a.group,
		MaxRecords:           aws.Int32(10),
	})
	if err != nil {
		return nil, a.explain(err)
	}
	var refreshes []Refresh
	for _, r := range out.InstanceRefreshes {
		described := Refresh{
			ID:          aws.ToString(r.InstanceRefreshId),
			Status:      string(r.Status),
			Reason:      aws.ToString(r.StatusReason),
			Percent:     int(aws.ToInt32(r.PercentageComplete)),
			Start:       aws.ToTime(r.StartTime),
			End:         aws.ToTime(r.EndTime),
			Preferences: fromAWS(r.Preferences),
		}
		if r.Preferences != nil {
			described.AutoRollback = aws.ToBool(r.Preferences.AutoRollback)
		}
		if d := r.RollbackDetails; d != nil {
			described.Reason = cmp.Or(aws.ToString(d.RollbackReason), described.Reason)
		}
		if d := r.DesiredConfiguration; d != nil {
			described.Desired = new(versionOf(cmp.Or(d.LaunchTemplate, templateIn(d.MixedInstancesPolicy))))
		}
		refreshes = append(refreshes, described)
	}
	return refreshes, nil
}

// StartRefresh implements Cloud.
func (a *AWS) StartRefresh(ctx context.Context, start Start) (string, error) {
	in := &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: &a.group, Preferences: toAWS(start.Preferences)}
	if start.Desired != nil {
		in.DesiredConfiguration = a.desired(*start.Desired)
		in.Preferences.AutoRollback = &start.AutoRollback
	}
	out, err := a.Scaling.StartInstanceRefresh(ctx, in)
	if err != nil {
		for _, name := range start.Preferences.Alarms {
			var answer smithy.APIError
			if errors.As(err, &answer) && answer.ErrorCode() == "ValidationError" && strings.Contains(answer.ErrorMessage(), name) {
				return "", fmt.Errorf("%w: %w", ErrAlarm, answer)
			}
		}
		return "", a.explain(err)
	}
	return aws.ToString(out.InstanceRefreshId), nil
}

// desired is the group as it was described last, with another version.
func (a *AWS) desired(v Version) *scaling.DesiredConfiguration {
	template := &scaling.LaunchTemplateSpecification{
		LaunchTemplateId: &v.TemplateID,
		Version:          aws.String(strconv.FormatInt(v.Number, 10)),
	}
	if templateIn(a.mixed) == nil {
		return &scaling.DesiredConfiguration{LaunchTemplate: template}
	}
	policy, launch := *a.mixed, *a.mixed.LaunchTemplate
	launch.LaunchTemplateSpecification = template
	launch.Overrides = slices.Clone(launch.Overrides)
	for i := range launch.Overrides {
		// AWS shows a template's id and name, and takes one of them.
		if own := launch.Overrides[i].LaunchTemplateSpecification; own != nil && own.LaunchTemplateId != nil {
			launch.Overrides[i].LaunchTemplateSpecification = &scaling.LaunchTemplateSpecification{LaunchTemplateId: own.LaunchTemplateId, Version: own.Version}
		}
	}
	policy.LaunchTemplate = &launch
	return &scaling.DesiredConfiguration{MixedInstancesPolicy: &policy}
}

// RollbackRefresh implements Cloud.
func (a *AWS) RollbackRefresh(ctx context.Context) error {
	_, err := a.Scaling.RollbackInstanceRefresh(ctx, &autoscaling.RollbackInstanceRefreshInput{AutoScalingGroupName: &a.group})
	return a.explain(err)
}

// CancelRefresh implements Cloud.
func (a *AWS) CancelRefresh(ctx context.Context) error {
	_, err := a.Scaling.CancelInstanceRefresh(ctx, &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: &a.group})
	return a.explain(err)
}
