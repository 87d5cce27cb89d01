package zerodowntime

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
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
	s.Attach(&localaws.AWS{Clock: clock.New(10)}, server.URL, "the page")
	for _, bad := range []bool{false, true} {
		run, err := s.Under("a run", func(*Run) error {
			broken.Store(bad)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if run.Sent() == 0 || bad != (len(run.Failures) > 0) || run.Lowest() != 1 {
			t.Errorf("broken: %v; %v, the failures %v", bad, run, run.Failures[:min(3, len(run.Failures))])
		}
	}
	if got, want := s.Serving(), map[string]int{"3": 1}; !maps.Equal(got, want) {
		t.Errorf("%v serve, want %v", got, want)
	}
}
