package lifetime_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/tests/usual"
)

// databases synthesizes stacks with a database, the parts of a network around it.
func databases(t *testing.T, name, cidr string) func(change func(*constructs.MySQLProps)) []byte {
	return func(change func(*constructs.MySQLProps)) []byte {
		return synthesize(t, func(stack cdktf.TerraformStack) {
			network := constructs.NewNetwork(stack, "network", constructs.NetworkProps{
				Name: name, CIDR: cidr, NAT: constructs.NATNone, Zones: []string{region + "b", region + "c"},
			})
			props := constructs.MySQLProps{Name: name, Network: network}
			change(&props)
			made := constructs.NewMySQL(stack, "mysql", props)
			for name, value := range map[string]string{"snapshot": made.FinalSnapshot, "connect": made.ConnectARN, "secret": made.SecretARN} {
				cdktf.NewTerraformOutput(stack, jsii.String(name), &cdktf.TerraformOutputConfig{Value: jsii.String(value)})
			}
		})
	}
}

// everything is a database with all that one can have; the next version at once.
func everything(p *constructs.MySQLProps) {
	p.ApplicationUser, p.LogRetentionDays = "app", 7
	p.InstanceClass, p.PerformanceInsights = "db.m7g.large", true
	p.EngineVersion, p.AllowMajorVersionUpgrade, p.ApplyImmediately = "9.7", true, true
}

func TestTheEndOfADatabase(t *testing.T) {
	usual.Skip(t)
	d := newDeployment(t)
	database := databases(t, "lifetime", "10.4.0.0/16")
	protected := database(func(p *constructs.MySQLProps) { p.DeletionProtection = true })
	renamed := database(func(p *constructs.MySQLProps) { p.DeletionProtection, p.DatabaseName = true, "other" })
	unprotected := database(everything)
	t.Parallel()

	d.use(protected)
	d.apply()
	d.unchanged()
	d.use(renamed)
	d.refused([]string{"apply", "-auto-approve"}, "The database that a DB instance is made with cannot change: this one was made with app, and the code says other.")

	// Protected: refused before anything has gone.
	d.use(protected)
	d.refused([]string{"destroy", "-auto-approve"}, "lifecycle.prevent_destroy", "aws_db_instance.mysql_instance")

	// The way down: protection off, deployed, destroyed; with a snapshot whose name
	// was known before.
	d.use(unprotected)
	d.apply()
	d.unchanged()
	instance := d.instance("lifetime")
	if *instance.EngineVersion != "9.7" || *instance.DBParameterGroups[0].DBParameterGroupName == "" || !aws.ToBool(instance.IAMDatabaseAuthenticationEnabled) || !aws.ToBool(instance.PerformanceInsightsEnabled) {
		t.Errorf("the database is %+v", instance)
	}
	if got, want := d.output("connect"), fmt.Sprintf("arn:aws:rds-db:%s:123456789012:dbuser:%s/app", region, *instance.DbiResourceId); got != want {
		t.Errorf("the application's user is %s to IAM, want %s", got, want)
	}
	for _, log := range []string{"error", "slowquery"} {
		group := strings.Join(strings.Fields(d.terraform("state", "show", "aws_cloudwatch_log_group.mysql_log_"+log)), " ")
		if !strings.Contains(group, `name = "/aws/rds/instance/lifetime/`+log+`"`) || !strings.Contains(group, "retention_in_days = 7") {
			t.Errorf("the log group is %s", group)
		}
	}
	snapshot := d.output("snapshot")
	d.terraform("destroy", "-auto-approve")
	output, err := rds.NewFromConfig(cloud.Config()).DescribeDBSnapshots(t.Context(), &rds.DescribeDBSnapshotsInput{})
	if err != nil {
		t.Fatal(err)
	}
	var taken []string
	for _, snapshot := range output.DBSnapshots {
		taken = append(taken, *snapshot.DBSnapshotIdentifier)
	}
	if !slices.Contains(taken, snapshot) || !strings.HasPrefix(snapshot, "lifetime-final-") {
		t.Errorf("there is no snapshot %s among %v", snapshot, taken)
	}
	// Names of snapshots are unique, and this one stays: the next database's has
	// another name.
	d.terraform("plan", "-out", "plan")
	if plan := d.terraform("show", "-json", "plan"); !strings.Contains(plan, "lifetime-final-") || strings.Contains(plan, snapshot) {
		t.Errorf("the next database's snapshot is to be called %s again", snapshot)
	}
}

// TestARestoredDatabase: docs/restore.md, step by step.
func TestARestoredDatabase(t *testing.T) {
	usual.Skip(t)
	d := newDeployment(t)
	database := databases(t, "restored", "10.5.0.0/16")
	from := func(r constructs.Restore) []byte {
		return database(func(p *constructs.MySQLProps) { everything(p); p.Restore = &r; p.SkipFinalSnapshot = true })
	}
	const snapshot = "restored-kept"
	fromSnapshot := from(constructs.Restore{Snapshot: snapshot})
	fromAnother := from(constructs.Restore{Snapshot: "another"})
	fromBefore := from(constructs.Restore{Instance: "restored-old"})
	after := database(func(p *constructs.MySQLProps) { everything(p); p.SkipFinalSnapshot = true })
	t.Parallel()

	// What is restored: a snapshot of a database that is gone.
	client := rds.NewFromConfig(cloud.Config())
	if _, err := client.CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("gone"), Engine: aws.String("mysql"), EngineVersion: aws.String("9.7"), DBInstanceClass: aws.String("db.m7g.large"),
		AllocatedStorage: aws.Int32(20), StorageEncrypted: aws.Bool(true), DBName: aws.String("app"),
		MasterUsername: aws.String("admin"), ManageMasterUserPassword: aws.Bool(true),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.DeleteDBInstance(t.Context(), &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("gone"), FinalDBSnapshotIdentifier: aws.String(snapshot)}); err != nil {
		t.Fatal(err)
	}
	d.use(fromSnapshot)
	d.apply()
	d.unchanged()
	made := *d.instance("restored").DbiResourceId
	if arn := d.output("secret"); !strings.HasPrefix(arn, "arn:aws:secretsmanager:") {
		t.Errorf("the restored database's secret is %q", arn)
	}
	// Another one has to be made; and to leave Restore out is no change.
	d.use(fromAnother)
	d.refused([]string{"plan"}, "Restore names another, and this database is there already, made otherwise")
	d.use(after)
	d.unchanged()

	// In its own place: the old one gets a new name and leaves the state.
	if _, err := client.ModifyDBInstance(t.Context(), &rds.ModifyDBInstanceInput{
		DBInstanceIdentifier: aws.String("restored"), NewDBInstanceIdentifier: aws.String("restored-old"), ApplyImmediately: aws.Bool(true),
	}); err != nil {
		t.Fatal(err)
	}
	d.terraform("state", "rm", "aws_db_instance.mysql_instance")
	d.use(fromBefore)
	d.apply()
	d.apply() // what the provider does not set when it restores to a point in time
	d.unchanged()
	d.use(after)
	d.unchanged()
	if d.instance("restored").DbiResourceId == nil || *d.instance("restored").DbiResourceId == made {
		t.Errorf("the database is still %s", made)
	}
}

// instance is a database.
func (d deployment) instance(name string) types.DBInstance {
	d.Helper()
	found, err := rds.NewFromConfig(cloud.Config()).DescribeDBInstances(d.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &name})
	if err != nil {
		d.Fatal(err)
	}
	return found.DBInstances[0]
}
