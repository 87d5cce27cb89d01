package databases

import (
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
)

// AWS time that a DB instance does not answer. AWS names 60 to 120 s for a failover, a
// restart "a few minutes", a change of class "an outage" (of a failover with Multi-AZ),
// "several minutes" for a minor version, and for a major one that it takes longer: the
// standby is no help there, since it is upgraded at the same time.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZ.Failover.html
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RebootInstance.html
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.MySQL.html
const (
	rebootTime   = 30 * time.Second
	failoverTime = 60 * time.Second
	changeTime   = 3 * time.Minute
	majorTime    = 8 * time.Minute
)

// interruption is what a change of a DB instance costs: its status meanwhile, and how long
// it does not answer. Everything that is not here changes without an outage: storage,
// Multi-AZ, IAM authentication, another parameter group (until the next restart), backups
// that are kept longer, deletion protection.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html
// (column "Downtime notes")
func interruption(before, after types.DBInstance) (status string, length time.Duration) {
	from, to := aws.ToString(before.EngineVersion), aws.ToString(after.EngineVersion)
	switch {
	case major(from) != major(to):
		return "upgrading", majorTime
	case from != to:
		return "upgrading", changeTime
	case aws.ToString(before.DBInstanceClass) != aws.ToString(after.DBInstanceClass):
		if aws.ToBool(after.MultiAZ) {
			return "modifying", failoverTime
		}
		return "modifying", changeTime
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.BackupRetention.html
	case (aws.ToInt32(before.BackupRetentionPeriod) == 0) != (aws.ToInt32(after.BackupRetentionPeriod) == 0):
		return "modifying", rebootTime
	}
	return "", 0
}

// major is the major version, as RDS counts them: "8.4" of "8.4.6".
func major(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(len(parts), 2)], ".")
}

// outage has the server answer nobody for some AWS time, then run with the
// parameters that waited for a restart.
func (i *instance) outage(status string, length time.Duration) {
	i.mu.Lock()
	i.outages++
	i.status = status
	i.mu.Unlock()
	i.server.Down()
	d := i.databases
	d.done.Go(func() {
		if d.config.Clock.Sleep(d.ctx, length) != nil {
			return
		}
		i.mu.Lock()
		i.booted = false
		i.mu.Unlock()
		settings, err := i.settings(d.ctx)
		if err != nil {
			d.config.Log("databases: %s: %v", i.id, err)
		}
		i.server.Set(settings)
		i.mu.Lock()
		i.outages--
		up := i.outages == 0
		if up {
			i.status = ""
		}
		i.mu.Unlock()
		if up {
			i.server.Up()
		}
	})
}

func (i *instance) down() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.outages > 0
}
