package strict

import (
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

func addRules(g *Gate) {
	addRDSRules(g)
	g.Add("ec2", userData, "RunInstances", "CreateLaunchTemplate", "CreateLaunchTemplateVersion")
	g.Add("autoscaling", schedule, "PutScheduledUpdateGroupAction")
	g.Add("autoscaling", groupSettings, "CreateAutoScalingGroup", "UpdateAutoScalingGroup")
	g.Add("monitoring", alarm, "PutMetricAlarm")
	g.Add("elasticloadbalancing", healthCheck, "CreateTargetGroup", "ModifyTargetGroup")
	g.Add("elasticloadbalancing", attributes, "ModifyLoadBalancerAttributes", "ModifyTargetGroupAttributes")
	g.Add("iam", g.trust, "CreateRole", "UpdateAssumeRolePolicy")
	g.Add("iam", managedPolicy, "AttachRolePolicy", "AttachUserPolicy", "AttachGroupPolicy")
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

// healthCheck: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html.
func healthCheck(call Call) []Fault {
	timeout, interval := call.Number("HealthCheckTimeoutSeconds"), call.Number("HealthCheckIntervalSeconds")
	var faults []Fault
	if call.Has("HealthCheckTimeoutSeconds") && call.Has("HealthCheckIntervalSeconds") && timeout >= interval {
		faults = append(faults, Faultf("ValidationError", "Health check timeout '%v' must be smaller than the interval '%v'", timeout, interval))
	}
	if path := call.Text("HealthCheckPath"); path != "" && !strings.HasPrefix(path, "/") && strings.HasPrefix(call.Text("HealthCheckProtocol"), "HTTP") {
		faults = append(faults, Faultf("ValidationError", "Health check path '%s' must begin with a '/' character", shorten(path)))
	}
	return faults
}

// attributeValues are the values of load balancers' and target groups'
// attributes that have a form,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerAttribute.html,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetGroupAttribute.html.
var attributeValues = map[string]struct {
	least, most int      // of a number
	values      []string // of an enumeration
}{
	"deletion_protection.enabled":                              {values: boolean},
	"access_logs.s3.enabled":                                   {values: boolean},
	"connection_logs.s3.enabled":                               {values: boolean},
	"health_check_logs.s3.enabled":                             {values: boolean},
	"load_balancing.cross_zone.enabled":                        {values: []string{"true", "false", "use_load_balancer_configuration"}},
	"idle_timeout.timeout_seconds":                             {least: 1, most: 4000},
	"client_keep_alive.seconds":                                {least: 60, most: 604800},
	"routing.http.desync_mitigation_mode":                      {values: []string{"monitor", "defensive", "strictest"}},
	"routing.http.drop_invalid_header_fields.enabled":          {values: boolean},
	"routing.http.preserve_host_header.enabled":                {values: boolean},
	"routing.http.x_amzn_tls_version_and_cipher_suite.enabled": {values: boolean},
	"routing.http.xff_client_port.enabled":                     {values: boolean},
	"routing.http.xff_header_processing.mode":                  {values: []string{"append", "preserve", "remove"}},
	"routing.http2.enabled":                                    {values: boolean},
	"waf.fail_open.enabled":                                    {values: boolean},
	"zonal_shift.config.enabled":                               {values: boolean},
	"deregistration_delay.timeout_seconds":                     {least: 0, most: 3600},
	"slow_start.duration_seconds":                              {least: 0, most: 900},
	"stickiness.enabled":                                       {values: boolean},
	"stickiness.type":                                          {values: []string{"lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto"}},
	"stickiness.lb_cookie.duration_seconds":                    {least: 1, most: 604800},
	"stickiness.app_cookie.duration_seconds":                   {least: 1, most: 604800},
	"load_balancing.algorithm.type":                            {values: []string{"round_robin", "least_outstanding_requests", "weighted_random"}},
	"load_balancing.algorithm.anomaly_mitigation":              {values: []string{"on", "off"}},
}

var boolean = []string{"true", "false"}

func attributes(call Call) []Fault {
	var faults []Fault
	for _, a := range call.Structures("Attributes") {
		key, value := text(a["Key"]), text(a["Value"])
		rule, known := attributeValues[key]
		if !known {
			continue
		}
		n := numeric(number(value))
		if rule.values != nil && !slices.Contains(rule.values, value) {
			faults = append(faults, Faultf("ValidationError", "The value of '%s' must be one of %v: '%s'", key, rule.values, value))
		}
		if rule.most != 0 && (!digits.MatchString(value) || n < float64(rule.least) || n > float64(rule.most) || key == "slow_start.duration_seconds" && n > 0 && n < 30) {
			faults = append(faults, Faultf("ValidationError", "The value of '%s' must be %d to %d: '%s'", key, rule.least, rule.most, value))
		}
	}
	return faults
}

var digits = regexp.MustCompile(`^\d+$`)

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

// partition is the one that a region is in,
// https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html.
func partition(region string) string {
	for prefix, name := range map[string]string{
		"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b", "eu-isoe-": "aws-iso-e", "us-isof-": "aws-iso-f", "eusc-": "aws-eusc",
	} {
		if strings.HasPrefix(region, prefix) {
			return name
		}
	}
	return "aws"
}

// managedPolicy: AWS's own policies exist in each partition under its own name,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html. IAM's
// requests of the aws partition are signed for us-east-1.
func managedPolicy(call Call) []Fault {
	arn, here := call.Text("PolicyArn"), partition(call.Request.Region)
	if !strings.HasPrefix(arn, "arn:"+here+":iam::") {
		return []Fault{Faultf("InvalidInput", "ARN %s is not valid: this partition is %s.", shorten(arn), here)}
	}
	return nil
}

// trust: who may assume a role. A service is named SERVICE.amazonaws.com in
// every partition; in China some, EC2 among them, are amazonaws.com.cn, too,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services.
func (g *Gate) trust(call Call) []Fault {
	const code = "MalformedPolicyDocument"
	document := call.Text("AssumeRolePolicyDocument") + call.Text("PolicyDocument")
	var policy struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(document), &policy); err != nil {
		return []Fault{Faultf(code, "This policy contains invalid Json")}
	}
	type statement struct{ Principal json.RawMessage }
	var statements []statement
	if err := json.Unmarshal(policy.Statement, &statements); err != nil {
		statements = make([]statement, 1)
		if err := json.Unmarshal(policy.Statement, &statements[0]); err != nil {
			return []Fault{Faultf(code, "Syntax errors in policy.")}
		}
	}
	var faults []Fault
	for _, s := range statements {
		var principal struct{ Service any }
		if json.Unmarshal(s.Principal, &principal) != nil {
			continue // "*"
		}
		services, _ := principal.Service.([]any)
		if principal.Service != nil && services == nil {
			services = []any{principal.Service}
		}
		for _, service := range services {
			name, _ := service.(string)
			if !g.servicePrincipal(name, partition(call.Request.Region)) {
				faults = append(faults, Faultf(code, `Invalid principal in policy: "SERVICE":"%s"`, shorten(name)))
			}
		}
	}
	return faults
}

var principalForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$`)

// otherPrincipals are services, or parts of one, that act under another name
// than their endpoint's, from the pages on their roles; no page lists them all.
var otherPrincipals = []string{
	"cloudwatch-crossaccount", "config-multiaccountsetup", "cloudwatch", "ec2fleet", "ecs-tasks", "edgelambda", "eks-fargate-pods", "eks-nodegroup", "pods",
	"malware-protection-plan", "servicecatalog-appregistry", "spot", "spotfleet", "ssm-incidents", "ssm-quicksetup", "vmie", "vpc-flow-logs", "vpc-lattice",
}

// servicePrincipal tells whether a name in a partition may be a service's: it is
// well formed, and one of its parts is the name of a service.
func (g *Gate) servicePrincipal(name, partition string) bool {
	if !principalForm.MatchString(name) || partition != "aws-cn" && strings.HasSuffix(name, ".cn") {
		return false
	}
	index, err := g.models.index()
	if err != nil {
		return true
	}
	parts := strings.Split(strings.TrimSuffix(strings.TrimSuffix(name, ".cn"), ".amazonaws.com"), ".")
	return slices.ContainsFunc(parts, func(part string) bool {
		return index[part] != nil || slices.Contains(otherPrincipals, part)
	})
}
