package review_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

const (
	account = "111122223333"
	trust   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}`
	grant   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"%s","Resource":"*"}]}`
)

func arn(service, resource string) string {
	return "arn:aws:" + service + ":eu-central-1:" + account + ":" + resource
}

// values are two values of an argument, by its path with its type, or by its name: the one for
// a reference, and another one. Those that name none of the AWS provider's own
// words are told by the type of the value.
var values = map[string][2]any{
	"vpc_id":                       {"vpc-0123456789abcdef0", "vpc-0123456789abcdef1"},
	"subnet_id":                    {"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"},
	"subnets":                      {"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"},
	"subnet_ids":                   {"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"},
	"vpc_zone_identifier":          {"subnet-0123456789abcdef0", "subnet-0123456789abcdef1"},
	"security_groups":              {"sg-0123456789abcdef0", "sg-0123456789abcdef1"},
	"security_group_id":            {"sg-0123456789abcdef0", "sg-0123456789abcdef1"},
	"vpc_security_group_ids":       {"sg-0123456789abcdef0", "sg-0123456789abcdef1"},
	"referenced_security_group_id": {"sg-0123456789abcdef2", "sg-0123456789abcdef3"},
	"route_table_id":               {"rtb-0123456789abcdef0", "rtb-0123456789abcdef1"},
	"gateway_id":                   {"igw-0123456789abcdef0", "igw-0123456789abcdef1"},
	"nat_gateway_id":               {"nat-0123456789abcdef0", "nat-0123456789abcdef1"},
	"allocation_id":                {"eipalloc-0123456789abcdef0", "eipalloc-0123456789abcdef1"},
	"availability_zone":            {"eu-central-1a", "eu-central-1b"},
	"image_id":                     {"ami-0123456789abcdef0", "ami-0123456789abcdef1"},
	"insecure_value":               {"ami-0123456789abcdef0", "ami-0123456789abcdef1"},
	"user_data":                    {"IyEvYmluL3NoCg==", "IyEvYmluL3NoCiMK"},
	"bucket":                       {"webservers-logs", "webservers-logs-2"},
	"key":                          {"application.zip", "application-2.zip"},
	"role":                         {"webservers", "others"},
	"policy":                       {fmt.Sprintf(grant, "s3:GetObject"), fmt.Sprintf(grant, "s3:PutObject")},
	"assume_role_policy":           {trust, strings.ReplaceAll(trust, "ec2", "rds")},
	"policy_arn":                   {"arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore", "arn:aws:iam::aws:policy/ReadOnlyAccess"},
	"iam_role_arn":                 {"arn:aws:iam::" + account + ":role/logs", "arn:aws:iam::" + account + ":role/logs2"},
	"log_destination":              {arn("logs", "log-group:one"), arn("logs", "log-group:two")},
	"topic_arn":                    {arn("sns", "one"), arn("sns", "two")},
	"alarm_actions":                {arn("sns", "one"), arn("sns", "two")},
	"ok_actions":                   {arn("sns", "one"), arn("sns", "two")},
	"kms_master_key_id":            {arn("kms", "key/00000000-0000-0000-0000-000000000000"), arn("kms", "key/00000000-0000-0000-0000-000000000001")},
	"certificate_arn":              {arn("acm", "certificate/00000000-0000-0000-0000-000000000000"), arn("acm", "certificate/00000000-0000-0000-0000-000000000001")},
	"load_balancer_arn":            {arn("elasticloadbalancing", "loadbalancer/app/one/0123456789abcdef"), arn("elasticloadbalancing", "loadbalancer/app/two/0123456789abcdef")},
	"target_group_arn":             {arn("elasticloadbalancing", "targetgroup/one/0123456789abcdef"), arn("elasticloadbalancing", "targetgroup/two/0123456789abcdef")},
	"target_group_arns":            {arn("elasticloadbalancing", "targetgroup/one/0123456789abcdef"), arn("elasticloadbalancing", "targetgroup/two/0123456789abcdef")},
	"autoscaling_group_name":       {"webservers-stage", "webservers-prod"},
	"db_subnet_group_name":         {"webservers-stage", "webservers-prod"},
	"parameter_group_name":         {"webservers-stage", "webservers-prod"},
	"final_snapshot_identifier":    {"webservers-stage-final", "webservers-prod-final"},
	"dashboard_body":               {`{"widgets":[]}`, `{"widgets":[],"start":"-PT6H"}`},
	"resource_label":               {"app/one/0123456789abcdef/targetgroup/one/0123456789abcdef", "app/two/0123456789abcdef/targetgroup/two/0123456789abcdef"},
	"zone_id":                      {"Z0123456789ABCDEFGHIJ", "Z0123456789ABCDEFGHIK"},
	"evaluate_target_health":       {false, true},
	"records":                      {"one.example.com.", "two.example.com."},
	"validation_record_fqdns":      {"one.example.com", "two.example.com"},
	"launch_template_id":           {"lt-0123456789abcdef0", "lt-0123456789abcdef1"},
	"version":                      {"1", "2"},
	"cidr_block":                   {"10.10.0.0/16", "10.11.0.0/16"},
	"cidr_ipv4":                    {"10.10.0.0/16", "10.11.0.0/16"},
	"destination_cidr_block":       {"0.0.0.0/0", "10.0.0.0/8"},
	"AutoScalingGroupName":         {"one", "two"},
	"DBInstanceIdentifier":         {"one", "two"},
	"LoadBalancer":                 {"app/one/0123456789abcdef", "app/two/0123456789abcdef"},
	"TargetGroup":                  {"targetgroup/one/0123456789abcdef", "targetgroup/two/0123456789abcdef"},

	"validation_method":                        {"DNS", "EMAIL"},
	"max_healthy_percentage":                   {150, 200},
	"min_healthy_percentage":                   {90, 100},
	"on_demand_percentage_above_base_capacity": {50, 100},
	"policy_type":                              {"TargetTrackingScaling", "StepScaling"},
	"retention_in_days":                        {30, 365},
	"comparison_operator":                      {"GreaterThanThreshold", "LessThanThreshold"},
	"evaluate_low_sample_count_percentiles":    {"ignore", "evaluate"},
	"extended_statistic":                       {"p90", "p99"},
	"period":                                   {60, 120},
	"statistic":                                {"Maximum", "Average"},
	"treat_missing_data":                       {"notBreaching", "missing"},
	"backup_window":                            {"02:00-03:00", "04:00-05:00"},
	"enabled_cloudwatch_logs_exports":          {"error", "general"},
	"maintenance_window":                       {"sun:03:30-sun:04:30", "mon:05:30-mon:06:30"},
	"performance_insights_retention_period":    {7, 731},
	"restore_time":                             {"2027-01-31T23:45:00Z", "2027-02-28T23:45:00Z"},
	"aws_dynamodb_table.attribute.type":        {"S", "N"},
	"billing_mode":                             {"PAY_PER_REQUEST", "PROVISIONED"},
	"domain":                                   {"vpc", "standard"},
	"log_destination_type":                     {"cloud-watch-logs", "s3"},
	"traffic_type":                             {"ALL", "REJECT"},
	"volume_type":                              {"gp3", "gp2"},
	"storage_type":                             {"gp3", "gp2"},
	"cpu_credits":                              {"unlimited", "standard"},
	"http_endpoint":                            {"enabled", "disabled"},
	"http_tokens":                              {"required", "optional"},
	"resource_type":                            {"instance", "volume"},
	"load_balancer_type":                       {"application", "network"},
	"aws_lb_listener.default_action.redirect.protocol": {"HTTPS", "HTTP"},
	"status_code": {"HTTP_301", "HTTP_302"},

	"aws_lb_listener.protocol":                                 {"HTTP", "HTTPS"},
	"aws_lb_target_group.health_check.protocol":                {"HTTP", "HTTPS"},
	"aws_lb_target_group.name_prefix":                          {"stage-", "prod-"},
	"aws_lb_target_group.protocol":                             {"HTTP", "HTTPS"},
	"target_type":                                              {"instance", "ip"},
	"aws_s3_bucket_lifecycle_configuration.rule.status":        {"Enabled", "Disabled"},
	"object_ownership":                                         {"BucketOwnerEnforced", "BucketOwnerPreferred"},
	"sse_algorithm":                                            {"AES256", "aws:kms"},
	"aws_s3_bucket_versioning.versioning_configuration.status": {"Enabled", "Suspended"},
	"checksum_algorithm":                                       {"SHA256", "CRC32"},
	"aws_sns_topic_subscription.protocol":                      {"email", "email-json"},
	"aws_ssm_parameter.type":                                   {"String", "StringList"},
	"instance_class":                                           {"db.t4g.micro", "db.t4g.small"},
	"instance_type":                                            {"t3.micro", "t3.small"},
	"engine_version":                                           {"8.4", "8.4.7"},
	"time_zone":                                                {"Etc/UTC", "Europe/Berlin"},
	"recurrence":                                               {"0 20 * * *", "0 21 * * *"},
	"termination_policies":                                     {"NewestInstance", "OldestInstance"},
	"enabled_metrics":                                          {"GroupDesiredCapacity", "GroupMinSize"},
	"ssl_policy":                                               {"ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-3-2021-06"},
	"spot_allocation_strategy":                                 {"price-capacity-optimized", "lowest-price"},
	"predefined_metric_type":                                   {"ASGAverageCPUUtilization", "ASGAverageNetworkIn"},

	"aws_autoscaling_group.launch_template.id":        {"lt-0123456789abcdef0", "lt-0123456789abcdef1"},
	"aws_s3_object.source":                            {"one.zip", "two.zip"},
	"ApplicationDigest":                               {"one", "two"},
	"aws_launch_template.iam_instance_profile.arn":    {"arn:aws:iam::" + account + ":instance-profile/one", "arn:aws:iam::" + account + ":instance-profile/two"},
	"aws_route53_record.alias.name":                   {"one.eu-central-1.elb.amazonaws.com", "two.eu-central-1.elb.amazonaws.com"},
	"aws_route53_record.name":                         {"shop.example.com", "shop2.example.com"},
	"aws_route53_record.type":                         {"CNAME", "A"},
	"aws_sns_topic_subscription.endpoint":             {"ops@example.com", "ops2@example.com"},
	"aws_autoscaling_group.health_check_type":         {"ELB", "EC2"},
	"aws_autoscaling_group.wait_for_capacity_timeout": {"0", "10m"},
}

