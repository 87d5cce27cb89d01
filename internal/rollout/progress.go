package rollout

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
)

// Progress is where a rollout stands.
type Progress struct {
	Back         bool // it is the rollback that stands there
	Percent      int  // AWS's, or that of ready instances while none is replaced
	From, FromUp int  // instances to replace, and how many of them are healthy
	To, ToUp     int  // instances on the wanted version
	Wanted       int
	Left         time.Duration // estimate; 0: none yet
	Note         string        // AWS's, on what the refresh waits for; may be empty
}

// fleet is the part of the progress that only moves when an instance does.
func (p Progress) fleet() string {
	from, to := "old", "new"
	if p.Back {
		from, to = "bad", "good"
	}
	return fmt.Sprintf("%s %d (%d healthy), %s %d (%d healthy), wanted %d", from, p.From, p.FromUp, to, p.To, p.ToUp, p.Wanted)
}

func (p Progress) String() string {
	text := p.fleet()
	if p.Left > 0 {
		text += ", about " + p.Left.Round(time.Second).String() + " left"
	}
	return text
}

// show reports the progress of a look, and what went wrong since the last one.
func (r *Rollout) show(fleet Fleet, g goal) {
	now := time.Now()
	from, to := fleet.Stale(g.want), fleet.Running(g.want)
	p := Progress{
		Back: g.leaving != nil,
		From: len(from), FromUp: ready(from),
		To: len(to), ToUp: ready(to),
		Wanted: fleet.Desired,
	}
	p.Percent = 100 * min(p.ToUp, p.Wanted) / max(p.Wanted, 1)
	since := now.Add(-5 * time.Minute)
	if active := fleet.Active(); active != nil {
		p.Percent, p.Left, p.Note = active.Percent, fleet.Left(now), active.Reason
		if !active.Start.IsZero() { // AWS sets it once it begins
			since = active.Start
		}
	}
	if r.told == nil {
		r.told = map[string]bool{}
		for _, problem := range fleet.Problems { // those of an earlier rollout
			r.told[problem.ID] = problem.Time.Before(since)
		}
	}
	for _, problem := range fleet.Problems {
		if !r.told[problem.ID] {
			r.told[problem.ID] = true
			r.report.Say("! %s", problem.Text)
		}
	}
	r.report.Show(p)
}

// Lines reports line by line, for a log: a line when something moved, and one a
// minute when nothing did.
type Lines struct {
	w     io.Writer
	shown string // what the last line said
	at    time.Time
}

// NewLines returns a reporter that writes to w.
func NewLines(w io.Writer) *Lines { return &Lines{w: w} }

// Say implements Reporter.
func (l *Lines) Say(format string, args ...any) {
	fmt.Fprintf(l.w, "%s  %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

// Show implements Reporter.
func (l *Lines) Show(p Progress) {
	moved := fmt.Sprint(p.Percent, p.fleet(), p.Note)
	if moved == l.shown && time.Since(l.at) < time.Minute {
		return
	}
	l.shown, l.at = moved, time.Now()
	l.Say("%3d %%  %s", p.Percent, strings.TrimSuffix(p.String()+"; "+p.Note, "; "))
}

// Live reports on a terminal: a bar that moves, and above it what was said.
type Live struct {
	screen progress.Writer
	bar    *progress.Tracker
	done   chan struct{} // closed when the screen draws no more
}

// NewLive returns a reporter on the terminal w. Close it.
func NewLive(w io.Writer) *Live {
	l := &Live{
		screen: progress.NewWriter(),
		bar:    &progress.Tracker{Total: 100, AutoStopDisabled: true},
		done:   make(chan struct{}),
	}
	style := progress.StyleBlocks
	style.Visibility.Value = false
	style.Options.PercentFormat = "%3.0f %%"
	style.Options.Separator = "  "
	style.Options.TimeInProgressPrecision = time.Second
	l.screen.SetStyle(style)
	l.screen.SetOutputWriter(w)
	l.screen.SetTrackerLength(20)
	l.screen.SetTrackerPosition(progress.PositionLeft)
	l.screen.AppendTracker(l.bar)
	go func() {
		l.screen.Render()
		close(l.done)
	}()
	return l
}

// Say implements Reporter.
func (l *Live) Say(format string, args ...any) {
	l.screen.Log("%s  %s", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

// Show implements Reporter.
func (l *Live) Show(p Progress) {
	l.bar.SetValue(int64(p.Percent))
	l.bar.UpdateMessage(p.String())
	if p.Note == "" {
		l.screen.SetPinnedMessages()
	} else {
		l.screen.SetPinnedMessages(p.Note)
	}
}

// Close draws the last state and gives the terminal back.
func (l *Live) Close() {
	for {
		l.screen.Stop() // has no effect while Render has yet to begin
		select {
		case <-l.done:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}
