package review

import (
	"fmt"
	"slices"
	"strings"
)

const (
	s3Versions      = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html"
	s3Lifecycle     = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html"
	s3Public        = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"
	s3Encryption    = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html"
	s3Policy        = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html"
	tableBackups    = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html"
	s3Ownership     = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html"
	s3Delete        = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/delete-bucket.html"
	tableDelete     = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html#WorkingWithTables.Basics.DeletionProtection"
	tableEncryption = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.howitworks.html"
	snsEncryption   = "https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html"
	logsPage        = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html"
	logsDelete      = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html"
	alarmsPage      = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Alarms.html"
	forceDestroy    = "https://registry.terraform.io/providers/hashicorp/aws/5.99.1/docs/resources/s3_bucket#force_destroy"
	kmsPolicies     = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html"
	kmsPage         = "https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html"
)

// off is a guard that must be on: taken off, data is at risk.
func off(on, without, source string) effect {
	return by(func(_ *judging, _ *Change, d Difference) effect {
		if after := map[string]any{"": d.After}; isTrue(after, "") || text(after, "") == "Enabled" {
			return nothing(on)
		}
		return atRisk(without, source)
	})
}

// emptied is whether Terraform deletes what is in a bucket when it deletes the bucket.
func emptied(_ *judging, _ *Change, d Difference) effect {
	if d.on() {
		return atRisk("when the bucket is removed from the code, Terraform deletes all that is in it", forceDestroy)
	}
	return nothing("the bucket is not deleted while there is something in it")
}

// fewer is how many, or for how long, things are kept: the text for fewer than before, with
// its level, and that for more.
func fewer(less, more string, level Level) effect {
	return by(func(_ *judging, _ *Change, d Difference) effect {
		if old, now := d.numbers(); d.Unknown || d.After != nil && (now < old || d.Before == nil) {
			return effect{level: level, text: fmt.Sprintf(less, now), source: s3Lifecycle, attention: true}
		}
		return nothing(more)
	})
}

// keptBesides is how many former versions stay however old they are.
func keptBesides(_ *judging, _ *Change, d Difference) effect {
	if old, now := d.numbers(); d.Unknown || d.After == nil || d.Before != nil && now < old {
		return atRisk("fewer former versions are kept that are past their days", s3Lifecycle)
	}
	return nothing("more former versions are kept that are past their days")
}

// expires is when what a bucket holds now is deleted: its former versions keep it, if it
// has any.
func expires(j *judging, c *Change, d Difference) effect {
	e := fewer("what is older than %g days is deleted", "what is there is kept longer", Nothing).judge(j, c, d)
	for _, r := range j.after.Resources {
		// Logs of a load balancer are there to go.
		if r.Type == "aws_lb" && slices.Equal(bucketOf(r.Arguments), bucketOf(c.code.Arguments)) {
			return e
		}
	}
	if e.attention {
		e.level = DataAtRisk
	}
	return e
}

// bucketOf are the buckets that arguments refer to.
func bucketOf(arguments map[string]any) []string {
	var all []string
	for _, address := range addresses(arguments) {
		if strings.HasPrefix(address, "aws_s3_bucket.") {
			all = append(all, address)
		}
	}
	return all
}

