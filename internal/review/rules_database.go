package review

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	rdsModify     = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html"
	rdsApply      = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.ApplyImmediately.html"
	rdsMultiAZ    = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html"
	rdsStorage    = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html"
	rdsBackups    = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.BackupRetention.html"
	rdsUpgrade    = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.MySQL.html"
	rdsDelete     = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html"
	rdsParameters = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/parameter-groups-overview.html"
	rdsTLS        = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-ssl-connections.require-ssl.html"
)

// restarts is a change for which RDS restarts a DB instance: at once, or in its
// maintenance window.
func restarts(what, length, source string) effect {
	return by(func(_ *judging, c *Change, _ Difference) effect {
		return interruption(fmt.Sprintf("%s: the database does not answer for %s, %s", what, c.outage(length), c.when()), source)
	})
}

// outage is how long a DB instance is away: with a standby, as long as a failover.
func (c *Change) outage(length string) string {
	if isTrue(c.after, "multi_az") && isTrue(c.before, "multi_az") {
		return "a failover, a minute or two"
	}
	return length
}

// when is when RDS makes a change that does not have to be made at once.
func (c *Change) when() string {
	if isTrue(c.after, "apply_immediately") {
		return "at once"
	}
	return "in the maintenance window, " + text(c.after, "maintenance_window") + " UTC"
}

func storage(_ *judging, _ *Change, d Difference) effect {
	old, _ := number(map[string]any{"": d.Before}, "")
	now, _ := number(map[string]any{"": d.After}, "")
	if now < old {
		return refusedByAWS(fmt.Sprintf("AWS does not shrink storage (from %g to %g GiB): the deploy fails when it comes to this", old, now), rdsStorage)
	}
	return nothing("more storage, without an interruption; AWS takes the next change of it after six hours")
}

func backups(_ *judging, c *Change, d Difference) effect {
	old, _ := number(map[string]any{"": d.Before}, "")
	now, _ := number(map[string]any{"": d.After}, "")
	switch {
	case now == 0:
		return atRisk("no backups: those that are there are deleted, and the database is restarted, "+c.when(), rdsBackups)
	case old == 0:
		return interruption("backups begin: the database is restarted, "+c.when(), rdsBackups)
	case now < old:
		return atRisk(fmt.Sprintf("backups older than %g days are deleted", now), rdsBackups)
	}
	return nothing("backups are kept longer")
}

// version is another version of the engine, such as 8.4 or 8.4.5.
func version(_ *judging, c *Change, d Difference) effect {
	before, after := fmt.Sprint(d.Before), fmt.Sprint(d.After)
	switch order := slices.Compare(numbers(after), numbers(before)); {
	case order < 0 && !strings.HasPrefix(before, after+"."):
		return refusedByAWS(fmt.Sprintf("AWS does not go back from %s to %s: the deploy fails when it comes to this", before, after), rdsUpgrade)
	case order < 0:
		return nothing("any patch of " + after + ": the one that runs stays")
	case major(before) != major(after) && !isTrue(c.after, "allow_major_version_upgrade"):
		return refusedByAWS("AWS wants AllowMajorVersionUpgrade for another major version: the deploy fails when it comes to this", rdsUpgrade)
	case major(before) != major(after):
		return interruption("another major version: the database does not answer for minutes, longer with many tables, "+c.when()+"; there is no way back but a restore", rdsUpgrade)
	}
	return interruption(fmt.Sprintf("another version: the database does not answer for %s, %s", c.outage("minutes"), c.when()), rdsUpgrade)
}

func numbers(version string) []int {
	var all []int
	for _, part := range strings.Split(version, ".") {
		n, _ := strconv.Atoi(part)
		all = append(all, n)
	}
	return all
}

