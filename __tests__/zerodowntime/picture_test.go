package zerodowntime

import (
	"errors"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"example.com/webserver-cluster/tests/localaws/event"
)

// history is a run in which an instance of version 2 takes over from one of
// version 1, another never gets healthy, and one is killed.
func history() *Run {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var f fleet
	for _, e := range []struct {
		at       int // seconds
		kind     event.Kind
		instance string
		version  string
	}{
		{-9, event.Launched, "i-old00001", "1"},
		{-8, event.Healthy, "i-old00001", "1"},
		{-7, event.Launched, "i-old00002", "1"},
		{-6, event.Healthy, "i-old00002", "1"},
		{10, event.Launched, "i-new00001", "2"},
		{11, event.Launched, "i-bad00001", "2"},
		{12, event.Unhealthy, "i-new00001", "2"},
		{14, event.Healthy, "i-new00001", "2"},
		{15, event.Unhealthy, "i-bad00001", "2"},
		{20, event.Draining, "i-old00001", "1"},
		{25, event.Unused, "i-old00001", "1"},
		{26, event.Terminated, "i-old00001", "1"},
		{27, event.Draining, "i-bad00001", "2"},
		{30, event.Killed, "i-old00002", "1"},
		{32, event.Unhealthy, "i-old00002", "1"},
		{34, event.Terminated, "i-bad00001", "2"},
	} {
		f.note(event.Event{Time: start.Add(time.Duration(e.at) * time.Second), Kind: e.kind, Instance: e.instance, Version: e.version})
	}
	r := &Run{Name: "a history", TimeFactor: 10, Start: start, End: start.Add(40 * time.Second), Lives: f.all(start)}
	r.Deploys = []Deploy{{Start: start.Add(3 * time.Second), Took: 33 * time.Second, Err: errors.New("failed")}}
	for i := range 40 {
		s := Second{Start: start.Add(time.Duration(i) * time.Second), Sent: 200 + i%3}
		if i == 30 || i == 31 {
			s.Failed = 100
			r.Failures = append(r.Failures, Failure{Sent: s.Start, Failed: s.Start})
		}
		r.Seconds = append(r.Seconds, s)
	}
	return r
}

func TestLowest(t *testing.T) {
	r := history()
	for _, test := range []struct{ from, to, want int }{
		{0, 13, 2},  // both old ones
		{14, 19, 3}, // and the new one
		{0, 29, 2},  // one of the old ones drains
		{0, 40, 1},  // the other is dead
	} {
		at := func(second int) time.Time { return r.Start.Add(time.Duration(second) * time.Second) }
		if got := lowest(r.Lives, at(test.from), at(test.to)); got != test.want {
			t.Errorf("lowest capacity from second %d to %d: %d, want %d", test.from, test.to, got, test.want)
		}
	}
}

func TestPicture(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.png")
	if err := history().Picture(path); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Error(err)
	}
}

// TestLegend: it has the colours that the bars have, no others.
func TestLegend(t *testing.T) {
	d := &drawing{run: history()}
	d.measure()
	bars, legend := map[color.NRGBA]bool{}, map[color.NRGBA]bool{}
	for _, l := range d.lives {
		for _, s := range l.Spans {
			bars[d.fill(l, s.State)] = true
		}
	}
	for _, e := range d.entries() {
		for _, c := range e.colours {
			legend[c] = true
		}
	}
	if !maps.Equal(bars, legend) {
		t.Errorf("bars have the colours %v, the legend has %v", bars, legend)
	}
}
