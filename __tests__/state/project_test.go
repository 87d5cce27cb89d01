package state_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const region = "eu-central-1"

// block is a piece of Terraform's JSON.
type block = map[string]any

// project is a project folder with stacks of its own, a bucket and a table.
type project struct {
	t      *testing.T
	wire   *wire
	dir    string
	name   string // the tag Project, and how names on AWS start
	bucket string
	table  string
	env    []string // besides the local AWS's
}

var projects atomic.Int32

// newProject makes a project in which the real cdktf finds the stacks given,
// by name: their resources. Bucket and table exist as the project's own state
// stack would make them.
func newProject(t *testing.T, stacks map[string]block) *project {
	n := projects.Add(1)
	p := &project{t: t, wire: newWire(t), name: fmt.Sprintf("project%d", n), bucket: fmt.Sprintf("states-%d", n), table: fmt.Sprintf("locks-%d", n)}
	p.makeStore()
	return p.checkout(stacks)
}

// checkout is a folder of the same project for another person.
func (p *project) checkout(stacks map[string]block) *project {
	other := *p
	other.dir = p.t.TempDir()
	other.setting("stateLock", "both")
	// The app of this project: what it synthesizes lies ready.
	must(p.t, os.WriteFile(filepath.Join(other.dir, "app.sh"), []byte("mkdir -p $CDKTF_OUTDIR && cp -R app/. $CDKTF_OUTDIR\n"), 0o600))
	must(p.t, os.Symlink(filepath.Join(root, "node_modules"), filepath.Join(other.dir, "node_modules")))
	for name, resources := range stacks {
		other.stack(name, "both", resources)
	}
	return &other
}

// setting writes cdktf.json with one setting changed.
func (p *project) setting(key, value string) {
	context := map[string]string{"project": p.name, "region": region, "stateBucket": p.bucket, "lockTable": p.table, "stateLock": "both"}
	context[key] = value
	p.write("cdktf.json", block{
		"language": "go", "app": "sh app.sh", "projectId": "test", "sendCrashReports": "false", "context": context,
	})
}

// stack makes, or changes, what the app synthesizes for a stack.
func (p *project) stack(name, mode string, resources block) {
	backend := block{"bucket": p.bucket, "key": name + "/terraform.tfstate", "region": region, "encrypt": true}
	if mode != "s3" {
		backend["dynamodb_table"] = p.table
	}
	if mode != "dynamodb" {
		backend["use_lockfile"] = true
	}
	config := block{
		"//":        block{"metadata": block{"backend": "s3", "stackName": name, "version": "0.21.0"}, "outputs": block{}},
		"terraform": block{"backend": block{"s3": backend}},
		"resource":  resources,
	}
	if _, ok := resources["terraform_data"]; !ok { // that one needs no provider
		config["terraform"].(block)["required_providers"] = block{"aws": block{"source": "aws", "version": "~> 5.99"}}
		config["provider"] = block{"aws": []block{{
			"region":       region,
			"default_tags": []block{{"tags": block{"Project": p.name, "Environment": name}}},
		}}}
	}
	dir := filepath.Join("stacks", name)
	p.write(filepath.Join("app", dir, "cdk.tf.json"), config)
	p.write(filepath.Join("cdktf.out", dir, "cdk.tf.json"), config)

	names, manifest := map[string]bool{name: true}, block{}
	entries, _ := os.ReadDir(filepath.Join(p.dir, "app", "stacks"))
	for _, e := range entries {
		names[e.Name()] = true
	}
	for name := range maps.Keys(names) {
		dir := "stacks/" + name
		manifest[name] = block{
			"name": name, "constructPath": name, "workingDirectory": dir, "synthesizedStackPath": dir + "/cdk.tf.json",
			"annotations": []string{}, "dependencies": []string{},
		}
	}
	p.write("app/manifest.json", block{"version": "0.21.0", "stacks": manifest})
}

