package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestOutputs: every output of every stack stands there, whole, in 80 columns.
func TestOutputs(t *testing.T) {
	recorded, err := os.ReadFile("testdata/outputs.json")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 78) // fits without an indent
	for name, outputs := range map[string]string{
		"recorded": string(recorded),
		"of all kinds": fmt.Sprintf(`{"stage": {"empty": "", "number": 3306, "list": ["a", "b"], "lines": "a\nb", "just_fits": %q, "too_long": %q,
			"command": "run %s and %s and wait for a while until all of it is done"}, "none": {}}`, long, long+long, long, long[:40]),
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := writeOutputs(&out, []byte(outputs)); err != nil {
				t.Fatal(err)
			}
			var stacks map[string]map[string]any
			if err := json.Unmarshal([]byte(outputs), &stacks); err != nil {
				t.Fatal(err)
			}
			blocks := map[string]string{}
			for block := range strings.SplitSeq(strings.TrimPrefix(out.String(), "\n"), "\n\n") {
				stack, rest, _ := strings.Cut(block, "\n")
				blocks[stack] = "\n" + strings.TrimSuffix(rest, "\n") + "\n"
			}
			if len(blocks) != len(stacks) {
				t.Errorf("%d blocks for %d stacks:\n%s", len(blocks), len(stacks), &out)
			}
			for stack, values := range stacks {
				for name, value := range values {
					text, ok := value.(string)
					if !ok || text == "" || strings.Contains(text, "\n") {
						content, _ := json.Marshal(value)
						text = string(content)
					}
					// As a shell reads it: a backslash at the end joins lines.
					block := regexp.MustCompile(` \\\n *`).ReplaceAllString(blocks[stack], " ")
					if !regexp.MustCompile(`\n  ` + name + `( +|\n *)` + regexp.QuoteMeta(text) + `\n`).MatchString(block) {
						t.Errorf("%s: %s is not %q in\n%s", stack, name, text, blocks[stack])
					}
				}
			}
			for line := range strings.SplitSeq(out.String(), "\n") {
				if unbreakable := strings.TrimSuffix(strings.TrimLeft(line, " "), ` \`); len(line) > 80 && (strings.Contains(unbreakable, " ") || len(unbreakable) <= 78) {
					t.Errorf("%d columns: %s", len(line), line)
				}
			}
		})
	}
	if err := writeOutputs(new(strings.Builder), []byte("[]")); err == nil {
		t.Error("no outputs at all were written")
	}
}

// watch returns what the watcher says of an output of cdktf.
func watch(output string) []string {
	var said []string
	w := watcher{done: map[string]int{}, say: func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }}
	for line := range strings.SplitSeq(output, "\n") {
		w.line(line)
	}
	return said
}

// TestWatcher: what happens is said of the stack in whose block it stands, also
// where the block's first line is empty.
func TestWatcher(t *testing.T) {
	const stageDone = "stage  aws_lb.web_lb: Creation complete after 1m2s [id=a]"
	for _, test := range []struct {
		name, output string
		want         []string
	}{
		{"the summary of another stack", stageDone + "\n\n\n2 Stacks deploying     0 Stacks done     0 Stacks waiting\n" +
			"prod\n      Apply complete! Resources: 74 added, 0 changed, 0 destroyed.\n\n      Outputs:\n",
			[]string{"stage    1  aws_lb.web_lb, 1m2s", "prod        Apply complete! Resources: 74 added, 0 changed, 0 destroyed."}},
		{"two lines of a block", stageDone + "\n       aws_vpc.a: Still creating... [10s elapsed]\nprod  aws_vpc.b: Still creating... [20s elapsed]",
			[]string{"stage    1  aws_lb.web_lb, 1m2s", "stage       still creating aws_vpc.a, 10s", "prod        still creating aws_vpc.b, 20s"}},
		{"a name with a hyphen", "load-test\n           No changes. Your infrastructure matches the configuration.",
			[]string{"load-test      No changes. Your infrastructure matches the configuration."}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, want := strings.Join(watch(test.output), "\n"), strings.Join(test.want, "\n"); got != want {
				t.Errorf("it says\n%s\nwant\n%s", got, want)
			}
		})
	}
	// A recorded deploy of both: the resources that it counts for a stack are as
	// many as Terraform says that it added to that stack.
	t.Run("recorded", func(t *testing.T) {
		output, err := os.ReadFile("testdata/deploy-stage-prod.txt")
		if err != nil {
			t.Fatal(err)
		}
		counted, added := map[string]string{}, map[string]string{}
		for _, line := range watch(string(output)) {
			if m := regexp.MustCompile(`^(\S+) +(\d+)  \S+, `).FindStringSubmatch(line); m != nil {
				counted[m[1]] = m[2]
			} else if m := regexp.MustCompile(`^(\S+) +Apply complete! Resources: (\d+) added`).FindStringSubmatch(line); m != nil {
				added[m[1]] = m[2]
			}
		}
		if want := "map[prod:74 stage:58]"; fmt.Sprint(counted) != want || fmt.Sprint(added) != want {
			t.Errorf("counted %v, added %v, want %s", counted, added, want)
		}
	})
}