// major is what RDS counts as MySQL's major version: 8.4 of 8.4.5.
func major(version string) string {
	parts := strings.Split(version, ".")
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// parameter is a DB parameter that changes.
func parameter(_ *judging, c *Change, _ Difference) effect {
	old, now := parameters(c.before), parameters(c.after)
	worst := nothing("")
	for _, name := range sortedKeys(old, now) {
		if old[name] == now[name] {
			continue
		}
		e, known := knownParameters[name]
		if !known {
			e = func(string) effect {
				return effect{level: Unknown, text: "no rule knows the parameter " + name + ": static ones wait for a restart, dynamic ones take effect at once", source: rdsParameters}
			}
		}
		if e := e(now[name]); worst.text == "" || e.level > worst.level {
			worst = e
		}
	}
	return worst
}

// knownParameters are the effects of parameters by their new values.
var knownParameters = map[string]func(value string) effect{
	"require_secure_transport": func(value string) effect {
		if value == "1" {
			return interruption("clients that do not encrypt are refused", rdsTLS)
		}
		return atRisk("clients may connect without encryption", rdsTLS)
	},
	"slow_query_log":  func(string) effect { return nothing("whether slow queries are logged") },
	"long_query_time": func(string) effect { return nothing("which queries are called slow") },
	"log_output":      func(string) effect { return nothing("where logs go") },
}

// parameters are the values of a parameter group by their names.
func parameters(values map[string]any) map[string]string {
	all := map[string]string{}
	list, _ := values["parameter"].([]any)
	for _, p := range list {
		if block, ok := p.(map[string]any); ok {
			all[text(block, "name")] = fmt.Sprint(block["value"])
		}
	}
	return all
}

func databaseGone(j *judging, c *Change, _ Difference) effect {
	values := c.before
	switch {
	case isTrue(values, "deletion_protection"):
		return effect{level: DataAtRisk, text: "the database is deleted with its data; AWS refuses it while deletion protection is on, and the deploy fails half-way", source: rdsDelete}
	case isTrue(values, "skip_final_snapshot"):
		return atRisk("the database is deleted with its data, without a last snapshot", rdsDelete)
	}
	return atRisk("the database is deleted with its data; a last snapshot is taken", rdsDelete)
}

var databaseKinds = map[string]kind{
	"aws_db_instance": {
		what: "database",
		made: nothing("a database, empty or restored"), removed: by(databaseGone), replaced: by(databaseGone),
		arguments: effects(map[string]effect{
			"identifier":              interruption("another name: the database's address changes, and servers find it only when they are told", rdsModify),
			"instance_class":          restarts("another class", "minutes", rdsModify),
			"engine_version":          by(version),
			"allocated_storage":       by(storage),
			"backup_retention_period": by(backups),
			"multi_az":                by(standby),
			"port":                    restarts("another port", "a minute or two", rdsModify),
			"deletion_protection":     off("AWS refuses to delete the database", "the database can be deleted from now on", rdsDelete),
			"skip_final_snapshot":     snapshot("a last snapshot is taken when the database is deleted", "no last snapshot is taken when the database is deleted", rdsDelete),
			"delete_automated_backups": snapshot("the automated backups stay when the database is deleted",
				"the automated backups go with the database", rdsDelete),
			"parameter_group_name":        look("another parameter group, whose parameters take effect when the database is restarted next", rdsParameters),
			"vpc_security_group_ids":      interruption("another security group: new connections are refused until its rules are there", groupRules),
			"db_subnet_group_name":        interruption("other subnets: RDS moves the database there", rdsModify),
			"publicly_accessible":         atRisk("whether the database has a public address", rdsModify),
			"storage_type":                {level: Unknown, text: "another kind of storage: between some kinds, RDS interrupts the database", source: rdsStorage},
			"manage_master_user_password": {level: Unknown, text: "who keeps the master user's password", source: rdsModify},
			"maintenance_window":          look("when RDS makes changes that interrupt; if the new window is now, those that wait are made now", rdsModify),
			"apply_immediately":           look("when RDS makes changes: those that wait for the window are made with the next change", rdsApply),
		}, nothing("how the database is looked after: RDS changes it without an interruption"),
			"allow_major_version_upgrade", "auto_minor_version_upgrade", "backup_window", "copy_tags_to_snapshot", "enabled_cloudwatch_logs_exports", "final_snapshot_identifier",
			"iam_database_authentication_enabled", "max_allocated_storage", "monitoring_interval", "performance_insights_enabled", "performance_insights_retention_period"),
	},
	"aws_db_parameter_group": {
		what: "parameter group", made: nothing("parameters"), removed: nothing("parameters that no database has any more"),
		replaced:  look("another parameter group, whose parameters take effect when the database is restarted next", rdsParameters),
		arguments: map[string]effect{"parameter": by(parameter), "description": nothing("a description")},
	},
	"aws_db_subnet_group": {
		what: "subnets of the database", made: nothing("subnets of the database"), removed: nothing("subnets that no database has any more"),
		replaced:  interruption("other subnets: RDS moves the database there", rdsModify),
		arguments: effects(nil, nothing("where RDS may put the database and its standby"), "subnet_ids", "description"),
	},
	"aws_secretsmanager_secret": {
		what: "secret", made: nothing("a secret"), removed: atRisk("a secret goes after its waiting period", "https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html"),
	},
}

// standby is a standby in another zone that comes or goes.
func standby(_ *judging, _ *Change, d Difference) effect {
	if isTrue(map[string]any{"": d.After}, "") {
		return look("a standby in another zone is made, without an interruption; writes take longer meanwhile", rdsMultiAZ)
	}
	return look("the standby goes, without an interruption; from then on, whatever restarts the database interrupts it for minutes", rdsMultiAZ)
}

// snapshot is a switch that does without something when the database is deleted.
func snapshot(kept, gone, source string) effect {
	return by(func(_ *judging, _ *Change, d Difference) effect {
		if isTrue(map[string]any{"": d.After}, "") {
			return atRisk(gone, source)
		}
		return nothing(kept)
	})
}
