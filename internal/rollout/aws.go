package rollout

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"example.com/webserver-cluster/internal/refresh"
)

// AWS is the Cloud of one group in the account and region of its configuration.
type AWS struct {
	group    string
	groups   *autoscaling.Client
	balancer *elb.Client
	alarms   *cloudwatch.Client
}

// NewAWS returns the Cloud of the group of that name.
func NewAWS(cfg aws.Config, group string) *AWS {
	return &AWS{
		group:    group,
		groups:   autoscaling.NewFromConfig(cfg),
		balancer: elb.NewFromConfig(cfg),
		// CloudWatch's older protocol, the same as that of the others: stand-ins
		// for AWS do not know the SDK's default, CBOR.
		alarms: cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
			o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801)
		}),
	}
}

// Describe implements Cloud.
func (a *AWS) Describe(ctx context.Context) (Fleet, error) {
	group, err := a.describeGroup(ctx)
	if err != nil {
		return Fleet{}, err
	}
	fleet := Fleet{
		Group:                a.group,
		Desired:              int(aws.ToInt32(group.DesiredCapacity)),
		HasMaintenancePolicy: group.InstanceMaintenancePolicy != nil,
	}
	// Without these nothing is replaced, or what is new gets no requests:
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
	for _, process := range group.SuspendedProcesses {
		name := aws.ToString(process.ProcessName)
		if slices.Contains([]string{"Launch", "Terminate", "AddToLoadBalancer", "InstanceRefresh"}, name) {
			fleet.Suspended = append(fleet.Suspended, name)
		}
	}
	if fleet.Target, err = a.version(group.LaunchTemplate); err != nil {
		return Fleet{}, err
	}
	trouble, err := a.targetTrouble(ctx, group)
	if err != nil {
		return Fleet{}, err
	}
	for _, i := range group.Instances {
		id := aws.ToString(i.InstanceId)
		instance := Instance{
			ID:        id,
			Zone:      aws.ToString(i.AvailabilityZone),
			State:     string(i.LifecycleState),
			Healthy:   aws.ToString(i.HealthStatus) == "Healthy",
			Protected: aws.ToBool(i.ProtectedFromScaleIn),
			Trouble:   trouble[id],
		}
		if i.LaunchTemplate != nil { // none: launched from something else, and so stale
			if instance.Version, err = a.version(i.LaunchTemplate); err != nil {
				return Fleet{}, err
			}
		}
		fleet.Instances = append(fleet.Instances, instance)
	}
	slices.SortFunc(fleet.Instances, func(a, b Instance) int { return cmp.Compare(a.ID, b.ID) })
	if fleet.Refreshes, err = a.refreshes(ctx); err != nil {
		return Fleet{}, err
	}
	fleet.Problems, err = a.problems(ctx)
	return fleet, err
}

func (a *AWS) describeGroup(ctx context.Context) (scaling.AutoScalingGroup, error) {
	out, err := a.groups.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{
		AutoScalingGroupNames: []string{a.group},
	})
	if err != nil {
		return scaling.AutoScalingGroup{}, a.explain(err)
	}
	if len(out.AutoScalingGroups) == 0 {
		return scaling.AutoScalingGroup{}, fmt.Errorf("there is no Auto Scaling group %s in %s: check the name, the region and the account",
			a.group, a.groups.Options().Region)
	}
	group := out.AutoScalingGroups[0]
	switch {
	case group.Status != nil: // only set while the group is being deleted
		return group, fmt.Errorf("the Auto Scaling group %s is being deleted (%s)", a.group, *group.Status)
	case group.LaunchTemplate == nil:
		return group, fmt.Errorf("the Auto Scaling group %s has no launch template of its own, but a launch configuration or a mixed instances policy: rollout knows launch templates only", a.group)
	}
	return group, nil
}

// version reads a launch template version. It has to be a number: with $Latest
// or $Default an edit of the template changes what the next scale-out launches,
// long before any rollout, and AWS can never roll such a group back
// (https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html).
func (a *AWS) version(spec *scaling.LaunchTemplateSpecification) (Version, error) {
	number, err := strconv.ParseInt(aws.ToString(spec.Version), 10, 64)
	if err != nil {
		return Version{}, fmt.Errorf("the Auto Scaling group %s launches version %q of launch template %s: must be a number, so that only a deploy changes what it launches",
			a.group, aws.ToString(spec.Version), aws.ToString(spec.LaunchTemplateId))
	}
	return Version{TemplateID: aws.ToString(spec.LaunchTemplateId), Number: number}, nil
}

