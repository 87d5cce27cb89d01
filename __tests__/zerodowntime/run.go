package zerodowntime

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// page is in every good answer.
const page = "Hello from stage"

// Run is what users got while something was done to stage.
type Run struct {
	Name       string
	TimeFactor float64
	Start, End time.Time
	Seconds    []Second
	Failures   []Failure
	Lives      []Life
	Deploys    []Deploy

	stage *Stage
	load  *load
}

// before and after are how long the load runs before and after what is done, so
// that a picture shows both.
const before, after = 3 * time.Second, 3 * time.Second

// Under puts load on stage, has do done, and returns what users got. An error of
// do's is returned beside that.
func (s *Stage) Under(name string, do func(*Run) error) (*Run, error) {
	r := &Run{Name: name, TimeFactor: s.Cloud.Clock.Factor(), Start: time.Now(), stage: s, load: startLoad(s.URL, s.page, s.streams, s.hosts)}
	time.Sleep(before)
	err := do(r)
	if err == nil {
		s.awaitRest()
		time.Sleep(after)
	}
	r.load.stop()
	r.Update()
	return r, err
}

// Update brings a run that is under way up to date.
func (r *Run) Update() {
	r.End = time.Now()
	r.Seconds, r.Failures = r.load.results()
	r.Lives = r.stage.fleet.all(r.Start)
}

// awaitRest waits for the end of the instances that the group has let go, and of those
// that it still replaces by itself: a deploy ends before them, and they still have users.
func (s *Stage) awaitRest() {
	const most = 20 * time.Minute // AWS time, far above any deregistration delay here
	draining := func(l Life) bool {
		state, there := l.state()
		return there && state == Draining
	}
	deadline := time.Now().Add(s.Cloud.Clock.Real(most))
	for time.Now().Before(deadline) && (slices.ContainsFunc(s.fleet.all(time.Now()), draining) || !s.atRest(context.Background())) {
		time.Sleep(100 * time.Millisecond)
	}
}

// Sent is the number of requests.
func (r *Run) Sent() (n int) {
	for _, s := range r.Seconds {
		n += s.Sent
	}
	return n
}

// Lowest is the least number of instances that served at a time.
func (r *Run) Lowest() int { return lowest(r.Lives, r.Start, r.End) }

// Rollout is how long, in AWS time, instances came and went.
func (r *Run) Rollout() time.Duration {
	var first, last time.Time
	for _, l := range r.Lives {
		if launched := l.Spans[0].From; launched.After(r.Start) && (first.IsZero() || launched.Before(first)) {
			first = launched
		}
		for _, s := range l.Spans {
			if s.From.After(last) {
				last = s.From
			}
		}
	}
	if first.IsZero() {
		return 0
	}
	return time.Duration(float64(last.Sub(first)) * r.TimeFactor)
}

// Took is the real time that the deploys took, one after the other.
func (r *Run) Took() (d time.Duration) {
	for _, deploy := range r.Deploys {
		d += deploy.Took
	}
	return d
}

func (r *Run) String() string {
	return fmt.Sprintf("%s: %d requests, %d failed, lowest capacity %d, %v", r.Name, r.Sent(), len(r.Failures), r.Lowest(), r.Took().Round(time.Second))
}