func (p *project) write(name string, content any) {
	p.t.Helper()
	data, err := json.MarshalIndent(content, "", "  ")
	must(p.t, err)
	path := filepath.Join(p.dir, name)
	must(p.t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(p.t, os.WriteFile(path, data, 0o600))
}

// makeStore makes the bucket and the table, as this project's.
func (p *project) makeStore() {
	p.makeBucket()
	p.tagBucket("Project", p.name, "Environment", "state")
	p.makeTable(dbtypes.Tag{Key: aws.String("Project"), Value: &p.name}, dbtypes.Tag{Key: aws.String("Environment"), Value: aws.String("state")})
}

// tagBucket gives the bucket tags: keys, each with its value behind it.
func (p *project) tagBucket(tags ...string) {
	p.t.Helper()
	set := &s3types.Tagging{}
	for i := 0; i < len(tags); i += 2 {
		set.TagSet = append(set.TagSet, s3types.Tag{Key: &tags[i], Value: &tags[i+1]})
	}
	_, err := s3.NewFromConfig(cloud.Config()).PutBucketTagging(p.t.Context(), &s3.PutBucketTaggingInput{Bucket: &p.bucket, Tagging: set})
	must(p.t, err)
}

func (p *project) makeTable(tags ...dbtypes.Tag) {
	p.t.Helper()
	_, err := dynamodb.NewFromConfig(cloud.Config()).CreateTable(p.t.Context(), &dynamodb.CreateTableInput{
		TableName:                 &p.table,
		BillingMode:               dbtypes.BillingModePayPerRequest,
		KeySchema:                 []dbtypes.KeySchemaElement{{AttributeName: aws.String("LockID"), KeyType: dbtypes.KeyTypeHash}},
		AttributeDefinitions:      []dbtypes.AttributeDefinition{{AttributeName: aws.String("LockID"), AttributeType: dbtypes.ScalarAttributeTypeS}},
		DeletionProtectionEnabled: aws.Bool(true),
		Tags:                      tags,
	})
	must(p.t, err)
}

func (p *project) makeBucket() {
	ctx, buckets := p.t.Context(), s3.NewFromConfig(cloud.Config())
	_, err := buckets.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket:                    &p.bucket,
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region},
	})
	must(p.t, err)
	p.versioning(s3types.BucketVersioningStatusEnabled)
	p.denyWithout("aws:SecureTransport")
	_, err = buckets.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{
		Bucket: &p.bucket,
		PublicAccessBlockConfiguration: &s3types.PublicAccessBlockConfiguration{
			BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true),
			IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true),
		},
	})
	must(p.t, err)
}

// deleteBucket deletes the bucket and every version of what is in it.
func (p *project) deleteBucket() {
	ctx, buckets := p.t.Context(), s3.NewFromConfig(cloud.Config())
	list, err := buckets.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: &p.bucket})
	must(p.t, err)
	var objects []s3types.ObjectIdentifier
	for _, v := range list.Versions {
		objects = append(objects, s3types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
	}
	for _, m := range list.DeleteMarkers {
		objects = append(objects, s3types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
	}
	_, err = buckets.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &p.bucket, Delete: &s3types.Delete{Objects: objects}})
	must(p.t, err)
	_, err = buckets.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &p.bucket})
	must(p.t, err)
}

func (p *project) versioning(status s3types.BucketVersioningStatus) {
	_, err := s3.NewFromConfig(cloud.Config()).PutBucketVersioning(p.t.Context(), &s3.PutBucketVersioningInput{
		Bucket: &p.bucket, VersioningConfiguration: &s3types.VersioningConfiguration{Status: status},
	})
	must(p.t, err)
}

// denyWithout gives the bucket a policy that denies all requests for which the
// condition key is false; all requests at all for "".
func (p *project) denyWithout(key string) {
	p.putPolicy(p.deny(key))
}

// deny is the statement for denyWithout.
func (p *project) deny(key string) block {
	statement := block{
		"Effect": "Deny", "Principal": "*", "Action": "s3:*",
		"Resource": []string{"arn:aws:s3:::" + p.bucket, "arn:aws:s3:::" + p.bucket + "/*"},
	}
	if key != "" {
		statement["Condition"] = block{"Bool": block{key: "false"}}
	}
	return statement
}

func (p *project) putPolicy(statement block) {
	document, err := json.Marshal(block{"Version": "2012-10-17", "Statement": []block{statement}})
	must(p.t, err)
	policy := string(document)
	_, err = s3.NewFromConfig(cloud.Config()).PutBucketPolicy(p.t.Context(), &s3.PutBucketPolicyInput{Bucket: &p.bucket, Policy: &policy})
	must(p.t, err)
}

// process is a command of a project, running.
type process struct {
	*exec.Cmd
	project *project
	mu      sync.Mutex
	output  bytes.Buffer
	err     error
	ended   chan struct{}
}

// Write takes in what the process says.
func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.Write(b)
}

// said is what the process has said so far.
func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// start starts a command in a folder of the project, with this on its standard
// input.
func (p *project) start(dir, input, name string, args ...string) *process {
	p.t.Helper()
	return p.startWith(dir, strings.NewReader(input), name, args...)
}

