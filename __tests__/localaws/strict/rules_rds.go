package strict

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html,
// …API_ModifyDBInstance.html, …API_DeleteDBInstance.html.
func addRDSRules(g *Gate) {
	g.Add("rds", windows, "CreateDBInstance", "ModifyDBInstance")
	g.Add("rds", logExports, "CreateDBInstance", "ModifyDBInstance")
	g.Add("rds", masterUser, "CreateDBInstance", "ModifyDBInstance")
	g.Add("rds", storage, "CreateDBInstance", "ModifyDBInstance")
	g.Add("rds", databaseName, "CreateDBInstance")
	g.Add("rds", finalSnapshot, "DeleteDBInstance")
	g.Add("rds", insights, "CreateDBInstance", "ModifyDBInstance")
}

const (
	wrongValue       = "InvalidParameterValue"
	wrongCombination = "InvalidParameterCombination"
)

// logTypes are what an engine can send to CloudWatch Logs:
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html
// and the page of each engine, for MySQL
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.MySQLDB.PublishtoCloudWatchLogs.html.
var logTypes = map[string][]string{
	"db2":       {"diag.log", "notify.log", "iam-db-auth-error"},
	"mariadb":   {"audit", "error", "general", "slowquery", "iam-db-auth-error"},
	"mysql":     {"audit", "error", "general", "slowquery", "iam-db-auth-error"},
	"aurora":    {"audit", "error", "general", "slowquery", "instance", "postgresql", "iam-db-auth-error"},
	"oracle":    {"alert", "audit", "listener", "trace", "oemagent"},
	"postgres":  {"postgresql", "upgrade", "iam-db-auth-error"},
	"sqlserver": {"agent", "error"},
}

func logExports(call Call) []Fault {
	wanted := call.Texts("EnableCloudwatchLogsExports")
	if change, ok := call.Input["CloudwatchLogsExportConfiguration"].(map[string]any); ok {
		change := Call{Input: change}
		wanted = append(change.Texts("EnableLogTypes"), change.Texts("DisableLogTypes")...)
	}
	engine, _, _ := strings.Cut(call.Text("Engine"), "-")
	types, known := logTypes[engine]
	if !known { // ModifyDBInstance names none
		for _, some := range logTypes {
			types = append(types, some...)
		}
	}
	var faults []Fault
	for _, w := range wanted {
		if !slices.Contains(types, w) {
			faults = append(faults, Faultf(wrongCombination, "You cannot use the log type '%s' with engine %s. For supported log types, see the documentation.", w, call.Text("Engine")))
		}
	}
	return faults
}

var (
	backupWindow      = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$`)
	maintenanceWindow = regexp.MustCompile(`(?i)^(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):([0-5]\d)-(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):([0-5]\d)$`)
)

const (
	day  = 24 * 60 // minutes
	week = 7 * day
)

// window is a span of minutes.
type window struct{ start, length int }

func minutes(hours, mins string) int {
	var h, m int
	fmt.Sscan(hours, &h)
	fmt.Sscan(mins, &m)
	return 60*h + m
}

// windows: both in their form, 30 minutes long at least, and apart.
func windows(call Call) []Fault {
	var faults []Fault
	var backup, maintenance *window
	if text := call.Text("PreferredBackupWindow"); text != "" {
		if m := backupWindow.FindStringSubmatch(text); m == nil {
			faults = append(faults, Faultf(wrongValue, "Invalid backup window format: %s. Should be specified as a range hh24:mi-hh24:mi (24H Clock UTC).", text))
		} else {
			start := minutes(m[1], m[2])
			backup = &window{start, (minutes(m[3], m[4]) - start + day) % day}
		}
	}
	if text := call.Text("PreferredMaintenanceWindow"); text != "" {
		if m := maintenanceWindow.FindStringSubmatch(text); m == nil {
			faults = append(faults, Faultf(wrongValue, "Invalid maintenance window format: %s. Should be specified as a range ddd:hh24:mi-ddd:hh24:mi (24H Clock UTC).", text))
		} else {
			days := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
			at := func(d, h, m string) int { return slices.Index(days, strings.ToLower(d))*day + minutes(h, m) }
			start := at(m[1], m[2], m[3])
			maintenance = &window{start, (at(m[4], m[5], m[6]) - start + week) % week}
		}
	}
	for name, w := range map[string]*window{"backup": backup, "maintenance": maintenance} {
		if w != nil && w.length < 30 {
			faults = append(faults, Faultf(wrongValue, "The %s window must be at least 30 minutes.", name))
		}
	}
	if backup != nil && maintenance != nil && overlap(*backup, *maintenance) {
		faults = append(faults, Faultf(wrongValue, "The backup window and maintenance window must not overlap."))
	}
	return faults
}

// overlap tells whether a window of every day meets one of the week.
func overlap(daily, weekly window) bool {
	for d := -1; d <= 8; d++ {
		start := daily.start + d*day
		if start < weekly.start+weekly.length && weekly.start < start+daily.length {
			return true
		}
	}
	return false
}

// masterUser: one way to the password, and a name and password in their form.
func masterUser(call Call) []Fault {
	var faults []Fault
	password, managed := call.Text("MasterUserPassword"), isTrue(call.Input["ManageMasterUserPassword"])
	if managed && call.Has("MasterUserPassword") {
		faults = append(faults, Faultf(wrongCombination, "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled."))
	}
	engine := call.Text("Engine")
	mysql := engine == "mysql" || engine == "mariadb"
	if mysql && !managed && !call.Has("MasterUserPassword") {
		faults = append(faults, Faultf(wrongValue, "The parameter MasterUserPassword must be provided and must not be blank."))
	}
	if mysql && call.Text("MasterUsername") == "" {
		faults = append(faults, Faultf(wrongValue, "The parameter MasterUsername must be provided and must not be blank."))
	} else if mysql && !mysqlUser.MatchString(call.Text("MasterUsername")) {
		faults = append(faults, Faultf(wrongValue, "The parameter MasterUsername is not valid: 1 to 16 letters, digits and underscores, a letter first: %s", call.Text("MasterUsername")))
	}
	if mysql && call.Has("MasterUserPassword") && (len(password) < 8 || len(password) > 41) {
		faults = append(faults, Faultf(wrongValue, "The parameter MasterUserPassword is not a valid password: it has 8 to 41 characters."))
	}
	if strings.ContainsAny(password, "/@\" ") {
		faults = append(faults, Faultf(wrongValue, `The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides '/', '@', '"', ' ' may be used.`))
	}
	return faults
}

// mysqlUser: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.Constraints.
var mysqlUser = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,15}$`)

