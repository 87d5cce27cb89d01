package workflows_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const region = "eu-central-1"

// world is a checkout of a project whose stacks take seconds to deploy, with its
// bucket and table on a local AWS.
type world struct {
	t      *testing.T
	dir    string
	bucket string
	table  string
	url    string       // of the local AWS
	slow   *atomic.Bool // a state that is written waits as long
	rerun  bool         // somebody runs the workflow again
}

var worlds atomic.Int32

type block = map[string]any

// newWorld makes one with a bucket and a table of its own.
func newWorld(t *testing.T) *world {
	n := worlds.Add(1)
	w := &world{t: t, bucket: fmt.Sprintf("states-%d", n), table: fmt.Sprintf("locks-%d", n), slow: &atomic.Bool{}}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		for r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/terraform.tfstate") && w.slow.Load() {
			time.Sleep(50 * time.Millisecond)
		}
		cloud.Front.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { w.slow.Store(false) }) // Close waits for every request
	w.url = server.URL
	w.makeStore()
	return w.checkout()
}

// checkout makes another checkout, with stage and prod: resources that exist in the state alone,
// and take as long as there is no file "go" in it.
func (w *world) checkout() *world {
	t, other := w.t, *w
	other.dir = t.TempDir()
	w = &other
	for _, name := range []string{"go.mod", "go.sum", "internal", "node_modules", ".github"} {
		must(t, os.Symlink(filepath.Join(root, name), filepath.Join(w.dir, name)))
	}
	must(t, os.MkdirAll(filepath.Join(w.dir, "cmd"), 0o755))
	must(t, os.Symlink(filepath.Join(root, "cmd", "state"), filepath.Join(w.dir, "cmd", "state")))
	w.write("cdktf.json", block{
		"language": "go", "app": "sh app.sh", "projectId": "test", "sendCrashReports": "false",
		"context": block{"project": "acme", "region": region, "stateBucket": w.bucket, "lockTable": w.table},
	})
	w.writeText("app.sh", "mkdir -p $CDKTF_OUTDIR && cp -R app/. $CDKTF_OUTDIR\n")
	manifest := block{}
	for _, stack := range []string{"stage", "prod"} {
		folder := "stacks/" + stack
		manifest[stack] = block{
			"name": stack, "constructPath": stack, "workingDirectory": folder, "synthesizedStackPath": folder + "/cdk.tf.json",
			"annotations": []string{}, "dependencies": []string{},
		}
		w.write("app/"+folder+"/cdk.tf.json", block{
			"//": block{"metadata": block{"backend": "s3", "stackName": stack, "version": "0.21.0"}, "outputs": block{}},
			"terraform": block{"backend": block{"s3": block{
				"bucket": w.bucket, "key": stack + "/terraform.tfstate", "region": region, "encrypt": true, "dynamodb_table": w.table, "use_lockfile": true,
			}}},
			"resource": block{"terraform_data": block{
				"first": block{},
				"slow": block{"depends_on": []string{"terraform_data.first"}, "provisioner": []block{{"local-exec": block{
					"command": "while [ ! -e ../../../go ]; do sleep 0.1; done",
				}}}},
			}},
		})
	}
	w.write("app/manifest.json", block{"version": "0.21.0", "stacks": manifest})
	w.newest(commit)
	return w
}

// newest has GitHub say that a commit is the newest of the main branch.
func (w *world) newest(sha string) {
	w.writeText("bin/gh", fmt.Sprintf("#!/bin/sh\n[ \"$2\" = repos/acme/webservers/commits/main ] || { echo \"gh $*\" >&2; exit 1; }\necho %s\n", sha))
}

// letGo lets what takes long end.
func (w *world) letGo() { w.writeText("go", "") }

func (w *world) write(name string, content any) {
	w.t.Helper()
	data, err := json.MarshalIndent(content, "", "  ")
	must(w.t, err)
	w.writeText(name, string(data))
}

func (w *world) writeText(name, content string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	must(w.t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(w.t, os.WriteFile(path, []byte(content), 0o755))
}

// read is a file's content; "" for none.
func (w *world) read(name string) string {
	content, _ := os.ReadFile(filepath.Join(w.dir, name))
	return string(content)
}

// runner is a runner in the checkout, with what stands for GitHub's own command line, gh.
func (w *world) runner(t *testing.T) *runner {
	r := newRunner(t, w.dir, append(cloud.Environ(), "AWS_ENDPOINT_URL="+w.url, "GOGC=400")...)
	r.t = t
	return r
}

func (w *world) makeStore() {
	ctx := context.Background()
	buckets := s3.NewFromConfig(cloud.Config())
	_, err := buckets.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket: &w.bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	})
	must(w.t, err)
	_, err = buckets.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: &w.bucket, VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled},
	})
	must(w.t, err)
	policy := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::%[1]s","arn:aws:s3:::%[1]s/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`, w.bucket)
	_, err = buckets.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &w.bucket, Policy: &policy})
	must(w.t, err)
	_, err = buckets.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: &w.bucket, PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{
		BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true), IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true),
	}})
	must(w.t, err)
	_, err = dynamodb.NewFromConfig(cloud.Config()).CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &w.table, BillingMode: dbtypes.BillingModePayPerRequest, DeletionProtectionEnabled: aws.Bool(true),
		KeySchema:            []dbtypes.KeySchemaElement{{AttributeName: aws.String("LockID"), KeyType: dbtypes.KeyTypeHash}},
		AttributeDefinitions: []dbtypes.AttributeDefinition{{AttributeName: aws.String("LockID"), AttributeType: dbtypes.ScalarAttributeTypeS}},
	})
	must(w.t, err)
}

// locked tells whether a stack is locked, in the table or in the bucket.
func (w *world) locked(stack string) bool {
	w.t.Helper()
	key := stack + "/terraform.tfstate"
	_, inBucket := s3.NewFromConfig(cloud.Config()).HeadObject(context.Background(), &s3.HeadObjectInput{Bucket: &w.bucket, Key: aws.String(key + ".tflock")})
	output, err := dynamodb.NewFromConfig(cloud.Config()).GetItem(context.Background(), &dynamodb.GetItemInput{
		TableName: &w.table, Key: map[string]dbtypes.AttributeValue{"LockID": &dbtypes.AttributeValueMemberS{Value: w.bucket + "/" + key}},
	})
	must(w.t, err)
	return inBucket == nil || output.Item != nil
}
