package validation_test

import (
	"strings"
	"testing"
	"time"

	"example.com/webserver-cluster/constructs"
)

type mysqlProps = constructs.MySQLProps

// TestMySQL has classes, names and sizes of a database.
func TestMySQL(t *testing.T) {
	inStage(t, database, []row[mysqlProps]{
		{func(p *mysqlProps) { p.InstanceClass = "t4g.micro" }, `stage.Database.InstanceClass: "t4g.micro": must be a DB instance class such as db.t4g.micro (did you mean db.t4g.micro?)`},
		{func(p *mysqlProps) { p.InstanceClass = "db.t9.nano" }, `stage.Database.InstanceClass: "db.t9.nano": is no DB instance class that RDS for MySQL 8.4 is known to have; AllowUnknownInstanceClass lets a newer one pass`},
		{func(p *mysqlProps) { p.InstanceClass = "db.t4g.nano" }, `stage.Database.InstanceClass: "db.t4g.nano": is no DB instance class that RDS for MySQL 8.4 is known to have; AllowUnknownInstanceClass lets a newer one pass`},
		{func(p *mysqlProps) { p.InstanceClass = "db.t4g.mirco" }, `stage.Database.InstanceClass: "db.t4g.mirco": is no DB instance class that RDS for MySQL 8.4 is known to have (did you mean db.t4g.micro?); AllowUnknownInstanceClass lets a newer one pass`},
		{func(p *mysqlProps) { p.InstanceClass = "db.m7g.lrge" }, `stage.Database.InstanceClass: "db.m7g.lrge": is no DB instance class that RDS for MySQL 8.4 is known to have (did you mean db.m7g.large?); AllowUnknownInstanceClass lets a newer one pass`},
		{func(p *mysqlProps) { p.InstanceClass = "DB.t4g.micro" }, `stage.Database.InstanceClass: "DB.t4g.micro": must be a DB instance class such as db.t4g.micro (did you mean db.t4g.micro?)`},
		{func(p *mysqlProps) { p.InstanceClass = "db.z1d.large" }, `stage.Database.InstanceClass: "db.z1d.large": is no DB instance class that RDS for MySQL 8.4 is known to have; AllowUnknownInstanceClass lets a newer one pass`},
		{func(p *mysqlProps) { p.InstanceClass = "db.r5.large.tpc1.mem2x" }, `stage.Database.InstanceClass: "db.r5.large.tpc1.mem2x": must be a DB instance class such as db.t4g.micro`},
		{func(p *mysqlProps) { p.InstanceClass = "db.serverless" }, `stage.Database.InstanceClass: "db.serverless": must be a DB instance class such as db.t4g.micro`},
		{func(p *mysqlProps) { p.InstanceClass = "db.t2.micro" }, `stage.Database.InstanceClass: "db.t2.micro": is no DB instance class that RDS for MySQL 8.4 is known to have (did you mean db.t3.micro?); AllowUnknownInstanceClass lets a newer one pass`},
		{func(p *mysqlProps) { p.InstanceClass = "db.m8i.large" }, `stage.Database.InstanceClass: "db.m8i.large": is no DB instance class that RDS for MySQL 8.4 is known to have; AllowUnknownInstanceClass lets a newer one pass`},
		{func(p *mysqlProps) { p.InstanceClass, p.AllowUnknownInstanceClass = "t9.nano", true }, `stage.Database.InstanceClass: "t9.nano": must be a DB instance class such as db.t4g.micro`},
		{func(p *mysqlProps) { p.EngineVersion = "5.7" }, `stage.Database.EngineVersion: "5.7": must be 8.4, 9.7, or one of them with a patch, such as 8.4.5`},
		{func(p *mysqlProps) { p.EngineVersion = "8" }, `stage.Database.EngineVersion: "8": must be 8.4, 9.7, or one of them with a patch, such as 8.4.5`},
		{func(p *mysqlProps) { p.EngineVersion = "8.0.40" }, `stage.Database.EngineVersion: "8.0.40": must be 8.4, 9.7, or one of them with a patch, such as 8.4.5`},
		{func(p *mysqlProps) { p.EngineVersion = "8.4.x" }, `stage.Database.EngineVersion: "8.4.x": must be 8.4, 9.7, or one of them with a patch, such as 8.4.5`},
		{func(p *mysqlProps) { p.EngineVersion = "latest" }, `stage.Database.EngineVersion: "latest": must be 8.4, 9.7, or one of them with a patch, such as 8.4.5`},
		{func(p *mysqlProps) { p.EngineVersion = "9.6" }, `stage.Database.EngineVersion: "9.6": must be 8.4, 9.7, or one of them with a patch, such as 8.4.5`},
		{func(p *mysqlProps) { p.AllowMajorVersionUpgrade, p.ApplyImmediately = true, false }, `stage.Database.AllowMajorVersionUpgrade: true: needs ApplyImmediately: until the maintenance window, the database would use its old parameter group, which the deploy deletes`},
		{func(p *mysqlProps) { p.DatabaseName = "my-app" }, `stage.Database.DatabaseName: "my-app": must be 1 to 64 letters, digits and underscores, a letter first`},
		{func(p *mysqlProps) { p.DatabaseName = "1app" }, `stage.Database.DatabaseName: "1app": must be 1 to 64 letters, digits and underscores, a letter first`},
		{func(p *mysqlProps) { p.DatabaseName = "_app" }, `stage.Database.DatabaseName: "_app": must be 1 to 64 letters, digits and underscores, a letter first`},
		{func(p *mysqlProps) { p.DatabaseName = "my app" }, `stage.Database.DatabaseName: "my app": must be 1 to 64 letters, digits and underscores, a letter first`},
		{func(p *mysqlProps) { p.DatabaseName = strings.Repeat("a", 65) }, `stage.Database.DatabaseName: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": must be 1 to 64 letters, digits and underscores, a letter first`},
		{func(p *mysqlProps) { p.DatabaseName = "mysql" }, `stage.Database.DatabaseName: "mysql": is a word that MySQL keeps for itself`},
		{func(p *mysqlProps) { p.DatabaseName = "select" }, `stage.Database.DatabaseName: "select": is a word that MySQL keeps for itself`},
		{func(p *mysqlProps) { p.DatabaseName = "Order" }, `stage.Database.DatabaseName: "Order": is a word that MySQL keeps for itself`},
		{func(p *mysqlProps) { p.DatabaseName = "TABLESAMPLE" }, `stage.Database.DatabaseName: "TABLESAMPLE": is a word that MySQL keeps for itself`},
		{func(p *mysqlProps) { p.DatabaseName = "information_schema" }, `stage.Database.DatabaseName: "information_schema": is a word that MySQL keeps for itself`},
		{func(p *mysqlProps) { p.DatabaseName = "sys" }, `stage.Database.DatabaseName: "sys": is a word that MySQL keeps for itself`},
		{func(p *mysqlProps) { p.DatabaseName = "größe" }, `stage.Database.DatabaseName: "größe": must be 1 to 64 letters, digits and underscores, a letter first`},
		{func(p *mysqlProps) { p.StorageGiB = 10 }, `stage.Database.StorageGiB: 10: must be 20 to 59578: MaxStorageGiB, which can be 65536, must be at least 10% above`},
		{func(p *mysqlProps) { p.StorageGiB = -1 }, `stage.Database.StorageGiB: -1: must be 20 to 59578: MaxStorageGiB, which can be 65536, must be at least 10% above`},
		{func(p *mysqlProps) { p.StorageGiB = 65536 }, `stage.Database.StorageGiB: 65536: must be 20 to 59578: MaxStorageGiB, which can be 65536, must be at least 10% above`},
		{func(p *mysqlProps) { p.StorageGiB = 70000 }, `stage.Database.StorageGiB: 70000: must be 20 to 59578: MaxStorageGiB, which can be 65536, must be at least 10% above`},
		{func(p *mysqlProps) { p.StorageGiB, p.MaxStorageGiB = 10, 10 }, `stage.Database.StorageGiB: 10: must be 20 to 59578: MaxStorageGiB, which can be 65536, must be at least 10% above`},
		{func(p *mysqlProps) { p.StorageGiB, p.MaxStorageGiB = 100, 105 }, `stage.Database.MaxStorageGiB: 105: must be at least 10% above StorageGiB (100) and at most 65536`},
		{func(p *mysqlProps) { p.StorageGiB, p.MaxStorageGiB = 100, 50 }, `stage.Database.MaxStorageGiB: 50: must be at least 10% above StorageGiB (100) and at most 65536`},
		{func(p *mysqlProps) { p.MaxStorageGiB = 65537 }, `stage.Database.MaxStorageGiB: 65537: must be at least 10% above StorageGiB (20) and at most 65536`},
		{func(p *mysqlProps) { p.MaxStorageGiB = 20 }, `stage.Database.MaxStorageGiB: 20: must be at least 10% above StorageGiB (20) and at most 65536`},
		{func(p *mysqlProps) { p.MaxStorageGiB = -1 }, `stage.Database.MaxStorageGiB: -1: must be at least 10% above StorageGiB (20) and at most 65536`},
		{func(p *mysqlProps) { p.BackupRetentionDays = 36 }, `stage.Database.BackupRetentionDays: 36: must be 1 to 35`},
		{func(p *mysqlProps) { p.BackupRetentionDays = -1 }, `stage.Database.BackupRetentionDays: -1: must be 1 to 35`},
		{func(p *mysqlProps) { p.Tags = map[string]string{"aws:x": "x"} }, `stage.Database.Tags: "aws:x": must not begin with aws:, which AWS keeps for itself`},
	})
}

