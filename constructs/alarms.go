package constructs

import (
	"slices"
	"strings"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchmetricalarm"
)

// AlarmOff, as a threshold, is no alarm.
const AlarmOff = -1

// alarm is a CloudWatch alarm in short.
type alarm struct {
	name, description, namespace, metric string
	// statistic is "Sum", "Average", …; or percentile is one such as "p90".
	statistic, percentile string
	// threshold is the value above which the alarm goes off; below which, if below.
	// AlarmOff: there is no such alarm.
	threshold float64
	below     bool
	// minutes is the length of a period, periods how many in a row.
	minutes, periods int
	dimensions       map[string]string
}

// targetAlarms are the alarms on what users get. The rollout gets their names, so
// that its instance refresh can heed them.
func (c *cluster) targetAlarms(b balancer) []string {
	dimensions := map[string]string{"LoadBalancer": *b.lb.ArnSuffix(), "TargetGroup": *b.targets.ArnSuffix()}
	return c.alarms(
		alarm{
			name: "target-5xx", description: "Web servers answer with errors",
			namespace: "AWS/ApplicationELB", metric: "HTTPCode_Target_5XX_Count", statistic: "Sum",
			threshold: 10, minutes: 1, periods: 2, dimensions: dimensions,
		},
		alarm{
			name: "unhealthy-hosts", description: "Web servers fail their health checks",
			namespace: "AWS/ApplicationELB", metric: "UnHealthyHostCount", statistic: "Maximum",
			threshold: 0, minutes: 1, periods: 3, dimensions: dimensions,
		},
	)
}

// groupAlarms are the alarms on the group's load.
func (c *cluster) groupAlarms(groupName string) []string {
	dimensions := map[string]string{"AutoScalingGroupName": groupName}
	list := []alarm{{
		name: "cpu", description: "The group is busy although target tracking should have added instances: it may be at its maximum",
		namespace: "AWS/EC2", metric: "CPUUtilization", statistic: "Average",
		threshold: 90, minutes: 5, periods: 3, dimensions: dimensions,
	}}
	if slices.ContainsFunc(c.props.everyType(), burstableRule.MatchString) {
		list = append(list, alarm{
			// Not CPUCreditBalance: a new instance starts with none and would
			// set the alarm off at every refresh.
			name: "cpu-credits", description: "Instances have used up their CPU credits and cost extra: a larger type may be cheaper",
			namespace: "AWS/EC2", metric: "CPUSurplusCreditsCharged", statistic: "Maximum",
			threshold: 0, minutes: 5, periods: 3, dimensions: dimensions,
		})
	}
	return c.alarms(list...)
}

// alarms makes the cluster's alarms and returns their names.
func (c *cluster) alarms(list ...alarm) []string {
	return makeAlarms(c.scope, c.props.Name, c.props.Alerts, list...)
}

// makeAlarms makes alarms in a scope and returns their names, which begin with name.
func makeAlarms(s scope, name string, alerts *Alerts, list ...alarm) []string {
	var names []string
	var actions *[]*string
	if alerts != nil {
		actions = jsii.Strings(alerts.TopicARN)
	}
	for _, a := range list {
		if a.threshold < 0 {
			continue
		}
		dimensions := map[string]*string{}
		for key, value := range a.dimensions {
			dimensions[key] = jsii.String(value)
		}
		config := &cloudwatchmetricalarm.CloudwatchMetricAlarmConfig{
			AlarmName:          jsii.String(name + "-" + a.name),
			AlarmDescription:   jsii.String(a.description),
			Namespace:          jsii.String(a.namespace),
			MetricName:         jsii.String(a.metric),
			ComparisonOperator: jsii.String("GreaterThanThreshold"),
			Threshold:          jsii.Number(a.threshold),
			Period:             jsii.Number(60 * a.minutes),
			EvaluationPeriods:  jsii.Number(a.periods),
			Dimensions:         &dimensions,
			// No request means no error, and no instance no load.
			TreatMissingData: jsii.String("notBreaching"),
			AlarmActions:     actions,
			OkActions:        actions,
		}
		if a.below {
			config.ComparisonOperator = jsii.String("LessThanThreshold")
		}
		if a.percentile != "" {
			config.ExtendedStatistic = jsii.String(a.percentile)
		} else {
			config.Statistic = jsii.String(a.statistic)
		}
		made := add(s, "alarm_"+strings.ReplaceAll(a.name, "-", "_"), cloudwatchmetricalarm.NewCloudwatchMetricAlarm, config)
		names = append(names, *made.AlarmName())
	}
	return names
}
