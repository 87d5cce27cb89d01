package state_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// page is the page whose quotations of what commands say have to be true.
var page = filepath.Join(root, "docs", "when-something-goes-wrong.md")

// said is every line that a command said in these tests, in the form of plain.
var said = struct {
	sync.Mutex
	lines map[string]bool
}{lines: map[string]bool{}}

// record takes in what a command of the project said.
func (p *project) record(output string) {
	said.Lock()
	defer said.Unlock()
	var lines []string
	for line := range strings.Lines(output) {
		// The names that the page gives to what has another in each test.
		line = strings.NewReplacer(p.dir, "/home/ann/webservers", p.bucket, "acme-terraform-state", p.table, "acme-terraform-locks",
			p.name, "webservers", me(), "ann@laptop").Replace(line)
		lines = append(lines, plain(line))
		said.lines[plain(line)] = true
	}
	said.lines[strings.Join(lines, " ")] = true // Terraform breaks lines where it likes
}

var (
	colours = regexp.MustCompile(`\x1b\[[0-9;]*m`)
	// What is another in each run: times, durations, sizes, ids, numbers.
	varying = regexp.MustCompile(`\b(\d+h)?(\d+m)?\d+s\b|[\d.]+[KM]?B\b|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b|-[0-9a-f]{8,}\b|\b[0-9a-f]{8}\b|\d+(\.\d+)*`)
	spaces  = regexp.MustCompile(`\s+|─+`)
	// What cdktf and Terraform put before a line.
	margin = regexp.MustCompile(`^(stage|state|prod)? *[│╷╵]? *`)
)

// plain is a line without what differs from run to run.
func plain(line string) string {
	line = colours.ReplaceAllString(strings.TrimSpace(line), "")
	line = strings.TrimSpace(margin.ReplaceAllString(line, ""))
	return spaces.ReplaceAllString(varying.ReplaceAllString(line, "#"), " ")
}

var (
	transcript = regexp.MustCompile("(?s)```console\n(.*?)```")
	code       = regexp.MustCompile("`([^`]+)`")
	// What a user types or writes, not what a command says.
	typed = regexp.MustCompile(`^(go run|npx|make|git|rm|aws|terraform|export) |^"stateLock"|^[^ ]+$`)
)

// misquoted are the quotations of the page that nothing said: lines of
// transcripts, and messages in tables. "…" stands for anything.
func misquoted() (list []string, quotations int, err error) {
	content, err := os.ReadFile(page)
	if err != nil {
		return nil, 0, err
	}
	said.Lock()
	defer said.Unlock()
	check := func(quotation, start string) {
		quotations++
		parts := strings.Split(plain(quotation), "…")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		wanted := regexp.MustCompile(start + strings.Join(parts, ".*"))
		for line := range said.lines {
			if wanted.MatchString(line) {
				return
			}
		}
		list = append(list, quotation)
	}
	for _, block := range transcript.FindAllStringSubmatch(string(content), -1) {
		for line := range strings.Lines(block[1]) {
			line = strings.TrimSpace(line)
			if strings.HasPrefix(line, "$ ") || line == "…" || line == "" {
				continue
			}
			check(strings.TrimSuffix(line, `: yes`), "^")
		}
	}
	for line := range strings.Lines(string(content)) {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		for _, m := range code.FindAllStringSubmatch(line, -1) {
			if !typed.MatchString(m[1]) {
				check(m[1], "")
			}
		}
	}
	return list, quotations, nil
}

// checkPage runs after all tests, which have said all that the page quotes.
func checkPage() error {
	wrong, quotations, err := misquoted()
	if err != nil {
		return err
	}
	if len(wrong) > 0 || quotations == 0 {
		return fmt.Errorf("%s: of %d quotations no command said\n  %s", filepath.Base(page), quotations, strings.Join(wrong, "\n  "))
	}
	fmt.Printf("%s: %d quotations, each said by a command in this run\n", filepath.Base(page), quotations)
	return nil
}
