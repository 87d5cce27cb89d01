package scaling

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/robfig/cron/v3"
)

// Scheduled actions fire by the wall clock, whatever the time factor: their
// times are a person's. A test fires one with Fire.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html

// fireDue fires the actions that are due after since and until now.
func (e *Engine) fireDue(ctx context.Context, groups []*group, since, now time.Time) {
	for _, g := range groups {
		actions, err := e.schedules(ctx, g.key, nil)
		if err != nil {
			e.Log("Auto Scaling group %s: %v", g.name, err)
			continue
		}
		for _, a := range actions {
			due, err := next(a, since)
			if err == nil && !due.IsZero() && !due.After(now) {
				err = e.fire(g.key, a)
			}
			if err != nil {
				e.Log("Auto Scaling group %s: scheduled action %s: %v", g.name, aws.ToString(a.ScheduledActionName), err)
			}
		}
	}
}

// next returns when a fires after since, or the zero time.
func next(a types.ScheduledUpdateGroupAction, since time.Time) (time.Time, error) {
	start := aws.ToTime(a.StartTime)
	if a.Recurrence == nil {
		if start.After(since) {
			return start, nil
		}
		return time.Time{}, nil
	}
	zone := "UTC"
	if a.TimeZone != nil {
		zone = *a.TimeZone
	}
	schedule, err := cron.ParseStandard("CRON_TZ=" + zone + " " + *a.Recurrence)
	if err != nil {
		return time.Time{}, err
	}
	if start.After(since) {
		since = start.Add(-time.Nanosecond)
	}
	due := schedule.Next(since)
	if a.EndTime != nil && due.After(*a.EndTime) {
		return time.Time{}, nil
	}
	return due, nil
}

// Fire does what the scheduled action of a group does when its time has come.
// Region is the one that the local AWS was started with.
func (e *Engine) Fire(ctx context.Context, group, action string) error {
	k := key{e.Region, group}
	actions, err := e.schedules(ctx, k, []string{action})
	if err != nil {
		return err
	}
	if len(actions) == 0 {
		return fmt.Errorf("the Auto Scaling group %s has no scheduled action %s", group, action)
	}
	return e.fire(k, actions[0])
}

func (e *Engine) schedules(ctx context.Context, k key, names []string) ([]types.ScheduledUpdateGroupAction, error) {
	out, err := e.api(k.region).Settings.DescribeScheduledActions(ctx, &autoscaling.DescribeScheduledActionsInput{
		AutoScalingGroupName: aws.String(k.name), ScheduledActionNames: names,
	})
	if err != nil {
		return nil, err
	}
	return out.ScheduledUpdateGroupActions, nil
}

func (e *Engine) fire(k key, a types.ScheduledUpdateGroupAction) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, err := e.find(k.region, &k.name)
	if err != nil || g.suspended("ScheduledActions") {
		return err
	}
	defer e.Wake()
	defer g.remember()
	return g.retarget(e.Clock.Now(), "a scheduled action update of", a.MinSize, a.MaxSize, a.DesiredCapacity)
}
