package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

// phases are when parts of the demo were done, in order.
type phases struct {
	started time.Time // of the set-up before the demo, if the caller says when
	done    []phase
}

// phase is a part of the demo that was done. make bench-demo reads it.
type phase struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"` // since the start of the set-up
}

// startPhases starts with the set-up, which make did since a Unix time; 0 if nobody
// did any.
func startPhases(unix int64) *phases {
	p := &phases{started: time.Now()}
	if unix != 0 {
		p.started = time.Unix(unix, 0)
		p.end("set up")
	}
	return p
}

// end notes that a part is done.
func (p *phases) end(name string) { p.done = append(p.done, phase{name, p.took().Seconds()}) }

func (p *phases) took() time.Duration { return time.Since(p.started) }

// String says when each part was done.
func (p *phases) String() string {
	var parts []string
	for _, done := range p.done {
		parts = append(parts, fmt.Sprintf("%s after %.0f s", done.Name, done.Seconds))
	}
	return strings.Join(parts, ", ")
}

// write writes them to a file as JSON, unless its name is empty.
func (p *phases) write(file string) error {
	if file == "" {
		return nil
	}
	content, err := json.MarshalIndent(p.done, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(content, '\n'), 0o644)
}
