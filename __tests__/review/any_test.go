package review_test

import (
	"encoding/json"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"example.com/webserver-cluster/internal/review"
)

// userVariable is a policy with a variable of IAM's, and a text like a reference of
// Terraform's.
const userVariable = `{"Statement": [{"Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:username}/${aws_s3_bucket.any.id}"}]}`

// TestJSONSyntax has what Terraform takes in JSON in more than one way.
// https://developer.hashicorp.com/terraform/language/syntax/json
func TestJSONSyntax(t *testing.T) {
	const plain = `{"resource": {"aws_lb_target_group": {"t": {"port": 8080, "name": "a"}}}}`
	for _, ways := range []struct{ meta, way string }{
		{`"lifecycle": {"ignore_changes": ["port", "name"]}`, `"lifecycle": {"ignore_changes": "all"}`},
		{`"lifecycle": {"ignore_changes": ["port", "name"], "prevent_destroy": true}`, `"lifecycle": [{"ignore_changes": "all", "prevent_destroy": "true", "postcondition": {"condition": "${self.port == 8080}", "error_message": "No."}}]`},
		{`"provisioner": [{"local-exec": {"command": "true"}}]`, `"provisioner": {"local-exec": [{"command": "true", "environment": {"A": 1}}]}`},
	} {
		for _, meta := range []string{ways.meta, ways.way} {
			text := strings.Replace(plain, `"port"`, meta+`, "port"`, 1)
			before, after := parseStack(t, "stage", []byte(text)), parseStack(t, "stage", []byte(strings.Replace(text, `"a"`, `"b"`, 1)))
			if v := review.Judge(before, after, nil); len(v.Changes) > 0 == strings.Contains(meta, "ignore_changes") {
				t.Errorf("%s: %+v", meta, v)
			}
		}
	}
	const provider = `{"provider": {"aws": {"region": "eu-central-1"}}, "moved": {"from": "aws_lb.a", "to": "aws_lb.b"}}`
	s := parseStack(t, "stage", []byte(provider))
	if s.Provider["region"] != "eu-central-1" || s.Moved["aws_lb.b"] != "aws_lb.a" || len(s.Rest) > 0 {
		t.Errorf("%+v", s)
	}
}

// TestReferences: a resource is replaced by way of what an expression refers to, and not by
// what only stands behind it.
func TestReferences(t *testing.T) {
	for value, through := range map[string]bool{
		"${local.a}":                   true,
		"x ${upper(\"}\")}-${local.a}": true,
		`${join("-", [for k in {x = "${"}"}"} : local.a])}`: true,
		"%{ if local.a == 1 }x%{ endif }":                   true,
		"${aws:username}/local.a":                           false,
		"${\"}\"} local.a":                                  false,
		"$${local.a}":                                       false,
		"$${x ${local.a}":                                   true,
		"${":                                                false,
		"${local.a":                                         true,
	} {
		for _, argument := range []any{value, []any{"x", value}} {
			side := func(a string) *review.Stack {
				text, err := json.Marshal(object{"locals": object{"a": a}, "resource": object{"aws_lb": object{"l": object{"name": argument}}}})
				if err != nil {
					t.Fatal(err)
				}
				return parseStack(t, "stage", text)
			}
			if v := review.Judge(side("one"), side("two"), nil); len(v.Changes) > 0 != through {
				t.Errorf("%s: %+v", argument, v.Changes)
			}
		}
	}
}

// anyPlan is a plan of a stack's code, with something to do to each of its resources.
func anyPlan(t *testing.T, r *rand.Rand, text []byte) object {
	t.Helper()
	var code struct{ Resource map[string]map[string]object }
	if err := json.Unmarshal(text, &code); err != nil {
		t.Fatal(err)
	}
	actions := [][]any{{"create"}, {"update"}, {"delete"}, {"delete", "create"}, {"create", "delete"}, {"no-op"}, {"forget"}, {"read"}, {"create", "forget"}}
	var resources, changes, drift []any
	for _, kind := range slices.Sorted(maps.Keys(code.Resource)) {
		for _, name := range slices.Sorted(maps.Keys(code.Resource[kind])) {
			one := object{"address": kind + "." + name, "mode": "managed", "type": kind, "name": name}
			resources = append(resources, maps.Clone(one))
			before, after := copied(code.Resource[kind][name]), copied(code.Resource[kind][name])
			after["policy"], before["policy"] = userVariable, `{"Statement": []}`
			mutate(r, after)
			one["change"] = object{"actions": actions[r.IntN(len(actions))], "before": before, "after": after, "after_unknown": object{"arn": true},
				"before_sensitive": object{}, "after_sensitive": object{}, "replace_paths": []any{[]any{"name"}}}
			if r.IntN(6) == 0 {
				one["deposed"] = "1234abcd"
			}
			changes = append(changes, one)
			if r.IntN(6) == 0 {
				drift = append(drift, one)
			}
		}
	}
	return object{
		"format_version": "1.2", "terraform_version": "1.11.4", "planned_values": object{}, "resource_changes": changes, "resource_drift": drift,
		"configuration": object{
			"provider_config": object{"aws": object{"name": "aws", "expressions": object{"default_tags": []any{object{}}}}},
			"root_module":     object{"resources": resources},
		},
	}
}

// TestAnyPlans judges plans that no Terraform would make: it never panics, and says the same
// whenever it is asked.
func TestAnyPlans(t *testing.T) {
	texts := goldens(t)
	names := slices.Sorted(maps.Keys(texts))
	judged := 0
	const plans = 200
	for seed := range uint64(plans) {
		r := rand.New(rand.NewPCG(seed, 1))
		name := names[r.IntN(len(names))]
		plan := anyPlan(t, r, texts[name])
		for range r.IntN(9) {
			part := []string{"resource_changes", "resource_changes", "resource_drift", "configuration"}[r.IntN(4)]
			mutate(r, plan[part])
		}
		text, err := json.Marshal(plan)
		if err != nil {
			t.Fatal(err)
		}
		before := mutated(t, r, texts[name])
		verdict := func() string {
			defer func() {
				if failure := recover(); failure != nil {
					t.Errorf("seed %d: %v", seed, failure)
				}
			}()
			stack := parseStack(t, name, texts[name])
			p, err := review.ParsePlan(stack, text)
			if err != nil {
				return ""
			}
			old, err := review.ParseStack(name, before)
			if err != nil {
				old = nil
			}
			report := review.NewReport("main", []review.Verdict{review.Judge(old, stack, p)}, nil, nil, nil)
			var b strings.Builder
			for _, write := range []func(io.Writer) error{report.WriteMarkdown, report.WriteJSON} {
				if err := write(&b); err != nil {
					t.Errorf("seed %d: %v", seed, err)
				}
			}
			return b.String()
		}
		first := verdict()
		if first != "" {
			judged++
		}
		if again := verdict(); first != again {
			t.Fatalf("seed %d: first\n%s\nand then\n%s", seed, first, again)
		}
	}
	if judged < 50 {
		t.Errorf("%d of %d plans were judged: too few for the test to show anything", judged, plans)
	}
}
