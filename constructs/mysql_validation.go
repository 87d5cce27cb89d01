package constructs

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"

	"example.com/webserver-cluster/internal/faults"
)

const (
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
	minMySQLGiB, maxMySQLGiB = 20, 65536
	// RDS refuses a ceiling less than 10% above the storage.
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
	maxMySQLStartGiB = maxMySQLGiB * 10 / 11
)

var (
	// The major versions, as RDS counts them, and so the parameter group families that the
	// parameters of NewMySQL are for.
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.VersionMgmt.html
	engineVersionRule = regexp.MustCompile(`^(8\.4|9\.7)(\.\d+)?$`)
	patchVersionRule  = regexp.MustCompile(`^\d+\.\d+\.\d+`)
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
	databaseNameRule = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)
	// https://dev.mysql.com/doc/refman/8.4/en/user-names.html (the length)
	applicationUserRule = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,31}$`)
	// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DatabaseInsights.Engines.html
	noInsightsRule = regexp.MustCompile(`^db\.t\w+\.(micro|small)$`)
)

// majorVersion is "8.4" of "8.4.5".
func majorVersion(engineVersion string) string {
	if isToken(engineVersion) {
		return `${regex("^[0-9]+[.][0-9]+", "` + engineVersion + `")}`
	}
	return engineVersionRule.ReplaceAllString(engineVersion, "$1")
}

// Users that every RDS for MySQL instance has, besides the master user.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.MasterAccounts.html
var ownUsers = []string{"rdsadmin", "rdsrepladmin", "rds_superuser_role", "root"}

// What AWS keeps for nothing, and the most, which is no multiple of a month's 31 days.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
const freeInsightsDays, monthDays, mostInsightsMonths, mostInsightsDays = 7, 31, 23, 731

// mysqlWords are the words that MySQL 8.4 reserves, and the databases that it has
// of its own. Neither can be the name of a database that RDS makes.
// https://dev.mysql.com/doc/refman/8.4/en/keywords.html
//
//go:embed mysql_reserved_words.txt
var mysqlWords string

// Validate returns every fault of the props, or nil.
func (p MySQLProps) Validate() error {
	set := p
	p = p.withDefaults()
	var f faults.List
	checkName(&f, p.Name, maxDBInstanceName, "a DB instance's name")
	checkGroupName(&f, p.Name)
	if p.Network == nil {
		f.Missing("Network", "the network that the database stands in")
	} else {
		checkID(&f, "Network.VPCID", p.Network.VPCID, vpcRule, "the VPC of the subnets")
		checkSubnets(&f, "Network.DatabaseSubnetIDs", p.Network.DatabaseSubnetIDs)
	}
	checkInstanceClass(&f, p.InstanceClass, p.AllowUnknownInstanceClass)
	if !engineVersionRule.MatchString(p.EngineVersion) && !isToken(p.EngineVersion) {
		f.Add("EngineVersion", p.EngineVersion, "must be 8.4, 9.7, or one of them with a patch, such as 8.4.5")
	}
	if p.AllowMajorVersionUpgrade && !p.ApplyImmediately {
		f.Add("AllowMajorVersionUpgrade", p.AllowMajorVersionUpgrade, "needs ApplyImmediately: until the maintenance window, the database would use its old parameter group, which the deploy deletes")
	}
	p.Restore.check(&f, p.Name)
	switch {
	case isToken(p.DatabaseName):
	case !databaseNameRule.MatchString(p.DatabaseName):
		f.Add("DatabaseName", p.DatabaseName, "must be 1 to 64 letters, digits and underscores, a letter first")
	case slices.Contains(strings.Fields(mysqlWords), strings.ToLower(p.DatabaseName)):
		f.Add("DatabaseName", p.DatabaseName, "is a word that MySQL keeps for itself")
	}
	switch user := p.ApplicationUser; {
	case user == "":
	case !applicationUserRule.MatchString(user):
		f.Add("ApplicationUser", user, "must be 1 to 32 letters, digits and underscores, a letter first")
	case user == masterUser:
		f.Add("ApplicationUser", user, "is the master user: take another name")
	case slices.Contains(ownUsers, strings.ToLower(user)):
		f.Add("ApplicationUser", user, "is a user that RDS keeps for itself")
	}
	if p.ServersAsMaster && p.ApplicationUser == "" {
		f.Given("ServersAsMaster", "goes with an ApplicationUser: without one, servers log in as the master user anyway")
	}
	startOK := p.StorageGiB >= minMySQLGiB && p.StorageGiB <= maxMySQLStartGiB
	if !startOK {
		f.Add("StorageGiB", p.StorageGiB, "must be %d to %d: MaxStorageGiB, which can be %d, must be at least 10%% above", minMySQLGiB, maxMySQLStartGiB, maxMySQLGiB)
	}
	if set.MaxStorageGiB != 0 && (p.MaxStorageGiB > maxMySQLGiB || startOK && p.MaxStorageGiB*10 < p.StorageGiB*11) {
		f.Add("MaxStorageGiB", p.MaxStorageGiB, "must be at least 10%% above StorageGiB (%d) and at most %d", p.StorageGiB, maxMySQLGiB)
	}
	if p.BackupRetentionDays < 1 || p.BackupRetentionDays > 35 {
		f.Add("BackupRetentionDays", p.BackupRetentionDays, "must be 1 to 35")
	}
	checkLogRetention(&f, "LogRetentionDays", p.LogRetentionDays)
	p.checkInsights(&f)
	checkAlerts(&f, p.Alerts)
	p.Alarms.check(&f, p.StorageGiB, p.InstanceClass)
	checkTags(&f, "Tags", p.Tags)
	return f.Err()
}

func (p MySQLProps) checkInsights(f *faults.List) {
	days := p.PerformanceInsightsRetentionDays
	if !p.PerformanceInsights {
		if days != 0 {
			f.Add("PerformanceInsightsRetentionDays", days, "is for PerformanceInsights, which is off")
		}
		return
	}
	if noInsightsRule.MatchString(p.InstanceClass) {
		f.Add("PerformanceInsights", true, "is nothing that %s has: take a larger InstanceClass, or leave it out", p.InstanceClass)
	}
	months := days / monthDays
	if days != freeInsightsDays && days != mostInsightsDays && (days%monthDays != 0 || months < 1 || months > mostInsightsMonths) {
		f.Add("PerformanceInsightsRetentionDays", days, "must be %d, a multiple of %d up to %d, or %d", freeInsightsDays, monthDays, monthDays*mostInsightsMonths, mostInsightsDays)
	}
}
