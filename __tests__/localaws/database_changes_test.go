package localaws_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// TestDatabaseChangesWait: what waits for the maintenance window, and what does not.
func TestDatabaseChangesWait(t *testing.T) {
	cloud := start(t)
	ctx, client := t.Context(), rds.NewFromConfig(cloud.Config())
	must[*rds.CreateDBInstanceOutput](t)(client.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("d"), DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("mysql"), EngineVersion: aws.String("8.4.5"),
		AllocatedStorage: aws.Int32(20), StorageType: aws.String("gp3"), BackupRetentionPeriod: aws.Int32(1),
		MasterUsername: aws.String("admin"), ManageMasterUserPassword: aws.Bool(true), DeletionProtection: aws.Bool(true),
	}))
	modify := func(in rds.ModifyDBInstanceInput) error {
		in.DBInstanceIdentifier = aws.String("d")
		_, err := client.ModifyDBInstance(ctx, &in)
		return err
	}
	find := func() types.DBInstance {
		return must[*rds.DescribeDBInstancesOutput](t)(client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("d")})).DBInstances[0]
	}

	// At once: backups that are kept longer, deletion protection.
	refused(t, modify(rds.ModifyDBInstanceInput{
		DBInstanceClass: aws.String("db.t4g.small"), MultiAZ: aws.Bool(true), EnableIAMDatabaseAuthentication: aws.Bool(true), EngineVersion: aws.String("8.4.6"),
		BackupRetentionPeriod: aws.Int32(7), DeletionProtection: aws.Bool(false),
	}), "", "")
	d, waits := find(), find().PendingModifiedValues
	if *d.DBInstanceClass != "db.t4g.micro" || *d.MultiAZ || *d.IAMDatabaseAuthenticationEnabled || *d.EngineVersion != "8.4.5" {
		t.Errorf("without ApplyImmediately, there is already class %s, version %s, Multi-AZ %v, IAM %v", *d.DBInstanceClass, *d.EngineVersion, *d.MultiAZ, *d.IAMDatabaseAuthenticationEnabled)
	}
	if *d.BackupRetentionPeriod != 7 || *d.DeletionProtection {
		t.Errorf("backups are kept %d days, deletion protection is %v: both change at once", *d.BackupRetentionPeriod, *d.DeletionProtection)
	}
	if aws.ToString(waits.DBInstanceClass) != "db.t4g.small" || !aws.ToBool(waits.MultiAZ) || !aws.ToBool(waits.IAMDatabaseAuthenticationEnabled) || aws.ToString(waits.EngineVersion) != "8.4.6" {
		t.Errorf("pending is %+v", waits)
	}
	// Backups switched off wait; the last word counts.
	refused(t, modify(rds.ModifyDBInstanceInput{BackupRetentionPeriod: aws.Int32(0), MultiAZ: aws.Bool(false)}), "", "")
	if d := find(); *d.BackupRetentionPeriod != 7 || aws.ToInt32(d.PendingModifiedValues.BackupRetentionPeriod) != 0 || d.PendingModifiedValues.BackupRetentionPeriod == nil || d.PendingModifiedValues.MultiAZ != nil {
		t.Errorf("backups are kept %d days; pending is %+v", *d.BackupRetentionPeriod, d.PendingModifiedValues)
	}
	if err := cloud.MaintenanceWindow(ctx, "d"); err != nil {
		t.Fatal(err)
	}
	if d := find(); *d.DBInstanceClass != "db.t4g.small" || *d.EngineVersion != "8.4.6" || *d.BackupRetentionPeriod != 0 || *d.MultiAZ || d.PendingModifiedValues.DBInstanceClass != nil {
		t.Errorf("after the maintenance window it is %+v", d)
	}

	// What waits comes with any change that is made at once.
	refused(t, modify(rds.ModifyDBInstanceInput{DBInstanceClass: aws.String("db.t4g.micro")}), "", "")
	refused(t, modify(rds.ModifyDBInstanceInput{CopyTagsToSnapshot: aws.Bool(true), ApplyImmediately: aws.Bool(true)}), "", "")
	if d := find(); *d.DBInstanceClass != "db.t4g.micro" {
		t.Errorf("the class is %s: what waited did not come with ApplyImmediately", *d.DBInstanceClass)
	}

	// Storage grows by a tenth at the least, once in six hours, and never shrinks.
	store := func(size int32) error {
		return modify(rds.ModifyDBInstanceInput{AllocatedStorage: &size, ApplyImmediately: aws.Bool(true)})
	}
	refused(t, store(19), "InvalidParameterCombination", "cannot be decreased")
	refused(t, store(21), "", "")
	if d := find(); *d.AllocatedStorage != 22 || *d.DBInstanceStatus != "storage-optimization" {
		t.Errorf("21 GiB became %d GiB, in state %s", *d.AllocatedStorage, *d.DBInstanceStatus)
	}
	refused(t, store(30), "InvalidParameterCombination", "being optimized")
}

// TestMajorVersionWaits: until the maintenance window, a DB instance keeps the parameter
// group of its version, which cannot be deleted so long.
func TestMajorVersionWaits(t *testing.T) {
	cloud := start(t)
	ctx, client := t.Context(), rds.NewFromConfig(cloud.Config())
	for _, version := range []string{"8.4", "9.7"} {
		must[*rds.CreateDBParameterGroupOutput](t)(client.CreateDBParameterGroup(ctx, &rds.CreateDBParameterGroupInput{
			DBParameterGroupName: aws.String("mysql-" + version[:1]), DBParameterGroupFamily: aws.String("mysql" + version), Description: aws.String("test"),
		}))
	}
	must[*rds.CreateDBInstanceOutput](t)(client.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("d"), DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("mysql"), EngineVersion: aws.String("8.4.5"), AllocatedStorage: aws.Int32(20),
		MasterUsername: aws.String("admin"), ManageMasterUserPassword: aws.Bool(true), DBParameterGroupName: aws.String("mysql-8"),
	}))
	has := func(group, version string) {
		t.Helper()
		d := must[*rds.DescribeDBInstancesOutput](t)(client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("d")})).DBInstances[0]
		if *d.DBParameterGroups[0].DBParameterGroupName != group || *d.EngineVersion != version {
			t.Errorf("it has version %s and the parameter group %s, want %s and %s", *d.EngineVersion, *d.DBParameterGroups[0].DBParameterGroupName, version, group)
		}
	}
	remove := func() error {
		_, err := client.DeleteDBParameterGroup(ctx, &rds.DeleteDBParameterGroupInput{DBParameterGroupName: aws.String("mysql-8")})
		return err
	}
	must[*rds.ModifyDBInstanceOutput](t)(client.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{
		DBInstanceIdentifier: aws.String("d"), EngineVersion: aws.String("9.7"), DBParameterGroupName: aws.String("mysql-9"), AllowMajorVersionUpgrade: aws.Bool(true),
	}))
	has("mysql-8", "8.4.5")
	refused(t, remove(), "InvalidDBParameterGroupState", "still members")
	if err := cloud.MaintenanceWindow(ctx, "d"); err != nil {
		t.Fatal(err)
	}
	has("mysql-9", "9.7")
	refused(t, remove(), "", "")
}
