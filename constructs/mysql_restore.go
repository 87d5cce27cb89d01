package constructs

import (
	"fmt"
	"regexp"
	"time"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dbinstance"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/internal/faults"
)

// Restore says whose data a database begins with: a snapshot's, or those of a DB
// instance at a point in time, which its automated backups hold. That one has to be RDS
// for MySQL with encrypted storage, of this one's version or one that RDS upgrades from,
// its master user "admin", and its DatabaseName this one's, as those are that NewMySQL
// makes. StorageGiB has to be at least what it has now, grown or not.
type Restore struct {
	// Snapshot is a DB snapshot: its name, or its ARN if it is another account's or
	// region's. Default: none.
	Snapshot string
	// Instance is the identifier of a DB instance that exists. Default: none.
	Instance string
	// ResourceID is the resource id ("db-…") of a DB instance that is gone, and whose
	// automated backups stayed (see DeleteAutomatedBackups): "aws rds
	// describe-db-instance-automated-backups" lists them. Default: none.
	ResourceID string
	// Time is the point in time for Instance or ResourceID, in UTC, such as
	// "2027-01-31T23:45:00Z". Default: the latest, some five minutes ago.
	Time string
}

var (
	// A manual snapshot's name, an automated one's ("rds:…"), or an ARN.
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html
	snapshotRule   = regexp.MustCompile(`^(arn:aws[a-z-]*:rds:[a-z0-9-]+:\d{12}:snapshot:)?(rds:|awsbackup:)?[A-Za-z](-?[A-Za-z0-9])*$`)
	dbInstanceRule = regexp.MustCompile(`^[A-Za-z](-?[A-Za-z0-9])*$`)
	resourceIDRule = regexp.MustCompile(`^db-[A-Z0-9]{26}$`)
)

func (r *Restore) check(f *faults.List, name string) {
	if r == nil {
		return
	}
	given := ""
	for _, source := range []struct {
		field, value string
		rule         *regexp.Regexp
		is           string
	}{
		{"Snapshot", r.Snapshot, snapshotRule, "a DB snapshot's name or ARN"},
		{"Instance", r.Instance, dbInstanceRule, "a DB instance's identifier"},
		{"ResourceID", r.ResourceID, resourceIDRule, "a DB instance's resource id: db- and 26 capital letters and digits"},
	} {
		if source.value == "" {
			continue
		}
		if given != "" {
			f.Add("Restore."+source.field, source.value, "contradicts %s: give one of the two", given)
		}
		given = source.field
		if !source.rule.MatchString(source.value) && !isToken(source.value) {
			f.Add("Restore."+source.field, source.value, "must be %s", source.is)
		}
	}
	if given == "" {
		f.Missing("Restore", "one of Snapshot, Instance and ResourceID, or leave Restore out for an empty database")
	}
	if r.Instance == name && name != "" {
		f.Add("Restore.Instance", r.Instance, "is this database itself: give the other one a new name first (docs/restore.md)")
	}
	if r.Time == "" || isToken(r.Time) {
		return
	}
	if given == "Snapshot" {
		f.Add("Restore.Time", r.Time, "is for Instance and ResourceID; a snapshot has one time only")
	}
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html
	if t, err := time.Parse(time.RFC3339, r.Time); err != nil || t.Location() != time.UTC {
		f.Add("Restore.Time", r.Time, "must be a time in UTC such as 2027-01-31T23:45:00Z")
	}
}

// apply has the instance begin with the data. What it began with is looked at when it is
// made and never again, so that leaving the prop out later is no change: Terraform would
// replace the database for one. A prop that is there says what the database was made
// with, or the plan fails: nobody shall wait for data that do not come.
func (r *Restore) apply(config *dbinstance.DbInstanceConfig) {
	// The master user is the other one's, and storage is encrypted if the other one's was:
	// for a difference, Terraform would replace the database.
	ignored := append(*config.Lifecycle.IgnoreChanges.(*[]*string), *jsii.Strings("snapshot_identifier", "restore_to_point_in_time", "username", "storage_encrypted")...)
	config.Lifecycle.IgnoreChanges = &ignored
	if r == nil {
		return
	}
	conditions := *config.Lifecycle.Postcondition
	if r.Snapshot != "" {
		config.SnapshotIdentifier = jsii.String(r.Snapshot)
		conditions = append(conditions, r.madeWith("snapshot_identifier", r.Snapshot))
	} else {
		from := &dbinstance.DbInstanceRestoreToPointInTime{}
		if r.Instance != "" {
			from.SourceDbInstanceIdentifier = jsii.String(r.Instance)
			conditions = append(conditions, r.madeWith("restore_to_point_in_time[0].source_db_instance_identifier", r.Instance))
		} else {
			from.SourceDbiResourceId = jsii.String(r.ResourceID)
			conditions = append(conditions, r.madeWith("restore_to_point_in_time[0].source_dbi_resource_id", r.ResourceID))
		}
		if r.Time != "" {
			from.RestoreTime = jsii.String(r.Time)
			conditions = append(conditions, r.madeWith("restore_to_point_in_time[0].restore_time", r.Time))
		} else {
			from.UseLatestRestorableTime = jsii.Bool(true)
		}
		config.RestoreToPointInTime = from
	}
	conditions = append(conditions,
		&cdktf.Postcondition{
			Condition: jsii.String("${self.storage_encrypted}"),
			ErrorMessage: jsii.String("The database's storage is not encrypted, since what Restore names is not. " +
				"Copy that snapshot with a key (aws rds copy-db-snapshot --kms-key-id alias/aws/rds …) and restore the copy."),
		},
		&cdktf.Postcondition{
			Condition:    jsii.String(fmt.Sprintf("${self.username == %q}", masterUser)),
			ErrorMessage: jsii.String("The database's master user is ${self.username}, as that of what Restore names, and has to be " + masterUser + ": nothing here would find it."),
		})
	config.Lifecycle.Postcondition = &conditions
}

// madeWith is that the instance was made with a value of an argument.
func (r *Restore) madeWith(argument, value string) *cdktf.Postcondition {
	return &cdktf.Postcondition{
		Condition: jsii.String(fmt.Sprintf(`${try(self.%s, "") == %q}`, argument, value)),
		ErrorMessage: jsii.String(fmt.Sprintf("Restore names %s, and this database is there already, made otherwise: only a database that is made can be restored. "+
			"Leave Restore out to keep this one; docs/restore.md has the way to put a restored one in its place.", value)),
	}
}
