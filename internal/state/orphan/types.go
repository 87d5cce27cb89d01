package orphan

// Type is what finding and importing a resource takes that differs from one
// Terraform type to the next.
type Type struct {
	// ImportID is the id that `terraform import` takes, as the provider's page of
	// the type gives it under "Import":
	// https://registry.terraform.io/providers/hashicorp/aws/5.99.1/docs/resources/<type>#import
	//
	// Of a type with tags, whose ARN is known, {arn} is the ARN, and the one other
	// name in braces is what the ARN ends in. Of a type without tags, a name in braces
	// is the value of that argument; {a|b} is the one of the two that is set, and
	// what stands in brackets is left out where its argument is not set.
	// "" is a type that cannot be imported.
	ImportID string

	// Name is the argument that names the resource on AWS, "" if AWS makes up an id.
	// By it one is found that AWS made and Terraform did not live to tag.
	Name string

	// Untagged says that AWS keeps no tags for the type: what identifies a
	// resource is in its arguments alone, and only the import tells whether it exists.
	Untagged bool

	// Repeatable says that creating the resource where it exists is no error, but
	// sets it. So the next apply makes up for one that was not imported.
	Repeatable bool

	// CopiedTags says that AWS gives a resource's tags to copies of it, which have another name.
	CopiedTags bool

	// Unread are the arguments that the import cannot know, because AWS does not
	// tell them or because they are for Terraform alone. Where the code sets them, the
	// next plan shows them as changes, and the apply sets them.
	Unread []string
}

