package zerodowntime

import (
	"slices"
	"sync"
	"time"

	"example.com/webserver-cluster/tests/localaws/event"
)

// State is what an instance is to users at a moment.
type State int

const (
	Starting State = iota // launched, and not healthy yet
	Serving               // healthy in the eyes of the load balancer
	Failing               // was healthy, and the load balancer no longer sends it requests
	Down                  // its processes were killed, and the load balancer has not noticed
	Draining              // finishes its last requests, or shuts down
)

// Span is a time that an instance was in a state.
type Span struct {
	From, To time.Time // To is zero for the last one of an instance that is there
	State    State
}

// Life is an instance from its launch to its end.
type Life struct {
	Instance string
	Version  string // of the launch template
	Spans    []Span // without gaps
}

// state is the last one; there says whether the instance still is.
func (l *Life) state() (s State, there bool) {
	last := l.Spans[len(l.Spans)-1]
	return last.State, last.To.IsZero()
}

// At is its state at a moment; there says whether the instance was.
func (l *Life) At(m time.Time) (s State, there bool) {
	for _, span := range l.Spans {
		if !span.From.After(m) && (span.To.IsZero() || span.To.After(m)) {
			return span.State, true
		}
	}
	return 0, false
}

// Served tells whether it ever was healthy.
func (l *Life) Served() bool {
	return slices.ContainsFunc(l.Spans, func(s Span) bool { return s.State == Serving })
}

// End is when it was gone; zero if it is there.
func (l *Life) End() time.Time { return l.Spans[len(l.Spans)-1].To }

// set starts a span.
func (l *Life) set(s State, at time.Time) {
	if n := len(l.Spans); n > 0 {
		last := &l.Spans[n-1]
		if last.State == s || !last.To.IsZero() {
			return
		}
		last.To = at
	}
	l.Spans = append(l.Spans, Span{From: at, State: s})
}

// fleet is all instances that there ever were.
type fleet struct {
	mu    sync.Mutex
	lives []*Life // in order of launch
}

// note takes in what the local AWS tells.
func (f *fleet) note(e event.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.Kind == event.Launched {
		l := &Life{Instance: e.Instance, Version: e.Version}
		l.set(Starting, e.Time)
		f.lives = append(f.lives, l)
		return
	}
	i := slices.IndexFunc(f.lives, func(l *Life) bool { return l.Instance == e.Instance })
	if i < 0 {
		return
	}
	l := f.lives[i]
	state, _ := l.state()
	switch e.Kind {
	case event.Healthy:
		l.set(Serving, e.Time)
	case event.Unhealthy:
		// Before the first healthy check it is still starting.
		if state == Serving || state == Down {
			l.set(Failing, e.Time)
		}
	case event.Unused: // no load balancer sends it requests any more
		if state == Serving {
			l.set(Failing, e.Time)
		}
	case event.Killed:
		if state == Serving {
			l.set(Down, e.Time)
		}
	case event.Draining:
		l.set(Draining, e.Time)
	case event.Terminated:
		if last := &l.Spans[len(l.Spans)-1]; last.To.IsZero() {
			last.To = e.Time
		}
	}
}

// all returns copies of the lives that did not end before since.
func (f *fleet) all(since time.Time) []Life {
	f.mu.Lock()
	defer f.mu.Unlock()
	var lives []Life
	for _, l := range f.lives {
		if end := l.End(); end.IsZero() || end.After(since) {
			lives = append(lives, Life{l.Instance, l.Version, slices.Clone(l.Spans)})
		}
	}
	return lives
}

// lowest is the least number of instances that served at a time from start to
// end.
func lowest(lives []Life, start, end time.Time) int {
	moments := []time.Time{start}
	for _, l := range lives {
		for _, s := range l.Spans {
			if s.From.After(start) && s.From.Before(end) {
				moments = append(moments, s.From)
			}
		}
	}
	least := len(lives)
	for _, m := range moments {
		least = min(least, servingAt(lives, m))
	}
	return least
}

// servingAt counts the instances that serve at a moment.
func servingAt(lives []Life, m time.Time) (n int) {
	for _, l := range lives {
		if s, there := l.At(m); there && s == Serving {
			n++
		}
	}
	return n
}

// spans returns those of a state.
func (l *Life) spans(s State) (found []Span) {
	for _, span := range l.Spans {
		if span.State == s {
			found = append(found, span)
		}
	}
	return found
}
