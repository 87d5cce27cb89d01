package balancer

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"
)

// The metrics of a target group that alarms are evaluated on.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
const (
	requestCount   = "RequestCount"
	target5xx      = "HTTPCode_Target_5XX_Count"
	elb5xx         = "HTTPCode_ELB_5XX_Count"
	healthyHosts   = "HealthyHostCount"
	unhealthyHosts = "UnHealthyHostCount"
)

const namespace = "AWS/ApplicationELB"

// metricPeriod is how often a load balancer reports to CloudWatch.
const metricPeriod = time.Minute

// maxMinutes is how much of the past is kept: an alarm looks at no more than
// a day, and those here at far less.
const maxMinutes = 60

// stat is what became of a metric in a period.
type stat struct {
	n             int
	sum, min, max float64
}

func (s stat) with(o stat) stat {
	if s.n == 0 {
		return o
	}
	if o.n == 0 {
		return s
	}
	return stat{s.n + o.n, s.sum + o.sum, min(s.min, o.min), max(s.max, o.max)}
}

func (s stat) value(of types.Statistic) float64 {
	switch of {
	case types.StatisticSum:
		return s.sum
	case types.StatisticMaximum:
		return s.max
	case types.StatisticMinimum:
		return s.min
	case types.StatisticSampleCount:
		return float64(s.n)
	default:
		return s.sum / float64(s.n)
	}
}

// minute is what a target group reported in an AWS minute. A metric that is
// not there was not reported: AWS leaves out counts of zero.
type minute map[string]stat

func (m minute) add(metric string, value float64) {
	m[metric] = m[metric].with(stat{1, value, value, value})
}

// countHosts reports how many targets are healthy and unhealthy. g.mu is held.
func (g *targetGroup) countHosts() {
	var healthy, unhealthy float64
	for _, t := range g.targets {
		switch t.state {
		case elbtypes.TargetHealthStateEnumHealthy:
			healthy++
		case elbtypes.TargetHealthStateEnumUnhealthy:
			unhealthy++
		}
	}
	g.now.add(healthyHosts, healthy)
	g.now.add(unhealthyHosts, unhealthy)
}

// watchAlarms evaluates the alarms once an AWS minute, until Stop.
func (b *Balancers) watchAlarms() {
	for b.config.Clock.Sleep(b.ctx, metricPeriod) == nil {
		b.mu.Lock()
		var groups []*targetGroup
		regions := map[string]bool{}
		for _, g := range b.groups {
			groups = append(groups, g)
			regions[g.region()] = true
		}
		b.mu.Unlock()
		for _, g := range groups {
			g.endMinute()
		}
		for region := range regions {
			b.log(b.evaluateAlarms(b.ctx, region, groups))
		}
	}
}

// endMinute puts the minute that has passed with those before.
func (g *targetGroup) endMinute() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.countHosts()
	g.past = append(g.past, g.now)
	g.past = g.past[max(0, len(g.past)-maxMinutes):]
	g.now = minute{}
}

// region is the fourth field of an ARN.
func (g *targetGroup) region() string { return strings.Split(g.arn, ":")[3] }

// evaluateAlarms sets the state of a region's alarms on target groups.
func (b *Balancers) evaluateAlarms(ctx context.Context, region string, groups []*targetGroup) error {
	client := cloudwatch.NewFromConfig(b.config.AWS, func(o *cloudwatch.Options) {
		o.Region = region
		o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801) // moto does not know CBOR
	})
	pages := cloudwatch.NewDescribeAlarmsPaginator(client, &cloudwatch.DescribeAlarmsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, alarm := range page.MetricAlarms {
			i := slices.IndexFunc(groups, func(g *targetGroup) bool { return g.hasAlarm(alarm) })
			if i < 0 {
				continue
			}
			state := groups[i].evaluate(alarm)
			if state == alarm.StateValue {
				continue
			}
			_, err := client.SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{
				AlarmName: alarm.AlarmName, StateValue: state, StateReason: aws.String("Threshold evaluated by the local AWS"),
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// hasAlarm tells whether an alarm is on one of g's metrics. The dimension is
// the end of g's ARN, targetgroup/NAME/ID.
func (g *targetGroup) hasAlarm(alarm types.MetricAlarm) bool {
	return aws.ToString(alarm.Namespace) == namespace &&
		slices.ContainsFunc(alarm.Dimensions, func(d types.Dimension) bool {
			return aws.ToString(d.Name) == "TargetGroup" && strings.HasSuffix(g.arn, ":"+aws.ToString(d.Value))
		})
}

// evaluate finds an alarm's state: M of the last N periods breach the threshold.
// Missing periods count as the alarm says they do.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
func (g *targetGroup) evaluate(alarm types.MetricAlarm) types.StateValue {
	g.mu.Lock()
	past := slices.Clone(g.past)
	g.mu.Unlock()
	periods := int(aws.ToInt32(alarm.EvaluationPeriods))
	needed := periods
	if alarm.DatapointsToAlarm != nil {
		needed = int(*alarm.DatapointsToAlarm)
	}
	minutes := max(1, int(aws.ToInt32(alarm.Period))/int(metricPeriod.Seconds()))
	breaching, missing := 0, 0
	for range periods {
		var s stat
		from := max(0, len(past)-minutes)
		for _, m := range past[from:] {
			s = s.with(m[aws.ToString(alarm.MetricName)])
		}
		past = past[:from]
		switch {
		case s.n == 0:
			missing++
		case breaches(s.value(alarm.Statistic), alarm):
			breaching++
		}
	}
	switch aws.ToString(alarm.TreatMissingData) {
	case "breaching":
		breaching += missing
	case "notBreaching":
	case "ignore":
		if missing > 0 && breaching < needed {
			return alarm.StateValue
		}
	default: // missing
		if missing == periods {
			return types.StateValueInsufficientData
		}
	}
	if breaching >= needed {
		return types.StateValueAlarm
	}
	return types.StateValueOk
}

func breaches(value float64, alarm types.MetricAlarm) bool {
	threshold := aws.ToFloat64(alarm.Threshold)
	switch alarm.ComparisonOperator {
	case types.ComparisonOperatorGreaterThanThreshold:
		return value > threshold
	case types.ComparisonOperatorGreaterThanOrEqualToThreshold:
		return value >= threshold
	case types.ComparisonOperatorLessThanThreshold:
		return value < threshold
	case types.ComparisonOperatorLessThanOrEqualToThreshold:
		return value <= threshold
	default:
		return false // anomaly detection, which is not done here
	}
}
