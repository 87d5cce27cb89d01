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
)

// The names in cdktf.json are those of a bucket and a table that belong to somebody
// else in the same account. Nothing of theirs is changed.
func TestForeignStore(t *testing.T) {
	t.Parallel()
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
	p := newApp(t)
	p.bareBucket()
	p.want(0, "Made but not in the state: 1 resource", "lie in the bucket "+p.bucket)(p.state("bootstrap", "--yes"))
	p.bootstrapped()
	// And when somebody has taken the tags away, the state knows whose it is.
	_, err := s3.NewFromConfig(cloud.Config()).DeleteBucketTagging(t.Context(), &s3.DeleteBucketTaggingInput{Bucket: &p.bucket})
	must(t, err)
	p.want(0, "lie in the bucket "+p.bucket)(p.state("bootstrap", "--yes"))
}

// A bucket and a table that existed before are used as they are: everything but
// bootstrap works on them, and nobody is told to deploy a stack that did not make them.
func TestStoreThatExists(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(2)})
	p.tagBucket("Owner", "platform-team")
	p.deleteTable()
	p.makeTable()
	p.want(0)(p.state("check"))
	p.want(0)(p.cdktf("deploy", "stage", "--auto-approve").result())
	p.want(0, "state of stage serial 1, 2 resources")(p.state("check"))
	p.lockedBy("stage", me())
	p.want(0, "stage is free")(p.state("unlock", "stage", "--yes"))

	p.versioning(s3types.BucketVersioningStatusSuspended)
	_, err := dynamodb.NewFromConfig(cloud.Config()).UpdateTable(t.Context(), &dynamodb.UpdateTableInput{TableName: &p.table, DeletionProtectionEnabled: aws.Bool(false)})
	must(t, err)
	p.want(1, "keeps no versions, so an overwritten state is lost: ask whoever looks after it to change that; this project did not make it",
		"the lock table can be deleted: ask whoever looks after it to change that")(p.state("check"))
}

// deleteTable deletes the table.
func (p *project) deleteTable() {
	p.t.Helper()
	tables := dynamodb.NewFromConfig(cloud.Config())
	_, err := tables.UpdateTable(p.t.Context(), &dynamodb.UpdateTableInput{TableName: &p.table, DeletionProtectionEnabled: aws.Bool(false)})
	must(p.t, err)
	_, err = tables.DeleteTable(p.t.Context(), &dynamodb.DeleteTableInput{TableName: &p.table})
	must(p.t, err)
}

// bareBucket makes a bucket and nothing else.
func (p *project) bareBucket() {
	p.t.Helper()
	_, err := s3.NewFromConfig(cloud.Config()).CreateBucket(p.t.Context(), &s3.CreateBucketInput{
		Bucket: &p.bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	})
	must(p.t, err)
}

// othersBucket makes a bucket with a policy and a lifecycle rule of its owner.
func (p *project) othersBucket() {
	p.t.Helper()
	p.bareBucket()
	p.denyWithout("aws:SecureTransport")
	_, err := s3.NewFromConfig(cloud.Config()).PutBucketLifecycleConfiguration(p.t.Context(), &s3.PutBucketLifecycleConfigurationInput{
		Bucket: &p.bucket,
		LifecycleConfiguration: &s3types.BucketLifecycleConfiguration{Rules: []s3types.LifecycleRule{{
			ID: aws.String("theirs"), Status: s3types.ExpirationStatusEnabled, Filter: &s3types.LifecycleRuleFilter{Prefix: aws.String("logs/")},
			Expiration: &s3types.LifecycleExpiration{Days: aws.Int32(30)},
		}}},
	})
	must(p.t, err)
}

func (p *project) put(key string) {
	p.t.Helper()
	_, err := s3.NewFromConfig(cloud.Config()).PutObject(p.t.Context(), &s3.PutObjectInput{Bucket: &p.bucket, Key: &key})
	must(p.t, err)
}

