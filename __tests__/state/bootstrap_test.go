package state_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/aws/aws-sdk-go-v2/aws"

	"example.com/webserver-cluster/tests/usual"
)

// newApp is a folder with the project's own app, in an account with nothing in
// it: a bucket and a table of the names in p do not exist.
func newApp(t *testing.T) *project {
	t.Helper()
	n := projects.Add(1)
	p := &project{
		t: t, wire: newWire(t), dir: t.TempDir(),
		name: fmt.Sprintf("app%d", n), bucket: fmt.Sprintf("app-states-%d", n), table: fmt.Sprintf("app-locks-%d", n),
	}
	content, err := os.ReadFile(filepath.Join(root, "cdktf.json"))
	must(t, err)
	var config block
	must(t, json.Unmarshal(content, &config))
	context := config["context"].(block)
	context["project"], context["region"] = p.name, region
	context["stateBucket"], context["lockTable"] = p.bucket, p.table
	if _, err := os.Stat(appAt()); err != nil {
		must(t, build(filepath.Dir(stateAt), "."))
	}
	config["app"] = appAt()
	p.write("cdktf.json", config)
	must(t, os.Symlink(filepath.Join(root, "node_modules"), filepath.Join(p.dir, "node_modules")))
	return p
}

// appAt is the built app.
func appAt() string { return filepath.Join(filepath.Dir(stateAt), "webserver-cluster") }

// One command makes bucket and table in an empty account and moves its own
// state into the bucket. Running it again changes nothing; what somebody changes
// or deletes comes back; and nothing can take it away.
func TestBootstrap(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newApp(t)
	p.want(0, "are in the bucket "+p.bucket)(p.state("bootstrap", "--yes"))
	p.bootstrapped()
	serial := p.newest("state").Serial
	p.want(0, "No changes.")(p.state("bootstrap", "--yes"))
	if s := p.newest("state"); s.Serial != serial {
		t.Errorf("running it again took the state from serial %d to %d", serial, s.Serial)
	}
	p.want(0, "state of state")(p.state("check"))

	// Untouchable.
	p.want(1, "Instance cannot be destroyed")(p.cdktf("destroy", "state", "--auto-approve").result())
	p.bootstrapped()

	// Restored: what somebody changed, and what is gone.
	ctx, buckets, tables := t.Context(), s3.NewFromConfig(cloud.Config()), dynamodb.NewFromConfig(cloud.Config())
	p.versioning(s3types.BucketVersioningStatusSuspended)
	_, err := buckets.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &p.bucket})
	must(t, err)
	_, err = buckets.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: &p.bucket})
	must(t, err)
	_, err = tables.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: &p.table, DeletionProtectionEnabled: aws.Bool(false)})
	must(t, err)
	p.want(1, "the bucket keeps no versions", "without TLS", "could be made public", "can be deleted")(p.state("check"))
	p.want(0)(p.cdktf("deploy", "state", "--auto-approve").result())
	p.want(0)(p.state("check"))
	_, err = tables.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: &p.table, DeletionProtectionEnabled: aws.Bool(false)})
	must(t, err)
	_, err = tables.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &p.table})
	must(t, err)
	p.want(1, "there is no table")(p.state("check"))
	p.want(0, "was gone: made again")(p.state("bootstrap", "--yes"))
	p.want(0)(p.state("check"))
	backups, err := tables.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &p.table})
	must(t, err)
	if s := backups.ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus; s != dbtypes.PointInTimeRecoveryStatusEnabled {
		t.Errorf("the new table's point-in-time recovery is %s", s)
	}

	if *long { // the bucket itself is gone
		p.deleteBucket()
		p.want(1, "there is no bucket")(p.state("check"))
		p.want(0, "are in the bucket "+p.bucket)(p.state("bootstrap", "--yes"))
		p.bootstrapped()
		p.want(0)(p.state("check"))
	}
}

// A bootstrap is killed in the middle of it; running it again finishes it.
func TestBootstrapKilled(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	points := []kill{
		{name: "state moved, nobody told", at: isPut("/terraform.tfstate"), acted: true},
		{name: "bucket made, nobody told", at: func(c call) bool { return c.Service == "s3" && c.Action == http.MethodPut }, acted: true},
		{name: "table made, nobody told", at: is("CreateTable"), acted: true},
		{name: "state moved, digest written", at: isItem("PutItem", "-md5"), acted: true},
	}
	if !*long {
		points = points[:1]
	}
	finished := 0
	defer func() {
		figure(t, "%d kills of state bootstrap, finished by running it again: %d", len(points), finished)
	}()
	for _, k := range points {
		t.Run(k.name, func(t *testing.T) {
			p := newApp(t)
			p.killedIn(k, func() *process { return p.start(".", "", stateAt, "bootstrap", "--yes") })
			p.want(0, "are in the bucket "+p.bucket)(p.state("bootstrap", "--yes"))
			p.bootstrapped()
			finished++
		})
	}
}

// bootstrapped checks that the store holds its own state.
func (p *project) bootstrapped() {
	p.t.Helper()
	addresses := strings.Join(p.newest("state").addresses(), " ")
	for _, want := range []string{"aws_s3_bucket.store_bucket", "aws_dynamodb_table.store_locks", "aws_s3_bucket_versioning.store_versioning"} {
		if !strings.Contains(addresses, want) {
			p.t.Errorf("the state does not know %s: %s", want, addresses)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(p.dir, "*tfstate*")); len(left) > 0 {
		p.t.Errorf("left behind: %v", left)
	}
	if n := p.locks("state"); n != 0 {
		p.t.Errorf("there are %d locks", n)
	}
}
