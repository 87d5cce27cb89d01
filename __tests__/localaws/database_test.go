package localaws_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// TestDatabaseOverTime: versions, restores, a new name, and Performance Insights.
func TestDatabaseOverTime(t *testing.T) {
	cloud := start(t)
	ctx, client := t.Context(), rds.NewFromConfig(cloud.Config())
	for _, version := range []string{"8.4", "9.7"} {
		must[*rds.CreateDBParameterGroupOutput](t)(client.CreateDBParameterGroup(ctx, &rds.CreateDBParameterGroupInput{
			DBParameterGroupName: aws.String("mysql-" + version[:1]), DBParameterGroupFamily: aws.String("mysql" + version), Description: aws.String("test"),
		}))
	}
	create := func(name string, backups int32) {
		must[*rds.CreateDBInstanceOutput](t)(client.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{
			DBInstanceIdentifier: &name, DBInstanceClass: aws.String("db.m7g.large"), Engine: aws.String("mysql"), EngineVersion: aws.String("8.4.5"), AllocatedStorage: aws.Int32(20),
			MasterUsername: aws.String("admin"), ManageMasterUserPassword: aws.Bool(true), DBParameterGroupName: aws.String("mysql-8"),
			BackupRetentionPeriod: &backups, EnablePerformanceInsights: aws.Bool(true), PerformanceInsightsRetentionPeriod: aws.Int32(31),
		}))
	}
	find := func(name string) rdstypes.DBInstance {
		return must[*rds.DescribeDBInstancesOutput](t)(client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &name})).DBInstances[0]
	}
	create("d", 7)

	upgrade := func(version, group string, allow bool) error {
		_, err := client.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("d"), EngineVersion: &version, DBParameterGroupName: &group, AllowMajorVersionUpgrade: &allow, ApplyImmediately: aws.Bool(true)})
		return err
	}
	refused(t, upgrade("9.7", "mysql-9", false), "InvalidParameterCombination", "AllowMajorVersionUpgrade")
	refused(t, upgrade("9.7", "mysql-8", true), "InvalidParameterCombination", "mysql9.7")
	refused(t, upgrade("8.0.40", "mysql-8", true), "InvalidParameterCombination", "Cannot upgrade")
	refused(t, upgrade("8.4.6", "mysql-8", false), "", "")
	refused(t, upgrade("8.4.5", "mysql-8", false), "InvalidParameterCombination", "Cannot upgrade")
	refused(t, upgrade("9.7", "mysql-9", true), "", "")

	insights := find("d")
	if !aws.ToBool(insights.PerformanceInsightsEnabled) || aws.ToInt32(insights.PerformanceInsightsRetentionPeriod) != 31 {
		t.Errorf("Performance Insights are %v, for %d days", aws.ToBool(insights.PerformanceInsightsEnabled), aws.ToInt32(insights.PerformanceInsightsRetentionPeriod))
	}

	restore := func(source string, at *time.Time, latest bool) error {
		_, err := client.RestoreDBInstanceToPointInTime(ctx, &rds.RestoreDBInstanceToPointInTimeInput{
			SourceDBInstanceIdentifier: &source, TargetDBInstanceIdentifier: aws.String("r"), RestoreTime: at, UseLatestRestorableTime: &latest,
		})
		return err
	}
	create("without-backups", 0)
	refused(t, restore("without-backups", nil, true), "PointInTimeRestoreNotEnabled", "")
	refused(t, restore("d", nil, false), "InvalidParameterCombination", "RestoreTime or UseLatestRestorableTime")
	refused(t, restore("d", nil, true), "", "")
	if source := find("r").ReadReplicaSourceDBInstanceIdentifier; source != nil {
		t.Errorf("what was restored is a replica of %s", *source)
	}

	// An instance keeps its resource id under another name.
	rename := func(from, to string) {
		must[*rds.ModifyDBInstanceOutput](t)(client.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: &from, NewDBInstanceIdentifier: &to, ApplyImmediately: aws.Bool(true)}))
	}
	original, restored := *find("d").DbiResourceId, *find("r").DbiResourceId
	rename("d", "d-old")
	rename("r", "d")
	if old, now := *find("d-old").DbiResourceId, *find("d").DbiResourceId; original == restored || old != original || now != restored {
		t.Errorf("%s became %s when renamed, and %s, which took its name, %s", original, old, restored, now)
	}
}
