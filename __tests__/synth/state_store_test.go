package synth_test

import (
	"testing"

	"example.com/webserver-cluster/internal/project"
)

func TestStateStore(t *testing.T) {
	s := load(t, project.StateStack)
	settings := synthesized.settings
	bucket := s.get("aws_s3_bucket", "store_bucket")
	expect(t, bucket, settings.StateBucket, "bucket")
	expect(t, bucket, nil, "force_destroy")
	expect(t, s.get("aws_s3_bucket_versioning", "store_versioning"), "Enabled", "versioning_configuration", "status")
	expect(t, s.get("aws_s3_bucket_server_side_encryption_configuration", "store_encryption"), "AES256",
		"rule", 0, "apply_server_side_encryption_by_default", "sse_algorithm")
	expect(t, s.get("aws_s3_bucket_ownership_controls", "store_ownership"), "BucketOwnerEnforced", "rule", "object_ownership")
	for _, kind := range []string{"block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"} {
		expect(t, s.get("aws_s3_bucket_public_access_block", "store_public_access_block"), true, kind)
	}
	statement := at(s.json, "data", "aws_iam_policy_document", "store_tls_only", "statement", 0)
	expect(t, statement, "Deny", "effect")
	expect(t, statement, "[s3:*]", "actions")
	expect(t, statement, "[${aws_s3_bucket.store_bucket.arn} ${aws_s3_bucket.store_bucket.arn}/*]", "resources")
	expect(t, statement, "[*]", "principals", 0, "identifiers")
	expect(t, statement, "aws:SecureTransport", "condition", 0, "variable")
	expect(t, statement, "[false]", "condition", 0, "values")
	rule := at(s.get("aws_s3_bucket_lifecycle_configuration", "store_old_versions"), "rule", 0)
	expect(t, rule, nil, "expiration") // a current state never expires
	if at(rule, "noncurrent_version_expiration", 0, "newer_noncurrent_versions").(float64) < 1 {
		t.Error("the newest old versions expire too")
	}

	table := s.get("aws_dynamodb_table", "store_locks")
	expect(t, table, settings.LockTable, "name")
	expect(t, table, "LockID", "hash_key")
	expect(t, table, "PAY_PER_REQUEST", "billing_mode")
	expect(t, table, true, "point_in_time_recovery", "enabled")
	expect(t, table, true, "server_side_encryption", "enabled")
	expect(t, table, true, "deletion_protection_enabled")
	for _, kept := range []object{bucket, table, s.get("aws_s3_bucket_versioning", "store_versioning")} {
		expect(t, kept, true, "lifecycle", "prevent_destroy")
	}
}

func TestBackends(t *testing.T) {
	keys := map[any]string{}
	for _, id := range synthesized.ids {
		backend := at(load(t, id).json, "terraform", "backend", "s3")
		expect(t, backend, synthesized.settings.StateBucket, "bucket")
		expect(t, backend, synthesized.settings.LockTable, "dynamodb_table")
		expect(t, backend, true, "use_lockfile")
		expect(t, backend, true, "encrypt")
		key := at(backend, "key")
		if other, taken := keys[key]; taken {
			t.Errorf("%s and %s share the state %v", id, other, key)
		}
		keys[key] = id
	}
}