// Types are the types of which resources are found and imported: all that the
// app makes, and what is often added beside a cluster.
var Types = map[string]Type{
	// Network.
	"aws_vpc":                             {ImportID: "{id}"},
	"aws_subnet":                          {ImportID: "{id}"},
	"aws_internet_gateway":                {ImportID: "{id}"},
	"aws_eip":                             {ImportID: "{allocation_id}"},
	"aws_nat_gateway":                     {ImportID: "{id}"},
	"aws_route_table":                     {ImportID: "{id}"},
	"aws_route":                           {ImportID: "{route_table_id}_{destination_cidr_block|destination_ipv6_cidr_block|destination_prefix_list_id}", Untagged: true},
	"aws_route_table_association":         {ImportID: "{subnet_id|gateway_id}/{route_table_id}", Untagged: true},
	"aws_vpc_endpoint":                    {ImportID: "{id}"},
	"aws_flow_log":                        {ImportID: "{id}"},
	"aws_default_security_group":          {ImportID: "{id}", Repeatable: true, Unread: []string{"revoke_rules_on_delete"}}, // every VPC has one
	"aws_security_group":                  {ImportID: "{id}", Name: "name", Unread: []string{"revoke_rules_on_delete"}},
	"aws_vpc_security_group_ingress_rule": {ImportID: "{id}"},
	"aws_vpc_security_group_egress_rule":  {ImportID: "{id}"},
	"aws_route53_record":                  {ImportID: "{zone_id}_{name}_{type}[_{set_identifier}]", Untagged: true, Unread: []string{"allow_overwrite"}},

	// Load balancer.
	"aws_lb":                         {ImportID: "{arn}", Name: "name"},
	"aws_lb_target_group":            {ImportID: "{arn}", Name: "name"},
	"aws_lb_target_group_attachment": {Untagged: true, Repeatable: true},
	"aws_lb_listener":                {ImportID: "{arn}"},
	"aws_lb_listener_rule":           {ImportID: "{arn}"},
	"aws_lb_listener_certificate":    {ImportID: "{listener_arn}_{certificate_arn}", Untagged: true, Repeatable: true},
	"aws_acm_certificate":            {ImportID: "{arn}"},
	"aws_acm_certificate_validation": {Untagged: true, Repeatable: true}, // waits, and is nothing on AWS
	"aws_wafv2_web_acl":              {ImportID: "{id}/{name}/{scope}", Name: "name"},
	"aws_wafv2_web_acl_association":  {ImportID: "{web_acl_arn},{resource_arn}", Untagged: true, Repeatable: true},

	// Instances.
	"aws_launch_template":            {ImportID: "{id}", Name: "name"},
	"aws_autoscaling_group":          {ImportID: "{name}", Name: "name", Unread: []string{"force_delete", "force_delete_warm_pool", "ignore_failed_scaling_activities", "initial_lifecycle_hook", "min_elb_capacity", "wait_for_capacity_timeout", "wait_for_elb_capacity"}},
	"aws_autoscaling_attachment":     {Untagged: true, Repeatable: true},
	"aws_autoscaling_lifecycle_hook": {ImportID: "{autoscaling_group_name}/{name}", Name: "name", Untagged: true, Repeatable: true},
	"aws_autoscaling_policy":         {ImportID: "{autoscaling_group_name}/{name}", Name: "name", Untagged: true, Repeatable: true},
	"aws_autoscaling_schedule":       {ImportID: "{autoscaling_group_name}/{scheduled_action_name}", Name: "scheduled_action_name", Untagged: true, Repeatable: true},
	"aws_iam_instance_profile":       {ImportID: "{name}", Name: "name"},
	"aws_iam_role":                   {ImportID: "{name}", Name: "name", Unread: []string{"force_detach_policies"}},
	"aws_iam_role_policy":            {ImportID: "{role}:{name}", Name: "name", Untagged: true, Repeatable: true},
	"aws_iam_role_policy_attachment": {ImportID: "{role}/{policy_arn}", Untagged: true, Repeatable: true},
	"aws_ssm_parameter":              {ImportID: "{name}", Name: "name", Unread: []string{"overwrite", "value_wo_version"}},

	// Application. Putting an object makes a new version of it.
	"aws_s3_object": {ImportID: "{bucket}/{key}", Untagged: true, Repeatable: true},

	// Database. RDS gives one that is restored the tags of the one that it was.
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html
	"aws_db_instance": {ImportID: "{identifier}", Name: "identifier", CopiedTags: true, Unread: []string{
		"allow_major_version_upgrade", "apply_immediately", "delete_automated_backups", "final_snapshot_identifier",
		"manage_master_user_password", "password", "password_wo_version", "restore_to_point_in_time", "skip_final_snapshot", "snapshot_identifier",
	}},
	"aws_db_parameter_group": {ImportID: "{name}", Name: "name", Unread: []string{"skip_destroy"}},
	"aws_db_subnet_group":    {ImportID: "{name}", Name: "name"},
	"aws_secretsmanager_secret": {ImportID: "{arn}", Name: "name", Unread: []string{
		"force_overwrite_replica_secret", "recovery_window_in_days",
	}},

	// What watches over it.
	"aws_cloudwatch_dashboard":    {ImportID: "{dashboard_name}", Name: "dashboard_name", Untagged: true, Repeatable: true},
	"aws_cloudwatch_log_group":    {ImportID: "{name}", Name: "name", Unread: []string{"skip_destroy"}},
	"aws_cloudwatch_metric_alarm": {ImportID: "{alarm_name}", Name: "alarm_name"},
	"aws_kms_alias":               {ImportID: "{name}", Name: "name", Untagged: true},
	"aws_kms_key":                 {ImportID: "{key_id}", Unread: []string{"bypass_policy_lockout_safety_check", "deletion_window_in_days"}},
	"aws_sns_topic":               {ImportID: "{arn}", Name: "name"},
	"aws_sns_topic_policy":        {ImportID: "{arn}", Untagged: true, Repeatable: true},
	// Imported by an ARN that SNS makes up. Subscribing again returns it.
	"aws_sns_topic_subscription": {Untagged: true, Repeatable: true},

	// The roles for GitHub's workflows.
	"aws_iam_openid_connect_provider": {ImportID: "{arn}"},
	"aws_iam_policy":                  {ImportID: "{arn}", Name: "name"},

	// The state store.
	"aws_dynamodb_table":                                 {ImportID: "{name}", Name: "name"},
	"aws_s3_bucket":                                      {ImportID: "{bucket}", Name: "bucket", Unread: []string{"force_destroy"}},
	"aws_s3_bucket_lifecycle_configuration":              {ImportID: "{bucket}", Untagged: true, Repeatable: true},
	"aws_s3_bucket_ownership_controls":                   {ImportID: "{bucket}", Untagged: true, Repeatable: true},
	"aws_s3_bucket_policy":                               {ImportID: "{bucket}", Untagged: true, Repeatable: true},
	"aws_s3_bucket_public_access_block":                  {ImportID: "{bucket}", Untagged: true, Repeatable: true},
	"aws_s3_bucket_server_side_encryption_configuration": {ImportID: "{bucket}", Untagged: true, Repeatable: true},
	"aws_s3_bucket_versioning":                           {ImportID: "{bucket}", Untagged: true, Repeatable: true},

	"terraform_data": {Untagged: true, Repeatable: true}, // is in the state alone
}
