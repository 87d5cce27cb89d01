package felt

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/review"
)

type databaseProps = constructs.MySQLProps

// mysqlChange makes a change of the database.
func mysqlChange(change func(*databaseProps)) func(*Config) {
	return func(c *Config) {
		p := *c.Environment.Database
		change(&p)
		c.Environment.Database = &p
	}
}

// instanceIs shows that the DB instance is as a change that puts data at risk has it.
func instanceIs(what string, is func(types.DBInstance) bool) func(context.Context, *Env) error {
	return func(ctx context.Context, e *Env) error {
		id, _, _ := strings.Cut(e.Outputs["database_address"], ".")
		found, err := rds.NewFromConfig(e.world.Cloud.Config()).DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &id})
		if err == nil && !is(found.DBInstances[0]) {
			err = fmt.Errorf("%s is not so: %s", id, what)
		}
		return err
	}
}

// databaseKinds are changes of the database.
var databaseKinds = []Kind{
	{Name: "database class, at once", Level: review.Interruption, Short: true, Change: mysqlChange(func(p *databaseProps) { p.InstanceClass = "db.t4g.small" })},
	{Name: "database class, in the maintenance window", Level: review.Interruption, Window: true, Change: mysqlChange(func(p *databaseProps) {
		p.InstanceClass, p.ApplyImmediately = "db.t4g.medium", false
	})},
	{Name: "when changes are made (ApplyImmediately)", Level: review.Nothing, Change: mysqlChange(func(p *databaseProps) { p.ApplyImmediately = true })},
	{Name: "database storage, more", Level: review.Nothing, Change: mysqlChange(func(p *databaseProps) { p.StorageGiB = 40 })},
	{Name: "database storage, less", Level: review.Nothing, Change: mysqlChange(func(p *databaseProps) { p.StorageGiB = 30 })},
	{Name: "database storage, most (MaxStorageGiB)", Level: review.Nothing, Change: mysqlChange(func(p *databaseProps) { p.MaxStorageGiB = 300 })},
	{Name: "standby (MultiAZ)", Level: review.Nothing, Change: mysqlChange(func(p *databaseProps) { p.MultiAZ = true })},
	{Name: "database class, with a standby", Level: review.Interruption, Change: mysqlChange(func(p *databaseProps) { p.InstanceClass = "db.t4g.large" })},
	{Name: "major version without AllowMajorVersionUpgrade", Level: review.Refused, Change: mysqlChange(func(p *databaseProps) { p.EngineVersion = "9.7" })},
	{Name: "major version", Level: review.Interruption, Change: mysqlChange(func(p *databaseProps) { p.EngineVersion, p.AllowMajorVersionUpgrade = "9.7", true })},
}

// careStart is an environment whose database can have all that there is.
func careStart() Config {
	c := Small("care", 50)
	c.Environment.Database.InstanceClass = "db.t4g.medium"
	return c
}

// careKinds are changes of how the database is looked after, and its end.
var careKinds = []Kind{
	{Name: "Performance Insights", Level: review.Nothing, Change: mysqlChange(func(p *databaseProps) { p.PerformanceInsights = true })},
	{Name: "log retention of the database", Level: review.Nothing, Change: mysqlChange(func(p *databaseProps) { p.LogRetentionDays = 7 })},
	{Name: "alarms of the database", Level: review.Nothing, Change: mysqlChange(func(p *databaseProps) { p.Alarms.CPU = 80 })},
	{Name: "application's user (ApplicationUser, ServersAsMaster)", Level: review.Nothing, Change: mysqlChange(func(p *databaseProps) {
		p.ApplicationUser, p.ServersAsMaster = "app", true
	})},
	{Name: "parameter that logs (long_query_time)", Level: review.Nothing, Change: func(c *Config) {
		c.Overrides = map[string]any{"resource.aws_db_parameter_group.mysql_parameters.parameter": []map[string]string{
			{"name": "require_secure_transport", "value": "1"}, {"name": "slow_query_log", "value": "1"},
			{"name": "log_output", "value": "FILE"}, {"name": "long_query_time", "value": "2"},
		}}
	}},
	{Name: "backups, longer", Level: review.Nothing, Change: mysqlChange(func(p *databaseProps) { p.BackupRetentionDays = 14 })},
	{Name: "backups, shorter", Level: review.DataAtRisk, Change: mysqlChange(func(p *databaseProps) { p.BackupRetentionDays = 3 }),
		Risk: instanceIs("backups of 3 days", func(i types.DBInstance) bool { return aws.ToInt32(i.BackupRetentionPeriod) == 3 })},
	{Name: "protection of the database, on", Level: review.Nothing, Change: mysqlChange(func(p *databaseProps) { p.DeletionProtection = true })},
	{Name: "protection of the database, off", Level: review.DataAtRisk, Change: mysqlChange(func(p *databaseProps) { p.DeletionProtection = false }),
		Risk: instanceIs("without protection", func(i types.DBInstance) bool { return !aws.ToBool(i.DeletionProtection) })},
	{Name: "last snapshot, taken", Level: review.Nothing, Change: mysqlChange(func(p *databaseProps) { p.SkipFinalSnapshot = false })},
	{Name: "name of the database in it (DatabaseName)", Level: review.Refused, Change: mysqlChange(func(p *databaseProps) { p.DatabaseName = "shop" })},
	{Name: "database removed", Level: review.DataAtRisk, Change: func(c *Config) { c.Environment.Database, c.Overrides = nil, nil }},
}
