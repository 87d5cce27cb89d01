package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"example.com/webserver-cluster/internal/refresh"
	"example.com/webserver-cluster/internal/rollout"
)

// rest is how long a refresh pauses at a checkpoint here: long beside the time that
// AWS needs to notice that there is nothing more to do.
const rest = 3 * time.Minute

// settling is rollout's patience with a group that does not take the version.
const settling = 10 * time.Minute

// whole takes a refresh with checkpoints to its end.
func (l *lab) whole(ctx context.Context) error {
	id, version, err := l.startAtOnce(ctx, refresh.Preferences{
		InstanceWarmup:  aws.Duration(warmup),
		Checkpoints:     []int{50, 100},
		CheckpointDelay: aws.Duration(rest),
	})
	if err != nil {
		return err
	}
	var half, renewed time.Time // one instance is new; all are, and warm
	var ended types.InstanceRefresh
	asked := false
	err = l.await(ctx, 3*patience, func() (string, error) {
		f, err := l.look(ctx)
		if err != nil {
			return "", err
		}
		news := f.serving(number(version))
		if len(news) > 0 && half.IsZero() {
			half = time.Now()
		}
		if len(news) == capacity && renewed.IsZero() {
			renewed = time.Now()
		}
		if len(news) > 0 && !asked {
			asked = true
			l.refusal(ctx, "f", func() error {
				_, err := l.groups.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: &l.name, LaunchTemplate: l.version(number(version))})
				return err
			}, func(err error) bool { return code(err) == "ValidationError" })
		}
		if ended, err = l.refresh(ctx, id); err != nil || ended.EndTime != nil {
			return "", err
		}
		return fmt.Sprintf("the refresh is %s", ended.Status), nil
	})
	if err != nil {
		return err
	}
	if ended.Status != types.InstanceRefreshStatusSuccessful {
		return fmt.Errorf("the refresh ended as %s: %s", ended.Status, aws.ToString(ended.StatusReason))
	}
	end := time.Now()
	l.rested(half, renewed, end)
	if l.answers["f"].Verdict == otherwise {
		return errors.New("UpdateAutoScalingGroup gave the group the version already")
	}
	return l.taken(ctx, version, end)
}

// startAtOnce starts a refresh to a version that was made the moment before, and
// answers how long that takes.
func (l *lab) startAtOnce(ctx context.Context, p refresh.Preferences) (id string, version int64, err error) {
	if version, err = l.newVersion(ctx); err != nil {
		return "", 0, err
	}
	begin := time.Now()
	said, verdict := "known at once", asAssumed
	err = l.await(ctx, patience, func() (string, error) {
		id, err = l.startTo(ctx, version, p)
		if err == nil {
			return "", nil
		}
		if !errors.Is(err, rollout.ErrUnknownVersion) {
			if noAnswer(err) {
				return "", err
			}
			verdict = otherwise
		}
		said = "unknown at first: " + words(err)
		return said, nil
	})
	if err != nil {
		return "", 0, err
	}
	l.answer("d", verdict, l.time.Since(begin), "%s", said)
	return id, version, nil
}

// rested answers whether the refresh rested at its last checkpoint, from the times
// at which half of the instances and all of them were new and in service. It warms
// each of them up first.
func (l *lab) rested(half, renewed, end time.Time) {
	at := func(from, to time.Time) time.Duration { return max(0, l.time.Since(from)-l.time.Since(to)-warmup) }
	last := at(renewed, end)
	verdict := asAssumed
	if last >= rest {
		verdict = otherwise
	}
	l.answer("h", verdict, last, "with a rest of %s it went on %s after half was new and warm, and ended %s after all was",
		brief(rest), brief(at(half, renewed)), brief(last))
}

// taken answers when the group launches the version that a refresh brought.
func (l *lab) taken(ctx context.Context, version int64, end time.Time) error {
	err := l.await(ctx, settling, func() (string, error) {
		f, err := l.look(ctx)
		if err != nil || f.version == number(version) {
			return "", err
		}
		return "the group launches version " + f.version, nil
	})
	if ctx.Err() != nil || code(err) != "" {
		return err
	}
	took := l.time.Since(end)
	if err != nil {
		l.answer("c", otherwise, took, "%v", err)
		return nil
	}
	l.answer("c", asAssumed, took, "it is seen %s after the end is, in looks %s apart", took.Round(time.Second/10), l.poll)
	return nil
}
