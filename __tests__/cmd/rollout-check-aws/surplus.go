package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"example.com/webserver-cluster/internal/refresh"
)

// longWarmup keeps newcomers from taking over before the refresh is ended.
const longWarmup = 5 * time.Minute

// surplus is a group in the middle of a refresh: two proven instances, and two
// newcomers in service that are still warming up.
type surplus struct {
	refresh string
	proven  string    // their version
	fleet             // all four
	begin   time.Time // of what ends the refresh
}

// overfill starts a refresh and returns when there is a surplus.
func (l *lab) overfill(ctx context.Context, policy string) (*surplus, error) {
	_, err := l.groups.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: &l.name, TerminationPolicies: []string{policy}})
	if err != nil {
		return nil, fmt.Errorf("the termination policy %s: %w", policy, err)
	}
	before, err := l.look(ctx)
	if err != nil {
		return nil, err
	}
	id, version, err := l.start(ctx, refresh.Preferences{InstanceWarmup: aws.Duration(longWarmup)})
	if err != nil {
		return nil, err
	}
	s := &surplus{refresh: id, proven: before.version}
	err = l.await(ctx, patience, func() (string, error) {
		if s.fleet, err = l.look(ctx); err != nil {
			return "", err
		}
		if len(s.serving(s.proven)) < capacity || len(s.serving(number(version))) < capacity {
			return "no two proven instances and two new ones in service at a time, but " + s.String(), nil
		}
		return "", nil
	})
	if err != nil {
		return nil, err
	}
	l.say("    %s", s)
	s.begin = time.Now()
	return s, nil
}

// reduce waits until there are no more of the instances than the group wants, and
// answers which have gone.
func (l *lab) reduce(ctx context.Context, s *surplus, id string, open bool) error {
	var now fleet
	err := l.await(ctx, patience, func() (string, error) {
		var err error
		if now, err = l.look(ctx); err != nil {
			return "", err
		}
		stay := 0
		for _, i := range s.instances {
			if now.has(aws.ToString(i.InstanceId)) {
				stay++
			}
		}
		if stay > capacity {
			return "too many instances are there: " + now.String(), nil
		}
		return "", nil
	})
	if err != nil {
		return err
	}
	newcomers, proven := 0, 0
	for _, i := range s.instances {
		switch {
		case now.has(aws.ToString(i.InstanceId)):
		case versionOf(i) == s.proven:
			proven++
		default:
			newcomers++
		}
	}
	verdict := asAssumed
	if open {
		verdict = eitherWay
	} else if proven > 0 {
		verdict = otherwise
	}
	l.answer(id, verdict, l.time.Since(s.begin), "%d newcomers and %d proven instances went; then there were %s", newcomers, proven, now)
	return nil
}

func (l *lab) cancelDefault(ctx context.Context) error {
	_, err := l.cancel(ctx, "Default", "a1", true)
	return err
}

// cancelNewest also waits for what AutoRollback does.
func (l *lab) cancelNewest(ctx context.Context) error {
	s, err := l.cancel(ctx, "NewestInstance", "a2", false)
	if err != nil {
		return err
	}
	ended, err := l.awaitEnd(ctx, s.refresh)
	if err != nil {
		return err
	}
	took := l.time.Since(s.begin)
	if err := l.time.Sleep(ctx, steady); err != nil { // for one that follows
		return err
	}
	all, err := l.refreshes(ctx)
	if err != nil {
		return err
	}
	verdict := asAssumed
	text := fmt.Sprintf("it ended as %s", ended.Status)
	if ended.Status != types.InstanceRefreshStatusCancelled || ended.RollbackDetails != nil {
		verdict = otherwise
	}
	if newest := aws.ToString(all[0].InstanceRefreshId); newest != s.refresh {
		verdict, text = otherwise, text+", and AWS started the refresh "+newest
	}
	l.answer("i", verdict, took, "%s", text)
	return nil
}

func (l *lab) cancel(ctx context.Context, policy, id string, open bool) (*surplus, error) {
	s, err := l.overfill(ctx, policy)
	if err != nil {
		return nil, err
	}
	if _, err := l.groups.CancelInstanceRefresh(ctx, &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: &l.name}); err != nil {
		return nil, err
	}
	return s, l.reduce(ctx, s, id, open)
}

// rollBackDefault also asks for the rollback a second time.
func (l *lab) rollBackDefault(ctx context.Context) error {
	return l.rollBack(ctx, "Default", "b1", true, func() {
		l.refusal(ctx, "g2", func() error { return l.rollBackNow(ctx) }, func(err error) bool { return code(err) == idle })
	})
}

func (l *lab) rollBackNewest(ctx context.Context) error {
	return l.rollBack(ctx, "NewestInstance", "b2", false, func() {})
}

func (l *lab) rollBack(ctx context.Context, policy, id string, open bool, then func()) error {
	s, err := l.overfill(ctx, policy)
	if err != nil {
		return err
	}
	if err := l.rollBackNow(ctx); err != nil {
		return err
	}
	then()
	if err := l.reduce(ctx, s, id, open); err != nil {
		return err
	}
	ended, err := l.awaitEnd(ctx, s.refresh)
	if err != nil {
		return err
	}
	l.say("    it ended as %s after %s", ended.Status, brief(l.time.Since(s.begin)))
	return nil
}

func (l *lab) rollBackNow(ctx context.Context) error {
	_, err := l.groups.RollbackInstanceRefresh(ctx, &autoscaling.RollbackInstanceRefreshInput{AutoScalingGroupName: &l.name})
	return err
}
