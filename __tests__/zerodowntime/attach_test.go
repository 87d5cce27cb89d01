package zerodowntime

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/localaws/clock"
	"example.com/webserver-cluster/tests/localaws/event"
)

// TestAttach: of an environment that others have deployed, a run has the requests,
// those that did not get the page, and the instances.
func TestAttach(t *testing.T) {
	var broken atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/":
			http.NotFound(w, r)
		case broken.Load():
			io.WriteString(w, "another page")
		default:
			fmt.Fprint(w, "the page")
		}
	}))
	defer server.Close()
	var s Stage
	for _, kind := range []event.Kind{event.Launched, event.Healthy} {
		s.Note(event.Event{Time: time.Now(), Kind: kind, Instance: "i-1", Version: "3"})
	}
	s.Attach(&localaws.AWS{Clock: clock.New(10)}, server.URL, "the page", 4)
	run, err := s.Under("a run", func(*Run) error {
		broken.Store(true)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if failed := len(run.Failures); failed == 0 || failed == run.Sent() || run.Lowest() != 1 {
		t.Errorf("%v; the first failures: %v", run, run.Failures[:min(3, failed)])
	}
	if slices.ContainsFunc(run.Failures, func(f Failure) bool { return f.Reason != `the answer is not the page: "another page"` }) {
		t.Errorf("failures for another reason than the page: %v", run.Failures[0])
	}
	if got, want := s.Serving(), map[string]int{"3": 1}; !maps.Equal(got, want) {
		t.Errorf("%v serve, want %v", got, want)
	}
}
