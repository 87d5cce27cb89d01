package databases

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

func TestInterruption(t *testing.T) {
	instance := func(change func(*types.DBInstance)) types.DBInstance {
		d := types.DBInstance{
			DBInstanceClass: aws.String("db.t4g.micro"), EngineVersion: aws.String("8.4.5"), MultiAZ: aws.Bool(false),
			BackupRetentionPeriod: aws.Int32(1), AllocatedStorage: aws.Int32(20), IAMDatabaseAuthenticationEnabled: aws.Bool(false),
		}
		change(&d)
		return d
	}
	before := instance(func(*types.DBInstance) {})
	for name, c := range map[string]struct {
		change func(*types.DBInstance)
		status string
		length time.Duration
	}{
		"class":          {func(d *types.DBInstance) { d.DBInstanceClass = aws.String("db.t4g.small") }, "modifying", changeTime},
		"class, standby": {func(d *types.DBInstance) { d.DBInstanceClass, d.MultiAZ = aws.String("db.t4g.small"), aws.Bool(true) }, "modifying", failoverTime},
		"minor version":  {func(d *types.DBInstance) { d.EngineVersion = aws.String("8.4.6") }, "upgrading", changeTime},
		"minor, standby": {func(d *types.DBInstance) { d.EngineVersion, d.MultiAZ = aws.String("8.4.6"), aws.Bool(true) }, "upgrading", changeTime},
		"major version":  {func(d *types.DBInstance) { d.EngineVersion = aws.String("9.7.0") }, "upgrading", majorTime},
		"backups off":    {func(d *types.DBInstance) { d.BackupRetentionPeriod = aws.Int32(0) }, "modifying", rebootTime},
		"backups longer": {func(d *types.DBInstance) { d.BackupRetentionPeriod = aws.Int32(7) }, "", 0},
		"Multi-AZ":       {func(d *types.DBInstance) { d.MultiAZ = aws.Bool(true) }, "", 0},
		"storage":        {func(d *types.DBInstance) { d.AllocatedStorage = aws.Int32(40) }, "", 0},
		"IAM":            {func(d *types.DBInstance) { d.IAMDatabaseAuthenticationEnabled = aws.Bool(true) }, "", 0},
	} {
		if status, length := interruption(before, instance(c.change)); status != c.status || length != c.length {
			t.Errorf("%s: %q for %v, want %q for %v", name, status, length, c.status, c.length)
		}
	}
}
