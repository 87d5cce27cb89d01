package review

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	rdsModify    = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html"
	rdsRename    = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RenameInstance.html"
	rdsIAM       = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html"
	rdsPublic    = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html#USER_VPC.Hiding"
	rdsInsights  = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PerfInsights.Overview.cost.html"
	rdsAutoscale = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html"
	rdsApply     = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.ApplyImmediately.html"
	rdsMultiAZ   = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.MultiAZSingleStandby.html"
	rdsStorage   = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html"
	rdsBackups   = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.BackupRetention.html"
	rdsUpgrade   = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.MySQL.html"
	rdsDelete    = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html"
)

// another class restarts a DB instance: at once, or in its maintenance window. With a
// standby, that one gets the class first and takes over.
func class(_ *judging, c *Change, _ Difference) effect {
	length := "minutes"
	if isTrue(c.after, "multi_az") && isTrue(c.before, "multi_az") {
		length = "a failover, a minute or two"
	}
	return interruption(fmt.Sprintf("another class: the database does not answer for %s, %s", length, c.when()), rdsModify)
}

// when is when RDS makes a change that does not have to be made at once.
func (c *Change) when() string {
	if isTrue(c.after, "apply_immediately") {
		return "at once"
	}
	if window := text(c.after, "maintenance_window"); window != "" {
		return "in the maintenance window, " + window + " UTC"
	}
	return "in the maintenance window"
}

// storage is how much of it there is at least.
func storage(_ *judging, c *Change, d Difference) effect {
	old, now := d.numbers()
	if most, grows := number(c.after, "max_allocated_storage"); now < old && grows && most > now {
		return nothing("Terraform leaves storage that may grow by itself as large as it is")
	}
	if now < old {
		return refusedByAWS(fmt.Sprintf("AWS does not shrink storage (from %g to %g GiB): the deploy fails when it comes to this", old, now), rdsStorage)
	}
	return nothing("more storage, without an interruption; AWS takes the next change of it after six hours")
}

// storageType is another kind of storage. The downtime is that between SSDs and magnetic
// storage ("standard").
func storageType(_ *judging, c *Change, d Difference) effect {
	if before, after := fmt.Sprint(d.Before), fmt.Sprint(d.After); strings.HasPrefix(before, "gp") && strings.HasPrefix(after, "gp") {
		return nothing("another kind of storage, without an interruption; the database may be slower meanwhile")
	}
	return interruption("another kind of storage: the database may not answer for a short time, "+c.when(), rdsModify)
}

func renamed(_ *judging, c *Change, _ Difference) effect {
	return interruption("another name, and with it another address: the database cannot be reached for ten minutes, "+c.when()+", and by servers only when rollout has told them", rdsRename)
}

// storageLimit is how far storage grows by itself.
func storageLimit(_ *judging, _ *Change, d Difference) effect {
	if old, now := d.numbers(); now < old {
		return look(fmt.Sprintf("storage grows by itself to %g GiB at most: a database without free storage stops", now), rdsAutoscale)
	}
	return nothing("how far storage grows by itself")
}

func public(_ *judging, _ *Change, d Difference) effect {
	if d.on() {
		return atRisk("the database gets a public address: whom its security group lets in reaches it from the internet", rdsPublic)
	}
	return look("the database can be reached from its VPC alone", rdsPublic)
}

func tokens(_ *judging, c *Change, d Difference) effect {
	if d.on() {
		return nothing("users may log in with an IAM token; how others do stays")
	}
	return interruption("who logs in with an IAM token is refused, "+c.when(), rdsIAM)
}

func insights(_ *judging, _ *Change, d Difference) effect {
	if old, now := d.numbers(); now < old {
		return look(fmt.Sprintf("what Performance Insights has recorded is kept for %g days only", now), rdsInsights)
	}
	return nothing("how long Performance Insights keeps what it records")
}

// backups is how long automated backups are kept. To and from none, the database is away,
// with a standby, too.
func backups(_ *judging, c *Change, d Difference) effect {
	switch old, now := d.numbers(); {
	case d.Unknown:
		return effect{level: Unknown, text: "how long backups are kept is known only when it is deployed", source: rdsBackups}
	case now == 0:
		return atRisk("no backups: those that are there are deleted, and the database does not answer for some time, "+c.when(), rdsBackups)
	case old == 0:
		return interruption("backups begin: the database does not answer for some time, "+c.when(), rdsBackups)
	case now < old:
		return atRisk(fmt.Sprintf("backups older than %g days are deleted", now), rdsBackups)
	}
	return nothing("backups are kept longer")
}

