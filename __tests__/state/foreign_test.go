package state_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"example.com/webserver-cluster/tests/usual"
)

// The names in cdktf.json are those of a bucket and a table that belong to somebody
// else in the same account. Nothing of theirs is changed.
func TestForeignStore(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	const bucketIs, tableIs = "the bucket %s exists, and this project did not make it", "the table %s exists, and this project did not make it"
	for _, test := range []struct {
		name          string
		bucket, table func(p *project)
		says          []string
	}{
		{"both", (*project).othersBucket, func(p *project) { p.makeTable() }, []string{bucketIs, tableIs}},
		{"bucket", (*project).othersBucket, nil, []string{bucketIs}},
		{"bucket with objects only", func(p *project) { p.bareBucket(); p.put("report.csv") }, nil, []string{bucketIs}},
		{"bucket of another project", func(p *project) { p.bareBucket(); p.tagBucket("Project", "other", "Environment", "state") }, nil, []string{bucketIs}},
		{"bucket of another stack", func(p *project) { p.bareBucket(); p.tagBucket("Project", p.name, "Environment", "stage") }, nil, []string{bucketIs}},
		{"table", nil, func(p *project) { p.makeTable() }, []string{tableIs}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newApp(t)
			for _, make := range []func(*project){test.bucket, test.table} {
				if make != nil {
					make(p)
				}
			}
			before := p.store()
			p.wire.watch(nil)
			output := p.want(1)(p.state("bootstrap", "--yes"))
			for _, want := range test.says {
				name := p.bucket
				if want == tableIs {
					name = p.table
				}
				p.says(output, fmt.Sprintf(want, name), "Choose another", "A bucket and a table that exist", "nothing was changed")
			}
			if test.name == "both" {
				// The ways round.
				p.want(0, p.bucket+" exists, but without the tags of aws_s3_bucket.store_bucket: left alone",
					p.table+" exists, but without the tags of aws_dynamodb_table.store_locks: left alone",
					"Nothing that was made is missing")(p.state("adopt", "state", "--yes"))
			}
			for _, c := range p.wire.calls() {
				// A lock is taken and given back.
				if c.writes() && !isPut(".tflock")(c) && c.Action != http.MethodDelete && c.Action != "PutItem" && c.Action != "DeleteItem" {
					t.Errorf("it changed something: %v", c)
				}
			}
			if test.name == "both" {
				p.want(1, "BucketAlreadyOwnedByYou", "ResourceInUseException")(p.cdktf("deploy", "state", "--auto-approve").result())
			}
			if after := p.store(); after != before {
				t.Errorf("bucket and table were\n%s\nand are\n%s", before, after)
			}
		})
	}
}

// In us-east-1, S3 answers 200 to whoever makes a bucket a second time. The provider
// looks before it makes one.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
// https://github.com/hashicorp/terraform-provider-aws/pull/26011
func TestForeignBucketInUsEast1(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newApp(t)
	var config block
	content, err := os.ReadFile(p.dir + "/cdktf.json")
	must(t, err)
	must(t, json.Unmarshal(content, &config))
	config["context"].(block)["region"] = "us-east-1"
	config["context"].(block)["stateLock"] = "s3"
	p.write("cdktf.json", config)
	cfg := cloud.Config()
	cfg.Region = "us-east-1"
	for range 2 {
		_, err = s3.NewFromConfig(cfg).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &p.bucket})
		must(t, err)
	}
	p.denyWithout("aws:SecureTransport")
	before := p.store()
	p.want(1, "BucketAlreadyExists")(p.cdktf("deploy", "state", "--auto-approve").result())
	if after := p.store(); after != before {
		t.Errorf("the bucket was\n%s\nand is\n%s", before, after)
	}
}

// What a bootstrap leaves that is killed between making the bucket and tagging it
// is taken for its own.
func TestBootstrapKilledBeforeTagging(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newApp(t)
	p.bareBucket()
	p.want(0, "Made but not in the state: 1 resource", "are in the bucket "+p.bucket)(p.state("bootstrap", "--yes"))
	p.bootstrapped()
	if !*long { // a bootstrap takes more than a minute
		return
	}
	// And when somebody has taken the tags away, the state knows whose it is.
	_, err := s3.NewFromConfig(cloud.Config()).DeleteBucketTagging(t.Context(), &s3.DeleteBucketTaggingInput{Bucket: &p.bucket})
	must(t, err)
	p.want(0, "are in the bucket "+p.bucket)(p.state("bootstrap", "--yes"))
}

// A bucket and a table that existed before are used as they are: everything but
// bootstrap works on them, and nobody is told to deploy a stack that did not make them.
func TestStoreThatExists(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newProject(t, map[string]block{"stage": data(2)})
	p.tagBucket("Owner", "platform-team")
	p.deleteTable()
	p.makeTable()
	p.want(0)(p.state("check"))
	p.want(0)(p.cdktf("deploy", "stage", "--auto-approve").result())
	p.want(0, "state of stage serial 1, 2 resources")(p.state("check"))
	p.lockedBy("stage", me())
	p.want(0, "stage is unlocked")(p.state("unlock", "stage", "--yes"))

	p.versioning(s3types.BucketVersioningStatusSuspended)
	_, err := dynamodb.NewFromConfig(cloud.Config()).UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: &p.table, DeletionProtectionEnabled: aws.Bool(false)})
	must(t, err)
	p.want(1, "keeps no versions, so an overwritten state is lost: ask whoever looks after it to change that; this project did not make it",
		"the lock table can be deleted: ask whoever looks after it to change that")(p.state("check"))
}
