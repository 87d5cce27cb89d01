package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"example.com/webserver-cluster/internal/refresh"
)

// refusal answers whether AWS refuses a call as it is assumed to. An error that is
// no refusal is no answer.
func (l *lab) refusal(ctx context.Context, id string, call func() error, expected func(error) bool) {
	begin := time.Now()
	err := call()
	took := l.time.Since(begin)
	switch {
	case err == nil:
		l.answer(id, otherwise, took, "accepted")
	case ctx.Err() != nil || noAnswer(err):
		l.answer(id, notAsked, took, "%s", words(err))
	case expected(err):
		l.answer(id, asAssumed, took, "refused: %s", words(err))
	default:
		l.answer(id, otherwise, took, "refused in other words: %s", words(err))
	}
}

func (l *lab) alarmWithoutData(ctx context.Context) error {
	return l.alarm(ctx, "e1", types.StateValueInsufficientData)
}

func (l *lab) alarmOn(ctx context.Context) error {
	return l.alarm(ctx, "e2", types.StateValueAlarm)
}

// alarm starts a refresh with the alarm in a state.
func (l *lab) alarm(ctx context.Context, id string, state types.StateValue) error {
	if _, err := l.alarms.SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{AlarmName: &l.name, StateValue: state, StateReason: aws.String(tagKey)}); err != nil {
		return err
	}
	err := l.await(ctx, patience, func() (string, error) {
		out, err := l.alarms.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{l.name}})
		if err != nil || len(out.MetricAlarms) > 0 && out.MetricAlarms[0].StateValue == state {
			return "", err
		}
		return fmt.Sprintf("the alarm is not in %s", state), nil
	})
	if err != nil {
		return err
	}
	l.refusal(ctx, id, func() error {
		_, _, err := l.start(ctx, refresh.Preferences{Alarms: []string{l.name}})
		return err
	}, func(err error) bool { return strings.Contains(strings.ToLower(words(err)), "alarm") })
	return nil
}

// early rolls a refresh back as soon as it has been started.
func (l *lab) early(ctx context.Context) error {
	id, _, err := l.start(ctx, refresh.Preferences{})
	if err != nil {
		return err
	}
	begin := time.Now()
	err = l.rollBackNow(ctx)
	took := l.time.Since(begin)
	r, lookErr := l.refresh(ctx, id)
	switch {
	case err != nil && noAnswer(err):
		return err
	case err != nil:
		l.answer("g1", otherwise, took, "refused, while %s: %s", r.Status, words(err))
		return nil
	case lookErr != nil:
		return lookErr
	}
	ended, err := l.awaitEnd(ctx, id)
	if err != nil {
		return errors.Join(errors.New("accepted, but it did not end"), err)
	}
	l.answer("g1", asAssumed, took, "accepted; it ended as %s", ended.Status)
	return nil
}
