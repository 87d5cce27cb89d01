package state_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.com/webserver-cluster/internal/state/orphan"
)

// Every type of resource that the app makes can be imported, or is known not to
// need it: those of the synthesized stacks, and those that a construct makes only
// on demand.
func TestTypesAreComplete(t *testing.T) {
	stacks, err := filepath.Glob(filepath.Join(root, "__tests__", "synth", "testdata", "*.tf.json"))
	must(t, err)
	if len(stacks) != 3 {
		t.Fatalf("the synthesized stacks: %v", stacks)
	}
	for _, path := range stacks {
		content, err := os.ReadFile(path)
		must(t, err)
		var stack struct{ Resource map[string]any }
		must(t, json.Unmarshal(content, &stack))
		for kind := range stack.Resource {
			if _, ok := orphan.Types[kind]; !ok {
				t.Errorf("orphan.Types lacks %s, which is in %s", kind, filepath.Base(path))
			}
		}
	}

	// The bindings' packages have the types' names without underscores.
	packages := map[string]bool{"provider": true}
	for kind := range orphan.Types {
		packages[strings.ReplaceAll(strings.TrimPrefix(kind, "aws_"), "_", "")] = true
	}
	sources, err := filepath.Glob(filepath.Join(root, "constructs", "*.go"))
	must(t, err)
	binding, seen := regexp.MustCompile(`cdktf-provider-aws-go/aws/v\d+/(\w+)"`), 0
	for _, path := range sources {
		content, err := os.ReadFile(path)
		must(t, err)
		for _, m := range binding.FindAllStringSubmatch(string(content), -1) {
			seen++
			if !packages[m[1]] && !strings.HasPrefix(m[1], "dataaws") && m[1] != "jsii" {
				t.Errorf("orphan.Types lacks the type of package %s, which %s imports", m[1], filepath.Base(path))
			}
		}
	}
	if seen == 0 {
		t.Error("no construct imports a binding")
	}
}

// A type has the way to its import id that it needs.
func TestTypesAreSound(t *testing.T) {
	for kind, typ := range orphan.Types {
		switch {
		case typ.ImportID == "" && !(typ.Untagged && typ.Repeatable):
			t.Errorf("%s can neither be imported nor be made again", kind)
		case typ.Untagged && strings.Contains(typ.ImportID, "{id}"):
			t.Errorf("%s has no tags, so nothing tells its id", kind)
		case typ.CopiedTags && typ.Name == "":
			t.Errorf("nothing tells a copy of %s from itself", kind)
		}
	}
}
