package scaling

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// The causes, in AWS's words. They are seen in the examples of these pages and
// in activity histories that people have published:
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-verify-scaling-activity.html,
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-healthchecks.html.
const (
	causeRefreshLaunch      = "an instance was launched in response to an instance refresh."
	causeRefreshTermination = "an instance was taken out of service in response to an instance refresh."
	causeReplacement        = "an instance was launched in response to an unhealthy instance needing to be replaced."
	causeBalancer           = "an instance was taken out of service in response to an ELB system health check failure."
	causeStopped            = "an instance was taken out of service in response to an EC2 health check indicating it has been terminated or stopped."
	causeAbandoned          = "an instance was taken out of service in response to a lifecycle action being abandoned." // AWS documents no words
	causeUserHealth         = "an instance was taken out of service in response to a user health-check."
)

// at puts the time before a cause.
func at(t time.Time, cause string) string {
	return "At " + t.UTC().Format("2006-01-02T15:04:05Z") + " " + cause
}

// because puts what changed the desired capacity, if anything did, before a
// cause.
func (g *group) because(now time.Time, cause string) string {
	if g.intent == "" {
		return at(now, cause)
	}
	return g.intent + "  " + at(now, cause)
}

// note adds an activity to the history.
func (g *group) note(now time.Time, description, cause string, s subnet) *types.Activity {
	details, _ := json.Marshal(map[string]string{"Subnet ID": s.id, "Availability Zone": s.zone})
	a := &types.Activity{
		ActivityId:           aws.String(g.newID()),
		AutoScalingGroupName: aws.String(g.name),
		AutoScalingGroupARN:  g.settings.AutoScalingGroupARN,
		Description:          aws.String(description),
		Cause:                aws.String(cause),
		Details:              aws.String(string(details)),
		StartTime:            aws.Time(now),
		StatusCode:           types.ScalingActivityStatusCodeInProgress,
		Progress:             aws.Int32(0),
	}
	g.activities = append(g.activities, a)
	return a
}

func succeed(a *types.Activity, now time.Time) {
	a.StatusCode, a.Progress, a.EndTime = types.ScalingActivityStatusCodeSuccessful, aws.Int32(100), aws.Time(now)
}

// history returns the activities as AWS lists them: those in progress first,
// then the newest first.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribeScalingActivities.html
func (g *group) history() []types.Activity {
	var open, ended []types.Activity
	for _, a := range slices.Backward(g.activities) {
		if a.EndTime == nil {
			open = append(open, *a)
		} else {
			ended = append(ended, *a)
		}
	}
	return append(open, ended...)
}
