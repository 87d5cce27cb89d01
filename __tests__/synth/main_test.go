// Package synth_test reads what the app synthesizes: golden files that show a
// review what a change does to each stack, and properties that must hold
// whatever else changes.
package synth_test

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/fastjsii"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/stacks"
)

// root is the project's top folder.
const root = "../.."

// synthesized is what the app makes, once for all tests: jsii has one kernel
// per process, and starting it is what takes the time.
var synthesized struct {
	dir      string // what cdktf.out would be
	settings project.Settings
	ids      []string // of the stacks
}

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	defer fastjsii.Close()
	dir, err := os.MkdirTemp("", "synth")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	loaded, err := project.Load(root)
	if err != nil {
		log.Fatal(err)
	}
	synthesized.dir, synthesized.settings = dir, loaded
	synthesized.ids = []string{project.StateStack}
	for _, e := range stacks.Environments() {
		synthesized.ids = append(synthesized.ids, e.Name)
	}
	synthesize(dir, loaded, stacks.Environments()...)
	return m.Run()
}

// synthesize writes the state stack and the environments' stacks to dir, as
// the app does in the folder above.
func synthesize(dir string, s project.Settings, environments ...stacks.Environment) {
	synthesizeFrom(filepath.Dir(dir), dir, s, environments...)
}

// synthesizeFrom does so as an app that runs in the folder project.
func synthesizeFrom(project, dir string, s project.Settings, environments ...stacks.Environment) {
	here, err := os.Getwd()
	if err == nil {
		err = os.Chdir(project)
	}
	if err != nil {
		log.Fatal(err)
	}
	defer func() {
		if err := os.Chdir(here); err != nil {
			log.Fatal(err)
		}
	}()
	app := cdktf.NewApp(&cdktf.AppConfig{Outdir: jsii.String(dir)})
	stacks.NewStateStack(app, s, environments)
	for _, e := range environments {
		stacks.NewEnvironment(app, s, e)
	}
	constructs.Synthesize(app)
}

// synthesizeEnvironment returns the stack of an environment that the app does
// not have.
func synthesizeEnvironment(t *testing.T, e stacks.Environment) stack {
	t.Helper()
	if err := stacks.Validate(synthesized.settings, []stacks.Environment{e}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	synthesize(dir, synthesized.settings, e)
	s := readStack(t, dir, e.Name)
	s.literal = e
	return s
}

// file is the path of a stack's Terraform JSON.
func file(dir, id string) string { return filepath.Join(dir, "stacks", id, "cdk.tf.json") }

// object is a JSON object.
type object = map[string]any

// stack is a stack's Terraform JSON, and the literal that it was made from, if it is
// an environment's.
type stack struct {
	t       *testing.T
	id      string
	json    object
	literal stacks.Environment
}

// load returns one of the app's stacks.
func load(t *testing.T, id string) stack {
	t.Helper()
	return readStack(t, synthesized.dir, id)
}

func readStack(t *testing.T, dir, id string) stack {
	t.Helper()
	content, err := os.ReadFile(file(dir, id))
	if err != nil {
		t.Fatal(err)
	}
	s := stack{t: t, id: id}
	if err := json.Unmarshal(content, &s.json); err != nil {
		t.Fatal(err)
	}
	return s
}

// environments calls test for each of the app's environments.
func environments(t *testing.T, test func(*testing.T, stack)) {
	t.Helper()
	for _, e := range stacks.Environments() {
		t.Run(e.Name, func(t *testing.T) {
			s := load(t, e.Name)
			s.literal = e
			test(t, s)
		})
	}
}

// all returns the resources of a type by name, none if there are none.
func (s stack) all(resourceType string) map[string]object {
	found := map[string]object{}
	resources, _ := s.json["resource"].(object)[resourceType].(object)
	for name, r := range resources {
		found[name] = r.(object)
	}
	return found
}

// get returns the resource of a type and name.
func (s stack) get(resourceType, name string) object {
	s.t.Helper()
	r, ok := s.all(resourceType)[name]
	if !ok {
		s.t.Fatalf("%s has no %s.%s", s.id, resourceType, name)
	}
	return r
}

// at returns the value at a path of keys (string) and indices (int) in a JSON
// value; nil if there is none. The index of a single block may be left out.
func at(value any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			if list, ok := value.([]any); ok && len(list) == 1 { // a block of which there can be only one
				value = list[0]
			}
			o, _ := value.(object)
			value = o[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}

// expect fails the test if the value at the path is not want.
func expect(t *testing.T, value any, want any, path ...any) {
	t.Helper()
	if got := at(value, path...); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v is %v, want %v", path, got, want)
	}
}

// reference is a Terraform reference to an attribute.
func reference(address string) string { return "${" + address + "}" }