// targetTrouble says of each instance why a target group of the group does not
// send it requests. Healthy ones have no entry.
func (a *AWS) targetTrouble(ctx context.Context, group scaling.AutoScalingGroup) (map[string]string, error) {
	trouble := map[string]string{}
	for _, arn := range group.TargetGroupARNs {
		out, err := a.balancer.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &arn})
		if err != nil {
			return nil, a.explain(err)
		}
		registered := map[string]bool{}
		for _, target := range out.TargetHealthDescriptions {
			id := aws.ToString(target.Target.Id)
			registered[id] = true
			if health := target.TargetHealth; health != nil && health.State != "healthy" {
				trouble[id] = strings.TrimSuffix(fmt.Sprintf("%s in the target group: %s", health.State, aws.ToString(health.Description)), ": ")
			}
		}
		for _, i := range group.Instances {
			if id := aws.ToString(i.InstanceId); !registered[id] {
				trouble[id] = "not registered in the target group"
			}
		}
	}
	return trouble, nil
}

func (a *AWS) refreshes(ctx context.Context) ([]Refresh, error) {
	out, err := a.groups.DescribeInstanceRefreshes(ctx, &autoscaling.DescribeInstanceRefreshesInput{
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
		if r.DesiredConfiguration != nil && r.DesiredConfiguration.LaunchTemplate != nil {
			v, err := a.version(r.DesiredConfiguration.LaunchTemplate)
			if err != nil {
				return nil, err
			}
			described.Desired = &v
		}
		refreshes = append(refreshes, described)
	}
	return refreshes, nil
}

func (a *AWS) problems(ctx context.Context) ([]Problem, error) {
	out, err := a.groups.DescribeScalingActivities(ctx, &autoscaling.DescribeScalingActivitiesInput{
		AutoScalingGroupName: &a.group,
		MaxRecords:           aws.Int32(50),
	})
	if err != nil {
		return nil, a.explain(err)
	}
	var problems []Problem
	for _, activity := range slices.Backward(out.Activities) { // AWS lists the newest first
		problem := Problem{ID: aws.ToString(activity.ActivityId), Time: aws.ToTime(activity.StartTime)}
		description, cause := aws.ToString(activity.Description), aws.ToString(activity.Cause)
		switch {
		case activity.StatusCode == scaling.ScalingActivityStatusCodeFailed, activity.StatusCode == scaling.ScalingActivityStatusCodeCancelled:
			problem.Text = fmt.Sprintf("%s: %s", activity.StatusCode, description)
			// AWS mostly ends the description with the message.
			if message := aws.ToString(activity.StatusMessage); !strings.Contains(description, message) {
				problem.Text += ": " + message
			}
		case strings.HasPrefix(description, "Terminating") && strings.Contains(cause, "health check"):
			problem.Text = description + ": " + cause
		default:
			continue
		}
		problems = append(problems, problem)
	}
	return problems, nil
}

// StartRefresh implements Cloud.
func (a *AWS) StartRefresh(ctx context.Context, desired *Version, p refresh.Preferences) (string, error) {
	in := &autoscaling.StartInstanceRefreshInput{AutoScalingGroupName: &a.group, Preferences: toAWS(p)}
	if desired != nil {
		in.DesiredConfiguration = &scaling.DesiredConfiguration{LaunchTemplate: &scaling.LaunchTemplateSpecification{
			LaunchTemplateId: &desired.TemplateID,
			Version:          aws.String(strconv.FormatInt(desired.Number, 10)),
		}}
	}
	out, err := a.groups.StartInstanceRefresh(ctx, in)
	if err != nil {
		return "", a.explain(err)
	}
	return aws.ToString(out.InstanceRefreshId), nil
}

// CancelRefresh implements Cloud.
func (a *AWS) CancelRefresh(ctx context.Context) error {
	_, err := a.groups.CancelInstanceRefresh(ctx, &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: &a.group})
	return a.explain(err)
}

// Alarms reads the CloudWatch alarms of these names.
func (a *AWS) Alarms(ctx context.Context, names []string) ([]Alarm, error) {
	if len(names) == 0 {
		return nil, nil // no names would mean every alarm of the account
	}
	out, err := a.alarms.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: names})
	if err != nil {
		return nil, a.explain(err)
	}
	var alarms []Alarm
	for _, alarm := range out.MetricAlarms {
		alarms = append(alarms, Alarm{
			Name:   aws.ToString(alarm.AlarmName),
			State:  string(alarm.StateValue),
			Since:  aws.ToTime(alarm.StateUpdatedTimestamp),
			Reason: aws.ToString(alarm.StateReason),
		})
	}
	return alarms, nil
}
