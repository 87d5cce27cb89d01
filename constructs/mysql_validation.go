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
	engineVersionRule = regexp.MustCompile(`^8\.4(\.\d+)?$`)
	patchVersionRule  = regexp.MustCompile(`^\d+\.\d+\.\d+`)
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
	databaseNameRule = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)
)

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
		// Another major version needs another parameter group family.
		f.Add("EngineVersion", p.EngineVersion, "must be 8.4 or 8.4.N")
	}
	switch {
	case isToken(p.DatabaseName):
	case !databaseNameRule.MatchString(p.DatabaseName):
		f.Add("DatabaseName", p.DatabaseName, "must be 1 to 64 letters, digits and underscores, a letter first")
	case slices.Contains(strings.Fields(mysqlWords), strings.ToLower(p.DatabaseName)):
		f.Add("DatabaseName", p.DatabaseName, "is a word that MySQL keeps for itself")
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
	checkTags(&f, "Tags", p.Tags)
	return f.Err()
}
