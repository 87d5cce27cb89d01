package rollout_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"example.com/webserver-cluster/internal/refresh"
	"example.com/webserver-cluster/internal/rollout"
)

// What AWS says when a refresh is to start, and what a rollout makes of it.
func TestStartRefused(t *testing.T) {
	const valid = "400 ValidationError You must use a valid fully-formed launch template. "
	for _, test := range []struct {
		answer string
		want   error // nil: none that a rollout knows
	}{
		{valid + "Could not find the specified version 6 for the launch template with ID lt-1.", rollout.ErrUnknownVersion},
		{valid + "The specified launch template, with template ID lt-1, does not exist.", rollout.ErrUnknownVersion},
		{"400 ValidationError Launch template version 6 of lt-1 does not exist", rollout.ErrUnknownVersion},
		{valid + "The image id '[ami-0]' does not exist", nil},
		{valid + "Value () for parameter groupId is invalid. The value cannot be empty", nil},
		{"400 ValidationError The alarm web-5xx is in ALARM", rollout.ErrAlarm},
		{"400 ValidationError The group alarm-api is busy", nil},
	} {
		w := newWire(t)
		w.answer("StartInstanceRefresh", test.answer)
		six := version(6)
		_, err := w.cloud().StartRefresh(t.Context(), rollout.Start{Desired: &six, Preferences: refresh.Preferences{Alarms: []string{"web-5xx"}}})
		_, _, words := cut(test.answer)
		switch {
		case test.want != nil && !errors.Is(err, test.want), test.want == nil && !errors.As(err, new(*rollout.AWSError)):
			t.Errorf("%s: %v, want %v", test.answer, err, test.want)
		case !strings.Contains(err.Error(), words):
			t.Errorf("%v does not have AWS's words: %s", err, words)
		}
	}
}

// cut parts an answer as the wire takes it.
func cut(answer string) (status, code, message string) {
	part := strings.SplitN(answer, " ", 3)
	return part[0], part[1], part[2]
}

// An instance that ends as it starts is a launch that failed, whatever AWS calls it.
func TestEndsAsItStarts(t *testing.T) {
	w := newWire(t)
	const words = "Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state"
	w.answer("DescribeScalingActivities", `<Activities><member><ActivityId>1</ActivityId><StatusCode>Cancelled</StatusCode><StatusMessage>`+words+`</StatusMessage>
		<Description>Launching a new EC2 instance: i-d.  Status Reason: `+words+`</Description></member></Activities>`)
	fleet, err := w.cloud().Describe(t.Context())
	if err != nil || len(fleet.Problems) != 1 || fleet.Problems[0].Launch != words {
		t.Errorf("%+v, %v", fleet.Problems, err)
	}
}

func TestCompositeAlarms(t *testing.T) {
	w := newWire(t)
	w.answer("DescribeAlarms", `<CompositeAlarms><member><AlarmName>any</AlarmName><StateValue>OK</StateValue></member></CompositeAlarms>`)
	alarms, err := w.cloud().Alarms(t.Context(), []string{"any"})
	if err != nil || len(alarms) != 1 || alarms[0].Name != "any" || alarms[0].State != "OK" {
		t.Errorf("%+v, %v", alarms, err)
	}
	if got := w.asked("DescribeAlarms")["AlarmTypes.member.2"]; len(got) != 1 || got[0] != "CompositeAlarm" {
		t.Errorf("asked for %v", w.asked("DescribeAlarms"))
	}
}

// Without target groups, nobody misses the process that puts instances into them.
func TestSuspendedWithoutTargets(t *testing.T) {
	w := newWire(t)
	group := strings.Replace(awsAnswers["DescribeAutoScalingGroups"], "<ProcessName>Launch<", "<ProcessName>AddToLoadBalancer<", 1)
	w.answer("DescribeAutoScalingGroups", group)
	if fleet, err := w.cloud().Describe(t.Context()); err != nil || len(fleet.Suspended) != 1 {
		t.Errorf("%v, %v", fleet.Suspended, err)
	}
	w.answer("DescribeAutoScalingGroups", strings.Replace(group, "<TargetGroupARNs><member>arn:tg</member></TargetGroupARNs>", "", 1))
	if fleet, err := w.cloud().Describe(t.Context()); err != nil || len(fleet.Suspended) != 0 {
		t.Errorf("%v, %v", fleet.Suspended, err)
	}
}

// An interrupted run tells what it had AWS do, though AWS does not show it yet.
func TestInterruptedAfterStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := scene{frames: []frame{{fleet: proven}}, onStart: goes}
		ctx, cancel := context.WithTimeout(t.Context(), poll/2)
		defer cancel()
		opts := defaults()
		five(&opts)
		err := rollout.New(&s, &notes{}, opts).Run(ctx)
		if outcomeOf(err) != interrupted || !strings.Contains(err.Error(), "AWS goes on: instance refresh r-1 to version 5") {
			t.Error(err)
		}
	})
}

