package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"example.com/webserver-cluster/internal/refresh"
	"example.com/webserver-cluster/internal/rollout"
)

// fleet is a look at the group.
type fleet struct {
	version   string           // that the group launches
	instances []types.Instance // without those that are on their way out
}

// look describes the group. AWS may not list it yet; it has no version then.
func (l *lab) look(ctx context.Context) (fleet, error) {
	out, err := l.groups.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{l.name}})
	if err != nil || len(out.AutoScalingGroups) == 0 {
		return fleet{}, err
	}
	g := out.AutoScalingGroups[0]
	f := fleet{}
	if g.LaunchTemplate != nil {
		f.version = aws.ToString(g.LaunchTemplate.Version)
	}
	for _, i := range g.Instances {
		if !strings.HasPrefix(string(i.LifecycleState), "Terminat") {
			f.instances = append(f.instances, i)
		}
	}
	return f, nil
}

// serving are the instances in service of a version, or of any for "".
func (f fleet) serving(version string) (found []types.Instance) {
	for _, i := range f.instances {
		if i.LifecycleState == types.LifecycleStateInService && (version == "" || versionOf(i) == version) {
			found = append(found, i)
		}
	}
	return found
}

func (f fleet) has(id string) bool {
	return slices.ContainsFunc(f.instances, func(i types.Instance) bool { return aws.ToString(i.InstanceId) == id })
}

// String is such as "i-1 (version 1, eu-central-1a, InService)".
func (f fleet) String() string {
	var texts []string
	for _, i := range f.instances {
		texts = append(texts, fmt.Sprintf("%s (version %s, %s, %s)", aws.ToString(i.InstanceId), versionOf(i), aws.ToString(i.AvailabilityZone), i.LifecycleState))
	}
	if len(texts) == 0 {
		return "no instances"
	}
	return strings.Join(texts, ", ")
}

func versionOf(i types.Instance) string {
	if i.LaunchTemplate == nil {
		return ""
	}
	return aws.ToString(i.LaunchTemplate.Version)
}

// refreshes are the group's, the newest first.
func (l *lab) refreshes(ctx context.Context) ([]types.InstanceRefresh, error) {
	out, err := l.groups.DescribeInstanceRefreshes(ctx, &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: &l.name})
	if err != nil {
		return nil, err
	}
	return out.InstanceRefreshes, nil
}

// refresh describes a refresh; one that AWS does not list yet is Pending.
func (l *lab) refresh(ctx context.Context, id string) (types.InstanceRefresh, error) {
	all, err := l.refreshes(ctx)
	for _, r := range all {
		if aws.ToString(r.InstanceRefreshId) == id {
			return r, err
		}
	}
	return types.InstanceRefresh{Status: types.InstanceRefreshStatusPending}, err
}

// awaitEnd waits until a refresh has ended.
func (l *lab) awaitEnd(ctx context.Context, id string) (r types.InstanceRefresh, err error) {
	err = l.await(ctx, 2*patience, func() (string, error) {
		if r, err = l.refresh(ctx, id); err != nil || r.EndTime != nil {
			return "", err
		}
		return fmt.Sprintf("the refresh is %s", r.Status), nil
	})
	return r, err
}

// restore gives the group two instances in service of the version that it
// launches, and no refresh under way, whatever was before.
func (l *lab) restore(ctx context.Context) error {
	ended := map[string]bool{}
	var since time.Time
	err := l.await(ctx, 2*patience, func() (string, error) {
		f, err := l.look(ctx)
		if err != nil {
			return "", err
		}
		missing := ""
		if len(f.serving(f.version)) != capacity || len(f.instances) != capacity {
			missing = f.String()
		}
		for _, i := range f.serving("") {
			if id := aws.ToString(i.InstanceId); versionOf(i) != f.version && !ended[id] {
				ended[id] = true // a second call would be refused
				if _, err := l.groups.TerminateInstanceInAutoScalingGroup(ctx, &autoscaling.TerminateInstanceInAutoScalingGroupInput{
					InstanceId: &id, ShouldDecrementDesiredCapacity: aws.Bool(false),
				}); err != nil && code(err) == "" {
					return "", err // else it is on its way out
				}
			}
		}
		all, err := l.refreshes(ctx)
		if err != nil {
			return "", err
		}
		if len(all) > 0 && all[0].EndTime == nil {
			missing = fmt.Sprintf("a refresh is %s", all[0].Status)
			if id := aws.ToString(all[0].InstanceRefreshId); !ended[id] {
				ended[id] = true
				if _, err := l.groups.CancelInstanceRefresh(ctx, &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: &l.name}); err != nil && code(err) != idle {
					return "", err
				}
			}
		}
		if missing != "" {
			since = time.Time{}
			return missing, nil
		}
		if since.IsZero() {
			since = time.Now()
		}
		if l.time.Since(since) < steady {
			return "the group has just come to rest", nil
		}
		return "", nil
	})
	if err != nil {
		return fmt.Errorf("the group did not get back to two instances: %w", err)
	}
	return nil
}

// idle is the code for a refresh that is not there.
const idle = "ActiveInstanceRefreshNotFound"

// start starts a refresh to a new version, as rollout does, as soon as AWS knows
// the version.
func (l *lab) start(ctx context.Context, p refresh.Preferences) (id string, version int64, err error) {
	if version, err = l.newVersion(ctx); err != nil {
		return "", 0, err
	}
	err = l.await(ctx, patience, func() (string, error) {
		id, err = l.startTo(ctx, version, p)
		if errors.Is(err, rollout.ErrUnknownVersion) {
			return err.Error(), nil
		}
		return "", err
	})
	return id, version, err
}

func (l *lab) startTo(ctx context.Context, version int64, p refresh.Preferences) (string, error) {
	p.MinHealthyPercentage, p.MaxHealthyPercentage = aws.Int(100), aws.Int(200) // new ones first
	return l.rollouts.StartRefresh(ctx, rollout.Start{
		Desired:      &rollout.Version{TemplateID: l.template, Number: version},
		AutoRollback: true,
		Preferences:  p,
	})
}

func number(version int64) string { return strconv.FormatInt(version, 10) }