// TestMySQLValid has odd values that must pass.
func TestMySQLValid(t *testing.T) {
	inStage(t, database, []row[mysqlProps]{
		{func(p *mysqlProps) { p.InstanceClass = "db.x2iedn.32xlarge" }, ""},
		{func(p *mysqlProps) { p.InstanceClass = "db.r8gd.48xlarge" }, ""},
		{func(p *mysqlProps) { p.InstanceClass = "db.t3.micro" }, ""},
		{func(p *mysqlProps) { p.InstanceClass, p.AllowUnknownInstanceClass = "db.m9g.large", true }, ""},
		{func(p *mysqlProps) { p.InstanceClass = "${var.class}" }, ""},
		{func(p *mysqlProps) { p.EngineVersion = "8.4.5" }, ""},
		{func(p *mysqlProps) { p.EngineVersion = "${var.version}" }, ""},
		{func(p *mysqlProps) { p.DatabaseName = "a" }, ""},
		{func(p *mysqlProps) { p.DatabaseName = strings.Repeat("a", 64) }, ""},
		{func(p *mysqlProps) { p.DatabaseName = "order_" }, ""},
		{func(p *mysqlProps) { p.DatabaseName = "users" }, ""},
		{func(p *mysqlProps) { p.DatabaseName = "${var.name}" }, ""},
		{func(p *mysqlProps) { p.EngineVersion, p.AllowMajorVersionUpgrade = "9.7", true }, ""},
		{func(p *mysqlProps) { p.EngineVersion = "9.7.1" }, ""},
		{func(p *mysqlProps) { p.StorageGiB = 20000 }, ""},
		{func(p *mysqlProps) { p.StorageGiB = 59578 }, ""},
		{func(p *mysqlProps) { p.StorageGiB, p.MaxStorageGiB = 100, 110 }, ""},
		{func(p *mysqlProps) { p.StorageGiB, p.MaxStorageGiB = 20, 65536 }, ""},
		{func(p *mysqlProps) { p.BackupRetentionDays = 35 }, ""},
	})
}

