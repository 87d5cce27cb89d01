package synth_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
)

// objects are the attributes that are objects in Terraform, too, and "lifecycle",
// which scanners read as CDKTF writes it.
var objects = []string{"tags", "dimensions", "lifecycle", "input", "triggers_replace"}

// TestBlocksAreLists expects every block of a resource in a list, for the scanners,
// and none of them twice: CDKTF appends a list that overrides another list, and
// Terraform would plan a second volume for /dev/xvda, which AWS refuses.
func TestBlocksAreLists(t *testing.T) {
	for _, id := range synthesized.ids {
		s := load(t, id)
		for resourceType, named := range s.json["resource"].(object) {
			for name, resource := range named.(object) {
				expectLists(t, fmt.Sprintf("%s: %s.%s", id, resourceType, name), resource.(object))
			}
		}
	}
}

func expectLists(t *testing.T, path string, block object) {
	t.Helper()
	for name, value := range block {
		switch value := value.(type) {
		case object:
			if name != "//" && !slices.Contains(objects, name) {
				t.Errorf("%s.%s is an object", path, name)
			}
		case []any:
			for i, element := range value {
				if nested, ok := element.(object); ok && name != "provisioner" {
					expectLists(t, fmt.Sprintf("%s.%s[%d]", path, name, i), nested)
				}
				if slices.ContainsFunc(value[:i], func(before any) bool { return sameButForLists(before, element) }) {
					t.Errorf("%s.%s has an element twice: %v", path, name, element)
				}
			}
		}
	}
}

// sameButForLists tells whether two values are the same to Terraform: a block alone
// or as a list of one.
func sameButForLists(a, b any) bool {
	return reflect.DeepEqual(withoutLists(a), withoutLists(b))
}

func withoutLists(value any) any {
	switch value := value.(type) {
	case object:
		o := object{}
		for name, v := range value {
			o[name] = withoutLists(v)
		}
		return o
	case []any:
		if len(value) == 1 {
			return withoutLists(value[0])
		}
		list := make([]any, len(value))
		for i, v := range value {
			list[i] = withoutLists(v)
		}
		return list
	}
	return value
}
