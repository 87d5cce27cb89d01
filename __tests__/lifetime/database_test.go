package lifetime_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
)

func TestTheEndOfADatabase(t *testing.T) {
	d := newDeployment(t)
	database := func(change func(*constructs.MySQLProps)) []byte {
		return synthesize(t, func(stack cdktf.TerraformStack) {
			network := constructs.NewNetwork(stack, "network", constructs.NetworkProps{
				Name: "lifetime", CIDR: "10.4.0.0/16", NAT: constructs.NATNone, Zones: []string{region + "b", region + "c"},
			})
			props := constructs.MySQLProps{Name: "lifetime", VPCID: network.VPCID, SubnetIDs: network.DatabaseSubnetIDs}
			change(&props)
			made := constructs.NewMySQL(stack, "mysql", props)
			cdktf.NewTerraformOutput(stack, jsii.String("snapshot"), &cdktf.TerraformOutputConfig{Value: jsii.String(made.FinalSnapshot)})
		})
	}
	protected := database(func(p *constructs.MySQLProps) { p.DeletionProtection = true })
	renamed := database(func(p *constructs.MySQLProps) { p.DeletionProtection, p.DatabaseName = true, "other" })
	unprotected := database(func(*constructs.MySQLProps) {})
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
