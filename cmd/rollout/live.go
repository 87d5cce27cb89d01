package main

import (
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"

	"example.com/webserver-cluster/internal/rollout"
)

// live reports on a terminal: a bar that moves, and above it what was said.
type live struct {
	screen progress.Writer
	bar    *progress.Tracker
	done   chan struct{} // closed when the screen draws no more
}

// newLive returns a reporter on the terminal w. Close it.
func newLive(w io.Writer) *live {
	l := &live{
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

// Say implements rollout.Reporter.
func (l *live) Say(format string, args ...any) {
	l.screen.Log("%s  %s", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

// Show implements rollout.Reporter.
func (l *live) Show(p rollout.Progress) {
	l.bar.SetValue(int64(p.Percent))
	l.bar.UpdateMessage(progressText(p))
	if p.Reason == "" {
		l.screen.SetPinnedMessages()
	} else {
		l.screen.SetPinnedMessages(p.Reason)
	}
}

// Close draws the last state and gives the terminal back.
func (l *live) Close() {
	for {
		l.screen.Stop() // has no effect while Render has yet to begin
		select {
		case <-l.done:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}
