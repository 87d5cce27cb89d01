package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// result is what became of a set of tools.
type result struct {
	set      set
	err      error
	took     time.Duration
	warnings []string
}

// table is a table in Markdown, and under it the warnings, each once.
func table(results []result) string {
	var b strings.Builder
	b.WriteString("| tools | result | took | warnings |\n| --- | --- | ---: | --- |\n")
	var all []string
	for _, r := range results {
		outcome := "works"
		if r.err != nil {
			line, _, _ := strings.Cut(r.err.Error(), "\n")
			outcome = "fails: " + strings.ReplaceAll(line, "|", `\|`)
		}
		var numbers []string
		for _, w := range r.warnings {
			if !slices.Contains(all, w) {
				all = append(all, w)
			}
			numbers = append(numbers, fmt.Sprint(slices.Index(all, w)+1))
		}
		fmt.Fprintf(&b, "| %v | %s | %v | %s |\n", r.set, outcome, r.took.Round(time.Second), strings.Join(numbers, ", "))
	}
	for i, w := range all {
		fmt.Fprintf(&b, "\n%d. %s", i+1, w)
	}
	if len(all) > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// warning finds Terraform's warnings, by their titles, and those of Node.js.
var warning = regexp.MustCompile(`(?m)(?:^|\s)Warning: (.*)$|\] (DeprecationWarning: .*)$`)

// warnings are those in what the tools printed, each once.
func warnings(output string) []string {
	var found []string
	for _, m := range warning.FindAllStringSubmatch(output, -1) {
		text := strings.TrimSpace(m[1] + m[2])
		if !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	return found
}

// withOutput adds to an error the end of what was printed.
func withOutput(err error, output string) error {
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return fmt.Errorf("%w; its last words:\n%s", err, strings.Join(lines[max(0, len(lines)-30):], "\n"))
}
