package review_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"example.com/webserver-cluster/internal/review"
)

// goldens are the synthesized stacks in synth/testdata.
func goldens(t *testing.T) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../synth/testdata/*.tf.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".tf.json")] = content
	}
	return all
}

func parseStack(t *testing.T, name string, text []byte) *review.Stack {
	t.Helper()
	s, err := review.ParseStack(name, text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestWholeStack judges what concerns a stack as a whole.
func TestWholeStack(t *testing.T) {
	golden := string(goldens(t)["stage"])
	stage := parseStack(t, "stage", []byte(golden))
	edited := func(old, now string) *review.Stack {
		t.Helper()
		if !strings.Contains(golden, old) {
			t.Fatalf("the golden has no %s", old)
		}
		return parseStack(t, "stage", []byte(strings.ReplaceAll(golden, old, now)))
	}
	guarded := func(on string) *review.Stack {
		return parseStack(t, "state", []byte(`{"resource": {"aws_s3_bucket": {"b": {"bucket": "b", "lifecycle": {"prevent_destroy": `+on+`}}}}}`))
	}
	for _, c := range []struct {
		name          string
		before, after *review.Stack
		level         review.Level
		word          string
	}{
		{"new", nil, stage, nothing, "new environment"},
		{"gone", stage, nil, unknown, "nobody manages it"},
		{"another region", stage, edited(`"region": "eu-central-1"`, `"region": "eu-west-1"`), atRisk, "another region"},
		{"another state", stage, edited(`"key": "`, `"key": "other/`), atRisk, "elsewhere"},
		{"more rights", stage, edited(`"logs:PutLogEvents"`, `"logs:PutLogEvents", "logs:DeleteLogStream"`), nothing, "IAM widened: the role may now: logs:DeleteLogStream"},
		{"fewer rights", stage, edited(`"kms:Decrypt",`, ""), unknown, "IAM narrowed: who uses the key may no longer, at once: kms:Decrypt"},
		{"a guard taken away", guarded("true"), guarded("false"), atRisk, "a plan may destroy it"},
		{"another provider", stage, edited(`"version": "~> 5.99"`, `"version": "~> 6.0"`), unknown, "~> 6.0"},
		{"a value no longer left alone", stage, edited(`"ignore_changes": [
            "availability_zone"
          ]`, `"ignore_changes": []`), unknown, "no longer leaves availability_zone"},
		{"none of it", stage, edited(`"image_id": `, `"count": 0, "image_id": `), unknown, "a change of count"},
		{"a kept argument", stage, edited(`"cidr_block": "10.10.0.0/16"`, `"cidr_block": "10.11.0.0/16"`), refused, "10.11.0.0/16"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := review.Judge(c.before, c.after, nil)
			if v.Level != c.level || !slices.ContainsFunc(v.Findings, func(f review.Finding) bool { return strings.Contains(f.Text, c.word) }) {
				t.Errorf("is %q, want %q, and %q in %+v", v.Level.Word(), c.level.Word(), c.word, v.Findings)
			}
		})
	}
}

// TestEqualStacks finds nothing where nothing changes.
func TestEqualStacks(t *testing.T) {
	for name, text := range goldens(t) {
		v := review.Judge(parseStack(t, name, text), parseStack(t, name, text), nil)
		if v.Level != nothing || len(v.Findings)+len(v.Changes)+len(v.Cost) > 0 || v.Fleet != nil {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// TestUnknownTypes finds nothing harmless that no rule knows.
func TestUnknownTypes(t *testing.T) {
	const one, other = `{"name": "a"}`, `{"name": "b"}`
	for _, kind := range []string{"aws_lb_listener_rule", "aws_wafv2_web_acl_association", "aws_vpc_endpoint", "google_compute_instance", "null_resource"} {
		for _, c := range [][2]string{{"", one}, {one, ""}, {one, other}} {
			r := row{address: kind + ".x", before: c[0], after: c[1]}
			if v := r.judge(t); v.Level < unknown {
				t.Errorf("%s, from %q to %q, is %q: %+v", kind, c[0], c[1], v.Level.Word(), v.Findings)
			}
		}
	}
}

// TestAnyStacks judges stacks that are far from any that the app makes: it never panics, and
// says the same whenever it is asked.
func TestAnyStacks(t *testing.T) {
	texts := goldens(t)
	names := slices.Sorted(maps.Keys(texts))
	judged := 0
	const pairs = 200
	for seed := range uint64(pairs) {
		r := rand.New(rand.NewPCG(seed, 0))
		name := names[r.IntN(len(names))]
		before, after := mutated(t, r, texts[name]), mutated(t, r, texts[names[r.IntN(len(names))]])
		if r.IntN(2) == 0 {
			after = mutated(t, r, texts[name])
		}
		verdict := func() (text []byte) {
			defer func() {
				if failure := recover(); failure != nil {
					t.Errorf("seed %d: %v", seed, failure)
				}
			}()
			a, err := review.ParseStack(name, before)
			if err != nil {
				return nil
			}
			b, err := review.ParseStack(name, after)
			if err != nil {
				return nil
			}
			text, err = json.Marshal(review.Judge(a, b, nil))
			if err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
			return text
		}
		first := verdict()
		if first != nil {
			judged++
		}
		for range 2 {
			if again := verdict(); !bytes.Equal(first, again) {
				t.Fatalf("seed %d: first\n%s\nand then\n%s", seed, first, again)
			}
		}
	}
	if judged < 50 {
		t.Errorf("%d of %d pairs were judged: too few for the test to show anything", judged, pairs)
	}
}

// mutated is a JSON text with up to eight values become other ones.
func mutated(t *testing.T, r *rand.Rand, text []byte) []byte {
	t.Helper()
	var value object
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	for range r.IntN(9) {
		mutate(r, value)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// mutate changes a value somewhere below another one.
func mutate(r *rand.Rand, value any) {
	switch v := value.(type) {
	case object:
		if len(v) == 0 {
			return
		}
		keys := slices.Sorted(maps.Keys(v))
		key := keys[r.IntN(len(keys))]
		switch deeper(v[key]) && r.IntN(12) > 0 {
		case true:
			mutate(r, v[key])
		default:
			if r.IntN(6) == 0 {
				delete(v, key)
			} else {
				v[key] = odd(r, v[key])
			}
		}
	case []any:
		if len(v) == 0 {
			return
		}
		if i := r.IntN(len(v)); deeper(v[i]) {
			mutate(r, v[i])
		} else {
			v[i] = odd(r, v[i])
		}
	}
}

func deeper(value any) bool {
	switch value.(type) {
	case object, []any:
		return true
	}
	return false
}

// odd is another value in the place of this one.
func odd(r *rand.Rand, value any) any {
	return []any{
		nil, "", "0", "true", "Enabled", "0.0.0.0/0", -1.0, 0.0, 1e18, true, false, []any{}, object{}, []any{object{}}, []any{"a", object{"b": nil}},
		"${", "${}", "${aws_lb.x.arn}", "${local.x}", "${data.aws_iam_policy_document.x.json}", `{"Statement": 1}`, `{"Statement": [{"Action": {}}]}`,
		fmt.Sprint(value, "2"), []any{value}, object{"x": value},
	}[r.IntN(25)]
}
