package review_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"example.com/webserver-cluster/internal/review"
	"example.com/webserver-cluster/internal/state/orphan"
)

// noRule begins what is found of something that no rule knows.
const noRule = "no rule knows"

// unruled are arguments that need no rule, and why.
var unruled = map[string]string{
	"aws_s3_object.override_provider": "is the same for each object: without the tags of the provider, of which S3 takes ten for an object",
}

// TestEveryArgumentHasARule changes, adds and takes away each resource that the constructs
// make, and each of its arguments. What users feel of it has a source.
func TestEveryArgumentHasARule(t *testing.T) {
	found := map[string]bool{}
	judge := func(what, kind string, before, after object) {
		side := func(arguments object) *review.Stack {
			resources := object{}
			if arguments != nil {
				resources[kind] = object{"one": arguments}
			}
			text, err := json.Marshal(object{"resource": resources})
			if err != nil {
				t.Fatal(err)
			}
			s, err := review.ParseStack("stage", text)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		for _, f := range review.Judge(side(before), side(after), nil).Findings {
			if strings.Contains(f.Text, noRule) {
				found[what+": "+f.Text] = true
			}
			if f.Level > review.Nothing && f.Level != review.Unknown && f.Source == "" {
				found[what+": no source: "+f.Text] = true
			}
		}
	}
	seen := map[string]bool{}
	for _, s := range synthesize(t) {
		for _, r := range s.Resources {
			if _, known := orphan.Types[r.Type]; !known {
				t.Errorf("%s is not in internal/state/orphan", r.Type)
			}
			if !seen[r.Type] {
				seen[r.Type] = true
				judge(r.Type+" made", r.Type, nil, r.Arguments)
				judge(r.Type+" removed", r.Type, r.Arguments, nil)
			}
			for _, path := range leaves("", copied(r.Arguments)) {
				key := r.Type + "." + place.ReplaceAllString(path, "")
				if seen[key] || unruled[r.Type+"."+topLevel(path)] != "" {
					continue
				}
				seen[key] = true
				after := copied(r.Arguments)
				set(after, path, differing(at(after, path)))
				judge(key, r.Type, r.Arguments, after)
				unset(after, path)
				judge(key+" removed", r.Type, r.Arguments, after)
			}
		}
	}
	for _, text := range slices.Sorted(maps.Keys(found)) {
		t.Error(text)
	}
	for name := range unruled {
		if kind, _, _ := strings.Cut(name, "."); !seen[kind] {
			t.Errorf("unruled has %s, which no construct makes", name)
		}
	}
}

// differing is another value than this one, of the same kind.
func differing(value any) any {
	switch v := value.(type) {
	case bool:
		return !v
	case float64:
		return v + 1
	case []any:
		return append(slices.Clone(v), "one more")
	}
	return fmt.Sprint(value, "2")
}

func unset(o object, path string) {
	in, last := container(o, path)
	delete(in, last)
}