// One attempt of AWS's that fails for all instances at once is one, not three.
func TestBurstOfRefusals(t *testing.T) {
	burst := onItsWay
	for _, id := range []string{"a", "b", "c", "d"} {
		burst.Problems = append(burst.Problems, rollout.Problem{ID: id, Text: "Failed: no capacity", Launch: "no capacity"})
	}
	tell(t, []story{{
		name: "four instances of one attempt",
		scene: scene{frames: []frame{{fleet: proven}}, onStart: func(*rollout.Version) ([]frame, error) {
			return []frame{{at: 0, fleet: onItsWay}, {at: 30 * time.Second, fleet: burst}, {at: time.Minute, fleet: with(done, "r-1", "Successful", 100, "", 5)}}, nil
		}},
		opts:  five,
		calls: []string{"start version 5"},
		took:  time.Minute,
	}})
}

// TestMixedInstances: the version is in the policy, and the rest of it stays.
func TestMixedInstances(t *testing.T) {
	w := newWire(t)
	group := awsAnswers["DescribeAutoScalingGroups"]
	const template = "<LaunchTemplate><LaunchTemplateId>lt-1</LaunchTemplateId><Version>5</Version></LaunchTemplate>"
	w.answer("DescribeAutoScalingGroups", strings.Replace(group, template, `<MixedInstancesPolicy><LaunchTemplate>
		<LaunchTemplateSpecification><LaunchTemplateId>lt-1</LaunchTemplateId><Version>5</Version></LaunchTemplateSpecification>
		<Overrides><member><InstanceType>t3.micro</InstanceType></member><member><InstanceType>t4g.micro</InstanceType>
			<LaunchTemplateSpecification><LaunchTemplateId>lt-arm</LaunchTemplateId><LaunchTemplateName>arm</LaunchTemplateName><Version>$Latest</Version></LaunchTemplateSpecification></member></Overrides></LaunchTemplate>
		<InstancesDistribution><OnDemandBaseCapacity>1</OnDemandBaseCapacity></InstancesDistribution></MixedInstancesPolicy>`, 1))
	w.answer("DescribeAutoScalingGroups", strings.Replace(w.answers["DescribeAutoScalingGroups"], "<LaunchTemplateId>lt-1</LaunchTemplateId><Version>4</Version>", "<LaunchTemplateId>lt-arm</LaunchTemplateId><Version>7</Version>", 1))
	cloud := w.cloud()
	fleet, err := cloud.Describe(t.Context())
	if err != nil || fleet.Target != version(5) {
		t.Fatalf("%+v, %v", fleet, err)
	}
	// i-a runs the policy's own template for its type: nobody's business.
	if stale := fleet.Stale(version(5)); len(stale) != 0 || len(fleet.Live()) != 2 {
		t.Errorf("stale are %+v", stale)
	}
	six := version(6)
	if _, err := cloud.StartRefresh(t.Context(), rollout.Start{Desired: &six}); err != nil {
		t.Fatal(err)
	}
	const policy = "DesiredConfiguration.MixedInstancesPolicy."
	for key, want := range map[string]string{
		policy + "LaunchTemplate.LaunchTemplateSpecification.LaunchTemplateId":           "lt-1",
		policy + "LaunchTemplate.LaunchTemplateSpecification.Version":                    "6",
		policy + "LaunchTemplate.Overrides.member.1.InstanceType":                        "t3.micro",
		policy + "LaunchTemplate.Overrides.member.2.LaunchTemplateSpecification.Version": "$Latest",
		// AWS shows id and name, and takes one of them.
		policy + "LaunchTemplate.Overrides.member.2.LaunchTemplateSpecification.LaunchTemplateId":   "lt-arm",
		policy + "LaunchTemplate.Overrides.member.2.LaunchTemplateSpecification.LaunchTemplateName": "",
		policy + "InstancesDistribution.OnDemandBaseCapacity":                                       "1",
		"DesiredConfiguration.LaunchTemplate.LaunchTemplateId":                                      "",
	} {
		if got := w.asked("StartInstanceRefresh").Get(key); got != want {
			t.Errorf("%s: sent %q, want %q", key, got, want)
		}
	}
}

// The group may show an instance in service that its target group lets go already: what
// is wrong with it is what was wrong before.
func TestReasonOutlivesDraining(t *testing.T) {
	leaving := group(4, "i-a 4 ready", "i-b 4 ready", "i-c 5 failing", "i-d 5 failing", "i-e 5 failing")
	for n := 2; n < 5; n++ {
		leaving.Instances[n].Trouble = "draining in the target group: Target deregistration is in progress"
	}
	tell(t, []story{{
		name: "three that drain",
		scene: scene{frames: []frame{{fleet: proven}}, onStart: func(*rollout.Version) ([]frame, error) {
			return []frame{
				{at: 0, fleet: with(group(4, "i-a 4 ready", "i-b 4 ready", "i-c 5 failing", "i-d 5 failing", "i-e 5 failing"), "r-1", "InProgress", 0, "", 5)},
				{at: 30 * time.Second, fleet: with(leaving, "r-1", "InProgress", 0, "", 5)},
				{at: time.Minute, fleet: onItsWay},
			}, nil
		}, onRollback: turnsBack},
		opts:  five,
		end:   rolledBack,
		calls: []string{"start version 5", "rollback"},
		says:  []string{"i-e (unhealthy in the target group: Health checks failed with these codes: [500])"},
		took:  time.Minute + 2*poll + time.Minute,
	}})
}
