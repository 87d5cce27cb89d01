package strict

import (
	"encoding/base64"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

func addRules(g *Gate) {
	addRDSRules(g)
	addIAMRules(g)
	addBalancerRules(g)
	g.Add("ec2", userData, "RunInstances", "CreateLaunchTemplate", "CreateLaunchTemplateVersion")
	g.Add("autoscaling", schedule, "PutScheduledUpdateGroupAction")
	g.Add("autoscaling", groupSettings, "CreateAutoScalingGroup", "UpdateAutoScalingGroup")
	g.Add("monitoring", alarm, "PutMetricAlarm")
	g.Add("monitoring", dashboard, "PutDashboard")
	g.Add("s3", bucketName, "CreateBucket")
}

// maxUserData is in bytes before base64,
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html.
const maxUserData = 16 * 1024

func userData(call Call) []Fault {
	data := call.Text("UserData")
	if template, ok := call.Input["LaunchTemplateData"].(map[string]any); ok {
		data = text(template["UserData"])
	}
	raw, err := base64.StdEncoding.DecodeString(data)
	switch {
	case err != nil:
		return []Fault{Faultf("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")}
	case len(raw) > maxUserData:
		return []Fault{Faultf(wrongValue, "User data is limited to %d bytes; it has %d.", maxUserData, len(raw))}
	}
	return nil
}

// schedule: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScheduledUpdateGroupAction.html.
func schedule(call Call) []Fault {
	const code = "ValidationError"
	var faults []Fault
	recurrence, zone := call.Text("Recurrence"), call.Text("TimeZone")
	if recurrence != "" {
		if _, err := cron.ParseStandard(recurrence); err != nil || strings.HasPrefix(recurrence, "@") || strings.Contains(recurrence, "TZ=") {
			faults = append(faults, Faultf(code, "Given recurrence string:%s is invalid", recurrence))
		}
	}
	if zone != "" {
		if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
			faults = append(faults, Faultf(code, "Timezone %s is invalid or unsupported.", zone))
		}
	}
	if !call.Has("MinSize") && !call.Has("MaxSize") && !call.Has("DesiredCapacity") {
		faults = append(faults, Faultf(code, "At least one of MinSize, MaxSize or DesiredCapacity must be given."))
	}
	return append(faults, sizes(call)...)
}

// sizes: min <= desired <= max, of those that a request names.
func sizes(call Call) []Fault {
	const code = "ValidationError"
	var faults []Fault
	least, most, desired := call.Number("MinSize"), call.Number("MaxSize"), call.Number("DesiredCapacity")
	for _, name := range []string{"MinSize", "MaxSize", "DesiredCapacity"} {
		if call.Number(name) < 0 {
			faults = append(faults, Faultf(code, "%s must not be negative: %v", name, call.Number(name)))
		}
	}
	if call.Has("MinSize") && call.Has("MaxSize") && least > most {
		faults = append(faults, Faultf(code, "Max bound, %v, must be greater than or equal to min bound, %v", most, least))
	}
	if call.Has("DesiredCapacity") && (call.Has("MinSize") && desired < least || call.Has("MaxSize") && desired > most) {
		faults = append(faults, Faultf(code, "Desired capacity:%v must be between the specified min size:%v and max size:%v", desired, least, most))
	}
	return faults
}

// groupSettings: https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html.
func groupSettings(call Call) []Fault {
	const code = "ValidationError"
	faults := sizes(call)
	for _, kind := range strings.Split(call.Text("HealthCheckType"), ",") {
		if kind != "" && !slices.Contains([]string{"EC2", "ELB", "EBS", "VPC_LATTICE"}, kind) {
			faults = append(faults, Faultf(code, "HealthCheckType %s is not valid. Valid values are EC2, EBS, ELB and VPC_LATTICE.", kind))
		}
	}
	if lifetime := call.Number("MaxInstanceLifetime"); lifetime != 0 && (lifetime < 86400 || lifetime > 31536000) {
		faults = append(faults, Faultf(code, "MaxInstanceLifetime must be 0, or 86400 to 31536000 seconds: %v", lifetime))
	}
	return faults
}

// alarm: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html.
func alarm(call Call) []Fault {
	const code = "ValidationError"
	var faults []Fault
	period, periods := call.Number("Period"), call.Number("EvaluationPeriods")
	if p := int(period); call.Has("Period") && p != 10 && p != 20 && p != 30 && p%60 != 0 {
		faults = append(faults, Faultf(code, "Period must be 10, 20, 30 or a multiple of 60: %d", p))
	}
	most := 86400.0
	if period >= 3600 {
		most = 7 * 86400
	}
	if period*periods > most {
		faults = append(faults, Faultf(code, "Metrics cannot be checked across more than %v seconds (EvaluationPeriods * Period): %v", most, period*periods))
	}
	if n := call.Number("DatapointsToAlarm"); call.Has("DatapointsToAlarm") && call.Has("EvaluationPeriods") && n > periods {
		faults = append(faults, Faultf(code, "DatapointsToAlarm must be smaller than or equal to EvaluationPeriods: %v, %v", n, periods))
	}
	if call.Has("MetricName") == call.Has("Metrics") && !call.Has("EvaluationCriteria") {
		faults = append(faults, Faultf(code, "Either MetricName or Metrics must be given, not both."))
	}
	if call.Has("MetricName") && call.Has("Statistic") == call.Has("ExtendedStatistic") {
		faults = append(faults, Faultf(code, "Either Statistic or ExtendedStatistic must be given, not both."))
	}
	for _, list := range []string{"AlarmActions", "OKActions", "InsufficientDataActions"} {
		for _, arn := range call.Texts(list) {
			if !strings.HasPrefix(arn, "arn:") {
				faults = append(faults, Faultf(code, "Invalid arn syntax: %s", shorten(arn)))
			}
		}
	}
	return faults
}

// bucketName: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html.
func bucketName(call Call) []Fault {
	name := call.Text("Bucket")
	_, err := netip.ParseAddr(name)
	bad := err == nil || !bucketForm.MatchString(name) || strings.Contains(name, "..")
	for _, prefix := range []string{"xn--", "sthree-", "amzn-s3-demo-"} {
		bad = bad || strings.HasPrefix(name, prefix)
	}
	for _, suffix := range []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"} {
		bad = bad || strings.HasSuffix(name, suffix)
	}
	if bad {
		return []Fault{Faultf("InvalidBucketName", "The specified bucket is not valid: %s", shorten(name))}
	}
	return nil
}

var bucketForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
