package localaws_test

import (
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// testConsole: the console's page has the two servers, what the load balancer says of
// them, and their requests.
func (s *site) testConsole(t *testing.T) {
	url, err := s.cloud.Console()
	s.must(err)
	page := fetch(t, url)
	for _, id := range s.targets("healthy") {
		row := regexp.MustCompile(`<td>2</td><td>` + id + `</td><td>InService</td><td class="healthy">healthy </td><td>(\d+)</td>`).FindStringSubmatch(page)
		if row == nil || row[1] == "0" {
			t.Errorf("%s of version 2 is not there, or without requests, in\n%s", id, page)
		}
	}
	for _, want := range []string{"<h2>" + siteGroup + "</h2>", "2 instances wanted (2 to 4)", `<a href="` + s.url + `">`} {
		if !strings.Contains(page, want) {
			t.Errorf("there is no %q in\n%s", want, page)
		}
	}
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v: %s", answer.Status, err, body)
	}
	return string(body)
}
