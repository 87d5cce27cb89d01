package review

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

const (
	// MarkdownMark is the first line of a report in Markdown: by it, a second run finds the
	// comment that the first one wrote.
	MarkdownMark = "<!-- webserver-cluster-review -->"
	// GitHub takes a comment of 65,536 characters at the most; the rest is for what it adds.
	// https://github.com/orgs/community/discussions/27190
	longestComment = 60_000
)

// levelSigns are how bad a level is, at one glance.
var levelSigns = [...]string{Nothing: "🟢", Rolling: "🔵", Refused: "🟣", Unknown: "🟣", Interruption: "🟠", DataAtRisk: "🔴"}

// part is a piece of a comment: lines between two that have to stay, of which the last
// are cut where all together are too long.
type part struct {
	before string
	lines  []string
	after  string
}

// WriteMarkdown writes the report as a comment on a pull request. The same report is the
// same bytes.
func (r Report) WriteMarkdown(w io.Writer) error {
	parts := []part{{before: MarkdownMark + "\n## What this change does\n\n", after: "\n"}}
	for _, v := range r.Stacks {
		parts[0].lines = append(parts[0].lines, fmt.Sprintf("- %s **%s**: %s", levelSigns[v.Level], prose(v.Stack), prose(v.headline())))
	}
	parts[0].lines = append(parts[0].lines, "", "Compared with "+prose(r.Base)+".")
	for i := range r.Stacks {
		parts = append(parts, stackParts(&r.Stacks[i])...)
	}
	for _, a := range r.Apart {
		summary := fmt.Sprintf("What tells %s from %s: %s", prose(a.From), prose(a.To), count(len(a.Moved), "change", "changes"))
		parts = append(parts, folded(summary, a.lines(), "text"))
	}
	var notes []string
	for _, m := range r.Money {
		notes = append(notes, "- A month of "+prose(m.Stack)+": "+prose(m.Text))
	}
	for _, note := range r.Notes {
		notes = append(notes, "- "+prose(note))
	}
	if len(notes) > 0 {
		parts = append(parts, part{before: "### Notes\n\n", lines: notes, after: "\n"})
	}
	_, err := io.WriteString(w, assemble(parts, longestComment))
	return err
}

// stackParts are what is found of a stack.
func stackParts(v *Verdict) []part {
	reasons, harmless := v.entries()
	var parts []part
	section := part{before: "### " + prose(v.Stack+v.planned()) + "\n\n", after: "\n"}
	for _, e := range reasons {
		section.lines = append(section.lines, reasonLine(v, e))
	}
	if line := fold(harmless); line != "" {
		section.lines = append(section.lines, "- "+prose(line))
	}
	if len(v.Cost) > 0 {
		section.lines = append(section.lines, "", "| AWS charges for | before | after |", "| --- | --- | --- |")
		for _, c := range v.Cost {
			section.lines = append(section.lines, fmt.Sprintf("| %s | %s | %s |", prose(c.What), prose(c.Before), prose(c.After)))
		}
	}
	if len(section.lines) > 0 {
		parts = append(parts, section)
	}
	if len(v.Changes) > 0 {
		parts = append(parts, folded("All changes of "+prose(v.Stack)+": "+v.summary(), signsFirst(changeLines(v.Changes)), "diff"))
	}
	if len(v.Drift) > 0 {
		parts = append(parts, folded("Changed on AWS by others since the last deploy of "+prose(v.Stack), signsFirst(changeLines(v.Drift)), "diff"))
	}
	return parts
}

func reasonLine(v *Verdict, e entry) string {
	what := prose(e.Text)
	switch {
	case e.Level == Nothing:
		what = "👀 " + legend + ": " + what
	case e.Level != v.Level:
		what = levelSigns[e.Level] + " " + prose(e.Level.String()) + ": " + what
	default:
		what = levelSigns[e.Level] + " " + what
	}
	if e.Source != "" {
		what += " ([source](" + strings.NewReplacer("(", "%28", ")", "%29", " ", "%20").Replace(visible(e.Source)) + "))"
	}
	var where []string
	for _, w := range shortened(e.where, mostWhere) {
		where = append(where, span(w))
	}
	if len(where) > 0 {
		what += "<br>" + strings.Join(where, ", ")
	}
	return "- " + what
}

// signsFirst has what comes or goes in the colours that GitHub gives to lines that begin
// with a sign.
func signsFirst(lines []string) []string {
	for i, line := range lines {
		lines[i] = indentedSign.ReplaceAllString(line, "$2$1$3")
	}
	return lines
}

var indentedSign = regexp.MustCompile(`^( {6})([-+])(.*)`)

// folded are lines that keep their form, behind a line that opens them.
func folded(summary string, lines []string, language string) part {
	fence := "```"
	for strings.Contains(strings.Join(lines, "\n"), fence) {
		fence += "`"
	}
	return part{
		before: "<details><summary>" + summary + "</summary>\n\n" + fence + language + "\n",
		lines:  lines,
		after:  fence + "\n\n</details>\n\n",
	}
}

// assemble puts the parts together. Where they are too long for a comment, the longest
// are cut, so that the short ones stay whole.
func assemble(parts []part, most int) string {
	const notice = 60 // for the line that says what was cut
	room := most
	for _, p := range parts {
		room -= len(p.before) + len(p.after) + notice
	}
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return parts[a].size() - parts[b].size() })
	texts := make([]string, len(parts))
	for n, i := range order {
		texts[i] = parts[i].text(room / (len(parts) - n))
		room -= len(texts[i])
	}
	var b strings.Builder
	for i, p := range parts {
		b.WriteString(p.before + texts[i] + p.after)
	}
	return b.String()
}

// size is how long a part's lines are.
func (p part) size() int {
	n := 0
	for _, line := range p.lines {
		n += len(line) + 1
	}
	return n
}

// text are a part's lines, as many as there is room for.
func (p part) text(room int) string {
	if p.size() <= room {
		return strings.Join(p.lines, "\n") + "\n"
	}
	n, size := 0, 0
	for n < len(p.lines) && size+len(p.lines[n]) < room {
		size += len(p.lines[n]) + 1
		n++
	}
	return strings.Join(p.lines[:n], "\n") + fmt.Sprintf("\n… and %d more lines: too long for a comment\n", len(p.lines)-n)
}

// prose is a text that Markdown and HTML leave as it is, and that calls nobody: @name and
// #1 are no links.
func prose(text string) string {
	text = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "|", "&#124;", "`", "&#96;", `\`, "&#92;",
		"*", "&#42;", "[", "&#91;", "]", "&#93;", "~", "&#126;").Replace(visible(text))
	return calls.ReplaceAllString(underscores.ReplaceAllString(text, "&#95;"), "$1&#8203;$2")
}

// underscores are those that begin or end a word: others are no emphasis.
// https://github.github.com/gfm/#emphasis-and-strong-emphasis
var underscores = regexp.MustCompile(`\b_|_\b`)

// calls are what GitHub makes a mention or a reference of. &#42; is none.
var calls = regexp.MustCompile(`([@]|(?:^|[^&])#)(\w)`)

// span is a text in the font of code.
func span(text string) string {
	text = visible(text)
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if len(fence) > 1 {
		text = " " + text + " "
	}
	return fence + text + fence
}
