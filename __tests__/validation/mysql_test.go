package validation_test

import (
	"strings"
	"testing"

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
		{func(p *mysqlProps) { p.EngineVersion = "5.7" }, `stage.Database.EngineVersion: "5.7": must be 8.4 or 8.4.N`},
		{func(p *mysqlProps) { p.EngineVersion = "8" }, `stage.Database.EngineVersion: "8": must be 8.4 or 8.4.N`},
		{func(p *mysqlProps) { p.EngineVersion = "8.0.40" }, `stage.Database.EngineVersion: "8.0.40": must be 8.4 or 8.4.N`},
		{func(p *mysqlProps) { p.EngineVersion = "8.4.x" }, `stage.Database.EngineVersion: "8.4.x": must be 8.4 or 8.4.N`},
		{func(p *mysqlProps) { p.EngineVersion = "latest" }, `stage.Database.EngineVersion: "latest": must be 8.4 or 8.4.N`},
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
		{func(p *mysqlProps) { p.StorageGiB = 20000 }, ""},
		{func(p *mysqlProps) { p.StorageGiB = 59578 }, ""},
		{func(p *mysqlProps) { p.StorageGiB, p.MaxStorageGiB = 100, 110 }, ""},
		{func(p *mysqlProps) { p.StorageGiB, p.MaxStorageGiB = 20, 65536 }, ""},
		{func(p *mysqlProps) { p.BackupRetentionDays = 35 }, ""},
	})
}
