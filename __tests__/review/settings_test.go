package review_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/review"
	"example.com/webserver-cluster/stacks"
	"example.com/webserver-cluster/tests/felt"
	"example.com/webserver-cluster/tests/literal"
)

// TestWhatAResourceKeeps has arguments that an environment cannot change, or not by the code
// alone, as the constructs have them.
func TestWhatAResourceKeeps(t *testing.T) {
	with := func(change func(*stacks.Environment)) *review.Stack {
		t.Helper()
		e := stacks.Environment{Name: "kept", Network: constructs.NetworkProps{CIDR: "10.90.0.0/16"}, Database: &constructs.MySQLProps{}}
		change(&e)
		return stackOf(t, felt.Config{Literal: literal.Literal{Environment: e}})
	}
	restored := func(r *constructs.Restore) *review.Stack {
		return with(func(e *stacks.Environment) { e.Database.Restore = r })
	}
	plain := with(func(*stacks.Environment) {})
	none := with(func(e *stacks.Environment) { e.Database = nil })
	snapshot, other := restored(&constructs.Restore{Snapshot: "nightly"}), restored(&constructs.Restore{Snapshot: "weekly"})
	moment := restored(&constructs.Restore{Instance: "shop", Time: "2027-01-31T23:45:00Z"})
	latest := restored(&constructs.Restore{Instance: "shop"})
	zones := with(func(e *stacks.Environment) { e.Network.Zones = []string{"eu-central-1a", "eu-central-1b"} })
	others := with(func(e *stacks.Environment) { e.Network.Zones = []string{"eu-central-1a", "eu-central-1c"} })
	const ifThere, ifSame = "if the database is there", "refused unless it is the same"
	for _, c := range []struct {
		name          string
		before, after *review.Stack
		level         review.Level
		word          string
	}{
		{"Restore is added", plain, snapshot, refused, ifThere},
		{"Restore at a time is added", plain, moment, refused, ifThere},
		{"another snapshot", snapshot, other, refused, ifThere},
		{"a time instead", snapshot, moment, refused, ifThere},
		{"the latest instead of a time", moment, latest, nothing, ""},
		{"Restore is left out", snapshot, plain, nothing, ""},
		{"a restored database comes", none, snapshot, rolling, "the instances are replaced"},
		{"zones are written down", plain, zones, unknown, ifSame},
		{"zones are written down no more", zones, plain, nothing, ""},
		{"another zone", zones, others, refused, "from eu-central-1b to eu-central-1c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := review.Judge(c.before, c.after, nil)
			text := inText(t, review.NewReport("main", []review.Verdict{v}, nil, nil, nil), review.Style{Width: 1000})
			if v.Level != c.level || strings.Count(text, c.word) != 1 && c.word != "" {
				t.Errorf("is %q, want %q, and %q once:\n%s", v.Level.Word(), c.level.Word(), c.word, text)
			}
			for _, f := range v.Findings {
				if strings.Contains(f.Text, "${") {
					t.Errorf("%s has an expression", f.Text)
				}
			}
		})
	}
}

// TestConditions: a condition that no rule knows may fail a plan.
func TestConditions(t *testing.T) {
	const plain, one, other = `{"name": "a"}`, `{"name": "a", "lifecycle": {"precondition": {"condition": "${local.a}"}}}`,
		`{"name": "a", "lifecycle": {"precondition": [{"condition": "${local.b}"}]}}`
	const named = `{"name": "a", "lifecycle": {"postcondition": {"condition": "${self.name == \"a\"}"}}}`
	check(t, []row{
		{address: "aws_lb.l", before: plain, after: one, level: unknown, word: "this condition"},
		{address: "aws_lb.l", before: one, after: plain, level: unknown, word: "this condition"},
		{address: "aws_lb.l", before: one, after: other, level: unknown, word: "this condition"},
		{address: "aws_lb.l", before: plain, after: strings.Replace(one, "pre", "post", 1), level: unknown, word: "this condition"},
		{address: "aws_lb.l", before: one, after: strings.Replace(one, `"${local.a}"`, `"${local.a}", "error_message": "No."`, 1)},
		{address: "aws_lb.l", before: plain, after: named},
		{address: "aws_lb.l", before: named, after: plain},
	})
}

