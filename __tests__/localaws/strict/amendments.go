package strict

import (
	"slices"

	"github.com/hashicorp/aws-sdk-go-base/v2/endpoints"
)

const (
	// letters, digits and single hyphens, a letter first
	rdsName = `[A-Za-z](?:-?[A-Za-z0-9])*`
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
	ec2Words = `[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*`
)

// amendments are what AWS's pages say of single values and its models do not.
var amendments = []amendment{
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions; other models say it
	{service: "ec2", members: []string{"Tag.Key"}, min: 1, max: 128},
	{service: "ec2", members: []string{"Tag.Value"}, min: 0, max: 256},
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html
	{service: "rds", members: []string{"Tag.Key"}, min: 1, max: 128},
	{service: "rds", members: []string{"Tag.Value"}, min: 0, max: 256},
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html
	{service: "s3", members: []string{"Tag.Key"}, min: 1, max: 128, code: "InvalidTag"},
	{service: "s3", members: []string{"Tag.Value"}, min: 0, max: 256, code: "InvalidTag"},
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketConfiguration.html;
	// the model lacks the regions of the younger partitions
	{service: "s3", members: []string{"CreateBucketConfiguration.LocationConstraint"}, enum: bucketLocations()},

	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
	{
		service: "rds", members: []string{"CreateDBInstanceMessage.DBInstanceIdentifier", "ModifyDBInstanceMessage.NewDBInstanceIdentifier"},
		min: 1, max: 63, pattern: rdsName,
		says: "The parameter DBInstanceIdentifier is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive hyphens.",
	},
	{service: "rds", members: []string{"CreateDBInstanceMessage.Engine"}, enum: []string{
		"aurora-mysql", "aurora-postgresql", "custom-oracle-ee", "custom-oracle-ee-cdb", "custom-oracle-se2", "custom-oracle-se2-cdb",
		"custom-sqlserver-ee", "custom-sqlserver-se", "custom-sqlserver-web", "custom-sqlserver-dev", "db2-ae", "db2-se", "mariadb", "mysql",
		"oracle-ee", "oracle-ee-cdb", "oracle-se2", "oracle-se2-cdb", "postgres", "sqlserver-dev-ee", "sqlserver-ee", "sqlserver-se", "sqlserver-ex", "sqlserver-web",
	}},
	{service: "rds", members: []string{"CreateDBInstanceMessage.BackupRetentionPeriod", "ModifyDBInstanceMessage.BackupRetentionPeriod"}, min: 0, max: 35},
	{service: "rds", members: []string{"CreateDBInstanceMessage.StorageType", "ModifyDBInstanceMessage.StorageType"}, enum: []string{"gp2", "gp3", "io1", "io2", "standard"}},
	{service: "rds", members: []string{"CreateDBInstanceMessage.Port", "ModifyDBInstanceMessage.DBPortNumber"}, min: 1150, max: 65535},
	{service: "rds", members: []string{"CreateDBInstanceMessage.MonitoringInterval", "ModifyDBInstanceMessage.MonitoringInterval"}, numbers: []int{0, 1, 5, 10, 15, 30, 60}},
	{service: "rds", members: []string{"CreateDBInstanceMessage.PromotionTier", "ModifyDBInstanceMessage.PromotionTier"}, min: 0, max: 15},
	{service: "rds", members: []string{"CreateDBInstanceMessage.NetworkType", "ModifyDBInstanceMessage.NetworkType"}, enum: []string{"IPV4", "DUAL"}},
	{
		service: "rds", members: []string{"CreateDBInstanceMessage.EngineLifecycleSupport"},
		enum: []string{"open-source-rds-extended-support", "open-source-rds-extended-support-disabled"},
	},
	{
		service: "rds", members: []string{"CreateDBInstanceMessage.DBInstanceClass", "ModifyDBInstanceMessage.DBInstanceClass"},
		pattern: `db\.[a-z0-9-]+\.[a-z0-9.-]+`, says: "Invalid DB Instance class",
	},
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBParameterGroup.html
	{service: "rds", members: []string{"CreateDBParameterGroupMessage.DBParameterGroupName"}, min: 1, max: 255, pattern: rdsName},
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html
	{service: "rds", members: []string{"CreateDBSubnetGroupMessage.DBSubnetGroupName"}, min: 1, max: 255, pattern: `(?!(?i:default)$)[A-Za-z][A-Za-z0-9._ \-]*`},
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBInstance.html, …API_CreateDBSnapshot.html
	{
		service: "rds", members: []string{"DeleteDBInstanceMessage.FinalDBSnapshotIdentifier", "CreateDBSnapshotMessage.DBSnapshotIdentifier"},
		min: 1, max: 255, pattern: rdsName,
	},

	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html,
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeSSLPolicies.html
	{
		service: "elbv2", members: []string{"CreateListenerInput.SslPolicy", "ModifyListenerInput.SslPolicy"},
		enum: sslPolicies, code: "SSLPolicyNotFound",
	},
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
	{
		service: "elbv2", members: []string{"CreateLoadBalancerInput.Name"},
		min: 1, max: 32, pattern: `(?!internal-)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?`,
	},
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
	{
		service: "elbv2", members: []string{"CreateTargetGroupInput.Name"},
		min: 1, max: 32, pattern: `[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?`,
	},

	// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
	{
		service: "logs", members: []string{"PutRetentionPolicyRequest.retentionInDays"},
		numbers: []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653},
	},

	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
	{service: "cloudwatch", members: []string{"PutMetricAlarmInput.TreatMissingData"}, enum: []string{"breaching", "notBreaching", "ignore", "missing"}},
	{service: "cloudwatch", members: []string{"PutMetricAlarmInput.EvaluateLowSampleCountPercentile"}, enum: []string{"evaluate", "ignore"}},
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
	{service: "cloudwatch", members: []string{"PutMetricAlarmInput.ExtendedStatistic"}, pattern: `^((p|tm|tc|ts|wm)(\d{1,2}(\.\d{1,10})?|100)|(TM|TC|TS|WM|PR)\(.+\)|IQM)$`},
	// https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html (DomainName)
	{service: "acm", members: []string{"RequestCertificateRequest.DomainName"}, min: 1, max: 64},

	// https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html, …API_Subscribe.html
	{service: "sns", members: []string{"CreateTopicInput.Name"}, min: 1, max: 256, pattern: `[A-Za-z0-9_-]+(\.fifo)?`, code: "InvalidParameter", says: "Invalid parameter: Topic Name"},
	{
		service: "sns", members: []string{"SubscribeInput.Protocol"}, code: "InvalidParameter",
		enum: []string{"http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose"},
	},

	// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnableMetricsCollection.html
	{service: "autoscaling", members: []string{"EnableMetricsCollectionQuery.Granularity"}, enum: []string{"1Minute"}},
	{service: "autoscaling", members: []string{"Metrics.member"}, enum: groupMetrics},
	// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html
	{
		service: "autoscaling", members: []string{"PutScalingPolicyType.PolicyType"},
		enum: []string{"TargetTrackingScaling", "StepScaling", "SimpleScaling", "PredictiveScaling"},
	},
	{
		service: "autoscaling", members: []string{"PutScalingPolicyType.AdjustmentType"},
		enum: []string{"ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"},
	},
	{service: "autoscaling", members: []string{"PutScalingPolicyType.MetricAggregationType"}, enum: []string{"Minimum", "Maximum", "Average"}},
	// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutLifecycleHook.html
	{
		service: "autoscaling", members: []string{"PutLifecycleHookType.LifecycleTransition", "LifecycleHookSpecification.LifecycleTransition"},
		enum: []string{"autoscaling:EC2_INSTANCE_LAUNCHING", "autoscaling:EC2_INSTANCE_TERMINATING"},
	},
	{
		service: "autoscaling", members: []string{"PutLifecycleHookType.DefaultResult", "LifecycleHookSpecification.DefaultResult"},
		enum: []string{"CONTINUE", "ABANDON"},
	},
	{
		service: "autoscaling", members: []string{"PutLifecycleHookType.HeartbeatTimeout", "LifecycleHookSpecification.HeartbeatTimeout"},
		min: 30, max: 172800,
	},

	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
	{service: "ec2", members: []string{"CreateSecurityGroupRequest.GroupName"}, min: 1, max: 255, pattern: `(?!sg-)` + ec2Words, says: "Invalid value for parameter groupName: group names may not be in the format sg-*, and have up to 255 of a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*"},
	{service: "ec2", members: []string{
		"CreateSecurityGroupRequest.Description",
		// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html and its like
		"IpRange.Description", "Ipv6Range.Description", "PrefixListId.Description", "UserIdGroupPair.Description",
		// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRuleRequest.html
		"SecurityGroupRuleRequest.Description", "SecurityGroupRuleDescription.Description",
	}, min: 0, max: 255, pattern: ec2Words, says: "Invalid security group description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"},
}

