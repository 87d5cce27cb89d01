package rollout

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"
)

// AWS is the Cloud of one group in the account and region of its configuration.
type AWS struct {
	group  string
	region string
	Services
	mixed *scaling.MixedInstancesPolicy // the group's, when last described; nil: it has none
}

// Services are what AWS calls, all of it: the SDK's clients have these methods.
// Permissions follow from them.
type Services struct {
	Scaling interface {
		DescribeAutoScalingGroups(context.Context, *autoscaling.DescribeAutoScalingGroupsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error)
		DescribeInstanceRefreshes(context.Context, *autoscaling.DescribeInstanceRefreshesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeInstanceRefreshesOutput, error)
		DescribeScalingActivities(context.Context, *autoscaling.DescribeScalingActivitiesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeScalingActivitiesOutput, error)
		StartInstanceRefresh(context.Context, *autoscaling.StartInstanceRefreshInput, ...func(*autoscaling.Options)) (*autoscaling.StartInstanceRefreshOutput, error)
		RollbackInstanceRefresh(context.Context, *autoscaling.RollbackInstanceRefreshInput, ...func(*autoscaling.Options)) (*autoscaling.RollbackInstanceRefreshOutput, error)
		CancelInstanceRefresh(context.Context, *autoscaling.CancelInstanceRefreshInput, ...func(*autoscaling.Options)) (*autoscaling.CancelInstanceRefreshOutput, error)
	}
	Balancer interface {
		DescribeTargetHealth(context.Context, *elb.DescribeTargetHealthInput, ...func(*elb.Options)) (*elb.DescribeTargetHealthOutput, error)
	}
	CloudWatch interface {
		DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
	}
}

// NewAWS returns the Cloud of the group of that name.
func NewAWS(cfg aws.Config, group string) *AWS {
	return &AWS{group: group, region: cfg.Region, Services: Services{
		Scaling:  autoscaling.NewFromConfig(cfg),
		Balancer: elb.NewFromConfig(cfg),
		// CloudWatch's older protocol, the same as that of the others: stand-ins
		// for AWS do not know the SDK's default, CBOR.
		CloudWatch: cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
			o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801)
		}),
	}}
}

// NewAWSWith returns the Cloud of the group of that name in services of one's own.
func NewAWSWith(s Services, group string) *AWS { return &AWS{group: group, Services: s} }

// Describe implements Cloud.
func (a *AWS) Describe(ctx context.Context) (Fleet, error) {
	group, err := a.describeGroup(ctx)
	if err != nil {
		return Fleet{}, err
	}
	a.mixed = group.MixedInstancesPolicy
	fleet := Fleet{
		Group:                a.group,
		Target:               versionOf(templateOf(group)),
		Desired:              int(aws.ToInt32(group.DesiredCapacity)),
		HasMaintenancePolicy: group.InstanceMaintenancePolicy != nil,
	}
	// Without these nothing is replaced, or what is new gets no requests:
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
	for _, process := range group.SuspendedProcesses {
		name := aws.ToString(process.ProcessName)
		stops := []string{"Launch", "Terminate", "InstanceRefresh"}
		if len(group.TargetGroupARNs) > 0 {
			stops = append(stops, "AddToLoadBalancer")
		}
		if slices.Contains(stops, name) {
			fleet.Suspended = append(fleet.Suspended, name)
		}
	}
	trouble, err := a.targetTrouble(ctx, group)
	if err != nil {
		return Fleet{}, err
	}
	others := overrideTemplates(group)
	for _, i := range group.Instances {
		id := aws.ToString(i.InstanceId)
		instance := Instance{
			ID:        id,
			Zone:      aws.ToString(i.AvailabilityZone),
			Version:   versionOf(i.LaunchTemplate),
			State:     string(i.LifecycleState),
			Healthy:   aws.ToString(i.HealthStatus) == "Healthy",
			Protected: aws.ToBool(i.ProtectedFromScaleIn),
			Trouble:   trouble[id],
		}
		instance.Other = instance.Version.TemplateID != fleet.Target.TemplateID && slices.Contains(others, instance.Version.TemplateID)
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
	out, err := a.Scaling.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{
		AutoScalingGroupNames: []string{a.group},
	})
	if err != nil {
		return scaling.AutoScalingGroup{}, a.explain(err)
	}
	if len(out.AutoScalingGroups) == 0 {
		return scaling.AutoScalingGroup{}, fmt.Errorf("there is no Auto Scaling group %s in %s: check the name, the region and the account", a.group, a.region)
	}
	group := out.AutoScalingGroups[0]
	template := templateOf(group)
	switch {
	case group.Status != nil: // only set while the group is being deleted
		return group, fmt.Errorf("the Auto Scaling group %s is being deleted (%s)", a.group, *group.Status)
	case template == nil:
		return group, fmt.Errorf("the Auto Scaling group %s has a launch configuration, which AWS no longer develops: give it a launch template", a.group)
	case versionOf(template).Number == 0:
		// With $Latest or $Default an edit of the template changes what the next
		// scale-out launches, long before any rollout, and AWS can never roll such
		// a group back:
		// https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-rollback.html
		return group, fmt.Errorf("the Auto Scaling group %s launches version %q of launch template %s: must be a number, so that only a deploy changes what it launches%s",
			a.group, aws.ToString(template.Version), aws.ToString(template.LaunchTemplateId), setTo(group))
	}
	return group, nil
}