// TestMySQLOptions has what servers log in as, and what is watched and kept.
func TestMySQLOptions(t *testing.T) {
	const userRule = "must be 1 to 32 letters, digits and underscores, a letter first"
	inStage(t, database, []row[mysqlProps]{
		{func(p *mysqlProps) { p.ServersAsMaster = true }, `stage.Database.ServersAsMaster: goes with an ApplicationUser: without one, servers log in as the master user anyway`},
		{func(p *mysqlProps) { p.ApplicationUser, p.ServersAsMaster = "app", true }, ""},
		{func(p *mysqlProps) { p.ApplicationUser = "admin" }, `stage.Database.ApplicationUser: "admin": is the master user: take another name`},
		{func(p *mysqlProps) { p.ApplicationUser = "RDSadmin" }, `stage.Database.ApplicationUser: "RDSadmin": is a user that RDS keeps for itself`},
		{func(p *mysqlProps) { p.ApplicationUser = "*" }, `stage.Database.ApplicationUser: "*": ` + userRule},
		{func(p *mysqlProps) { p.ApplicationUser = "app'@'%" }, `stage.Database.ApplicationUser: "app'@'%": ` + userRule},
		{func(p *mysqlProps) { p.ApplicationUser = "${var.user}" }, `stage.Database.ApplicationUser: "${var.user}": ` + userRule},
		{func(p *mysqlProps) { p.ApplicationUser = strings.Repeat("a", 33) }, `stage.Database.ApplicationUser: "` + strings.Repeat("a", 33) + `": ` + userRule},
		{func(p *mysqlProps) { p.LogRetentionDays = 8 }, `stage.Database.LogRetentionDays: 8: is no number of days that CloudWatch Logs can keep logs: [1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653]`},
		{func(p *mysqlProps) { p.PerformanceInsights = true }, `stage.Database.PerformanceInsights: true: is nothing that db.t4g.micro has: take a larger InstanceClass, or leave it out`},
		{func(p *mysqlProps) { p.PerformanceInsights, p.InstanceClass = true, "db.t3.small" }, `stage.Database.PerformanceInsights: true: is nothing that db.t3.small has: take a larger InstanceClass, or leave it out`},
		{func(p *mysqlProps) { p.PerformanceInsightsRetentionDays = 7 }, `stage.Database.PerformanceInsightsRetentionDays: 7: is for PerformanceInsights, which is off`},
		{func(p *mysqlProps) { withInsights(p, 30) }, `stage.Database.PerformanceInsightsRetentionDays: 30: must be 7, a multiple of 31 up to 713, or 731`},
		{func(p *mysqlProps) { withInsights(p, 744) }, `stage.Database.PerformanceInsightsRetentionDays: 744: must be 7, a multiple of 31 up to 713, or 731`},
		{func(p *mysqlProps) { withInsights(p, -31) }, `stage.Database.PerformanceInsightsRetentionDays: -31: must be 7, a multiple of 31 up to 713, or 731`},
		{func(p *mysqlProps) { p.Alarms.CPU = 100 }, `stage.Database.Alarms.CPU: 100: must be 1 to 99 (percent), or AlarmOff`},
		{func(p *mysqlProps) { p.Alarms.FreeStorageGiB = 20 }, `stage.Database.Alarms.FreeStorageGiB: 20: must be 1 or more, and below StorageGiB (20), or the alarm would never end, or AlarmOff`},
		{func(p *mysqlProps) { p.Alarms.FreeableMemoryMiB = 1024 }, `stage.Database.Alarms.FreeableMemoryMiB: 1024: must be below the memory of db.t4g.micro (1024), or the alarm would never end`},
		{func(p *mysqlProps) {
			p.Alarms = constructs.MySQLAlarms{FreeableMemoryMiB: -2, Connections: -2, ReadLatency: -2, WriteLatency: time.Microsecond}
		}, "stage.Database.Alarms.FreeableMemoryMiB: -2: must be 1 or more, or AlarmOff\nstage.Database.Alarms.Connections: -2: must be 1 or more, or AlarmOff\nstage.Database.Alarms.ReadLatency: -2ns: must be whole milliseconds, or AlarmOff\nstage.Database.Alarms.WriteLatency: 1µs: must be whole milliseconds, or AlarmOff"},

		{func(p *mysqlProps) { p.ApplicationUser, p.LogRetentionDays = strings.Repeat("a", 32), 3653 }, ""},
		{func(p *mysqlProps) { p.ApplicationUser = "App_2" }, ""},
		{func(p *mysqlProps) { withInsights(p, 0) }, ""},
		{func(p *mysqlProps) { withInsights(p, 713) }, ""},
		{func(p *mysqlProps) { withInsights(p, 731) }, ""},
		{func(p *mysqlProps) { p.PerformanceInsights, p.InstanceClass = true, "db.t4g.medium" }, ""},
		{func(p *mysqlProps) {
			p.Alarms = constructs.MySQLAlarms{CPU: 99, FreeStorageGiB: 19, FreeableMemoryMiB: 1023, Connections: 1, ReadLatency: time.Millisecond, WriteLatency: time.Hour}
		}, ""},
		{func(p *mysqlProps) {
			const off = constructs.AlarmOff
			p.Alarms = constructs.MySQLAlarms{CPU: off, FreeStorageGiB: off, FreeableMemoryMiB: off, Connections: off, ReadLatency: off, WriteLatency: off}
		}, ""},
	})
}

