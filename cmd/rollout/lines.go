package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"example.com/webserver-cluster/internal/rollout"
)

// lines reports line by line, for a log: a line when something moved, and one a
// minute when nothing did.
type lines struct {
	w     io.Writer
	shown string // what the last line said
	at    time.Time
}

// Say implements rollout.Reporter.
func (l *lines) Say(format string, args ...any) {
	fmt.Fprintf(l.w, "%s  %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

// Show implements rollout.Reporter.
func (l *lines) Show(p rollout.Progress) {
	moved := fmt.Sprint(p.Percent, fleetText(p), p.Reason)
	if moved == l.shown && time.Since(l.at) < time.Minute {
		return
	}
	l.shown, l.at = moved, time.Now()
	l.Say("%3d %%  %s", p.Percent, strings.TrimSuffix(progressText(p)+"; "+p.Reason, "; "))
}

// progressText is the progress in one line.
func progressText(p rollout.Progress) string {
	text := fleetText(p)
	if p.Remaining > 0 {
		text += ", about " + p.Remaining.Round(time.Second).String() + " left"
	}
	return text
}

// fleetText is the part of it that changes only when an instance does.
func fleetText(p rollout.Progress) string {
	from, to := "old", "new"
	if p.Rollback {
		from, to = "bad", "good"
	}
	return fmt.Sprintf("%s %d (%d healthy), %s %d (%d healthy), wanted %d", from, p.Old, p.OldHealthy, to, p.New, p.NewHealthy, p.Desired)
}