// startWith starts a command whose standard input comes from a reader.
func (p *project) startWith(dir string, input io.Reader, name string, args ...string) *process {
	p.t.Helper()
	proc := &process{Cmd: exec.Command(name, args...), project: p, ended: make(chan struct{})}
	proc.Dir = filepath.Join(p.dir, dir)
	proc.Env = append(os.Environ(), cloud.Environ()...)
	proc.Env = append(proc.Env, "AWS_ENDPOINT_URL="+p.wire.url, "NO_COLOR=1", "CI=1")
	proc.Env = append(proc.Env, p.env...)
	proc.Stdin = input
	proc.Stdout, proc.Stderr = proc, proc
	// A group of its own, so that a kill takes Terraform's providers, too.
	proc.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	must(p.t, proc.Start())
	go func() {
		proc.err = proc.Wait()
		close(proc.ended)
	}()
	p.t.Cleanup(proc.kill)
	return proc
}

// kill kills the process and all that it started, and waits until they are
// gone. Nothing happens to a process that has ended.
func (p *process) kill() {
	select {
	case <-p.ended:
	default:
		syscall.Kill(-p.Process.Pid, syscall.SIGKILL)
		<-p.ended
	}
}

// result waits for the end: what it said and its exit status.
func (p *process) result() (string, int) {
	<-p.ended
	p.project.record(p.said())
	return p.said(), p.ProcessState.ExitCode()
}

// stackFolder is where Terraform runs for a stack.
func stackFolder(name string) string { return filepath.Join("cdktf.out", "stacks", name) }

// terraform runs Terraform in a stack's folder.
func (p *project) terraform(stack string, args ...string) (string, int) {
	p.t.Helper()
	return p.start(stackFolder(stack), "", "terraform", append(args, "-no-color")...).result()
}

func (p *project) init(stack string) {
	p.t.Helper()
	p.want(0)(p.terraform(stack, "init", "-input=false"))
}

// apply starts an apply of a stack.
func (p *project) apply(stack string, args ...string) *process {
	p.t.Helper()
	return p.start(stackFolder(stack), "", "terraform", append([]string{"apply", "-auto-approve", "-input=false", "-no-color"}, args...)...)
}

// state runs the command under test; it answers nothing to a question.
func (p *project) state(args ...string) (string, int) {
	p.t.Helper()
	return p.start(".", "", stateAt, args...).result()
}

// cdktf runs the real CLI.
func (p *project) cdktf(args ...string) *process {
	p.t.Helper()
	return p.start(".", "", filepath.Join("node_modules", ".bin", "cdktf"), args...)
}

// want checks what a command returned: its exit status, and what it said.
func (p *project) want(status int, parts ...string) func(string, int) string {
	p.t.Helper()
	return func(output string, got int) string {
		p.t.Helper()
		if got != status {
			p.t.Fatalf("exit status %d, want %d:\n%s", got, status, output)
		}
		p.says(output, parts...)
		return output
	}
}

// says checks what a command said.
func (p *project) says(output string, parts ...string) {
	p.t.Helper()
	// Terraform breaks lines where it likes.
	flat := strings.Join(strings.Fields(output), " ")
	for _, part := range parts {
		if !strings.Contains(flat, part) {
			p.t.Errorf("it does not say %q:\n%s", part, output)
		}
	}
}

// tfstate is what these tests read of a state.
type tfstate struct {
	Serial    int
	Lineage   string
	Resources []struct {
		Mode, Type, Name string
		Instances        []struct {
			Deposed    string
			Attributes map[string]any
		}
	}
}

// addresses are those of all resources in the state, sorted by Terraform.
func (s tfstate) addresses() []string {
	var list []string
	for _, r := range s.Resources {
		if r.Mode == "managed" {
			list = append(list, r.Type+"."+r.Name)
		}
	}
	return list
}

// states are the versions of a stack's state, oldest first.
func (p *project) states(stack string) []tfstate {
	p.t.Helper()
	client, key := s3.NewFromConfig(cloud.Config()), stack+"/terraform.tfstate"
	output, err := client.ListObjectVersions(p.t.Context(), &s3.ListObjectVersionsInput{Bucket: &p.bucket, Prefix: &key})
	must(p.t, err)
	var list []tfstate
	for _, v := range output.Versions {
		if *v.Key != key {
			continue
		}
		object, err := client.GetObject(p.t.Context(), &s3.GetObjectInput{Bucket: &p.bucket, Key: &key, VersionId: v.VersionId})
		must(p.t, err)
		var s tfstate
		must(p.t, json.NewDecoder(object.Body).Decode(&s))
		list = append([]tfstate{s}, list...)
	}
	return list
}

// newest is the newest state of a stack.
func (p *project) newest(stack string) tfstate {
	p.t.Helper()
	states := p.states(stack)
	if len(states) == 0 {
		p.t.Fatalf("%s has no state", stack)
	}
	return states[len(states)-1]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// within waits until the condition holds.
func within(t *testing.T, d time.Duration, what string, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	for !condition() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %v: %s", d, what)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