func withInsights(p *mysqlProps, days int) {
	p.InstanceClass, p.PerformanceInsights, p.PerformanceInsightsRetentionDays = "db.m7g.large", true, days
}

// TestRestore has what a database may begin with.
func TestRestore(t *testing.T) {
	restore := func(r constructs.Restore) func(*mysqlProps) { return func(p *mysqlProps) { p.Restore = &r } }
	resource := "db-" + strings.Repeat("A1", 13)
	inStage(t, database, []row[mysqlProps]{
		{restore(constructs.Restore{}), `stage.Database.Restore: is missing: one of Snapshot, Instance and ResourceID, or leave Restore out for an empty database`},
		{restore(constructs.Restore{Snapshot: "a--b"}), `stage.Database.Restore.Snapshot: "a--b": must be a DB snapshot's name or ARN`},
		{restore(constructs.Restore{Snapshot: "nightly", Time: "2027-01-31T23:45:00Z"}), `stage.Database.Restore.Time: "2027-01-31T23:45:00Z": is for Instance and ResourceID; a snapshot has one time only`},
		{restore(constructs.Restore{Snapshot: "nightly", Instance: "shop"}), `stage.Database.Restore.Instance: "shop": contradicts Snapshot: give one of the two`},
		{restore(constructs.Restore{Instance: "shop", ResourceID: resource}), `stage.Database.Restore.ResourceID: "` + resource + `": contradicts Instance: give one of the two`},
		{restore(constructs.Restore{Instance: "webservers-stage"}), `stage.Database.Restore.Instance: "webservers-stage": is this database itself: give the other one a new name first (docs/restore.md)`},
		{restore(constructs.Restore{Instance: "shop-"}), `stage.Database.Restore.Instance: "shop-": must be a DB instance's identifier`},
		{restore(constructs.Restore{ResourceID: "shop"}), `stage.Database.Restore.ResourceID: "shop": must be a DB instance's resource id: db- and 26 capital letters and digits`},
		{restore(constructs.Restore{Instance: "shop", Time: "yesterday"}), `stage.Database.Restore.Time: "yesterday": must be a time in UTC such as 2027-01-31T23:45:00Z`},
		{restore(constructs.Restore{Instance: "shop", Time: "2027-01-31T23:45:00+01:00"}), `stage.Database.Restore.Time: "2027-01-31T23:45:00+01:00": must be a time in UTC such as 2027-01-31T23:45:00Z`},

		{restore(constructs.Restore{Snapshot: "rds:shop-2027-01-31-02-00"}), ""},
		{restore(constructs.Restore{Snapshot: "arn:aws:rds:eu-central-1:111122223333:snapshot:nightly"}), ""},
		{restore(constructs.Restore{Snapshot: "${data.aws_db_snapshot.x.id}"}), ""},
		{restore(constructs.Restore{Instance: "shop"}), ""},
		{restore(constructs.Restore{ResourceID: resource, Time: "2027-01-31T23:45:00Z"}), ""},
	})
}
