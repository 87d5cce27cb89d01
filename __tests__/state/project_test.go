package state_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"example.com/webserver-cluster/tests/provider"
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

	provider *provider.Process // what Terraform uses; nil: one that it starts itself
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
	// The app of this project: what it synthesizes is there already.
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
	p.stackWith(name, mode, resources, nil)
}

// stackWith makes, or changes, a stack that has data sources.
func (p *project) stackWith(name, mode string, resources, data block) {
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
	if data != nil {
		config["data"] = data
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
