package constructs

import (
	"strings"

	"example.com/webserver-cluster/internal/project"
)

// others lets it make and change the rest: the database, buckets, parameters, logs, alarms,
// the topic and its key; and find what was made.
func (d deployer) others() []allow {
	topic, alarms := d.arn("sns", d.name+"-alerts"), d.arn("cloudwatch", "alarm:"+d.name+"-*")
	all := []allow{
		{
			sid: "Database", resources: []string{
				d.arn("rds", "db:"+d.name), d.arn("rds", "og:default:*"), d.arn("rds", "pg:"+d.name+"-*"), d.arn("rds", "snapshot:"+d.name+"-*"), d.arn("rds", "subgrp:"+d.name+"-*"),
			},
			actions: actions("rds", "AddTagsToResource CreateDBInstance CreateDBParameterGroup CreateDBSnapshot CreateDBSubnetGroup DeleteDBInstance DeleteDBParameterGroup "+
				"DeleteDBSubnetGroup ModifyDBInstance ModifyDBParameterGroup ModifyDBSubnetGroup RebootDBInstance RemoveTagsFromResource ResetDBParameterGroup "+
				"RestoreDBInstanceFromDBSnapshot RestoreDBInstanceToPointInTime"),
		},
		{
			// RDS makes the secret of the master user on behalf of whoever makes the database.
			// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html#rds-secrets-manager-permissions
			sid: "DatabaseSecret", actions: actions("secretsmanager", "CreateSecret TagResource"), resources: []string{d.arn("secretsmanager", "secret:rds!db-*")},
		},
		{
			sid: "Buckets", resources: []string{d.bucket(d.name + "-*")},
			actions: actions("s3", bucketReads+" CreateBucket DeleteBucket DeleteBucketPolicy ListBucketVersions PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock "+
				"PutBucketTagging PutBucketVersioning PutEncryptionConfiguration PutLifecycleConfiguration"),
		},
		{
			sid: "Objects", actions: actions("s3", "DeleteObject DeleteObjectVersion GetObject GetObjectTagging PutObject PutObjectTagging"), resources: []string{d.bucket(d.name + "-*/*")},
		},
		{
			sid: "Parameters", actions: actions("ssm", "AddTagsToResource DeleteParameter GetParameter PutParameter RemoveTagsFromResource"), resources: d.parameters(d.name),
		},
		{
			sid: "Logs", actions: actions("logs", "CreateLogGroup DeleteLogGroup DeleteRetentionPolicy PutRetentionPolicy TagResource UntagResource"),
			resources: []string{d.arn("logs", "log-group:/vpc/"+d.name+"/*"), d.arn("logs", "log-group:/aws/rds/instance/"+d.name+"/*")},
		},
		{
			sid: "Alarms", actions: actions("cloudwatch", "DeleteAlarms DeleteDashboards PutDashboard TagResource UntagResource"),
			resources: []string{alarms, d.arnIn("cloudwatch", "", "dashboard/"+d.name)},
		},
		{
			// Else an alarm could end instances, or scale another group.
			// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-alarm-actions.html
			sid: "PutAlarms", actions: actions("cloudwatch", "PutMetricAlarm"), resources: []string{alarms},
			when: []condition{{"ForAllValues:StringEquals", "cloudwatch:AlarmActions", []string{topic}}},
		},
		{sid: "Topic", actions: actions("sns", "CreateTopic DeleteTopic SetTopicAttributes Subscribe TagResource Unsubscribe UntagResource"), resources: []string{topic, topic + ":*"}},
		{sid: "MakeKey", actions: actions("kms", "CreateKey"), resources: []string{"*"}, when: d.asked()},
		{sid: "TagKey", actions: actions("kms", "TagResource"), resources: []string{d.arn("kms", "key/*")}, when: append(d.asked(), untagged()...)},
		{
			sid: "Key", actions: actions("kms", "EnableKeyRotation PutKeyPolicy ScheduleKeyDeletion TagResource UntagResource UpdateKeyDescription"),
			resources: []string{d.arn("kms", "key/*")}, when: d.its(),
		},
		d.findMade(),
	}
	if image := d.environment.ImageParameter; image != "" {
		all = append(all, allow{sid: "ReadImage", actions: actions("ssm", "GetParameter"), resources: []string{d.parameter(image)}})
	}
	return all
}

