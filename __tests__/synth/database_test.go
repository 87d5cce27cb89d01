package synth_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/stacks"
)

func TestDatabase(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		database := s.get("aws_db_instance", "mysql_instance")
		expect(t, database, "mysql", "engine")
		expect(t, database, cmp.Or(s.literal.Database.EngineVersion, "8.4"), "engine_version")
		expect(t, database, true, "storage_encrypted")
		expect(t, database, true, "manage_master_user_password")
		expect(t, database, false, "publicly_accessible")
		if at(database, "backup_retention_period").(float64) < 1 {
			t.Error("there are no backups")
		}
		if at(database, "max_allocated_storage").(float64) <= at(database, "allocated_storage").(float64) {
			t.Error("its storage cannot grow")
		}
		expect(t, database, "[error slowquery]", "enabled_cloudwatch_logs_exports")
		parameters := s.get("aws_db_parameter_group", "mysql_parameters")
		expect(t, parameters, "mysql8.4", "family")
		expect(t, parameters, "require_secure_transport", "parameter", 0, "name")
		expect(t, parameters, "1", "parameter", 0, "value")
		// Logs go where they are kept for a while, from the first one on.
		for _, log := range []string{"error", "slowquery"} {
			group := s.get("aws_cloudwatch_log_group", "mysql_log_"+log)
			expect(t, group, "/aws/rds/instance/"+fmt.Sprint(database["identifier"])+"/"+log, "name")
			expect(t, group, cmp.Or(s.literal.Database.LogRetentionDays, 30), "retention_in_days")
			if !strings.Contains(fmt.Sprint(database["depends_on"]), "aws_cloudwatch_log_group.mysql_log_"+log) {
				t.Errorf("the database does not wait for the log group of %s", log)
			}
		}
		// What AWS keeps from being deleted must not be planned to go either.
		expect(t, database, database["deletion_protection"], "lifecycle", "prevent_destroy")
	})
	prod := load(t, "prod").get("aws_db_instance", "mysql_instance")
	expect(t, prod, true, "multi_az")
	expect(t, prod, true, "deletion_protection")
	expect(t, prod, false, "skip_final_snapshot")
	expect(t, prod, false, "delete_automated_backups")
	expect(t, prod, false, "apply_immediately")
}

// TestPatchVersionStays: with the minor version in the code, RDS may choose the
// patch; not with a patch.
func TestPatchVersionStays(t *testing.T) {
	expect(t, synthesizeEnvironment(t, trial).get("aws_db_instance", "mysql_instance"), true, "auto_minor_version_upgrade")
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) { e.Database.EngineVersion = "8.4.5" }))
	expect(t, s.get("aws_db_instance", "mysql_instance"), false, "auto_minor_version_upgrade")
}

// TestDatabaseAlarms: each watches the database, and what matters by the class follows it.
func TestDatabaseAlarms(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Database.InstanceClass, e.Database.StorageGiB = "db.m7g.large", 100
		e.Database.Alarms = constructs.MySQLAlarms{CPU: 70, WriteLatency: 50 * time.Millisecond}
	}))
	for name, want := range map[string][3]any{
		"cpu":             {"CPUUtilization", "GreaterThanThreshold", 70},
		"free_storage":    {"FreeStorageSpace", "LessThanThreshold", float64(5 << 30)},
		"freeable_memory": {"FreeableMemory", "LessThanThreshold", float64(409 << 20)}, // a twentieth of 8 GiB
		"connections":     {"DatabaseConnections", "GreaterThanThreshold", 409},        // 60 % of 8 GiB / 12582880
		"read_latency":    {"ReadLatency", "GreaterThanThreshold", 0.02},
		"write_latency":   {"WriteLatency", "GreaterThanThreshold", 0.05},
	} {
		alarm := s.get("aws_cloudwatch_metric_alarm", "mysql_alarm_"+name)
		expect(t, alarm, "AWS/RDS", "namespace")
		expect(t, alarm, want[0], "metric_name")
		expect(t, alarm, want[1], "comparison_operator")
		expect(t, alarm, want[2], "threshold")
		expect(t, alarm, "${aws_db_instance.mysql_instance.identifier}", "dimensions", "DBInstanceIdentifier")
		expect(t, alarm, "[${aws_sns_topic.alerts_topic.arn}]", "alarm_actions")
		if latency := strings.HasSuffix(name, "latency"); latency != (alarm["extended_statistic"] == "p90") || latency == (alarm["statistic"] != nil) {
			t.Errorf("%s watches %v and %v", name, alarm["statistic"], alarm["extended_statistic"])
		}
	}
	// Of a class that nobody knows, nobody knows the memory.
	s = synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Database.InstanceClass, e.Database.AllowUnknownInstanceClass = "db.q9.large", true
		e.Database.Alarms.Connections, e.Database.Alarms.CPU = 1000, constructs.AlarmOff
	}))
	expect(t, s.get("aws_cloudwatch_metric_alarm", "mysql_alarm_connections"), 1000, "threshold")
	for _, none := range []string{"mysql_alarm_freeable_memory", "mysql_alarm_cpu"} {
		if s.all("aws_cloudwatch_metric_alarm")[none] != nil {
			t.Errorf("there is a %s", none)
		}
	}
}

