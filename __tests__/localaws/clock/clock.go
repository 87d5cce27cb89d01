// Package clock keeps AWS's time, which can run faster here than the real one.
package clock

import (
	"context"
	"time"
)

// Clock measures AWS's time, in which the local AWS's instances boot, health
// checks run and refreshes wait. With a factor of 10, AWS's 60 s take 6 s here.
//
// Times stay wall clock times, since they are shown to people and compared with
// what other programs note down: only durations are AWS's.
type Clock struct {
	factor float64
}

// New returns a clock that runs factor times as fast as the real one; a factor
// of 0 or less means 1.
func New(factor float64) *Clock {
	if factor <= 0 {
		factor = 1
	}
	return &Clock{factor: factor}
}

// Factor is how many AWS seconds pass in a real one.
func (c *Clock) Factor() float64 { return c.factor }

// Now is the wall clock's time.
func (c *Clock) Now() time.Time { return time.Now() }

// Since is the AWS time that has passed since t, a time that Now returned.
func (c *Clock) Since(t time.Time) time.Duration {
	return time.Duration(float64(time.Since(t)) * c.factor)
}

// Real is how long the AWS time d takes here.
func (c *Clock) Real(d time.Duration) time.Duration {
	return time.Duration(float64(d) / c.factor)
}

// After returns a channel that gets the time once the AWS time d has passed.
func (c *Clock) After(d time.Duration) <-chan time.Time { return time.After(c.Real(d)) }

// Sleep returns when the AWS time d has passed, or earlier with ctx's error.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(c.Real(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
