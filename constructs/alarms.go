package constructs

import (
	"slices"
	"strings"
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/cloudwatchmetricalarm"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/internal/faults"
)

// AlarmOff, as a threshold, is no alarm.
const AlarmOff = -1

// ClusterAlarms says when a cluster's alarms go off: above these values. The zero
// value of a field is its default, and AlarmOff no such alarm. Two alarms have nothing
// to set: the one on unhealthy web servers goes off after 3 minutes with one, and the
// one on nobody healthy after 3 minutes without any. A change holds at once.
type ClusterAlarms struct {
	// Target5XX is the number of answers 500 to 599 that the web servers may give in a
	// minute; the alarm goes off after two such minutes. Default 10.
	Target5XX int
	// LoadBalancer5XX is the number that the load balancer itself may give in a minute,
	// because no web server is healthy, or one has not answered in time; after two such
	// minutes. Default 10.
	LoadBalancer5XX int
	// LatencyP99 is how long the web servers may take to answer 99 of 100 requests, after
	// three times five minutes. With less than about 3 requests a second, the 99th
	// percentile is chance, and the alarm stays as it was. Whole milliseconds, below
	// IdleTimeout; default 1 s, or half of IdleTimeout if that is less.
	LatencyP99 time.Duration
	// RejectedConnections is the number of connections that the load balancer may turn
	// down in five minutes because it has as many as it can. Default 0: the alarm goes off
	// at the first one.
	RejectedConnections int
	// CPU is the average CPU utilization of the instances, in percent, after three times
	// five minutes: above CPUTarget, which target tracking aims at. Default 90, or half-way
	// from CPUTarget to 100 if that is more.
	CPU int
}

func (a ClusterAlarms) withDefaults(p WebserverClusterProps) ClusterAlarms {
	a.Target5XX = orDefault(a.Target5XX, 10)
	a.LoadBalancer5XX = orDefault(a.LoadBalancer5XX, 10)
	a.LatencyP99 = orDefault(a.LatencyP99, min(time.Second, p.IdleTimeout/2))
	a.CPU = orDefault(a.CPU, max(90, (p.CPUTarget+100)/2))
	return a
}

// check adds the faults of the thresholds of a cluster.
func (a ClusterAlarms) check(f *faults.List, set ClusterAlarms, p WebserverClusterProps) {
	const field = "Alarms."
	for _, number := range []struct {
		name  string
		value int
	}{
		{"Target5XX", a.Target5XX}, {"LoadBalancer5XX", a.LoadBalancer5XX}, {"RejectedConnections", a.RejectedConnections},
	} {
		if number.value < AlarmOff {
			f.Add(field+number.name, number.value, "must be 0 (the default), a number above that, or AlarmOff")
		}
	}
	if set.LatencyP99 != 0 && a.LatencyP99 != AlarmOff {
		switch {
		case a.LatencyP99 < time.Millisecond || a.LatencyP99%time.Millisecond != 0:
			f.Add(field+"LatencyP99", a.LatencyP99, "must be whole milliseconds, or AlarmOff")
		case a.LatencyP99 >= p.IdleTimeout && p.IdleTimeout >= time.Second:
			f.Add(field+"LatencyP99", a.LatencyP99, "must be below IdleTimeout (%v), after which the load balancer answers in the web server's place", p.IdleTimeout)
		}
	}
	switch {
	case set.CPU == 0 || a.CPU == AlarmOff:
	case a.CPU < 1 || a.CPU > 99:
		f.Add(field+"CPU", a.CPU, "must be 1 to 99 (percent), or AlarmOff")
	case a.CPU <= p.CPUTarget && p.CPUTarget <= 100:
		f.Add(field+"CPU", a.CPU, "must be above CPUTarget (%d), which target tracking aims at", p.CPUTarget)
	}
	if p.AlarmsStopRefresh && a.Target5XX == AlarmOff {
		f.Given(field+"Target5XX", "contradicts AlarmsStopRefresh, which needs that alarm: leave one of the two out")
	}
}

// alarm is a CloudWatch alarm in short.
type alarm struct {
	name, description, namespace, metric string
	// statistic is "Sum", "Average", …; or percentile is one such as "p99".
	statistic, percentile string
	// fewIgnored leaves the alarm as it is where there are too few values for the
	// percentile to mean something.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
	fewIgnored bool
	// threshold is the value above which the alarm goes off; below which, if below.
	// AlarmOff: there is no such alarm.
	threshold float64
	below     bool
	// noneIsBad has it go off where there is no value, too.
	noneIsBad bool
	// minutes is the length of a period, periods how many in a row.
	minutes, periods int
	dimensions       map[string]string
	// after has it be made after that.
	after []cdktf.ITerraformDependable
}

