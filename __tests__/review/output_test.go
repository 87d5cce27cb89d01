package review_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"example.com/webserver-cluster/internal/review"
)

var updateReports = flag.Bool("update", false, "rewrite the golden reports")

// recorded is a stack as the golden files of the package synth have it.
func recorded(t *testing.T, name string) map[string]any {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "synth", "testdata", name+".tf.json"))
	if err != nil {
		t.Fatal(err)
	}
	var stack map[string]any
	if err := json.Unmarshal(content, &stack); err != nil {
		t.Fatal(err)
	}
	return stack
}

// arguments are those of a resource in a recorded stack.
func arguments(t *testing.T, stack map[string]any, kind, name string) map[string]any {
	t.Helper()
	named, _ := stack["resource"].(map[string]any)[kind].(map[string]any)
	found, is := named[name].(map[string]any)
	if !is {
		t.Fatalf("the recorded stack has no %s.%s", kind, name)
	}
	return found
}

// parse is a recorded stack as a review has it, and its text.
func parse(t *testing.T, name string, stack map[string]any) (*review.Stack, []byte) {
	t.Helper()
	content, err := json.Marshal(stack)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := review.ParseStack(name, content)
	if err != nil {
		t.Fatal(err)
	}
	return parsed, content
}

// reported is the report of a change of the recorded stacks.
func reported(t *testing.T, change func(stage, prod map[string]any)) review.Report {
	t.Helper()
	stage, prod := recorded(t, "stage"), recorded(t, "prod")
	change(stage, prod)
	var verdicts []review.Verdict
	texts := [2]map[string][]byte{{}, {}}
	names := []string{"stage", "prod"}
	for i, name := range names {
		before, was := parse(t, name, recorded(t, name))
		after, is := parse(t, name, []map[string]any{stage, prod}[i])
		texts[0][name], texts[1][name] = was, is
		verdicts = append(verdicts, review.Judge(before, after, nil))
	}
	apart, err := review.MovedApart(names, texts[0], texts[1])
	if err != nil {
		t.Fatal(err)
	}
	return review.NewReport("main at 0123456789ab", verdicts, apart, nil, nil)
}

// changes are three, each worse than the one before.
func changes(t *testing.T) map[string]func(stage, prod map[string]any) {
	return map[string]func(stage, prod map[string]any){
		"alarm": func(_, prod map[string]any) {
			arguments(t, prod, "aws_cloudwatch_metric_alarm", "web_alarm_cpu")["threshold"] = 80.0
		},
		"server-text": func(stage, _ map[string]any) {
			script := stage["locals"].(map[string]any)["web_boot_script"].([]any)
			for i, line := range script {
				script[i] = strings.ReplaceAll(line.(string), "Hello from stage", "Good day from stage")
			}
		},
		"database": func(_, prod map[string]any) {
			database := arguments(t, prod, "aws_db_instance", "mysql_instance")
			database["instance_class"], database["deletion_protection"] = "db.m7g.xlarge", false
		},
	}
}

