package synth_test

import (
	"cmp"
	"testing"

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