// targetAlarms are the alarms on what users get of the instances. The rollout gets
// their names, so that its instance refresh can heed them.
func (c *cluster) targetAlarms(b balancer) madeAlarms {
	return makeAlarms(c.scope, c.props.Name, c.props.Alerts,
		alarm{
			name: "target-5xx", description: "Web servers answer with errors",
			namespace: "AWS/ApplicationELB", metric: "HTTPCode_Target_5XX_Count", statistic: "Sum",
			threshold: float64(c.props.Alarms.Target5XX), minutes: 1, periods: 2, dimensions: b.targetDimensions(),
		},
		alarm{
			name: "unhealthy-hosts", description: "Web servers fail their health checks",
			namespace: "AWS/ApplicationELB", metric: "UnHealthyHostCount", statistic: "Maximum",
			threshold: 0, minutes: 1, periods: 3, dimensions: b.targetDimensions(),
		},
	)
}

// balancerAlarms are the other alarms on what users get. served is there when the first
// instances serve.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
func (c *cluster) balancerAlarms(b balancer, served cdktf.ITerraformDependable) madeAlarms {
	thresholds := c.props.Alarms
	return makeAlarms(c.scope, c.props.Name, c.props.Alerts,
		alarm{
			name: "balancer-5xx", description: "The load balancer itself answers with errors: no web server is healthy, or they do not answer in time",
			namespace: "AWS/ApplicationELB", metric: "HTTPCode_ELB_5XX_Count", statistic: "Sum",
			threshold: float64(thresholds.LoadBalancer5XX), minutes: 1, periods: 2, dimensions: b.dimensions(),
		},
		alarm{
			// The maximum of what the load balancer's nodes count. Without any target
			// there is no value: nobody serves, either, so that it goes off before the
			// first ones are there.
			name: "no-healthy-hosts", description: "No web server is healthy: nobody is served",
			namespace: "AWS/ApplicationELB", metric: "HealthyHostCount", statistic: "Maximum",
			threshold: 1, below: true, noneIsBad: true, minutes: 1, periods: 3, dimensions: b.targetDimensions(),
			after: []cdktf.ITerraformDependable{served},
		},
		alarm{
			name: "latency-p99", description: "One request in a hundred takes too long",
			namespace: "AWS/ApplicationELB", metric: "TargetResponseTime", percentile: "p99", fewIgnored: true,
			threshold: thresholds.LatencyP99.Seconds(), minutes: 5, periods: 3, dimensions: b.targetDimensions(),
		},
		alarm{
			name: "rejected-connections", description: "The load balancer turns connections down: it has as many as it can",
			namespace: "AWS/ApplicationELB", metric: "RejectedConnectionCount", statistic: "Sum",
			threshold: float64(thresholds.RejectedConnections), minutes: 5, periods: 1, dimensions: b.dimensions(),
		},
	)
}

// groupAlarms are the alarms on the group's load.
func (c *cluster) groupAlarms(groupName string) madeAlarms {
	dimensions := map[string]string{"AutoScalingGroupName": groupName}
	list := []alarm{{
		name: "cpu", description: "The group is busy although target tracking should have added instances: it may be at its maximum",
		namespace: "AWS/EC2", metric: "CPUUtilization", statistic: "Average",
		threshold: float64(c.props.Alarms.CPU), minutes: 5, periods: 3, dimensions: dimensions,
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
	return makeAlarms(c.scope, c.props.Name, c.props.Alerts, list...)
}

// madeAlarms are alarms that others name.
type madeAlarms []cloudwatchmetricalarm.CloudwatchMetricAlarm

func (m madeAlarms) names() (names []string) {
	for _, a := range m {
		names = append(names, *a.AlarmName())
	}
	return names
}

func (m madeAlarms) arns() (arns []string) {
	for _, a := range m {
		arns = append(arns, *a.Arn())
	}
	return arns
}

// makeAlarms makes alarms in a scope, whose names begin with name.
func makeAlarms(s scope, name string, alerts *Alerts, list ...alarm) (made madeAlarms) {
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
		if a.noneIsBad {
			config.TreatMissingData = jsii.String("breaching")
		}
		if a.percentile != "" {
			config.ExtendedStatistic = jsii.String(a.percentile)
		} else {
			config.Statistic = jsii.String(a.statistic)
		}
		if a.fewIgnored {
			config.EvaluateLowSampleCountPercentiles = jsii.String("ignore")
		}
		if a.after != nil {
			config.DependsOn = &a.after
		}
		made = append(made, add(s, "alarm_"+strings.ReplaceAll(a.name, "-", "_"), cloudwatchmetricalarm.NewCloudwatchMetricAlarm, config))
	}
	return made
}