// TestClassMemory has AWS's table at its corners, by the default of the alarm.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
func TestClassMemory(t *testing.T) {
	s := mustSynthesizeOwn(t, func(own cdktf.TerraformStack) {
		for i, class := range memoryClasses {
			constructs.NewMySQL(own, fmt.Sprint("d", i), constructs.MySQLProps{Name: fmt.Sprint("d", i), Network: existing, InstanceClass: class.name})
		}
	})
	for i, class := range memoryClasses {
		expect(t, s.get("aws_cloudwatch_metric_alarm", fmt.Sprintf("d%d_alarm_freeable_memory", i)), float64(class.mib/20*(1<<20)), "threshold")
	}
}

var memoryClasses = []struct {
	name string
	mib  int
}{
	{"db.t3.micro", 1 << 10}, {"db.t4g.small", 2 << 10}, {"db.t4g.2xlarge", 32 << 10}, {"db.m3.medium", 3840}, {"db.m5d.large", 8 << 10},
	{"db.m6i.32xlarge", 512 << 10}, {"db.r3.large", 15616}, {"db.r5b.24xlarge", 768 << 10}, {"db.r8gd.48xlarge", 1536 << 10},
	{"db.x2g.16xlarge", 1024 << 10}, {"db.x2idn.32xlarge", 2048 << 10}, {"db.x2iedn.xlarge", 128 << 10},
}

// TestApplicationUser: servers log in with an IAM token, and may not read the master
// user's secret.
func TestApplicationUser(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Database.ApplicationUser = "app"
		e.Cluster.ServerText, e.Cluster.UserDataFrom = "", func(f constructs.Facts) string { return "#!/bin/sh\n" + f.WriteFile() }
	}))
	expect(t, s.get("aws_db_instance", "mysql_instance"), true, "iam_database_authentication_enabled")
	statement := at(s.json, "data", "aws_iam_policy_document", "web_connect_to_mysql_user", "statement", 0)
	expect(t, statement, "[rds-db:connect]", "actions")
	expect(t, statement, "[arn:${data.aws_partition.mysql_partition.partition}:rds-db:${data.aws_region.mysql_region.name}:${data.aws_caller_identity.mysql_account.account_id}:dbuser:${aws_db_instance.mysql_instance.resource_id}/app]", "resources")
	if !strings.Contains(fmt.Sprint(s.get("aws_autoscaling_group", "web_group")["depends_on"]), "aws_iam_role_policy.web_connect_to_mysql_user_policy") {
		t.Error("an instance may start before it may log in")
	}
	for path, value := range flat(s) {
		if strings.Contains(value, "GetSecretValue") {
			t.Errorf("%s lets servers read a secret", path)
		}
	}
	script := fmt.Sprint(s.json["locals"].(object)["web_boot_script"])
	if !strings.Contains(script, `DATABASE_USER="app"`) || strings.Contains(script, "DATABASE_SECRET_ARN") {
		t.Errorf("the facts are %s", script)
	}
	expect(t, s.json, "app", "output", "database_user", "value")
	// The operator's way to make the user.
	expect(t, s.json, "${aws_db_instance.mysql_instance.master_user_secret[0].secret_arn}", "output", "database_secret_arn", "value")
	// Before the user is made, servers that are in use go on as the master.
	before := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
		e.Database.ApplicationUser, e.Database.ServersAsMaster = "app", true
		e.Cluster.ServerText, e.Cluster.UserDataFrom = "", func(f constructs.Facts) string { return "#!/bin/sh\n" + f.WriteFile() }
	}))
	expect(t, before.get("aws_db_instance", "mysql_instance"), true, "iam_database_authentication_enabled")
	expect(t, before.json, "app", "output", "database_user", "value")
	if script := fmt.Sprint(before.json["locals"].(object)["web_boot_script"]); !strings.Contains(script, `DATABASE_USER="admin"`) || !strings.Contains(script, "DATABASE_SECRET_ARN") {
		t.Errorf("the facts are %s", script)
	}
	// Without one, there is none of it.
	plain := synthesizeEnvironment(t, trial)
	expect(t, plain.get("aws_db_instance", "mysql_instance"), false, "iam_database_authentication_enabled")
	expect(t, plain.json, nil, "output", "database_user")
}