// version is another version of the engine, such as 8.4 or 8.4.5. A standby is upgraded at
// the same time, and does not take over.
func version(_ *judging, c *Change, d Difference) effect {
	before, after := fmt.Sprint(d.Before), fmt.Sprint(d.After)
	order := slices.Compare(numbers(after), numbers(before))
	switch {
	case d.Unknown:
		return effect{level: Unknown, text: "the version is known only when it is deployed", source: rdsUpgrade}
	case strings.HasPrefix(before, after+"."):
		return nothing("any patch of " + after + ": the one that runs stays")
	case order < 0:
		return refusedByAWS(fmt.Sprintf("AWS does not go back from %s to %s: the deploy fails when it comes to this", before, after), rdsUpgrade)
	case major(before) != major(after) && !isTrue(c.after, "allow_major_version_upgrade"):
		return refusedByAWS("AWS wants AllowMajorVersionUpgrade for another major version: the deploy fails when it comes to this", rdsUpgrade)
	case major(before) != major(after):
		return interruption("another major version: the database does not answer for ten minutes or more, "+c.when()+"; there is no way back but a restore", rdsUpgrade)
	case strings.HasPrefix(after, before+"."):
		return interruption(fmt.Sprintf("version %s: if another patch of %s runs, the database does not answer for minutes, %s", after, before, c.when()), rdsUpgrade)
	}
	return interruption(fmt.Sprintf("version %s: the database does not answer for minutes, %s", after, c.when()), rdsUpgrade)
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
			"identifier":              by(renamed),
			"instance_class":          by(class),
			"engine_version":          by(version),
			"allocated_storage":       by(storage),
			"max_allocated_storage":   by(storageLimit),
			"storage_type":            by(storageType),
			"backup_retention_period": by(backups),
			"multi_az":                by(standby),
			"port":                    interruption("another port: RDS restarts the database at once, and servers that connect to the former port reach it only when rollout has told them", rdsModify),
			"deletion_protection":     off("AWS refuses to delete the database", "the database can be deleted from now on", rdsDelete),
			"skip_final_snapshot":     snapshot("a last snapshot is taken when the database is deleted", "no last snapshot is taken when the database is deleted", rdsDelete),
			"delete_automated_backups": snapshot("the automated backups stay when the database is deleted",
				"the automated backups go with the database", rdsDelete),
			"parameter_group_name":                  look("another parameter group, whose parameters take effect when the database is restarted next", rdsModify),
			"vpc_security_group_ids":                interruption("another security group: whom its rules do not let in, or not yet, can open no connection to the database", groupRules),
			"db_subnet_group_name":                  by(subnetGroup),
			"publicly_accessible":                   by(public),
			"iam_database_authentication_enabled":   by(tokens),
			"performance_insights_retention_period": by(insights),
			"manage_master_user_password":           {level: Unknown, text: "who keeps the master user's password", source: rdsModify},
			"maintenance_window":                    look("when RDS makes changes that interrupt; if the new window is now, those that wait are made now", rdsModify),
			"apply_immediately":                     look("when RDS makes changes: those that wait for the window are made with the next change", rdsApply),
		}, nothing("how the database is looked after: RDS changes it without an interruption"),
			"allow_major_version_upgrade", "auto_minor_version_upgrade", "backup_window", "copy_tags_to_snapshot", "enabled_cloudwatch_logs_exports", "final_snapshot_identifier",
			"monitoring_interval", "performance_insights_enabled"),
	},
	"aws_secretsmanager_secret": {
		what: "secret", made: nothing("a secret"), removed: atRisk("a secret goes after its waiting period", "https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html"),
	},
}

// standby is a standby in another zone that comes or goes.
func standby(_ *judging, c *Change, d Difference) effect {
	if d.on() {
		return look("a standby in another zone is made, "+c.when()+", without an interruption; the database may be slower meanwhile", rdsMultiAZ)
	}
	return look("the standby goes, without an interruption; from then on, whatever restarts the database interrupts it for minutes", rdsMultiAZ)
}

// snapshot is a switch that does without something when the database is deleted.
func snapshot(kept, gone, source string) effect {
	return by(func(_ *judging, _ *Change, d Difference) effect {
		if d.on() {
			return atRisk(gone, source)
		}
		return nothing(kept)
	})
}
