// Package pages_test holds what README.md and docs/ say against what there is.
package pages_test

import (
	"encoding/json"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// pages are the pages of the project, by their path in it.
func pages(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages in docs/: %v", err)
	}
	found := map[string]string{}
	for _, file := range append(files, filepath.Join(root, "README.md")) {
		name, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		found[filepath.ToSlash(name)] = read(t, name)
	}
	return found
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	block   = regexp.MustCompile("(?ms)^```[a-z]*\n(.*?)^```$")
)

// TestLinks: what a page links to within the project is there.
func TestLinks(t *testing.T) {
	all := pages(t)
	n := 0
	for name, content := range all {
		for _, m := range link.FindAllStringSubmatch(block.ReplaceAllString(content, ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			n++
			file, anchor, _ := strings.Cut(m[1], "#")
			target := name
			if file != "" {
				target = path.Join(path.Dir(name), file)
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			} else if anchor != "" && !slices.Contains(anchors(all[target]), anchor) {
				t.Errorf("%s links to %s: %s has no such heading", name, m[1], target)
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d links were found", n)
	}
}

// anchors are those that GitHub gives a page's headings.
func anchors(page string) (found []string) {
	for _, m := range heading.FindAllStringSubmatch(block.ReplaceAllString(page, ""), -1) {
		found = append(found, strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case strings.ContainsRune("`'\"().,:;!?/&*+", r):
				return -1
			}
			return r
		}, strings.ToLower(m[1])))
	}
	return found
}

// commands are the lines of the shell blocks of a page, continued ones in one.
func commands(page string) (found []string) {
	for _, m := range block.FindAllStringSubmatch(page, -1) {
		for line := range strings.Lines(strings.ReplaceAll(m[1], "\\\n", " ")) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

var (
	awsCommand = regexp.MustCompile(`(?:^|\(|[|;{] |\$ )aws [a-z]`)
	output     = regexp.MustCompile(`\$\(out (\w+)\)`)
)

// TestRegions: every command for the AWS CLI says in which region, so that none acts
// on the region of somebody's profile.
func TestRegions(t *testing.T) {
	n := 0
	for name, content := range pages(t) {
		for _, line := range commands(content) {
			calls := len(awsCommand.FindAllString(line, -1))
			n += calls
			if strings.Count(line, "--region ") < calls {
				t.Errorf("%s: no --region in: %s", name, line)
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d commands of the AWS CLI were found", n)
	}
}

// TestOutputs: the outputs that commands use are those of both environments, but
// for what only one of them has.
func TestOutputs(t *testing.T) {
	n := 0
	for name, content := range pages(t) {
		for _, m := range output.FindAllStringSubmatch(content, -1) {
			n++
			for _, stack := range []string{"stage", "prod"} {
				var synthesized struct{ Output map[string]any }
				if err := json.Unmarshal([]byte(read(t, "__tests__/synth/testdata/"+stack+".tf.json")), &synthesized); err != nil {
					t.Fatal(err)
				}
				if _, ok := synthesized.Output[m[1]]; !ok {
					t.Errorf("%s: %s has no output %s, only %v", name, stack, m[1], slices.Sorted(maps.Keys(synthesized.Output)))
				}
			}
		}
	}
	if n < 4 {
		t.Errorf("only %d outputs were found", n)
	}
}

// TestLayout: the README's last table has everything that lies in the project's
// folder, and nothing else.
func TestLayout(t *testing.T) {
	_, layout, found := strings.Cut(read(t, "README.md"), "\n## Layout\n")
	if !found {
		t.Fatal("README.md has no Layout")
	}
	ignored := []string{".git"}
	for line := range strings.Lines(read(t, ".gitignore")) {
		ignored = append(ignored, strings.Trim(line, "/\n"))
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, entry := range entries {
		if !slices.ContainsFunc(ignored, func(pattern string) bool {
			match, _ := path.Match(pattern, entry.Name())
			return match
		}) && entry.Name() != "README.md" {
			there = append(there, entry.Name())
		}
	}
	var listed []string
	for line := range strings.Lines(layout) {
		cell := strings.Split(line, "|")
		if len(cell) < 3 {
			continue
		}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell[1], -1) {
			first, _, _ := strings.Cut(m[1], "/")
			listed = append(listed, first)
		}
	}
	slices.Sort(listed)
	if !slices.Equal(there, listed) {
		t.Errorf("in the folder lie\n%v\nthe README lists\n%v", there, listed)
	}
}