// known returns what values has for an argument.
func known(kind, path string) ([2]any, bool) {
	path = place.ReplaceAllString(path, "")
	if pair, is := values[kind+"."+path]; is {
		return pair, true
	}
	pair, is := values[path[strings.LastIndexByte(path, '.')+1:]]
	return pair, is
}

// concrete is a value of a resource with values for its references.
func concrete(kind, path string, value any) (any, error) {
	switch v := value.(type) {
	case object:
		o := object{}
		for key, inner := range v {
			c, err := concrete(kind, strings.TrimPrefix(path+"."+key, "."), inner)
			if err != nil {
				return nil, err
			}
			o[key] = c
		}
		return o, nil
	case []any:
		list := []any{}
		for _, inner := range v {
			c, err := concrete(kind, path, inner)
			if err != nil {
				return nil, err
			}
			list = append(list, c)
		}
		// References may have become one value.
		return slices.CompactFunc(list, func(a, b any) bool { return reflect.DeepEqual(a, b) }), nil
	case string:
		if !strings.Contains(v, "${") {
			return v, nil
		}
		pair, is := known(kind, path)
		if !is {
			return nil, fmt.Errorf("%s: %s: values has none for the reference %s", kind, path, v)
		}
		return pair[0], nil
	}
	return value, nil
}

// otherValue is another one than an argument has.
func otherValue(kind, path string, value any) (any, error) {
	pair, is := known(kind, path)
	switch v := value.(type) {
	case []any:
		if len(v) == 0 {
			return nil, fmt.Errorf("%s: %s: is empty", kind, path)
		}
		if _, isText := v[0].(string); isText && is {
			return []any{pair[1]}, nil
		}
		first, err := otherValue(kind, path, v[0])
		return append([]any{first}, v[1:]...), err
	case bool:
		return !v, nil
	}
	if is && fmt.Sprint(pair[0]) != fmt.Sprint(value) {
		return pair[0], nil
	}
	if is {
		return pair[1], nil
	}
	switch v := value.(type) {
	case float64:
		return v + 1, nil
	case string:
		if v == "true" || v == "false" {
			return fmt.Sprint(v == "false"), nil
		}
		var n float64
		if _, err := fmt.Sscanf(v+"!", "%g!", &n); err == nil {
			return fmt.Sprint(n + 1), nil
		}
		return v + "2", nil
	}
	return nil, fmt.Errorf("%s: %s: no other value than %v", kind, path, value)
}
