package mysql_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	driver "github.com/go-sql-driver/mysql"
)

// TestParameterGroup: require_secure_transport as the DB instance's group says,
// which counts from a restart on if it came later.
func TestParameterGroup(t *testing.T) {
	c := startCloud(t)
	set := func(value string, method types.ApplyMethod) {
		t.Helper()
		must(t)(c.rds.ModifyDBParameterGroup(t.Context(), &rds.ModifyDBParameterGroupInput{
			DBParameterGroupName: aws.String("tls"),
			Parameters:           []types.Parameter{{ParameterName: aws.String("require_secure_transport"), ParameterValue: &value, ApplyMethod: method}},
		}))
	}
	must(t)(c.rds.CreateDBParameterGroup(t.Context(), &rds.CreateDBParameterGroupInput{
		DBParameterGroupName: aws.String("tls"), DBParameterGroupFamily: aws.String("mysql8.4"), Description: aws.String("TLS"),
	}))
	i := c.create(t, func(in *rds.CreateDBInstanceInput) {
		in.ManageMasterUserPassword, in.MasterUserPassword = nil, aws.String("of-my-own")
	})
	plain := func() error {
		db := c.open(t, i, "boss", "of-my-own", func(c *driver.Config) { c.TLS = nil })
		return db.PingContext(t.Context())
	}
	reboot := func() {
		t.Helper()
		must(t)(c.rds.RebootDBInstance(t.Context(), &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("book")}))
		c.await(t, c.open(t, i, "boss", "of-my-own", nil), "rebooting")
	}
	applied := func(want string) {
		t.Helper()
		out, err := c.rds.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("book")})
		if err != nil {
			t.Fatal(err)
		}
		if got := aws.ToString(out.DBInstances[0].DBParameterGroups[0].ParameterApplyStatus); got != want {
			t.Errorf("the parameters are %q, want %q", got, want)
		}
	}
	if err := plain(); err != nil {
		t.Errorf("RDS's default group: %v", err)
	}
	set("1", types.ApplyMethodImmediate)
	must(t)(c.rds.ModifyDBInstance(t.Context(), &rds.ModifyDBInstanceInput{DBInstanceIdentifier: aws.String("book"), DBParameterGroupName: aws.String("tls"), ApplyImmediately: aws.Bool(true)}))
	if err := plain(); err != nil {
		t.Errorf("another group, before a restart: %v", err)
	}
	applied("pending-reboot")
	reboot()
	applied("in-sync")
	wantError(t, plain(), 3159, "HY000")
	set("0", types.ApplyMethodImmediate)
	if err := plain(); err != nil {
		t.Errorf("off, immediately: %v", err)
	}
	set("1", types.ApplyMethodPendingReboot)
	if err := plain(); err != nil {
		t.Errorf("on, at the next restart: %v", err)
	}
	applied("pending-reboot")
	reboot()
	wantError(t, plain(), 3159, "HY000")
}
