package review_test

import (
	"strings"
	"testing"
	"time"

	"example.com/webserver-cluster/internal/review"
)

// TestLongValues: of long values, a reader sees where they differ.
func TestLongValues(t *testing.T) {
	long := strings.Repeat("the same words in both ", 20)
	for _, c := range []struct{ was, now, see string }{
		{long + "with one end", long + "with another end", `…in both with one end" → …in both with another end"`},
		{"one " + long, "another " + long, `"one the same words`},
		{long, long + "and more", `…words in both and more"`},
		{"short", long, `"short" → "the same`},
	} {
		v := review.Verdict{Stack: "stage", Changes: []review.Change{{
			Address: "aws_lb.web", Type: "aws_lb", Action: review.Update, Differences: []review.Difference{{Path: "name", Before: c.was, After: c.now}},
		}}}
		apart := []review.Apart{{From: "stage", To: "prod", Moved: []review.Moved{{Path: "lb.name", Before: c.was, After: c.now}}}}
		said := inText(t, review.NewReport("main", []review.Verdict{v}, apart, nil, nil), review.Style{Verbose: true})
		if !strings.Contains(said, c.see) {
			t.Errorf("no %s in\n%s", c.see, said)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 59400 * time.Millisecond: "59 s", 59500 * time.Millisecond: "1 min", 89 * time.Second: "1 min", 90 * time.Second: "2 min",
		59*time.Minute + 30*time.Second: "1 h", time.Hour + 29*time.Second: "1 h", time.Hour + 30*time.Second: "1 h 1 min",
		time.Hour + 59*time.Minute + 40*time.Second: "2 h", 26 * time.Hour: "26 h",
	} {
		if got := review.Duration(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