// groupMetrics are an Auto Scaling group's,
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnableMetricsCollection.html.
var groupMetrics = []string{
	"GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances", "GroupStandbyInstances",
	"GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity", "GroupPendingCapacity", "GroupStandbyCapacity",
	"GroupTerminatingCapacity", "GroupTotalCapacity", "WarmPoolDesiredCapacity", "WarmPoolWarmedCapacity", "WarmPoolPendingCapacity",
	"WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity", "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity",
}

// sslPolicies are those of Application and Network Load Balancers.
var sslPolicies = []string{
	"ELBSecurityPolicy-2015-05", "ELBSecurityPolicy-2016-08",
	"ELBSecurityPolicy-TLS-1-0-2015-04", "ELBSecurityPolicy-TLS-1-1-2017-01", "ELBSecurityPolicy-TLS-1-2-2017-01", "ELBSecurityPolicy-TLS-1-2-Ext-2018-06",
	"ELBSecurityPolicy-FS-2018-06", "ELBSecurityPolicy-FS-1-1-2019-08", "ELBSecurityPolicy-FS-1-2-2019-08", "ELBSecurityPolicy-FS-1-2-Res-2019-08",
	"ELBSecurityPolicy-FS-1-2-Res-2020-10",
	"ELBSecurityPolicy-TLS13-1-0-2021-06", "ELBSecurityPolicy-TLS13-1-0-FIPS-2023-04", "ELBSecurityPolicy-TLS13-1-0-PQ-2025-09",
	"ELBSecurityPolicy-TLS13-1-0-FIPS-PQ-2025-09",
	"ELBSecurityPolicy-TLS13-1-1-2021-06", "ELBSecurityPolicy-TLS13-1-1-FIPS-2023-04",
	"ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04", "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09",
	"ELBSecurityPolicy-TLS13-1-2-FIPS-PQ-2025-09",
	"ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-2023-04", "ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-2-Ext0-RFC9151-FIPS-2023-07",
	"ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", "ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-2023-04", "ELBSecurityPolicy-TLS13-1-2-Ext1-PQ-2025-09",
	"ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-PQ-2025-09",
	"ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", "ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-2023-04", "ELBSecurityPolicy-TLS13-1-2-Ext2-PQ-2025-09",
	"ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-PQ-2025-09",
	"ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04", "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
	"ELBSecurityPolicy-TLS13-1-2-Res-FIPS-PQ-2025-09",
	"ELBSecurityPolicy-TLS13-1-2-RFC9151-FIPS-2023-07", "ELBSecurityPolicy-TLS13-1-2-RFC9151-INTEROP1-FIPS-2023-07", "ELBSecurityPolicy-TLS13-1-2-RFC9151-INTEROP2-FIPS-2023-07",
	"ELBSecurityPolicy-TLS13-1-2-RFC9151-INTEROP3-FIPS-2023-07", "ELBSecurityPolicy-TLS13-1-2-RFC9151-INTEROP4-FIPS-2023-07",
	"ELBSecurityPolicy-TLS13-1-2-CNSA2-INTEROP2-FIPS-PQ-2026-07", "ELBSecurityPolicy-TLS13-1-2-CNSA2-INTEROP3-FIPS-PQ-2026-07",
	"ELBSecurityPolicy-TLS13-1-3-2021-06", "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04", "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09",
	"ELBSecurityPolicy-TLS13-1-3-FIPS-PQ-2025-09", "ELBSecurityPolicy-TLS13-1-3-RFC9151-FIPS-2023-07", "ELBSecurityPolicy-TLS13-1-3-CNSA2-INTEROP1-FIPS-PQ-2026-07",
}

// bucketLocations are the regions that a bucket's maker can name: all but
// us-east-1, which is meant where none is named, and EU, an old name of eu-west-1.
func bucketLocations() []string {
	locations := []string{"EU"}
	for _, partition := range endpoints.DefaultPartitions() {
		for region := range partition.Regions() {
			if region != endpoints.UsEast1RegionID {
				locations = append(locations, region)
			}
		}
	}
	slices.Sort(locations)
	return locations
}
