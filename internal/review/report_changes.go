package review

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pmezard/go-difflib/difflib"
)

// marks are Terraform's own signs.
// https://developer.hashicorp.com/terraform/cli/commands/plan
var marks = map[Action]string{Create: "+", Update: "~", Replace: "-/+", Remove: "-", Forget: "."}

const (
	// Lengths of what a reader sees of a value and of a text that changes. All of both is
	// in the JSON.
	longestValue = 60
	longestDiff  = 14
)

// changeLines says what changes, a line for each resource and each of its arguments.
// Everything is escaped: it is safe in a terminal.
func changeLines(changes []Change) []string {
	var lines []string
	for _, c := range changes {
		line := marks[c.Action] + " " + visible(c.name())
		if what := called(c.Type); what != c.Type {
			line += "  (" + what + ")"
		}
		lines = append(lines, line)
		for _, d := range c.shown() {
			lines = append(lines, d.lines()...)
		}
	}
	return lines
}

// lines say what becomes of an argument.
func (d Difference) lines() []string {
	head := "    " + visible(d.Path)
	var notes []string
	if d.Through != "" {
		notes = append(notes, "by "+visible(d.Through))
	}
	if d.Replaces {
		notes = append(notes, "replaces it")
	}
	note := ""
	if len(notes) > 0 {
		note = "  (" + strings.Join(notes, ", ") + ")"
	}
	if d.Unknown {
		return []string{head + "  known when it is deployed" + note}
	}
	before, after := linesOf(d.Before), linesOf(d.After)
	if len(before) < 2 && len(after) < 2 || isList(d.Before) && isList(d.After) && len(inJSON(d.Before)+inJSON(d.After)) < longestValue {
		was, now := cutBoth(inOneLine(d.Before), inOneLine(d.After), longestValue)
		return []string{head + "  " + was + " → " + now + note}
	}
	lines := []string{head + note}
	text, _ := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{A: before, B: after, Context: 1}) // fails only where a writer does
	diff := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for _, line := range shortened(diff, longestDiff) {
		lines = append(lines, "      "+visible(line))
	}
	return lines
}

// linesOf are the lines of a text, or of a list of texts such as the boot script's. User
// data are shown as what they encode.
func linesOf(value any) []string {
	switch v := value.(type) {
	case []any:
		var lines []string
		for _, element := range v {
			lines = append(lines, strings.TrimSuffix(fmt.Sprint(element), "\n")+"\n")
		}
		return lines
	case string:
		if decoded, err := base64.StdEncoding.DecodeString(v); err == nil && len(v) > longestValue && utf8.Valid(decoded) {
			v = string(decoded)
		}
		return difflib.SplitLines(v)
	}
	return nil
}

// inOneLine is a value in one line.
func inOneLine(value any) string {
	if value == nil {
		return "(none)"
	}
	if value == hiddenValue {
		return hiddenValue
	}
	return visible(inJSON(value))
}

func isList(value any) bool {
	_, is := value.([]any)
	return is
}

func inJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return "(a value that is no JSON)" // unreachable: it was read from JSON
	}
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(text))
}

// cut is the beginning of a text.
func cut(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return text
}

// cutBoth cuts what was and what is now, so that it shows where they differ.
func cutBoth(was, now string, most int) (string, string) {
	a, b := []rune(was), []rune(now)
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	if max(len(a), len(b)) <= most || same < most/2 {
		return cut(was, most), cut(now, most)
	}
	from := same - most/4
	if space := slices.Index(a[from:same], ' '); space >= 0 {
		from += space + 1 // a whole word
	}
	return cut("…"+string(a[from:]), most), cut("…"+string(b[from:]), most)
}

// visible is a text without what a terminal or a page would obey: control characters,
// and those that turn the direction of a line.
// https://trojansource.codes
func visible(text string) string {
	if !strings.ContainsFunc(text, invisible) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if invisible(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func invisible(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// lines say what became of each value, before and after.
func (a Apart) lines() []string {
	var lines []string
	for _, m := range a.Moved {
		was, now := cutBoth(visible(m.Before), visible(m.After), 2*longestValue)
		lines = append(lines, visible(m.Path), "    was: "+was, "    now: "+now)
	}
	return lines
}