// setTo says to which number the group's version is best set: what its instances run.
func setTo(group scaling.AutoScalingGroup) string {
	votes := map[string]int{}
	best := ""
	for _, i := range group.Instances {
		if i.LaunchTemplate == nil {
			continue
		}
		version := aws.ToString(i.LaunchTemplate.Version)
		if votes[version]++; votes[version] > votes[best] {
			best = version
		}
	}
	switch {
	case best == "":
		return ""
	case group.LaunchTemplate == nil:
		return "; in its mixed instances policy, set it to " + best + ", which its instances run"
	}
	return fmt.Sprintf("; its instances run %[3]s: aws autoscaling update-auto-scaling-group --auto-scaling-group-name %[1]s --launch-template LaunchTemplateId=%[2]s,Version=%[3]s",
		aws.ToString(group.AutoScalingGroupName), aws.ToString(group.LaunchTemplate.LaunchTemplateId), best)
}

// targetTrouble says of each instance why a target group of the group does not
// send it requests. Healthy ones have no entry.
func (a *AWS) targetTrouble(ctx context.Context, group scaling.AutoScalingGroup) (map[string]string, error) {
	trouble := map[string]string{}
	for _, arn := range group.TargetGroupARNs {
		out, err := a.Balancer.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &arn})
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

func (a *AWS) problems(ctx context.Context) ([]Problem, error) {
	out, err := a.Scaling.DescribeScalingActivities(ctx, &autoscaling.DescribeScalingActivitiesInput{
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
		message := aws.ToString(activity.StatusMessage)
		switch {
		case activity.StatusCode == scaling.ScalingActivityStatusCodeFailed, activity.StatusCode == scaling.ScalingActivityStatusCodeCancelled:
			problem.Text = fmt.Sprintf("%s: %s", activity.StatusCode, description)
			// AWS mostly ends the description with the message.
			if !strings.Contains(description, message) {
				problem.Text += ": " + message
			}
			// An instance that ends as it starts, such as for the key of its volumes,
			// is a Cancelled launch:
			// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html
			if strings.HasPrefix(description, "Launching") &&
				(activity.StatusCode == scaling.ScalingActivityStatusCodeFailed || strings.Contains(message, "Termination Reason")) {
				problem.Launch = cmp.Or(message, description)
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

// Alarms implements Cloud.
func (a *AWS) Alarms(ctx context.Context, names []string) ([]Alarm, error) {
	if len(names) == 0 {
		return nil, nil // no names would mean every alarm of the account
	}
	out, err := a.CloudWatch.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{
		AlarmNames: names,
		AlarmTypes: []cwtypes.AlarmType{cwtypes.AlarmTypeMetricAlarm, cwtypes.AlarmTypeCompositeAlarm},
	})
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
	for _, alarm := range out.CompositeAlarms {
		alarms = append(alarms, Alarm{
			Name:   aws.ToString(alarm.AlarmName),
			State:  string(alarm.StateValue),
			Since:  aws.ToTime(alarm.StateUpdatedTimestamp),
			Reason: aws.ToString(alarm.StateReason),
		})
	}
	return alarms, nil
}
