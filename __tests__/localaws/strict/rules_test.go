package strict_test

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// form is a Query or EC2 request's, given its action and NAME=VALUE.
func form(version, action string, params ...string) string {
	values := url.Values{"Action": {action}, "Version": {version}}
	for _, p := range params {
		name, value, _ := strings.Cut(p, "=")
		values.Set(name, value)
	}
	return values.Encode()
}

// TestAmendments: single values of which AWS's pages speak and its models do not.
func TestAmendments(t *testing.T) {
	rds := func(action string, params ...string) request {
		return request{service: "rds", form: form("2014-10-31", action, params...)}
	}
	database := func(params ...string) request {
		return rds("CreateDBInstance", append([]string{
			"DBInstanceIdentifier=web-stage", "DBInstanceClass=db.t4g.micro", "Engine=mysql", "AllocatedStorage=20", "StorageType=gp3",
			"MasterUsername=admin", "ManageMasterUserPassword=true",
		}, params...)...)
	}
	elb := func(action string, params ...string) request {
		return request{service: "elasticloadbalancing", form: form("2015-12-01", action, params...)}
	}
	listener := func(policy string) request {
		return elb("CreateListener", "LoadBalancerArn=arn", "DefaultActions.member.1.Type=forward", "Protocol=HTTPS", "Port=443", "SslPolicy="+policy)
	}
	ec2 := func(action string, params ...string) request {
		return request{service: "ec2", form: form("2016-11-15", action, params...)}
	}
	group := func(action string, params ...string) request {
		return request{service: "autoscaling", form: form("2011-01-01", action, append([]string{"AutoScalingGroupName=g"}, params...)...)}
	}
	retention := func(days int) request {
		return request{service: "logs", target: "Logs_20140328.PutRetentionPolicy", json: fmt.Sprintf(`{"logGroupName":"g","retentionInDays":%d}`, days)}
	}
	bucketIn := func(region string) request {
		return request{service: "s3", method: "PUT", path: "/b-1", body: "<CreateBucketConfiguration><LocationConstraint>" + region + "</LocationConstraint></CreateBucketConfiguration>"}
	}
	run(t, []test{
		{"a bucket", bucketIn("eu-central-1"), nil},
		{"a bucket in the sovereign cloud", bucketIn("eusc-de-east-1"), nil},
		{"a bucket in a zone", bucketIn("eu-central-1a"), []string{"'eu-central-1a' at 'CreateBucketConfiguration.LocationConstraint'"}},
		{"a bucket in the region that is meant without one", bucketIn("us-east-1"), []string{"LocationConstraint"}},

		{"a database", database(), nil},
		{"two hyphens in a row", database("DBInstanceIdentifier=web--stage"), []string{"InvalidParameterValue", "two consecutive hyphens", "web--stage"}},
		{"a hyphen at the end", database("DBInstanceIdentifier=web-"), []string{"not a valid identifier"}},
		{"64 characters", database("DBInstanceIdentifier=a" + strings.Repeat("b", 63)), []string{"not a valid identifier"}},
		{"no such engine", database("Engine=mysqll"), []string{"InvalidParameterValue", "at 'engine'"}},
		{"backups kept for 36 days", database("BackupRetentionPeriod=36"), []string{"at 'backupRetentionPeriod'", "less than or equal to 35"}},
		{"backups kept for 35 days", database("BackupRetentionPeriod=35"), nil},
		{"no such storage", database("StorageType=gp4"), []string{"at 'storageType'"}},
		{"a port of the system", database("Port=80"), []string{"at 'port'", "1150"}},
		{"an interval of monitoring", database("MonitoringInterval=20"), []string{"[0, 1, 5, 10, 15, 30, 60]"}},
		{"no such class", database("DBInstanceClass=t4g.micro"), []string{"Invalid DB Instance class"}},
		{"a parameter group", rds("CreateDBParameterGroup", "DBParameterGroupName=web-20260101", "DBParameterGroupFamily=mysql8.4", "Description=d"), nil},
		{"a parameter group of a bad name", rds("CreateDBParameterGroup", "DBParameterGroupName=web--p", "DBParameterGroupFamily=mysql8.4", "Description=d"), []string{"dBParameterGroupName"}},
		{"a subnet group called default", rds("CreateDBSubnetGroup", "DBSubnetGroupName=Default", "DBSubnetGroupDescription=d", "SubnetIds.SubnetIdentifier.1=s"), []string{"dBSubnetGroupName"}},
		{"a final snapshot", rds("DeleteDBInstance", "DBInstanceIdentifier=d", "FinalDBSnapshotIdentifier=d-final-20260101"), nil},
		{"a final snapshot of a bad name", rds("DeleteDBInstance", "DBInstanceIdentifier=d", "FinalDBSnapshotIdentifier=d--final"), []string{"finalDBSnapshotIdentifier"}},

		{"an SSL policy", listener("ELBSecurityPolicy-TLS13-1-2-2021-06"), nil},
		{"an SSL policy of post-quantum TLS", listener("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"), nil},
		{"no such SSL policy", listener("ELBSecurityPolicy-TLS13-1-2-2021-07"), []string{"SSLPolicyNotFound", "ELBSecurityPolicy-TLS13-1-2-2021-07"}},
		{"a balancer called internal-", elb("CreateLoadBalancer", "Name=internal-web"), []string{"at 'name'"}},
		{"a balancer's name of 33 characters", elb("CreateLoadBalancer", "Name="+strings.Repeat("a", 33)), []string{"at 'name'", "32"}},
		{"a target group's name ends with a hyphen", elb("CreateTargetGroup", "Name=stage-"), []string{"at 'name'"}},

		{"logs kept for a year", retention(365), nil},
		{"logs kept for 31 days", retention(31), []string{"InvalidParameterException", "'31' at 'retentionInDays'"}},

		{"a group's metrics", group("EnableMetricsCollection", "Granularity=1Minute", "Metrics.member.1=GroupTotalInstances"), nil},
		{"no such metric of a group", group("EnableMetricsCollection", "Granularity=1Minute", "Metrics.member.1=GroupInstances"), []string{"'GroupInstances' at 'metrics.1.member'"}},
		{"no such granularity", group("EnableMetricsCollection", "Granularity=5Minutes"), []string{"[1Minute]"}},
		{"no such scaling policy", group("PutScalingPolicy", "PolicyName=p", "PolicyType=TargetTracking"), []string{"at 'policyType'"}},
		{"no such lifecycle transition", group("PutLifecycleHook", "LifecycleHookName=h", "LifecycleTransition=EC2_INSTANCE_LAUNCHING"), []string{"at 'lifecycleTransition'"}},

		{"missing data", request{service: "monitoring", form: form("2010-08-01", "PutMetricAlarm", "AlarmName=a", "MetricName=m", "Namespace=n", "Statistic=Sum", "Period=60", "EvaluationPeriods=1", "Threshold=1", "ComparisonOperator=GreaterThanThreshold", "TreatMissingData=notbreaching")}, []string{
			"at 'treatMissingData'", "[breaching, notBreaching, ignore, missing]",
		}},
		{"a topic", request{service: "sns", form: form("2010-03-31", "CreateTopic", "Name=a b")}, []string{"InvalidParameter", "Topic Name"}},
		{"a subscription", request{service: "sns", form: form("2010-03-31", "Subscribe", "TopicArn=arn", "Protocol=mail")}, []string{"InvalidParameter", "at 'protocol'"}},

		{"a security group", ec2("CreateSecurityGroup", "GroupName=web-lb", "GroupDescription=Load balancer of web"), nil},
		{"a security group called sg-", ec2("CreateSecurityGroup", "GroupName=sg-web", "GroupDescription=d"), []string{"InvalidParameterValue", "sg-*"}},
		{"a rule's description", ec2("AuthorizeSecurityGroupIngress", "GroupId=sg-1", "IpPermissions.1.IpProtocol=tcp", "IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0", "IpPermissions.1.IpRanges.1.Description=HTTP(S) from 0.0.0.0/0, all"), nil},
		{"an apostrophe in a rule's description", ec2("AuthorizeSecurityGroupIngress", "GroupId=sg-1", "IpPermissions.1.IpProtocol=tcp", "IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0", "IpPermissions.1.IpRanges.1.Description=AWS's"), []string{"InvalidParameterValue", "Invalid security group description"}},
		{"a tag's key of 129 characters", ec2("CreateTags", "ResourceId.1=i", "Tag.1.Key="+strings.Repeat("k", 129)), []string{"Tag.1.Key", "128"}},
	})
}

