package workflows_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// review stands for the command of that name: what it says, what it was called with, and
// its exit status.
const review = `package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

func main() {
	fmt.Println("<!-- webserver-cluster-review -->\n" + os.Getenv("REPORT_TEXT") + "\ncalled with: " + strings.Join(os.Args[1:], " "))
	status, _ := strconv.Atoi(os.Getenv("REPORT_STATUS"))
	os.Exit(status)
}
`

// A pull request of this repository: a plan, a summary, and one comment, made and then edited.
// One of a fork: no plan, no comment.
func TestReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.writeText("cmd/review/main.go", review)
	w.writeText("Makefile", "check:\n\techo checked\n")
	workflow := workflow(t, "review.yml")
	reviews := func(plan, status, text string) (*runner, bool) {
		must(t, os.WriteFile(filepath.Join(w.dir, "summary.md"), nil, 0o600))
		r := w.runner(t)
		r.env = append(r.env, "REPORT_STATUS="+status, "REPORT_TEXT="+text)
		r.expressions["vars.AWS_REVIEW_ROLE != '' && github.event.pull_request.head.repo.full_name == github.repository"] = plan
		r.conditions["env.PLAN == 'true'"] = plan == "true"
		return r, r.job(job(t, workflow, "review"), nil)
	}

	const tricky = "A `$(touch broken)` report\nEOF\n::error::with\n\"quotes\" and 100 % of a delimiter"
	r, ok := reviews("true", "0", tricky)
	report := r.outputs["review.report"]
	if !ok || !strings.HasPrefix(report, "<!-- webserver-cluster-review -->\n"+tricky+"\n") || !strings.HasSuffix(report, "called with: --format markdown --fail-on data-at-risk --plan") {
		t.Fatalf("it succeeded: %v, report:\n%s\n%s", ok, report, &r.said)
	}
	r.says("checked", "Generated Terraform code for the stacks")
	if summary := w.read("summary.md"); !strings.HasPrefix(summary, report) {
		t.Errorf("the summary is not the report:\n%s", summary)
	}

	fork, ok := reviews("false", "0", "small")
	if report := fork.outputs["review.report"]; !ok || strings.Contains(report, "--plan") {
		t.Errorf("it succeeded: %v, report:\n%s", ok, report)
	}
	fork.says("::notice title=A review without a plan::")

	atRisk, ok := reviews("true", "1", strings.Repeat("ü", 40000))
	if report := atRisk.outputs["review.report"]; ok || len([]rune(report)) > 31000 || !strings.HasSuffix(report, "The rest is in the summary of the run.") {
		t.Errorf("it succeeded: %v, the report has %d characters", ok, len([]rune(report)))
	}
	bad, ok := reviews("true", "2", "wrong command line")
	if _, said := bad.outputs["review.report"]; ok || said {
		t.Errorf("it succeeded: %v, and there is a report: %v", ok, said)
	}

	// gh keeps the comments in files.
	w.writeText("bin/gh", `#!/bin/sh
echo "$*" >> calls
case "$*" in
  *"--paginate repos/acme/webservers/issues/7/comments"*) cat comments 2>/dev/null || true;;
  *"--method POST repos/acme/webservers/issues/7/comments --field body=@-") cat > posted; echo 55 > comments;;
  *"--method PATCH repos/acme/webservers/issues/comments/55 --field body=@-") cat > edited;;
  *) echo "gh $*" >&2; exit 1;;
esac
`)
	for _, text := range []string{report, report + "\nonce more"} {
		c := w.runner(t)
		c.expressions = map[string]string{"github.token": "token", "github.event.pull_request.number": "7", "needs.review.outputs.report": text}
		if !c.job(job(t, workflow, "comment"), nil) {
			t.Fatalf("no comment:\n%s", &c.said)
		}
	}
	if w.read("posted") != report+"\n" || w.read("edited") != report+"\nonce more\n" {
		t.Errorf("posted:\n%s\nedited:\n%s", w.read("posted"), w.read("edited"))
	}
	if calls := w.read("calls"); strings.Count(calls, "--method") != 2 || !strings.Contains(calls, `startswith("<!-- webserver-cluster-review -->")`) {
		t.Errorf("calls of gh:\n%s", calls)
	}
	if w.read("broken") != "" {
		t.Error("a report was run as a command")
	}
}
