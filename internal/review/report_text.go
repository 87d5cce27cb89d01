package review

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"strings"

	pretty "github.com/jedib0t/go-pretty/v6/text"
)

// Style is how a report looks in a terminal.
type Style struct {
	Width   int  // in columns
	Colour  bool //
	Verbose bool // everything, nothing folded
}

const (
	mostWhere   = 4  // addresses of one reason
	mostChanges = 25 // lines of changes of a stack
	mostApart   = 15 // lines of what tells environments apart
)

// levelColours are how bad a level is, at one glance.
var levelColours = [...]pretty.Color{Nothing: pretty.FgGreen, Rolling: pretty.FgCyan, Refused: pretty.FgMagenta, Unknown: pretty.FgMagenta, Interruption: pretty.FgYellow, DataAtRisk: pretty.FgRed}

// legend explains the mark of what nobody feels and somebody has to look at.
const legend = "nobody notices, but look"

// page is a text that is written line by line.
type page struct {
	Style
	w *bufio.Writer
}

// WriteText writes the report for a terminal, or for a log.
func (r Report) WriteText(w io.Writer, style Style) error {
	p := page{style, bufio.NewWriter(w)}
	longest := 0
	for _, v := range r.Stacks {
		longest = max(longest, len(v.Stack))
	}
	for _, v := range r.Stacks {
		name := fmt.Sprintf("%-*s  ", longest, visible(v.Stack))
		p.line(p.paint(pretty.Bold, name)+p.paint(levelColours[v.Level], v.headline()), longest+2)
	}
	p.line("compared with "+visible(r.Base), 0)
	for i := range r.Stacks {
		p.stack(&r.Stacks[i])
	}
	for _, a := range r.Apart {
		p.line("", 0)
		p.line(p.paint(pretty.Bold, "what tells "+visible(a.From)+" from "+visible(a.To)), 0)
		p.block(a.lines(), mostApart)
	}
	if len(r.Notes)+len(r.Money) > 0 {
		p.line("", 0)
	}
	for _, note := range r.Notes {
		p.line("- "+visible(note), 2)
	}
	for _, m := range r.Money {
		p.line("- a month of "+visible(m.Stack)+": "+visible(m.Text), 2)
	}
	return p.w.Flush()
}

// stack writes what is found of one, if anything is.
func (p page) stack(v *Verdict) {
	if len(v.Findings)+len(v.Changes)+len(v.Drift)+len(v.Cost) == 0 {
		return
	}
	p.line("", 0)
	p.line(p.paint(pretty.Bold, visible(v.Stack))+visible(v.planned()), 0)
	reasons, harmless := v.entries()
	legendGiven := false
	for _, e := range reasons {
		mark, what := "*", visible(e.Text)
		if e.Level == Nothing {
			mark = "!"
			if !legendGiven {
				what, legendGiven = legend+": "+what, true
			}
		} else if e.Level != v.Level {
			what = e.Level.String() + ": " + what
		}
		p.reason(mark, what, e)
	}
	if p.Verbose {
		for _, e := range harmless {
			p.reason(".", visible(e.Text), e)
		}
	} else if line := fold(harmless); line != "" {
		p.line("  . "+visible(line), 4)
	}
	if summary := v.summary(); summary != "" {
		p.line("", 0)
		p.line("  "+summary+":", 2)
		p.block(changeLines(v.Changes), mostChanges)
	}
	if len(v.Drift) > 0 {
		p.line("", 0)
		p.line("  changed on AWS by others since the last deploy:", 2)
		p.block(changeLines(v.Drift), mostChanges)
	}
	for i, c := range v.Cost {
		if i == 0 {
			p.line("", 0)
			p.line("  what AWS charges for:", 2)
		}
		p.line(fmt.Sprintf("  %s: %s → %s", visible(c.What), visible(c.Before), visible(c.After)), 4)
	}
}

// reason writes a finding, where it is, and the page that says so.
func (p page) reason(mark, what string, e entry) {
	p.line("  "+p.paint(levelColours[e.Level], mark)+" "+what, 4)
	where := e.where
	if !p.Verbose {
		where = shortened(where, mostWhere)
	}
	for _, w := range where {
		p.line("      "+visible(w), 8)
	}
	if e.Source != "" {
		p.line("      "+p.paint(pretty.Faint, e.Source), 8)
	}
}

// block writes lines that keep their form, at most some of them.
func (p page) block(lines []string, most int) {
	if !p.Verbose && len(lines) > most {
		lines = append(lines[:most:most], fmt.Sprintf("and %d more lines (--verbose)", len(lines)-most))
	}
	for _, line := range lines {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		p.line("    "+line, indent+8)
	}
}

func (p page) paint(colour pretty.Color, what string) string {
	if !p.Colour {
		return what
	}
	return pretty.Colors{colour}.EscapeSeq() + what + pretty.EscapeReset
}

// line writes one line, or more where it is too wide, those after the first indented.
// A word that is too wide, such as an address, stays whole, for somebody to copy.
func (p page) line(line string, indent int) {
	column, words := 0, strings.Split(line, " ")
	for i, word := range words {
		width := pretty.StringWidthWithoutEscSequences(word)
		switch {
		case i == 0:
		case column > indent && column+1+width > cmp.Or(p.Width, 80):
			fmt.Fprint(p.w, "\n", strings.Repeat(" ", indent))
			column = indent
		default:
			fmt.Fprint(p.w, " ")
			column++
		}
		fmt.Fprint(p.w, word)
		column += width
	}
	fmt.Fprintln(p.w)
}
