package review_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUsage has faults of the command line, none of which takes a synthesis.
func TestUsage(t *testing.T) {
	p := &reviewed{t: t, dir: root}
	p.fails(`--format: "html": must be one of text, markdown, json`, "--format", "html")
	p.fails(`--fail-on: "nothing": must be one of rolling, interruption, data-at-risk`, "--fail-on", "nothing")
	p.fails("unknown flag: --plans; see: go run ./cmd/review --help", "--plans")
	p.fails("none leaves nothing to compare with: give --plan or --plan-file, too", "--base", "none")
	p.in(t.TempDir()).fails("this runs in the project's folder only")

	out, _, status := p.review("--help")
	for _, want := range []string{"Exit status:\n  0  done\n  1  --fail-on", "go build -o build/bin/review ./cmd/review", "make review"} {
		if status != 0 || !strings.Contains(out, want) {
			t.Errorf("status %d, no %q in the help:\n%s", status, want, out)
		}
	}
}

// TestWhereItIsWritten has the report in a file, and no colours where no terminal is.
func TestWhereItIsWritten(t *testing.T) {
	p := &reviewed{t: t, dir: root}
	file := filepath.Join(t.TempDir(), "review.md")
	out, failure, status := p.review("--base", "HEAD", "--format", "markdown", "--output", file)
	if status != 0 || out != "" || failure != "" {
		t.Errorf("status %d:\n%s%s", status, out, failure)
	}
	content, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(content), "<!-- webserver-cluster-review -->\n## ") {
		t.Errorf("%v:\n%s", err, content)
	}
	if out, _, _ := p.in(p.dir, "TERM=xterm-256color", "CLICOLOR_FORCE=1").review("--base", "HEAD"); strings.Contains(out, "\x1b") {
		t.Errorf("colours in a pipe:\n%q", out)
	}
}