// domain lets it make and change the certificate and the records of its domain.
func (d deployer) domain() []allow {
	var names []string
	for _, name := range d.environment.DomainNames {
		base := strings.TrimPrefix(name, "*.")
		names = append(names, base, "*."+base)
	}
	certificates := []string{d.arn("acm", "certificate/*")}
	return []allow{
		{
			// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html
			sid: "Records", actions: actions("route53", "ChangeResourceRecordSets"), resources: []string{"arn:" + d.partition + ":route53:::hostedzone/" + d.environment.HostedZoneID},
			when: []condition{{"ForAllValues:StringLike", "route53:ChangeResourceRecordSetsNormalizedRecordNames", names}},
		},
		{sid: "MakeCertificate", actions: actions("acm", "RequestCertificate"), resources: []string{"*"}, when: d.asked()},
		{sid: "TagCertificate", actions: actions("acm", "AddTagsToCertificate"), resources: certificates, when: append(d.asked(), untagged()...)},
		{sid: "Certificate", actions: actions("acm", "AddTagsToCertificate DeleteCertificate RemoveTagsFromCertificate"), resources: certificates, when: d.its()},
	}
}

// parameters are those that an environment's cluster makes, and none that somebody keeps a
// secret in beside them.
func (g gitHub) parameters(cluster string) (list []string) {
	for _, name := range []string{project.ImageParameter(cluster, "*"), project.DeployedApplication(cluster), project.PinnedApplication(cluster)} {
		list = append(list, g.parameter(name))
	}
	return list
}

// boundary is the most that a role can do which a deploy of the environment has made,
// whatever its policies say: what the constructs of this package give their roles.
func (d deployer) boundary() []allow {
	all := []allow{
		{
			// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSSMManagedInstanceCore.html
			// without GetParameter and GetParameters, which are not for other environments.
			sid: "SessionManager", resources: []string{"*"},
			actions: append(append(actions("ssm", "DescribeAssociation DescribeDocument GetDeployablePatchSnapshotForInstance GetDocument GetManifest ListAssociations "+
				"ListInstanceAssociations PutComplianceItems PutConfigurePackageResult PutInventory UpdateAssociationStatus UpdateInstanceAssociationStatus UpdateInstanceInformation"),
				actions("ssmmessages", "CreateControlChannel CreateDataChannel OpenControlChannel OpenDataChannel")...),
				actions("ec2messages", "AcknowledgeMessage DeleteMessage FailMessage GetEndpoint GetMessages SendReply")...),
		},
		{sid: "Parameters", actions: actions("ssm", "GetParameter GetParameters"), resources: []string{d.arn("ssm", "parameter/"+d.name+"/*")}},
		{sid: "Application", actions: actions("s3", "GetObject GetObjectVersion"), resources: []string{d.bucket(d.name + "-*/*")}},
		{
			sid: "FlowLogs", actions: actions("logs", "CreateLogStream DescribeLogStreams PutLogEvents"),
			resources: []string{d.arn("logs", "log-group:/vpc/"+d.name+"/*")},
		},
		{
			// RDS tags its secret with the database's ARN; nobody else can give such a tag.
			// https://docs.aws.amazon.com/secretsmanager/latest/userguide/service-linked-secrets.html
			// https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html (the prefix aws:)
			sid: "DatabaseSecret", actions: actions("secretsmanager", "DescribeSecret GetSecretValue"), resources: []string{d.arn("secretsmanager", "secret:rds!db-*")},
			when: []condition{{"StringEquals", "aws:ResourceTag/aws:rds:primaryDBInstanceArn", []string{d.arn("rds", "db:"+d.name)}}},
		},
	}
	if d.environment.DatabaseUser != "" {
		all = append(all, allow{sid: "DatabaseUser", actions: actions("rds-db", "connect"), resources: []string{d.arn("rds-db", "dbuser:*/"+d.environment.DatabaseUser)}})
	}
	return all
}