// TestSecrets puts values that nobody is to read wherever a report could have them.
func TestSecrets(t *testing.T) {
	const hidden = "hunter2"
	side := func(n string) (*review.Stack, []byte) {
		value := hidden + n
		stack := object{
			"locals":    object{"db_password": value, "plain": "seen" + n},
			"variable":  object{"key": object{"default": value}},
			"provider":  object{"aws": []any{object{"region": "eu-central-1"}}, "datadog": []any{object{"api_key": value, "app": value}}},
			"terraform": object{"required_version": "seen" + n, "cloud": object{"token": value}},
			"module":    object{"m": object{"source": "./m", "words": value}},
			"resource": object{
				"aws_ssm_parameter": object{
					"secure":   object{"name": "a", "type": "SecureString", "value": value},
					"untyped":  object{"name": "b", "value": value},
					"plain":    object{"name": "c", "type": "String", "value": "seen" + n},
					"indirect": object{"name": "d", "type": "String", "value": "${local.db_password}"},
				},
				"aws_secretsmanager_secret_version": object{"v": object{"secret_string": value, "secret_binary": value}},
				"aws_lb":                            object{"l": object{"name": "${local.plain}", "client_secret": value, "api_key": value, "access_key": []any{value}, "secret": value}},
				"aws_db_instance": object{"d": object{"password": value, "lifecycle": object{"ignore_changes": []any{"password"},
					"postcondition": []any{object{"condition": "${self.password == local.db_password}", "error_message": "It stays: this one was made with something else"}}}}},
			},
		}
		text, err := json.Marshal(stack)
		if err != nil {
			t.Fatal(err)
		}
		return parseStack(t, "stage", text), text
	}
	before, was := side("a")
	after, is := side("b")
	apart, err := review.MovedApart([]string{"stage", "prod"}, map[string][]byte{"stage": was, "prod": was}, map[string][]byte{"stage": was, "prod": is})
	if err != nil {
		t.Fatal(err)
	}
	r := review.NewReport("main", []review.Verdict{review.Judge(before, after, nil)}, apart, nil, nil)
	text, markdown := inText(t, r, review.Style{Verbose: true, Width: 1000}), inMarkdown(t, r)
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	for form, got := range map[string]string{"text": text, "markdown": markdown, "json": b.String()} {
		for _, line := range strings.Split(got, "\n") {
			if strings.Contains(line, hidden) || strings.Contains(line, "<nil>") {
				t.Errorf("%s has: %s", form, line)
			}
		}
		if !strings.Contains(got, "seena") || !strings.Contains(got, "seenb") {
			t.Errorf("%s hides everything:\n%s", form, got)
		}
	}
	if !strings.Contains(text, "no rule knows it: seenb, and before seena") {
		t.Errorf("what is Terraform's own is hidden:\n%s", text)
	}
	if !slices.ContainsFunc(strings.Split(text, "\n"), func(line string) bool { return strings.Contains(line, `value  "seena" → "seenb"`) }) {
		t.Errorf("a parameter that is no secret is hidden:\n%s", text)
	}
}

// TestHeadlineOfASetting: what is no change of a resource is not counted as one.
func TestHeadlineOfASetting(t *testing.T) {
	side := func(lock string) *review.Stack {
		return parseStack(t, "stage", []byte(`{"terraform": {"backend": {"s3": {"bucket": "b", `+lock+`}}}}`))
	}
	v := review.Judge(side(`"dynamodb_table": "locks"`), side(`"use_lockfile": true`), nil)
	text := inText(t, review.NewReport("main", []review.Verdict{v}, nil, nil, nil), review.Style{})
	if !strings.HasPrefix(text, "stage  nothing: 2 to look at\n") {
		t.Error(text)
	}
}