// storeKinds are buckets and tables: of the state, of applications, of logs.
var storeKinds = map[string]kind{
	"aws_s3_bucket": {
		what: "bucket", made: nothing("a bucket"),
		removed:   atRisk("the bucket goes with all versions of what is in it, or AWS refuses to delete it", s3Delete),
		replaced:  atRisk("another bucket: what is in this one goes, or AWS refuses to delete it", s3Delete),
		arguments: map[string]effect{"force_destroy": by(emptied)},
	},
	"aws_s3_bucket_versioning": {
		what: "versions of a bucket", made: nothing("former versions are kept"),
		removed: atRisk("what is overwritten or deleted in the bucket is gone", s3Versions), replaced: nothing("former versions are kept"),
		arguments: map[string]effect{"versioning_configuration": off("former versions are kept", "what is overwritten or deleted in the bucket is gone", s3Versions)},
	},
	"aws_s3_bucket_lifecycle_configuration": {
		what: "lifecycle of a bucket", made: look("what the bucket deletes by itself", s3Lifecycle), removed: nothing("the bucket deletes nothing by itself any more"),
		replaced: look("what the bucket deletes by itself", s3Lifecycle),
		arguments: effects(map[string]effect{
			"rule.noncurrent_version_expiration.noncurrent_days":           fewer("former versions are kept for %g days only", "former versions are kept longer", DataAtRisk),
			"rule.noncurrent_version_expiration.newer_noncurrent_versions": by(keptBesides),
			"rule.expiration.days": by(expires),
		}, look("what the bucket deletes by itself", s3Lifecycle), "rule"),
	},
	"aws_s3_bucket_public_access_block": {
		what: "block of public access", made: nothing("nothing in the bucket can be made public"),
		removed: atRisk("the bucket can be made public", s3Public), replaced: look("the bucket could be made public for some seconds", s3Public),
		arguments: effects(nil, off("nothing in the bucket can be made public", "the bucket can be made public", s3Public),
			"block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"),
	},
	"aws_s3_bucket_ownership_controls": {
		what: "ownership in a bucket", made: nothing("ACLs have no effect"), removed: atRisk("ACLs have an effect again: others may own what they put there", s3Ownership),
		replaced:  nothing("ACLs have no effect"),
		arguments: effects(nil, atRisk("ACLs may have an effect: others may own what they put there", s3Ownership), "rule"),
	},
	"aws_s3_bucket_policy": {
		what: "policy of a bucket", made: look("who may do what in the bucket", s3Policy),
		removed:  atRisk("the bucket has no policy: what it refused, such as requests without TLS, is let in", s3Policy),
		replaced: look("who may do what in the bucket", s3Policy), arguments: effects(nil, by(bucketPolicy), "policy"),
	},
	"aws_s3_bucket_server_side_encryption_configuration": {
		what: "encryption of a bucket", made: nothing("what is put there is encrypted"),
		removed: look("S3 encrypts with its own keys in any case", s3Encryption), replaced: look("with which key new objects are encrypted", s3Encryption),
		arguments: effects(nil, look("with which key new objects are encrypted", s3Encryption), "rule"),
	},
	"aws_dynamodb_table": {
		what: "table", made: nothing("a table"),
		removed: atRisk("the table goes: of the lock table, all locks and digests", tableDelete), replaced: atRisk("the table goes, and begins empty: of the lock table, without locks and digests", tableDelete),
		arguments: map[string]effect{
			"deletion_protection_enabled":    off("the table cannot be deleted", "the table can be deleted from now on", tableDelete),
			"point_in_time_recovery.enabled": off("the table can be restored", "the table cannot be restored any more", tableBackups),
			"server_side_encryption":         look("with which key the table is encrypted", tableEncryption),
			"attribute":                      nothing("what is known of the table's key"),
			"billing_mode":                   nothing("how the table is paid for"),
		},
	},
}

// retention is how long logs are kept.
func retention(_ *judging, _ *Change, d Difference) effect {
	old, now := d.numbers()
	if now != 0 && (now < old || old == 0) {
		return look(fmt.Sprintf("logs older than %g days are deleted", now), logsPage)
	}
	return nothing("logs are kept longer")
}

// watchKinds are what watches: alarms, logs, and whom they tell.
var watchKinds = map[string]kind{
	"aws_cloudwatch_metric_alarm": {
		what: "alarm", made: nothing("an alarm"), removed: look("nobody is told of it any more", alarmsPage), replaced: nothing("an alarm"),
		arguments: effects(map[string]effect{
			"alarm_actions": look("who is told of the alarm", alarmsPage), "ok_actions": nothing("who is told of its end"),
			"threshold": nothing("when the alarm goes off"), "alarm_description": nothing("a description"),
		}, nothing("what the alarm looks at"), "comparison_operator", "dimensions", "evaluate_low_sample_count_percentiles", "evaluation_periods", "datapoints_to_alarm",
			"extended_statistic", "metric_name", "namespace", "period", "statistic", "treat_missing_data", "metric_query"),
	},
	"aws_cloudwatch_dashboard": {
		what: "dashboard", made: nothing("a dashboard"), removed: nothing("a dashboard"), replaced: nothing("a dashboard"),
		arguments: effects(nil, nothing("a dashboard"), "dashboard_body"),
	},
	"aws_cloudwatch_log_group": {
		what: "log group", made: nothing("logs"), removed: look("the logs in it are deleted", logsDelete), replaced: look("the logs in it are deleted", logsDelete),
		arguments: map[string]effect{"retention_in_days": by(retention)},
	},
	"aws_sns_topic": {
		what: "topic of the alarms", made: nothing("whom alarms tell"), removed: look("nobody is told of alarms any more", alarmsPage),
		replaced:  look("nobody is told of alarms until they have subscribed again", alarmsPage),
		arguments: effects(nil, look("with which key messages are encrypted", snsEncryption), "kms_master_key_id"),
	},
	"aws_sns_topic_subscription": {
		what: "subscription", made: nothing("somebody more is told of alarms, once they confirm it"), removed: look("somebody is told of alarms no more", alarmsPage),
		replaced: look("somebody else is told of alarms, once they confirm it", alarmsPage),
	},
	"aws_kms_key": {
		what: "key", made: nothing("a key"), removed: look("what it encrypts, messages of alarms, cannot be read after the waiting period", kmsPage),
		replaced:  look("what it encrypts, messages of alarms, cannot be read after the waiting period", kmsPage),
		arguments: effects(map[string]effect{"description": nothing("a description"), "enable_key_rotation": nothing("whether the key changes every year")}, rights("who uses the key", kmsPolicies), "policy"),
	},
}
