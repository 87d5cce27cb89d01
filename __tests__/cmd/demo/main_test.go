package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/webserver-cluster/tests/cmd/internal/show"
)

// TestTable: each environment has its own values, in 80 columns.
func TestTable(t *testing.T) {
	const content = `{
		"stage": {"url": "http://127.0.2.1", "autoscaling_group_name": "webservers-stage-20261125091459847000000013", "database_address": "webservers-stage.aaaaaaaaaa.eu-central-1.rds.amazonaws.com", "vpc_id": "vpc-1"},
		"prod": {"url": "http://127.0.2.2", "autoscaling_group_name": "webservers-prod-20261125091502521700000016", "database_address": "webservers-prod.aaaaaaaaaa.eu-central-1.rds.amazonaws.com", "list": ["a"]}}`
	read, err := readOutputs([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("Hello from stage and ", 5) + "more"
	var out strings.Builder
	table(&out, environment{outputs: read["stage"], name: "stage", resources: 58, page: "http://127.0.0.1:1", says: long, instances: "2 of launch template version 2"})
	table(&out, environment{outputs: read["prod"], name: "prod", resources: 74, page: "http://127.0.0.1:2"})
	const want = `
stage
  page      http://127.0.0.1:1
  says      Hello from stage and Hello from stage and Hello from stage and Hello
            from stage and Hello from stage and more
  instances 2 of launch template version 2
  group     webservers-stage-20261125091459847000000013
  database  webservers-stage.aaaaaaaaaa.eu-central-1.rds.amazonaws.com
  resources 58

prod
  page      http://127.0.0.1:2
  group     webservers-prod-20261125091502521700000016
  database  webservers-prod.aaaaaaaaaa.eu-central-1.rds.amazonaws.com
  resources 74
`
	if got := out.String(); got != want {
		t.Errorf("it is\n%s\nwant\n%s", got, want)
	}
	for line := range strings.SplitSeq(out.String(), "\n") {
		if len(line) > show.Width {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
	for _, bad := range []string{"[]", `{"stage": {"url": ""}}`} {
		if _, err := readOutputs([]byte(bad)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

// TestAnnouncement: it says what will be shown, and how instances run here.
func TestAnnouncement(t *testing.T) {
	const servers = "Instances are plain processes on 127.0.0.1, behind a load balancer that checks and drains, and more that is said of them."
	lines := announcement(servers)
	for _, want := range []string{"The page of both answers", servers} {
		if text := strings.Join(lines, " "); !strings.Contains(text, want) {
			t.Errorf("there is no %q in %q", want, text)
		}
	}
	for _, line := range lines {
		if len(line) > show.Width-3 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}

// TestPage: what the page says is its heading, and anything but a page is an error.
func TestPage(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, "<h1>Hello &amp; welcome</h1>\n<p>Cluster: webservers-stage</p>")
	}))
	defer server.Close()
	body, err := fetch(t.Context(), server.URL)
	if err != nil || heading(body) != "Hello & welcome" {
		t.Errorf("the page says %q, %v", heading(body), err)
	}
	if _, err := fetch(t.Context(), server.URL+"/missing"); err == nil {
		t.Error("404 is a page")
	}
	if got := heading("plain text\nmore"); got != "plain text" {
		t.Errorf("a page without a heading says %q", got)
	}
	for body, want := range map[string]string{body: "webservers-stage", "a page of one's own": ""} {
		if got := steady(body, "webservers-stage"); got != want {
			t.Errorf("%q: what stays is %q, want %q", body, got, want)
		}
	}
}

// TestPhases: what make bench-demo reads is what the demo says.
func TestPhases(t *testing.T) {
	p := startPhases(time.Now().Add(-10 * time.Second).Unix())
	p.started = p.started.Add(-time.Minute)
	p.end("pages answer")
	file := filepath.Join(t.TempDir(), "phases.json")
	if err := p.write(file); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var read []phase
	if err := json.Unmarshal(content, &read); err != nil {
		t.Fatal(err)
	}
	if len(read) != 2 || read[0].Name != "set up" || read[0].Seconds < 10 || read[1].Seconds < 70 || !slices.Equal(read, p.done) {
		t.Errorf("it is %+v", read)
	}
	if want := fmt.Sprintf("set up after %.0f s, pages answer after %.0f s", read[0].Seconds, read[1].Seconds); p.String() != want {
		t.Errorf("it says %q, want %q", p, want)
	}
}