// TestRules: what several values have to do with each other, and documents inside
// a value.
func TestRules(t *testing.T) {
	rds := func(action string, params ...string) request {
		return request{service: "rds", form: form("2014-10-31", action, params...)}
	}
	database := func(params ...string) request {
		return rds("CreateDBInstance", append([]string{
			"DBInstanceIdentifier=d", "DBInstanceClass=db.t4g.micro", "Engine=mysql", "MasterUsername=admin", "ManageMasterUserPassword=true",
		}, params...)...)
	}
	windows := func(backup, maintenance string) request {
		return database("PreferredBackupWindow="+backup, "PreferredMaintenanceWindow="+maintenance)
	}
	template := func(data []byte) request {
		return request{service: "ec2", form: form("2016-11-15", "CreateLaunchTemplate", "LaunchTemplateName=tmp", "LaunchTemplateData.UserData="+base64.StdEncoding.EncodeToString(data))}
	}
	schedule := func(params ...string) request {
		return request{service: "autoscaling", form: form("2011-01-01", "PutScheduledUpdateGroupAction", append([]string{"AutoScalingGroupName=g", "ScheduledActionName=s"}, params...)...)}
	}
	alarm := func(params ...string) request {
		return request{service: "monitoring", form: form("2010-08-01", "PutMetricAlarm", append([]string{
			"AlarmName=a", "Namespace=n", "MetricName=m", "Statistic=Sum", "Period=60", "EvaluationPeriods=2", "Threshold=1", "ComparisonOperator=GreaterThanThreshold",
		}, params...)...)}
	}
	alarmOn := func(percentile string) request {
		return request{service: "monitoring", form: form("2010-08-01", "PutMetricAlarm", "AlarmName=a", "Namespace=n", "MetricName=m",
			"ExtendedStatistic="+percentile, "Period=60", "EvaluationPeriods=2", "Threshold=1", "ComparisonOperator=GreaterThanThreshold")}
	}
	elb := func(action string, params ...string) request {
		return request{service: "elasticloadbalancing", form: form("2015-12-01", action, params...)}
	}
	role := func(region, principal string) request {
		return request{service: "iam", region: region, form: form("2010-05-08", "CreateRole", "RoleName=r",
			`AssumeRolePolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"`+principal+`"}}]}`)}
	}
	policy := func(region, arn string) request {
		return request{service: "iam", region: region, form: form("2010-05-08", "AttachRolePolicy", "RoleName=r", "PolicyArn="+arn)}
	}
	resource := func(region, arn string) request {
		return request{service: "iam", region: region, form: form("2010-05-08", "PutRolePolicy", "RoleName=r", "PolicyName=p",
			`PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"`+arn+`"}]}`)}
	}
	bucket := func(name string) request { return request{service: "s3", method: "PUT", path: "/" + name} }
	tags := func(n int, first string) request {
		params := []string{"ResourceId.1=vpc-1", "Tag.1.Key=" + first}
		for i := 2; i <= n; i++ {
			params = append(params, fmt.Sprintf("Tag.%d.Key=k%d", i, i))
		}
		return request{service: "ec2", form: form("2016-11-15", "CreateTags", params...)}
	}
	run(t, []test{
		{"backups before maintenance", windows("02:00-03:00", "sun:03:30-sun:04:30"), nil},
		{"backups meet maintenance", windows("02:00-03:00", "sun:02:30-sun:03:30"), []string{"InvalidParameterValue", "must not overlap"}},
		{"backups meet maintenance after midnight", windows("23:30-00:30", "mon:00:00-mon:00:30"), []string{"must not overlap"}},
		{"maintenance meets backups across Sunday's midnight", windows("00:00-00:30", "sun:23:45-mon:00:15"), []string{"must not overlap"}},
		{"a window of 20 minutes", windows("02:00-02:20", "sun:03:30-sun:04:30"), []string{"The backup window must be at least 30 minutes"}},
		{"ill-formed windows", windows("2-3", "sunday:03:30-sun:04:30"), []string{"Invalid backup window format", "Invalid maintenance window format"}},
		{"logs of MySQL", database("EnableCloudwatchLogsExports.member.1=error", "EnableCloudwatchLogsExports.member.2=slowquery"), nil},
		{"logs of another engine", database("EnableCloudwatchLogsExports.member.1=postgresql"), []string{"InvalidParameterCombination", "log type 'postgresql' with engine mysql"}},
		{"insights of a larger class", database("DBInstanceClass=db.t4g.medium", "EnablePerformanceInsights=true", "PerformanceInsightsRetentionPeriod=62"), nil},
		{"insights of a small class", database("EnablePerformanceInsights=true"), []string{"InvalidParameterCombination", "not supported for this configuration"}},
		{"insights for 30 days", database("DBInstanceClass=db.m7g.large", "EnablePerformanceInsights=true", "PerformanceInsightsRetentionPeriod=30"), []string{"multiple of 31"}},
		{"a password beside a managed one", database("MasterUserPassword=password1"), []string{"InvalidParameterCombination", "ManageMasterUserPassword"}},
		{"a user's name", database("MasterUsername=a-user"), []string{"MasterUsername"}},
		{"a database's name", database("DBName=1st"), []string{"DBName"}},
		{"too little storage", database("StorageType=gp3", "AllocatedStorage=10"), []string{"Invalid storage size"}},
		{"storage that cannot grow", database("StorageType=gp3", "AllocatedStorage=20", "MaxAllocatedStorage=20"), []string{"InvalidParameterCombination", "Max storage size"}},
		{"no final snapshot", rds("DeleteDBInstance", "DBInstanceIdentifier=d"), []string{"InvalidParameterCombination", "FinalDBSnapshotIdentifier is required"}},
		{"a final snapshot that is skipped", rds("DeleteDBInstance", "DBInstanceIdentifier=d", "SkipFinalSnapshot=true", "FinalDBSnapshotIdentifier=f"), []string{"InvalidParameterCombination"}},

		{"user data of 16 KB", template(make([]byte, 16*1024)), nil},
		{"user data above 16 KB", template(make([]byte, 16*1024+1)), []string{"InvalidParameterValue", "limited to 16384 bytes"}},
		{"user data in clear", request{service: "ec2", form: form("2016-11-15", "RunInstances", "ImageId=ami-1", "MinCount=1", "MaxCount=1", "UserData=#!/bin/sh")}, []string{"InvalidUserData.Malformed"}},

		{"a schedule", schedule("Recurrence=0 7 * * 1-5", "TimeZone=Europe/Berlin", "MinSize=6"), nil},
		{"a schedule of four fields", schedule("Recurrence=0 7 * *", "MinSize=6"), []string{"ValidationError", "recurrence string:0 7 * * is invalid"}},
		{"a schedule at the 25th hour", schedule("Recurrence=0 25 * * *", "MinSize=6"), []string{"is invalid"}},
		{"no such time zone", schedule("Recurrence=0 7 * * *", "TimeZone=Europe/Bonn", "MinSize=6"), []string{"Europe/Bonn"}},
		{"a schedule that changes nothing", schedule("Recurrence=0 7 * * *"), []string{"At least one"}},
		{"a minimum above the maximum", schedule("Recurrence=0 7 * * *", "MinSize=6", "MaxSize=5"), []string{"Max bound, 5"}},
		{"a group's health check", request{service: "autoscaling", form: form("2011-01-01", "CreateAutoScalingGroup", "AutoScalingGroupName=g", "MinSize=1", "MaxSize=2", "HealthCheckType=HTTP")}, []string{"HealthCheckType HTTP is not valid"}},
		{"a group's lifetime", request{service: "autoscaling", form: form("2011-01-01", "CreateAutoScalingGroup", "AutoScalingGroupName=g", "MinSize=1", "MaxSize=2", "MaxInstanceLifetime=3600")}, []string{"MaxInstanceLifetime"}},

		{"an alarm", alarm(), nil},
		{"a period of 90 s", alarm("Period=90"), []string{"multiple of 60"}},
		{"more than a day", alarm("Period=300", "EvaluationPeriods=289"), []string{"more than 86400 seconds"}},
		{"a week of hours", alarm("Period=3600", "EvaluationPeriods=168"), nil},
		{"two statistics", alarm("ExtendedStatistic=p99"), []string{"Either Statistic or ExtendedStatistic"}},
		{"a percentile", alarmOn("p99.9"), nil},
		{"no such percentile", alarmOn("p101"), []string{"at 'extendedStatistic'"}},
		{"an action that is no ARN", alarm("AlarmActions.member.1=topic"), []string{"Invalid arn syntax: topic"}},

		{"a health check's timeout", elb("CreateTargetGroup", "Name=t", "HealthCheckTimeoutSeconds=10", "HealthCheckIntervalSeconds=10"), []string{"must be smaller than the interval"}},
		{"a health check's path", elb("CreateTargetGroup", "Name=t", "HealthCheckProtocol=HTTP", "HealthCheckPath=health"), []string{"must begin with a '/'"}},
		{"an attribute's value", elb("ModifyTargetGroupAttributes", "TargetGroupArn=arn", "Attributes.member.1.Key=deregistration_delay.timeout_seconds", "Attributes.member.1.Value=3601"), []string{"must be 0 to 3600: '3601'"}},
		{"an attribute's spelling", elb("ModifyLoadBalancerAttributes", "LoadBalancerArn=arn", "Attributes.member.1.Key=deletion_protection.enabled", "Attributes.member.1.Value=yes"), []string{"[true false]"}},

		{"EC2 assumes", role("us-east-1", "ec2.amazonaws.com"), nil},
		{"flow logs assume", role("us-east-1", "vpc-flow-logs.amazonaws.com"), nil},
		{"enhanced monitoring assumes", role("us-east-1", "monitoring.rds.amazonaws.com"), nil},
		{"EC2 in China assumes", role("cn-north-1", "ec2.amazonaws.com.cn"), nil},
		{"EC2 in China assumes elsewhere", role("us-east-1", "ec2.amazonaws.com.cn"), []string{"MalformedPolicyDocument", `Invalid principal in policy: "SERVICE":"ec2.amazonaws.com.cn"`}},
		{"enhanced monitoring in China", role("cn-north-1", "monitoring.rds.amazonaws.com.cn"), []string{"monitoring.rds.amazonaws.com.cn"}},
		{"a resource of the partition", resource("cn-north-1", "arn:aws-cn:logs:*:*:*"), nil},
		{"a resource of another partition", resource("cn-north-1", "arn:aws:logs:*:*:*"), []string{"MalformedPolicyDocument", `Partition "aws" is not valid for resource "arn:aws:logs:*:*:*"`}},
		{"nobody assumes", role("us-east-1", "ec3.amazonaws.com"), []string{"ec3.amazonaws.com"}},
		{"a trust policy that is no JSON", request{service: "iam", form: form("2010-05-08", "CreateRole", "RoleName=r", "AssumeRolePolicyDocument={")}, []string{"MalformedPolicyDocument"}},
		{"a managed policy", policy("us-east-1", "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"), nil},
		{"a managed policy in the sovereign cloud", policy("eusc-de-east-1", "arn:aws-eusc:iam::aws:policy/AmazonSSMManagedInstanceCore"), nil},
		{"a managed policy of another partition", policy("cn-north-1", "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"), []string{"InvalidInput", "this partition is aws-cn"}},

		{"a bucket", bucket("my.bucket-1"), nil},
		{"a bucket in capitals", bucket("My-bucket"), []string{"InvalidBucketName"}},
		{"a bucket with an underscore", bucket("my_bucket"), []string{"InvalidBucketName"}},
		{"a bucket like an address", bucket("192.168.5.4"), []string{"InvalidBucketName"}},
		{"a bucket of a reserved prefix", bucket("xn--bucket"), []string{"InvalidBucketName"}},
		{"a bucket of a reserved suffix", bucket("bucket-s3alias"), []string{"InvalidBucketName"}},

		{"50 tags", tags(50, "k1"), nil},
		{"51 tags", tags(51, "k1"), []string{"InvalidParameterValue", "maximum number of tags per resource is 50"}},
		{"a tag of AWS's own", tags(1, "aws:x"), []string{"reserved for internal use: aws:x"}},
		{"tags of a key", request{service: "kms", target: "TrentService.CreateKey", body: `{"Tags":[{"TagKey":"a","TagValue":"1"},{"TagKey":"b","TagValue":"1"}]}`}, nil},
		{"a tag of a key twice", request{service: "kms", target: "TrentService.CreateKey", body: `{"Tags":[{"TagKey":"a","TagValue":"1"},{"TagKey":"a","TagValue":"1"}]}`}, []string{"Duplicate tag key 'a'"}},
		{"a tag twice", tags(2, "k2"), []string{"Duplicate tag key 'k2'"}},
	})
}
