package strict

import (
	"regexp"
	"slices"
	"strings"
)

func addBalancerRules(g *Gate) {
	g.Add("elasticloadbalancing", healthCheck, "CreateTargetGroup", "ModifyTargetGroup")
	g.Add("elasticloadbalancing", attributes, "ModifyLoadBalancerAttributes", "ModifyTargetGroupAttributes")
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
