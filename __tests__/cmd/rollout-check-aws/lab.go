package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"example.com/webserver-cluster/internal/rollout"
)

const (
	// capacity is what the group wants. Its refreshes may double it.
	capacity = 2

	// tagKey is the tag that all that is made has, its name as the value.
	tagKey = "rollout-check"

	// warmup is the group's own, short: nothing has to start but the instance.
	warmup = 30 * time.Second

	// patience is how long instances may take to start or to go.
	patience = 10 * time.Minute

	// steady is how long the group must look as it should before it counts as
	// being so: what AWS lists may be some seconds old.
	steady = 15 * time.Second
)

// lab is the group that is asked, and what belongs to it.
type lab struct {
	*cloud
	plan
	name     string
	template string            // the launch template's id
	rollouts *rollout.AWS      // as rollout itself asks and reads errors
	answers  map[string]answer // by question
	say      func(format string, args ...any)
}

func newLab(c *cloud, p plan, say func(string, ...any)) *lab {
	var random [4]byte
	rand.Read(random[:]) // never fails
	name := namePrefix + hex.EncodeToString(random[:])
	begin := time.Now()
	return &lab{
		cloud: c, plan: p, name: name,
		rollouts: rollout.NewAWS(c.config, name),
		answers:  map[string]answer{},
		say: func(format string, args ...any) {
			say("%7s  "+format, append([]any{brief(c.time.Since(begin))}, args...)...)
		},
	}
}

// build makes everything.
func (l *lab) build(ctx context.Context) error {
	if err := l.buildTemplate(ctx); err != nil {
		return fmt.Errorf("the launch template: %w", err)
	}
	_, err := l.alarms.PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
		AlarmName:  &l.name,
		Namespace:  aws.String(tagKey),
		MetricName: &l.name, // nobody publishes it
		Statistic:  cloudwatchtypes.StatisticSum,
		Period:     aws.Int32(60), EvaluationPeriods: aws.Int32(1),
		Threshold: aws.Float64(1), ComparisonOperator: cloudwatchtypes.ComparisonOperatorGreaterThanThreshold,
		// So that it stays in the state that it is put into.
		TreatMissingData: aws.String("ignore"),
		Tags:             []cloudwatchtypes.Tag{{Key: aws.String(tagKey), Value: &l.name}},
	})
	if err != nil {
		return fmt.Errorf("the alarm: %w", err)
	}
	var subnets []string
	for _, s := range l.subnets {
		subnets = append(subnets, aws.ToString(s.SubnetId))
	}
	_, err = l.groups.CreateAutoScalingGroup(ctx, &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName:   &l.name,
		MinSize:                aws.Int32(capacity),
		DesiredCapacity:        aws.Int32(capacity),
		MaxSize:                aws.Int32(2 * capacity),
		VPCZoneIdentifier:      aws.String(strings.Join(subnets, ",")),
		LaunchTemplate:         l.version("1"),
		HealthCheckType:        aws.String("EC2"),
		HealthCheckGracePeriod: aws.Int32(0),
		DefaultInstanceWarmup:  aws.Int32(int32(warmup.Seconds())),
		Tags:                   []types.Tag{{Key: aws.String(tagKey), Value: &l.name, PropagateAtLaunch: aws.Bool(false)}},
	})
	if err != nil {
		return fmt.Errorf("the Auto Scaling group: %w", err)
	}
	return nil
}

func (l *lab) buildTemplate(ctx context.Context) error {
	tags := func(of ec2types.ResourceType) []ec2types.Tag {
		return []ec2types.Tag{{Key: aws.String("Name"), Value: &l.name}, {Key: aws.String(tagKey), Value: &l.name}}
	}
	var tagged []ec2types.LaunchTemplateTagSpecificationRequest
	for _, of := range []ec2types.ResourceType{ec2types.ResourceTypeInstance, ec2types.ResourceTypeVolume} {
		tagged = append(tagged, ec2types.LaunchTemplateTagSpecificationRequest{ResourceType: of, Tags: tags(of)})
	}
	out, err := l.compute.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: &l.name,
		TagSpecifications:  []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeLaunchTemplate, Tags: tags(ec2types.ResourceTypeLaunchTemplate)}},
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{
			ImageId:      &l.image,
			InstanceType: ec2types.InstanceType(l.plan.instanceType),
			// Nothing beyond the price per hour.
			CreditSpecification: &ec2types.CreditSpecificationRequest{CpuCredits: aws.String("standard")},
			NetworkInterfaces:   []ec2types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{{DeviceIndex: aws.Int32(0), AssociatePublicIpAddress: aws.Bool(false)}},
			MetadataOptions:     &ec2types.LaunchTemplateInstanceMetadataOptionsRequest{HttpTokens: ec2types.LaunchTemplateHttpTokensStateRequired},
			TagSpecifications:   tagged,
		},
	})
	if err != nil {
		return err
	}
	l.template = aws.ToString(out.LaunchTemplate.LaunchTemplateId)
	return nil
}

func (l *lab) version(n string) *types.LaunchTemplateSpecification {
	return &types.LaunchTemplateSpecification{LaunchTemplateId: &l.template, Version: &n}
}

// newVersion makes a version of the template, the same as the first one.
func (l *lab) newVersion(ctx context.Context) (int64, error) {
	out, err := l.compute.CreateLaunchTemplateVersion(ctx, &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: &l.template, SourceVersion: aws.String("1"),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{InstanceType: ec2types.InstanceType(l.plan.instanceType)},
	})
	if err != nil {
		return 0, fmt.Errorf("a new version of the launch template: %w", err)
	}
	return aws.ToInt64(out.LaunchTemplateVersion.VersionNumber), nil
}

// run builds everything, asks every question and removes everything. There are
// answers unless nothing could be asked.
func (l *lab) run(ctx context.Context) (asked bool, err error) {
	l.say("this run is called %s; if it is killed, --remove %s removes what it left", l.name, l.name)
	defer func() {
		l.say("removing everything")
		// Also after Ctrl-C; a second one ends the process.
		if failed := l.remove(context.WithoutCancel(ctx), l.name); failed != nil {
			err = failed
			return
		}
		l.say("removed: nothing called %s is left", l.name)
	}()
	limited, cancel := context.WithTimeout(ctx, l.time.Real(l.options.timeout))
	defer cancel()
	if err := l.build(limited); err != nil {
		return false, err
	}
	l.ask(limited)
	return true, nil
}

// ask does one experiment after another. One that fails leaves its questions
// without an answer, and the others go on.
func (l *lab) ask(ctx context.Context) {
	for _, e := range experiments {
		if ctx.Err() == nil {
			l.say("%s", e.name)
			if err := l.try(ctx, e); err != nil {
				l.leave(e, words(err))
			}
		}
		switch {
		case ctx.Err() == context.DeadlineExceeded:
			l.leave(e, fmt.Sprintf("the time of %s was up", brief(l.options.timeout)))
		case ctx.Err() != nil:
			l.leave(e, errInterrupted.Error())
		}
	}
}

func (l *lab) try(ctx context.Context, e experiment) error {
	if err := l.restore(ctx); err != nil {
		return err
	}
	err := e.do(l, ctx)
	if ctx.Err() != nil {
		return nil // ask says why
	}
	return err
}

// leave notes that there is no answer to the questions of e that have none.
func (l *lab) leave(e experiment, why string) {
	for _, id := range e.answers {
		if _, answered := l.answers[id]; !answered {
			l.answer(id, notAsked, 0, "%s", why)
		}
	}
}
