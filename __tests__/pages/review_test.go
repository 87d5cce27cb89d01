package pages_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"example.com/webserver-cluster/tests/felt"
)

// TestReviewPage: docs/review.md has every kind of change that is deployed, with what a
// review says of it, and the reports as they are.
func TestReviewPage(t *testing.T) {
	page := read(t, "docs/review.md")
	row := regexp.MustCompile(`(?m)^\| ([^|]+) \| (nothing|rolling, no interruption|refused: the deploy fails|unknown|interruption|data at risk) \|.*$`)
	said := map[string]string{}
	for _, m := range row.FindAllStringSubmatch(page, -1) {
		said[m[1]] = m[2]
	}
	for _, chain := range felt.Chains("") {
		for _, k := range chain.Kinds {
			if got, want := said[k.Name], fmt.Sprint(k.Level); got != want {
				t.Errorf("of %q, the page says %q, want %q", k.Name, got, want)
			}
			delete(said, k.Name)
		}
	}
	for name := range said {
		t.Errorf("the page has %q, which is not deployed: make test-changes writes the table to build/kinds.md", name)
	}
	for _, example := range []string{"alarm", "server-text", "database"} {
		report, err := os.ReadFile("../review/testdata/" + example + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(page, "```\n"+strings.TrimSpace(string(report))+"\n```\n") {
			t.Errorf("the page does not have the report %s as it is", example)
		}
	}
}
