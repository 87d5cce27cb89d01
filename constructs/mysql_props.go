package constructs

// MySQLProps says what a MySQL is like. Only Name and Network are required.
//
// Changes wait for the maintenance window unless ApplyImmediately; another InstanceClass
// interrupts the database for a minute or so with MultiAZ, else for longer. Where it is
// otherwise, the field says so.
type MySQLProps struct {
	// Name is the DB instance's identifier, such as "webservers-stage". Leave it as
	// it is once the instance exists: clients know its address by it. Required.
	Name string
	// Network is where it stands: in its database subnets, in two zones or
	// more. Required.
	Network *Network
	// Alerts is the SNS topic that the database's alarms notify. Default: none; the
	// alarms are there all the same.
	Alerts *Alerts
	// Alarms say when the alarms go off. Default: see there.
	Alarms MySQLAlarms

	// InstanceClass is the DB instance class, one that RDS for MySQL 8.4 has.
	// Default "db.t4g.micro".
	InstanceClass string
	// AllowUnknownInstanceClass lets an InstanceClass pass that is newer than the
	// list in instance_types.go. Default false: it is taken for a typing error.
	AllowUnknownInstanceClass bool
	// EngineVersion is the MySQL version, "8.4" or "9.7", or with the patch ("8.4.5").
	// With the former, RDS chooses the patch and upgrades it in the maintenance window;
	// with the latter, only the code does. There is no way back to an older one. Default
	// "8.4".
	EngineVersion string
	// AllowMajorVersionUpgrade lets a change of EngineVersion go from one major version,
	// as RDS counts them, to the next: from 8.4 to 9.7. Without it, RDS refuses. It wants
	// ApplyImmediately, since the database goes to a parameter group of its new version.
	// The database is away for minutes or longer (docs/database.md). Default false.
	AllowMajorVersionUpgrade bool
	// Restore fills the database with another one's data when it is made. It is heeded
	// only then: a plan that sets it for a database that was made otherwise fails, and
	// leaving it out later changes nothing. Default: none, an empty database.
	Restore *Restore
	// DatabaseName is the database made in it at first. It cannot change once
	// the instance exists: a plan with another one fails. At most 64 letters,
	// digits and underscores, a letter first, and no word that MySQL reserves.
	// Default "app".
	DatabaseName string
	// ApplicationUser is the database user that servers log in as, with IAM database
	// authentication: a token in place of a password, which the servers' own role makes
	// and which lasts 15 minutes. Once the database is there, "go run ./cmd/database user"
	// makes the user, who may do everything in DatabaseName and nothing elsewhere. At most
	// 32 letters, digits and underscores, a letter first. IAM authentication takes 300 MiB
	// of memory and more, and about 200 new connections a second at the most.
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
	// Default: none, servers log in as the master user, with the password in its secret.
	ApplicationUser string
	// ServersAsMaster has servers go on as the master user although there is an
	// ApplicationUser: for the deploy between which and the next one that user is made, in
	// an environment that is in use. Default false.
	ServersAsMaster bool
	// StorageGiB is the storage to start with, in GiB, 20 (the least of gp3) to
	// 59578 (which leaves MaxStorageGiB room). Default 20.
	StorageGiB int
	// MaxStorageGiB is how far RDS may let the storage grow, in GiB: at least 10 %
	// above StorageGiB, at most 65536. Default five times StorageGiB, if that is
	// not above 65536.
	MaxStorageGiB int
	// BackupRetentionDays is how long automated backups are kept, in days, 1
	// to 35. Default 7.
	BackupRetentionDays int
	// LogRetentionDays is how long CloudWatch Logs keeps the error log and the slow query
	// log, in days: one of its numbers, 1 to 3653. The log groups go with the database.
	// Default 30.
	LogRetentionDays int
	// PerformanceInsights shows what the database is busy with, query by query; today's
	// name is CloudWatch Database Insights, in standard mode. The classes db.t3 and db.t4g
	// in sizes micro and small do not have it. Default false.
	PerformanceInsights bool
	// PerformanceInsightsRetentionDays is how long that is kept, in days: 7, for which AWS
	// charges nothing, a multiple of 31 up to 713, or 731. Default 7 if
	// PerformanceInsights.
	PerformanceInsightsRetentionDays int
	// MultiAZ keeps a standby in another zone. Default false.
	MultiAZ bool
	// DeletionProtection keeps the instance from being deleted: by AWS, and by
	// a plan of Terraform's, which fails before anything has gone. Default
	// false.
	DeletionProtection bool
	// SkipFinalSnapshot deletes the instance without a last snapshot. Default
	// false: MySQL.FinalSnapshot is taken.
	SkipFinalSnapshot bool
	// DeleteAutomatedBackups deletes the backups of the last
	// BackupRetentionDays with the instance. Default false: they stay as long
	// as they would have.
	DeleteAutomatedBackups bool
	// ApplyImmediately makes changes at once, also those that restart the
	// instance. Default false: they wait for the maintenance window, Sunday
	// 03:30 to 04:30 UTC.
	ApplyImmediately bool
	// Tags are for everything of the database; they win over the provider's
	// default_tags. Default: none.
	Tags map[string]string
}

func (p MySQLProps) withDefaults() MySQLProps {
	p.InstanceClass = orDefault(p.InstanceClass, "db.t4g.micro")
	p.EngineVersion = orDefault(p.EngineVersion, "8.4")
	p.DatabaseName = orDefault(p.DatabaseName, "app")
	p.StorageGiB = orDefault(p.StorageGiB, 20)
	p.MaxStorageGiB = orDefault(p.MaxStorageGiB, min(5*p.StorageGiB, maxMySQLGiB))
	p.BackupRetentionDays = orDefault(p.BackupRetentionDays, 7)
	p.LogRetentionDays = orDefault(p.LogRetentionDays, 30)
	if p.PerformanceInsights {
		p.PerformanceInsightsRetentionDays = orDefault(p.PerformanceInsightsRetentionDays, freeInsightsDays)
	}
	return p
}
