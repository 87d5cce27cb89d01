package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// A verdict compares an answer with what the project assumes.
const (
	asAssumed = "as assumed"
	eitherWay = "either is fine"
	otherwise = "OTHERWISE"
	notAsked  = "not asked"
)

// answer is what AWS did.
type answer struct {
	Answer  string  `json:"answer"`
	Seconds float64 `json:"seconds"` // that it took; 0 where time says nothing
	Verdict string  `json:"verdict"`
}

// answer notes the answer to a question and shows it.
func (l *lab) answer(id, verdict string, took time.Duration, format string, args ...any) {
	a := answer{Answer: fmt.Sprintf(format, args...), Seconds: took.Round(time.Second / 10).Seconds(), Verdict: verdict}
	l.answers[id] = a
	l.say("%-3s %s: %s", id, a.Verdict, a.Answer)
}

// report prints all answers.
func (l *lab) report(w io.Writer, asJSON bool) error {
	if asJSON {
		type line struct {
			question
			answer
		}
		all := struct {
			Account      string `json:"account"`
			Region       string `json:"region"`
			InstanceType string `json:"instanceType"`
			Name         string `json:"name"`
			Answers      []line `json:"answers"`
		}{l.account, l.config.Region, l.plan.instanceType, l.name, nil}
		for _, q := range questions {
			all.Answers = append(all.Answers, line{q, l.answers[q.ID]})
		}
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(all)
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options.SeparateRows = true
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(table.Row{"", "question", "answer", "took", "assumed", ""})
	t.SetColumnConfigs([]table.ColumnConfig{
		{Number: 2, WidthMax: 36, WidthMaxEnforcer: text.WrapSoft},
		{Number: 3, WidthMax: 50, WidthMaxEnforcer: text.WrapSoft},
		{Number: 5, WidthMax: 36, WidthMaxEnforcer: text.WrapSoft},
	})
	for _, q := range questions {
		a := l.answers[q.ID]
		took := ""
		if a.Seconds > 0 {
			took = fmt.Sprintf("%.1f s", a.Seconds)
		}
		t.AppendRow(table.Row{q.ID, q.Asks, a.Answer, took, q.Assumes, a.Verdict})
	}
	_, err := fmt.Fprintln(w, t.Render())
	return err
}

// verdict returns an error unless every answer is as assumed.
func (l *lab) verdict() error {
	var wrong, open []string
	for _, q := range questions {
		switch l.answers[q.ID].Verdict {
		case otherwise:
			wrong = append(wrong, q.ID)
		case notAsked:
			open = append(open, q.ID)
		}
	}
	var texts []string
	if len(wrong) > 0 {
		texts = append(texts, "AWS answers otherwise than assumed: "+strings.Join(wrong, ", "))
	}
	if len(open) > 0 {
		texts = append(texts, "without an answer: "+strings.Join(open, ", "))
	}
	if len(texts) == 0 {
		return nil
	}
	return errors.New(strings.Join(texts, "; "))
}

// brief is a duration in whole seconds, without what is zero at its end.
func brief(d time.Duration) string {
	written := d.Round(time.Second).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if short, cut := strings.CutSuffix(written, zero); cut {
			written = short + zero[:1]
		}
	}
	return written
}
