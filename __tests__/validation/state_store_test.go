package validation_test

import (
	"strings"
	"testing"

	"example.com/webserver-cluster/constructs"
)

// TestStateStore has what Terraform keeps its state in.
func TestStateStore(t *testing.T) {
	alone(t, constructs.StateStoreProps{BucketName: "bucket", TableName: "table"}, []row[constructs.StateStoreProps]{
		{func(p *constructs.StateStoreProps) { p.BucketName = "" }, `BucketName: "": must be 3 to 63 lower-case letters, digits and hyphens, a letter or digit at either end`},
		{func(p *constructs.StateStoreProps) { p.BucketName = "My-Bucket" }, `BucketName: "My-Bucket": must be 3 to 63 lower-case letters, digits and hyphens, a letter or digit at either end`},
		{func(p *constructs.StateStoreProps) { p.BucketName = "state.example.com" }, `BucketName: "state.example.com": must be 3 to 63 lower-case letters, digits and hyphens, a letter or digit at either end`},
		{func(p *constructs.StateStoreProps) { p.BucketName = "10.0.0.1" }, `BucketName: "10.0.0.1": must be 3 to 63 lower-case letters, digits and hyphens, a letter or digit at either end`},
		{func(p *constructs.StateStoreProps) { p.BucketName = "my_bucket" }, `BucketName: "my_bucket": must be 3 to 63 lower-case letters, digits and hyphens, a letter or digit at either end`},
		{func(p *constructs.StateStoreProps) { p.BucketName = "ab" }, `BucketName: "ab": must be 3 to 63 lower-case letters, digits and hyphens, a letter or digit at either end`},
		{func(p *constructs.StateStoreProps) { p.BucketName = "bucket-" }, `BucketName: "bucket-": must be 3 to 63 lower-case letters, digits and hyphens, a letter or digit at either end`},
		{func(p *constructs.StateStoreProps) { p.BucketName = "amzn-s3-demo-state" }, `BucketName: "amzn-s3-demo-state": must not begin with amzn-s3-demo-, which S3 keeps for itself`},
		{func(p *constructs.StateStoreProps) { p.BucketName = "state--x-s3" }, `BucketName: "state--x-s3": must not end with --x-s3, which S3 keeps for itself`},
		{func(p *constructs.StateStoreProps) { p.BucketName = "state-an" }, `BucketName: "state-an": must not end with -an, which S3 keeps for accounts' own namespaces`},
		{func(p *constructs.StateStoreProps) { p.BucketName = strings.Repeat("b", 64) }, `BucketName: "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb": must be 3 to 63 lower-case letters, digits and hyphens, a letter or digit at either end`},
		{func(p *constructs.StateStoreProps) { p.TableName = "" }, `TableName: "": must be 3 to 255 letters, digits, and _ . -`},
		{func(p *constructs.StateStoreProps) { p.TableName = "ab" }, `TableName: "ab": must be 3 to 255 letters, digits, and _ . -`},
		{func(p *constructs.StateStoreProps) { p.TableName = "my table" }, `TableName: "my table": must be 3 to 255 letters, digits, and _ . -`},
		{func(p *constructs.StateStoreProps) { p.TableName = strings.Repeat("t", 256) }, `TableName: "tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt"…: must be 3 to 255 letters, digits, and _ . -`},
		{func(p *constructs.StateStoreProps) {
			p.TableName = "arn:aws:dynamodb:eu-central-1:111122223333:table/t"
		}, `TableName: "arn:aws:dynamodb:eu-central-1:111122223333:table/t": must be 3 to 255 letters, digits, and _ . -`},
		{func(p *constructs.StateStoreProps) { p.OldVersionDays = -1 }, `OldVersionDays: -1: must be 1 or more`},
		{func(p *constructs.StateStoreProps) { p.OldVersionsKept = -1 }, `OldVersionsKept: -1: must be 1 to 100`},
		{func(p *constructs.StateStoreProps) { p.OldVersionsKept = 101 }, `OldVersionsKept: 101: must be 1 to 100`},
	})
}

// TestStateStoreValid has odd values that must pass.
func TestStateStoreValid(t *testing.T) {
	alone(t, constructs.StateStoreProps{BucketName: "bucket", TableName: "table"}, []row[constructs.StateStoreProps]{
		{func(p *constructs.StateStoreProps) { p.BucketName = "a-1" }, ""},
		{func(p *constructs.StateStoreProps) { p.BucketName = strings.Repeat("b", 63) }, ""},
		{func(p *constructs.StateStoreProps) { p.BucketName, p.TableName = "${var.bucket}", "${var.table}" }, ""},
		{func(p *constructs.StateStoreProps) { p.TableName = "Team_A.locks-1" }, ""},
		{func(p *constructs.StateStoreProps) { p.OldVersionDays, p.OldVersionsKept = 1, 100 }, ""},
	})
}