// store describes bucket and table: what they are like, not what is in them.
func (p *project) store() string {
	ctx, buckets, tables := p.t.Context(), s3.NewFromConfig(cloud.Config()), dynamodb.NewFromConfig(cloud.Config())
	description := ""
	if policy, err := buckets.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &p.bucket}); err == nil {
		description += fmt.Sprintln("policy", *policy.Policy)
	}
	if rules, err := buckets.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &p.bucket}); err == nil {
		for _, rule := range rules.Rules {
			description += fmt.Sprintln("rule", *rule.ID)
		}
	}
	if tags, err := buckets.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &p.bucket}); err == nil {
		for _, tag := range tags.TagSet {
			description += fmt.Sprintln("tag", *tag.Key, *tag.Value)
		}
	}
	if versioning, err := buckets.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &p.bucket}); err == nil {
		description += fmt.Sprintln("versioning", versioning.Status)
	}
	if table, err := tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &p.table}); err == nil {
		tags, err := tables.ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: table.Table.TableArn})
		must(p.t, err)
		description += fmt.Sprintln("table", *table.Table.TableArn, aws.ToBool(table.Table.DeletionProtectionEnabled), len(tags.Tags), "tags")
	}
	return description
}

// A workspace of Terraform that is left over from elsewhere: nothing is planned,
// nothing synthesized, and no command looks at another state than a deploy would.
func TestWorkspaceLeftOver(t *testing.T) {
	t.Parallel()
	p := newApp(t)
	p.env = []string{"TF_WORKSPACE=dev"}
	const says = `environment variable TF_WORKSPACE: "dev": Terraform would use another state, under another lock, than the stack's own`
	p.want(1, says)(p.cdktf("diff", "stage").result())
	if _, err := os.Stat(p.dir + "/cdktf.out/manifest.json"); !os.IsNotExist(err) {
		t.Errorf("it was synthesized: %v", err)
	}
	for _, args := range [][]string{{"check"}, {"bootstrap", "--yes"}, {"unlock", "stage", "--yes"}, {"adopt", "stage", "--yes"}, {"versions", "stage"}, {"rollback", "stage", "1", "--yes"}, {"lock-mode", "s3", "--yes"}} {
		p.want(1, says)(p.state(args...))
	}
	if calls := p.wire.calls(); len(calls) > 0 {
		t.Errorf("AWS was asked: %v", calls)
	}

	// Selected by a command instead.
	p.env = nil
	p.want(0)(p.cdktf("synth").result())
	must(t, os.MkdirAll(p.dir+"/cdktf.out/stacks/stage/.terraform", 0o755))
	must(t, os.WriteFile(p.dir+"/cdktf.out/stacks/stage/.terraform/environment", []byte("dev"), 0o644))
	const selected = "this workspace was selected earlier, and Terraform would use its state, not the stack's own: terraform -chdir=cdktf.out/stacks/stage workspace select default"
	p.want(1, selected)(p.state("check"))
	output, status := p.cdktf("diff", "stage").result()
	p.want(1, "this workspace was selected earlier")(output, status)

	// cdktf would run another app; the settings of another project.
	p.env = []string{"CDKTF_APP=false", "STATE_BACKEND=local"}
	p.want(1, "CDKTF_APP", "STATE_BACKEND")(p.state("check"))
	must(t, os.Remove(p.dir+"/cdktf.out/stacks/stage/.terraform/environment"))
	p.env = []string{`CDKTF_CONTEXT_JSON={"project":"other","region":"eu-central-1","stateBucket":"other-bucket","lockTable":"other"}`}
	p.want(1, "there is no bucket "+p.bucket)(p.state("check"))
}

// Another output folder: the local state of a bootstrap is found all the same.
func TestBootstrapInAnotherOutputFolder(t *testing.T) {
	t.Parallel()
	p := newApp(t)
	p.env = []string{"CDKTF_OUTPUT=" + t.TempDir()}
	p.want(0, "lie in the bucket "+p.bucket)(p.state("bootstrap", "--yes"))
	p.bootstrapped()
	if _, err := os.Stat(p.dir + "/cdktf.out"); !os.IsNotExist(err) {
		t.Errorf("cdktf.out was made: %v", err)
	}
}

// An editor has put a byte order mark before cdktf.json: the CLI fails with a trace,
// the commands of the project say what it is.
func TestByteOrderMark(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(1)})
	content, err := os.ReadFile(p.dir + "/cdktf.json")
	must(t, err)
	must(t, os.WriteFile(p.dir+"/cdktf.json", append([]byte("\xEF\xBB\xBF"), content...), 0o600))
	p.want(1, "SyntaxError: Unexpected token", "is not valid JSON")(p.cdktf("diff", "stage").result())
	p.want(1, "cdktf.json: begins with a byte order mark (BOM): save it as UTF-8 without one; cdktf cannot read it either")(p.state("check"))
}
