package review

import "strings"

// replacing are the arguments of a type whose change makes the AWS provider replace the
// resource, of those that the constructs set. With a plan, Terraform itself says it. A test holds
// them against the provider.
// https://registry.terraform.io/providers/hashicorp/aws/5.99.1/docs ("Forces new resource")
var replacing = map[string]string{
	"aws_acm_certificate":                                "domain_name subject_alternative_names validation_method",
	"aws_acm_certificate_validation":                     "certificate_arn validation_record_fqdns",
	"aws_autoscaling_group":                              "name_prefix",
	"aws_autoscaling_policy":                             "autoscaling_group_name name",
	"aws_autoscaling_schedule":                           "autoscaling_group_name scheduled_action_name",
	"aws_cloudwatch_dashboard":                           "dashboard_name",
	"aws_cloudwatch_log_group":                           "name",
	"aws_cloudwatch_metric_alarm":                        "alarm_name",
	"aws_db_instance":                                    "db_name engine storage_encrypted username snapshot_identifier restore_to_point_in_time",
	"aws_db_parameter_group":                             "family name_prefix",
	"aws_db_subnet_group":                                "name_prefix",
	"aws_default_security_group":                         "vpc_id",
	"aws_dynamodb_table":                                 "hash_key name",
	"aws_eip":                                            "domain",
	"aws_flow_log":                                       "iam_role_arn log_destination log_destination_type traffic_type vpc_id",
	"aws_iam_instance_profile":                           "name_prefix",
	"aws_iam_role":                                       "name_prefix",
	"aws_iam_role_policy":                                "name role",
	"aws_iam_role_policy_attachment":                     "policy_arn role",
	"aws_launch_template":                                "name_prefix",
	"aws_lb":                                             "internal load_balancer_type name",
	"aws_lb_listener":                                    "load_balancer_arn",
	"aws_lb_target_group":                                "name_prefix port protocol target_type vpc_id",
	"aws_nat_gateway":                                    "allocation_id subnet_id",
	"aws_route":                                          "destination_cidr_block route_table_id",
	"aws_route53_record":                                 "name zone_id",
	"aws_route_table":                                    "vpc_id",
	"aws_route_table_association":                        "subnet_id",
	"aws_s3_bucket":                                      "bucket bucket_prefix",
	"aws_s3_bucket_lifecycle_configuration":              "bucket",
	"aws_s3_bucket_ownership_controls":                   "bucket",
	"aws_s3_bucket_policy":                               "bucket",
	"aws_s3_bucket_public_access_block":                  "bucket",
	"aws_s3_bucket_server_side_encryption_configuration": "bucket",
	"aws_s3_bucket_versioning":                           "bucket",
	"aws_s3_object":                                      "bucket key",
	"aws_security_group":                                 "description name_prefix vpc_id",
	"aws_sns_topic":                                      "name",
	"aws_sns_topic_subscription":                         "endpoint protocol topic_arn",
	"aws_ssm_parameter":                                  "name",
	"aws_subnet":                                         "availability_zone cidr_block vpc_id",
	"aws_vpc":                                            "cidr_block",
	"aws_vpc_security_group_egress_rule":                 "security_group_id",
	"aws_vpc_security_group_ingress_rule":                "security_group_id",
	"terraform_data":                                     "triggers_replace",
}

// replaces tells whether a difference makes the provider replace the resource.
func replaces(kind string, d Difference) bool {
	for _, argument := range strings.Fields(replacing[kind]) {
		if within(d.Path, argument) {
			return true
		}
	}
	return false
}