// TestGrantConnect: for a cluster whose boot script gets no facts.
func TestGrantConnect(t *testing.T) {
	s := mustSynthesizeOwn(t, func(own cdktf.TerraformStack) {
		database := constructs.NewMySQL(own, "mysql", constructs.MySQLProps{Name: "own", Network: existing, ApplicationUser: "app"})
		database.GrantConnect(cluster(own, "web", func(p *constructs.WebserverClusterProps) { p.Database = database }))
	})
	expect(t, at(s.json, "data", "aws_iam_policy_document", "web_connect_to_mysql_user", "statement", 0), "[rds-db:connect]", "actions")
	_, err := synthesizeOwn(t, func(own cdktf.TerraformStack) {
		database := constructs.NewMySQL(own, "mysql", constructs.MySQLProps{Name: "own", Network: existing})
		database.GrantConnect(cluster(own, "web", func(p *constructs.WebserverClusterProps) { p.Database = database }))
	})
	if err == nil || err.Error() != "GrantConnect: this database has no ApplicationUser, who logs in with IAM" {
		t.Errorf("got %v", err)
	}
}

// TestNoDatabase: an environment without one has nothing of it.
func TestNoDatabase(t *testing.T) {
	s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) { e.Database = nil }))
	for path, value := range flat(s) {
		if strings.Contains(path, "aws_db_") || strings.Contains(path, "mysql") || strings.HasPrefix(path, "output.database") || strings.Contains(value, "mysql") {
			t.Errorf("%s = %s", path, value)
		}
	}
	if s.get("aws_autoscaling_group", "web_group") == nil {
		t.Error("there are no servers")
	}
}

// TestMajorVersion: the parameter group's family follows the version.
func TestMajorVersion(t *testing.T) {
	for version, family := range map[string]string{
		"8.4.5": "mysql8.4", "9.7": "mysql9.7", "9.7.1": "mysql9.7",
		"${data.x.y.version}": `mysql${regex("^[0-9]+[.][0-9]+", "${data.x.y.version}")}`,
	} {
		s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
			e.Database.EngineVersion, e.Database.AllowMajorVersionUpgrade, e.Database.ApplyImmediately = version, true, true
		}))
		expect(t, s.get("aws_db_parameter_group", "mysql_parameters"), family, "family")
		expect(t, s.get("aws_db_instance", "mysql_instance"), true, "allow_major_version_upgrade")
	}
}

// TestRestore: what a database begins with is looked at once, and has to be what it was
// made with as long as the code names it.
func TestRestore(t *testing.T) {
	resource := "db-" + strings.Repeat("A1", 13)
	for _, test := range []struct {
		restore           constructs.Restore
		argument, value   string
		place, conditions string
	}{
		{constructs.Restore{Snapshot: "kept"}, "snapshot_identifier", "kept", "snapshot_identifier", "kept"},
		{constructs.Restore{Instance: "shop", Time: "2027-01-31T23:45:00Z"}, "restore_to_point_in_time", "[map[restore_time:2027-01-31T23:45:00Z source_db_instance_identifier:shop]]", "restore_to_point_in_time[0].source_db_instance_identifier", "shop"},
		{constructs.Restore{ResourceID: resource}, "restore_to_point_in_time", "[map[source_dbi_resource_id:" + resource + " use_latest_restorable_time:true]]", "restore_to_point_in_time[0].source_dbi_resource_id", resource},
	} {
		s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) { e.Database.Restore = &test.restore }))
		database := s.get("aws_db_instance", "mysql_instance")
		expect(t, database, test.value, test.argument)
		if text := fmt.Sprint(at(database, "lifecycle", "postcondition")); !strings.Contains(text, fmt.Sprintf(`${try(self.%s, "") == %q}`, test.place, test.conditions)) {
			t.Errorf("the conditions are %s", text)
		}
	}
	// With it and without: Terraform never replaces a database for it.
	ignored := at(synthesizeEnvironment(t, trial).get("aws_db_instance", "mysql_instance"), "lifecycle", "ignore_changes")
	for _, argument := range []string{"snapshot_identifier", "restore_to_point_in_time", "username", "storage_encrypted"} {
		if !strings.Contains(fmt.Sprint(ignored), argument) {
			t.Errorf("a change of %s could replace the database: %v", argument, ignored)
		}
	}
}