// mysqlDatabase: DBName in https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html.
var mysqlDatabase = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

func databaseName(call Call) []Fault {
	if name := call.Text("DBName"); call.Text("Engine") == "mysql" && call.Has("DBName") && !mysqlDatabase.MatchString(name) {
		return []Fault{Faultf(wrongValue, "DBName must begin with a letter and contain only alphanumeric characters and underscores, 64 at the most: %s", name)}
	}
	return nil
}

// storage: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html,
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html.
func storage(call Call) []Fault {
	var faults []Fault
	size, most := call.Number("AllocatedStorage"), call.Number("MaxAllocatedStorage")
	least := map[string]float64{"gp2": 20, "gp3": 20, "io1": 100, "io2": 100, "standard": 5}[call.Text("StorageType")]
	mysql := call.Text("Engine") == "mysql"
	if mysql && call.Has("AllocatedStorage") && (size < least || size > 65536) {
		faults = append(faults, Faultf(wrongValue, "Invalid storage size for engine name mysql and storage type %s: %v", call.Text("StorageType"), size))
	}
	if call.Has("AllocatedStorage") && call.Has("MaxAllocatedStorage") && most <= size {
		faults = append(faults, Faultf(wrongCombination, "Max storage size must be greater than storage size"))
	}
	return faults
}

func finalSnapshot(call Call) []Fault {
	switch skip, named := isTrue(call.Input["SkipFinalSnapshot"]), call.Has("FinalDBSnapshotIdentifier"); {
	case !skip && !named:
		return []Fault{Faultf(wrongCombination, "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")}
	case skip && named:
		return []Fault{Faultf(wrongCombination, "FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot.")}
	}
	return nil
}

// withoutInsights are the classes of MySQL and MariaDB that have no Performance Insights.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DatabaseInsights.Engines.html
var withoutInsights = regexp.MustCompile(`^db\.t(2|3|4g)\.(micro|small)$`)

// insights: a class that has them, and AWS's numbers of days: 7, months of 31 days, 731.
func insights(call Call) []Fault {
	if !isTrue(call.Input["EnablePerformanceInsights"]) {
		return nil
	}
	var faults []Fault
	if withoutInsights.MatchString(call.Text("DBInstanceClass")) {
		faults = append(faults, Faultf(wrongCombination, "Performance Insights not supported for this configuration: %s", call.Text("DBInstanceClass")))
	}
	days := int(call.Number("PerformanceInsightsRetentionPeriod"))
	if call.Has("PerformanceInsightsRetentionPeriod") && days != 7 && days != 731 && (days%31 != 0 || days < 31 || days > 23*31) {
		faults = append(faults, Faultf(wrongCombination, "Invalid Performance Insights retention period. Valid values are: [7, 731] or a value that is a multiple of 31 between 31 and 713: %d", days))
	}
	return faults
}
