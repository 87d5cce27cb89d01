package world

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

// target is an instance in the target group. It is checked every interval from
// its registration on.
type target struct {
	state   elbtypes.TargetHealthStateEnum
	checked time.Time // last
	lastOK  bool
	inRow   int
	drained time.Time // deregistered: when it is gone
}

// advance makes the checks that are due until now. A new target needs one good
// check; after that the thresholds count.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
func (t *target) advance(now time.Time, i *instance, c HealthCheck) {
	if !t.drained.IsZero() {
		return
	}
	for at := t.checked.Add(c.Interval); !at.After(now); at = t.checked.Add(c.Interval) {
		t.checked = at
		ok := i.answers(at)
		if t.inRow == 0 || ok != t.lastOK {
			t.inRow, t.lastOK = 0, ok
		}
		t.inRow++
		switch isNew := t.state == elbtypes.TargetHealthStateEnumInitial; {
		case ok && (isNew || t.inRow >= c.Healthy):
			t.state = elbtypes.TargetHealthStateEnumHealthy
		case !ok && t.inRow >= c.Unhealthy:
			t.state = elbtypes.TargetHealthStateEnumUnhealthy
		}
	}
}

// next is when the target's state may change next, as far as that can be told
// now; the zero time for never.
func (t *target) next(now time.Time, i *instance, c HealthCheck) time.Time {
	if !t.drained.IsZero() {
		return t.drained
	}
	var next time.Time
	ok := i.answers(now)
	if ok != (t.state == elbtypes.TargetHealthStateEnumHealthy) || t.state == elbtypes.TargetHealthStateEnumInitial {
		checks := c.Unhealthy
		switch {
		case ok && t.state == elbtypes.TargetHealthStateEnumInitial:
			checks = 1
		case ok:
			checks = c.Healthy
		}
		if t.inRow > 0 && t.lastOK == ok {
			checks = max(1, checks-t.inRow)
		}
		next = t.checked.Add(time.Duration(checks) * c.Interval)
	}
	// When the server turns before that, this is to be asked again.
	for _, turn := range []time.Time{i.runs, i.serves, i.breaks, i.dies} {
		if turn.After(now) && (next.IsZero() || turn.Before(next)) {
			next = turn
		}
	}
	return next
}

// RegisterTargets starts health checks.
func (w *World) RegisterTargets(_ context.Context, in *elb.RegisterTargetsInput, _ ...func(*elb.Options)) (*elb.RegisterTargetsOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range in.Targets {
		if w.targets[*t.Id] == nil || !w.targets[*t.Id].drained.IsZero() {
			w.targets[*t.Id] = &target{state: elbtypes.TargetHealthStateEnumInitial, checked: time.Now()}
		}
	}
	return &elb.RegisterTargetsOutput{}, nil
}

// DeregisterTargets starts draining.
func (w *World) DeregisterTargets(_ context.Context, in *elb.DeregisterTargetsInput, _ ...func(*elb.Options)) (*elb.DeregisterTargetsOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, described := range in.Targets {
		if t := w.targets[*described.Id]; t != nil && t.drained.IsZero() {
			t.state, t.drained = elbtypes.TargetHealthStateEnumDraining, time.Now().Add(w.check.Draining)
		}
	}
	return &elb.DeregisterTargetsOutput{}, nil
}

// DescribeTargetHealth tells the states of all targets, in the order of the
// instances' launches.
func (w *World) DescribeTargetHealth(_ context.Context, in *elb.DescribeTargetHealthInput, _ ...func(*elb.Options)) (*elb.DescribeTargetHealthOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := &elb.DescribeTargetHealthOutput{}
	now := time.Now()
	for _, id := range slices.Sorted(maps.Keys(w.targets)) {
		t := w.targets[id]
		if t.advance(now, w.instances[id], w.check); reached(now, t.drained) {
			delete(w.targets, id)
			continue
		}
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, elbtypes.TargetHealthDescription{
			Target: &elbtypes.TargetDescription{Id: &id}, TargetHealth: &elbtypes.TargetHealth{State: t.state},
		})
	}
	return out, nil
}

// SetAlarm sets the state of an alarm, and makes it if there is none of that name.
func (w *World) SetAlarm(name string, state cloudwatchtypes.StateValue) {
	w.mu.Lock()
	w.alarms[name] = cloudwatchtypes.MetricAlarm{
		AlarmName: &name, StateValue: state, StateUpdatedTimestamp: aws.Time(time.Now()), StateReason: aws.String("set by the test"),
	}
	w.mu.Unlock()
	w.Engine.Wake()
}

// DescribeAlarms takes names.
func (w *World) DescribeAlarms(_ context.Context, in *cloudwatch.DescribeAlarmsInput, _ ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := &cloudwatch.DescribeAlarmsOutput{}
	for _, name := range in.AlarmNames {
		if alarm, known := w.alarms[name]; known {
			out.MetricAlarms = append(out.MetricAlarms, alarm)
		}
	}
	return out, nil
}
