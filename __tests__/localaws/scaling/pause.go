package scaling

import (
	"context"
	"hash/maphash"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// tickEvery is the AWS time between two looks at the groups; tickAtLeast is the
// real time, so that a high time factor does not keep moto from its work.
const (
	tickEvery   = time.Second
	tickAtLeast = 50 * time.Millisecond
)

// settling is how long the engine waits after a request before it looks at the
// groups, where it is told what is due: in simulated time then nothing that a
// test does at one moment races with the engine.
const settling = 10 * time.Millisecond

// Wake has the engine look at the groups now.
func (e *Engine) Wake() {
	select {
	case e.wake <- struct{}{}:
	default: // it is under way
	}
}

func (e *Engine) settle(ctx context.Context) {
	if e.Changes == nil {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(settling):
	}
}

// pause is how long the engine may sleep. A step is decided on the group's
// state, on what the services say and on the time. If it has changed nothing,
// the next one changes nothing either until the services say something else, a
// span of time that it found running is over (group.past notes when), or a
// minute begins, for schedules.
func (e *Engine) pause() time.Duration {
	if e.Changes == nil {
		return max(e.Clock.Real(tickEvery), tickAtLeast)
	}
	now := e.Clock.Now()
	due := now.Truncate(time.Minute).Add(time.Minute + settling)
	if t := e.Changes(now); t.After(now) {
		due = earlier(due, t)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, g := range e.groups {
		if g.due.IsZero() {
			due = earlier(due, now.Add(e.Clock.Real(tickEvery)))
		} else {
			due = earlier(due, g.due)
		}
	}
	return max(due.Sub(now), time.Millisecond)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// past tells whether the AWS time d has passed since t. If it has not, the
// engine looks at the group again when it has.
func (g *group) past(t time.Time, d time.Duration) bool {
	left := d - g.clock.Since(t)
	if left <= 0 {
		return true
	}
	g.wakeAt(g.clock.Now().Add(g.clock.Real(left)))
	return false
}

// wakeAt has the engine look at the group then at the latest.
func (g *group) wakeAt(t time.Time) {
	if g.due.IsZero() || t.Before(g.due) {
		g.due = t
	}
}

// far is when a group with nothing to wait for is due.
const far = 365 * 24 * time.Hour

// print is the same before and after a step that changes nothing.
func (g *group) print() uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, m := range g.members {
		maphash.WriteComparable(&h, [3]string{m.id, string(m.state), m.unhealthy})
		maphash.WriteComparable(&h, [3]bool{m.protected, m.deregistered, len(m.registered) > 0})
	}
	maphash.WriteComparable(&h, [6]int{len(g.activities), len(g.causes), g.keep, g.atRisk, g.desired, len(g.refreshes)})
	if r := g.active(); r != nil {
		maphash.WriteComparable(&h, string(r.Status))
		maphash.WriteComparable(&h, [3]int{int(aws.ToInt32(r.PercentageComplete)), int(aws.ToInt32(r.InstancesToUpdate)), r.checkpoint})
		maphash.WriteComparable(&h, r.pause)
	}
	return h.Sum64()
}

var seed = maphash.MakeSeed()