func inMarkdown(t *testing.T, r review.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func inText(t *testing.T, r review.Report, style review.Style) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteText(&b, style); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestReports compares what a reader gets with golden files.
func TestReports(t *testing.T) {
	for name, change := range changes(t) {
		r := reported(t, change)
		for file, got := range map[string]string{name + ".md": inMarkdown(t, r), name + ".txt": inText(t, r, review.Style{})} {
			path := filepath.Join("testdata", file)
			if *updateReports {
				if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(path, []byte(got), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s is otherwise (make golden writes it, for you to review):\n%s", path, got)
			}
		}
		if again := inMarkdown(t, reported(t, change)); again != inMarkdown(t, r) {
			t.Errorf("%s: another run writes another comment:\n%s", name, again)
		}
	}
}

func TestReportLevels(t *testing.T) {
	for name, want := range map[string]review.Level{"alarm": review.Nothing, "server-text": review.Rolling, "database": review.DataAtRisk} {
		if got := reported(t, changes(t)[name]).Level; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	for _, row := range []struct {
		level, limit review.Level
		reaches      bool
	}{
		{review.Nothing, review.Rolling, false}, {review.Rolling, review.Rolling, true}, {review.Rolling, review.Interruption, false},
		{review.Interruption, review.DataAtRisk, false}, {review.DataAtRisk, review.Interruption, true},
		{review.Refused, review.DataAtRisk, true}, {review.Unknown, review.DataAtRisk, true},
	} {
		if got := row.level.Reaches(row.limit); got != row.reaches {
			t.Errorf("%v reaches %v: %v", row.level, row.limit, got)
		}
	}
}

// TestWidth has no line wider than it may be, but for a word that cannot be broken.
func TestWidth(t *testing.T) {
	r := reported(t, changes(t)["database"])
	for _, width := range []int{40, 80, 120} {
		for _, line := range strings.Split(inText(t, r, review.Style{Width: width}), "\n") {
			if words := strings.Fields(line); utf8.RuneCountInString(line) > width && len(words) > 2 {
				t.Errorf("%d columns: %d: %s", width, utf8.RuneCountInString(line), line)
			}
		}
	}
	plain, coloured := inText(t, r, review.Style{}), inText(t, r, review.Style{Colour: true})
	if strings.Contains(plain, "\x1b") || !strings.Contains(coloured, "\x1b[31m") {
		t.Errorf("colours where none are wanted, or none where they are:\n%s\n%s", plain, coloured)
	}
	if all := inText(t, r, review.Style{Verbose: true}); len(all) < len(plain) {
		t.Errorf("verbose says less:\n%s", all)
	}
}

// TestNothingInAReportIsObeyed puts into the code what a terminal, Markdown, HTML or GitHub
// would act on.
func TestNothingInAReportIsObeyed(t *testing.T) {
	const evil = "a\x1b[31m\u202eb`c```d|e<script>@somebody #1\r\n</details>"
	r := reported(t, func(stage, _ map[string]any) {
		group := arguments(t, stage, "aws_autoscaling_group", "web_group")
		group["min_size"], group[evil] = evil, evil
		stage["locals"].(map[string]any)["web_boot_script"] = []any{"```", evil, "</details>"}
		stage["locals"].(map[string]any)["password"] = "first"
		arguments(t, stage, "aws_db_instance", "mysql_instance")["password"] = "hunter2"
	})
	r.Notes = append(r.Notes, evil)
	text, markdown := inText(t, r, review.Style{Verbose: true}), inMarkdown(t, r)
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	for form, got := range map[string]string{"text": text, "markdown": markdown, "json": b.String()} {
		if strings.ContainsAny(got, "\x1b\r") || strings.Contains(got, "hunter2") {
			t.Errorf("%s has what it must not have:\n%.2000q", form, got)
		}
	}
	if strings.Contains(text, "\u202e") || strings.Contains(markdown, "\u202e") {
		t.Error("a line's direction is turned")
	}
	fence := ""
	for _, line := range strings.Split(markdown, "\n") {
		if ticks := line[:len(line)-len(strings.TrimLeft(line, "`"))]; fence == "" && len(ticks) >= 3 {
			fence = ticks
			continue
		} else if fence != "" {
			if line == fence {
				fence = ""
			}
			continue
		}
		// Code in a line is between four backticks, since it has three itself.
		for i, outside := range strings.Split(line, "````") {
			if i%2 == 0 && (strings.Contains(outside, "<script") || strings.Contains(outside, "@somebody") || strings.Contains(outside, "c```d")) {
				t.Errorf("outside of code: %s", line)
			}
		}
	}
	if fence != "" || strings.Count(markdown, "<details>") != strings.Count(strings.ReplaceAll(markdown, `\u000a</details>`, ""), "\n</details>") {
		t.Errorf("what opens does not close:\n%.2000s", markdown)
	}
}

// TestCommentIsNotTooLong has more changes than a comment takes.
func TestCommentIsNotTooLong(t *testing.T) {
	r := reported(t, func(stage, prod map[string]any) {
		for i := range 2000 {
			alarm := map[string]any{"alarm_name": fmt.Sprint("é", i), "threshold": float64(i)}
			stage["resource"].(map[string]any)["aws_cloudwatch_metric_alarm"].(map[string]any)[fmt.Sprint("added_", i)] = alarm
		}
		arguments(t, prod, "aws_db_instance", "mysql_instance")["deletion_protection"] = false
	})
	got := inMarkdown(t, r)
	if len(got) > 65_536 || len(got) < 40_000 {
		t.Errorf("it has %d bytes", len(got))
	}
	if !strings.Contains(got, "more lines: too long for a comment") || !strings.Contains(got, "the database can be deleted from now on") {
		t.Errorf("it does not say what was cut, or cut the worst:\n%.2000s", got)
	}
	if strings.Count(got, "<details>") != strings.Count(got, "</details>") || strings.Count(got, "```")%2 != 0 {
		t.Errorf("what opens does not close:\n%.2000s", got)
	}
}

// TestDrift has what others have changed on AWS in every form.
func TestDrift(t *testing.T) {
	p := &review.Plan{By: "1.11.4", Drift: []review.Change{{Address: "aws_vpc.network_vpc", Type: "aws_vpc", Action: review.Update,
		Differences: []review.Difference{{Path: "tags.Owner", Before: "us", After: "them"}}}}}
	stack, _ := parse(t, "stage", recorded(t, "stage"))
	r := review.NewReport("nothing", []review.Verdict{review.Judge(nil, stack, p)}, nil, nil, nil)
	for form, got := range map[string]string{"text": inText(t, r, review.Style{}), "markdown": inMarkdown(t, r)} {
		for _, want := range []string{"as planned by version 1.11.4 of Terraform or OpenTofu", "by others since the last deploy", `tags.Owner  "us" → "them"`} {
			if !strings.Contains(got, want) {
				t.Errorf("%s has no %q:\n%s", form, want, got)
			}
		}
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := reported(t, changes(t)["server-text"]).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Version int
		Level   string
		Stacks  []struct {
			Stack, Level string
			Changes      []struct{ Address, Action string }
			Findings     []struct{ Level, Text string }
		}
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Version != review.ReportVersion || got.Level != "rolling" || got.Stacks[0].Level != "rolling" || got.Stacks[0].Findings[0].Level != "rolling" || len(got.Stacks[0].Changes) != 2 {
		t.Errorf("%s", &b)
	}
}
