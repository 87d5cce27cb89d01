package review

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// ReportVersion is that of a Report's JSON: another number when what reads it has to
// change.
const ReportVersion = 1

// Report is what is found of all stacks, for somebody to read.
type Report struct {
	Version int `json:"version"`
	// Base says in words what the code was compared with.
	Base   string    `json:"base"`
	Level  Level     `json:"level"`
	Stacks []Verdict `json:"stacks"`
	// Apart is what came or went of what tells the environments apart.
	Apart []Apart `json:"apart,omitempty"`
	// Money is what Infracost says of the plans.
	Money []Money  `json:"money,omitempty"`
	Notes []string `json:"notes,omitempty"`
}

// Money is what a stack costs a month, without what depends on use.
type Money struct {
	Stack string `json:"stack"`
	Text  string `json:"text"`
}

// NewReport puts the verdicts together. What is noted of every stack is noted once.
func NewReport(base string, verdicts []Verdict, apart []Apart, money []Money, notes []string) Report {
	r := Report{Version: ReportVersion, Base: base, Stacks: verdicts, Apart: apart, Money: money, Notes: slices.Clone(notes)}
	of := map[string][]string{} // the stacks by what is noted of them
	for _, v := range verdicts {
		r.Level = max(r.Level, v.Level)
		for _, note := range unique(v.Notes) {
			of[note] = append(of[note], v.Stack)
		}
	}
	for _, note := range slices.Sorted(maps.Keys(of)) {
		if len(of[note]) == len(verdicts) {
			r.Notes = append(r.Notes, note)
		} else {
			r.Notes = append(r.Notes, strings.Join(of[note], ", ")+": "+note)
		}
	}
	return r
}

// Reaches tells whether a level is to stop what is not to go on from a limit: what is
// refused or unknown is, whatever the limit.
func (l Level) Reaches(limit Level) bool { return l >= limit || l == Refused || l == Unknown }

// Refuse notes that Terraform refused to plan what the verdict is about, in its own
// words.
func (v *Verdict) Refuse(by string, reasons []string) {
	for _, reason := range reasons {
		v.Findings = append(v.Findings, Finding{Level: Refused, PlanFails: true, Text: "Terraform refuses to plan this, and nothing changes: " + reason})
	}
	v.rank()
}

// NotPlanned notes that Terraform could not plan what the verdict is about. If that is for want
// of access, the code alone is judged; if not, the code may be the reason, and it is unknown
// what comes of it.
func (v *Verdict) NotPlanned(reason string, noAccess bool) {
	const text = "Terraform could not plan it"
	if noAccess {
		v.Notes = append(v.Notes, text+", so that the code alone is judged: "+reason)
		return
	}
	v.Findings = append(v.Findings, Finding{Level: Unknown, Text: text + ": " + reason})
	v.rank()
}

// WriteJSON writes the report as JSON.
func (r Report) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	for i := range r.Stacks {
		v := &r.Stacks[i]
		v.Findings, v.Changes = orEmpty(v.Findings), orEmpty(v.Changes)
		for _, list := range [][]Change{v.Changes, v.Drift} {
			for j := range list {
				list[j].Differences = list[j].shown()
			}
		}
	}
	return encoder.Encode(r)
}

// orEmpty is a list that JSON has as [], not as null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// entry is a finding of one or more addresses.
type entry struct {
	Finding
	where []string
}

// entries are the findings that a reader has to see, each text once, and those that
// nobody feels and nobody has to look at.
func (v *Verdict) entries() (reasons, harmless []entry) {
	var all []entry
	for _, f := range v.Findings {
		if f.Text == "" {
			continue
		}
		where := f.Address
		if f.Path != "" {
			where += " (" + plain(f.Path) + ")"
		}
		i := slices.IndexFunc(all, func(e entry) bool {
			return e.Text == f.Text && e.Level == f.Level && e.Source == f.Source && e.Attention == f.Attention
		})
		if i < 0 {
			all, i = append(all, entry{Finding: f}), len(all)
		}
		if where != "" && !slices.Contains(all[i].where, where) {
			all[i].where = append(all[i].where, where)
		}
	}
	for _, e := range all {
		if e.Level == Nothing && !e.Attention {
			harmless = append(harmless, e)
		} else {
			reasons = append(reasons, e)
		}
	}
	return reasons, harmless
}

// headline is what users feel of a stack's changes, in one line without its name.
func (v *Verdict) headline() string {
	if len(v.Findings) == 0 && len(v.Changes) == 0 {
		return "nothing changes"
	}
	line := v.Level.String()
	separator := ", "
	switch {
	case v.Level == Nothing && len(v.Changes) > 0:
		line += ": " + count(len(v.Changes), "change that users do not notice", "changes that users do not notice")
	case v.Level == Nothing:
		separator = ": " // a setting, which is no change of a resource
	}
	look := 0
	for _, f := range v.Findings {
		if f.Attention {
			look++
		}
	}
	if look > 0 {
		line += fmt.Sprintf("%s%d to look at", separator, look)
	}
	return line
}

// planned says which tool made the plan, if there is one.
func (v *Verdict) planned() string {
	if v.Planned == "" {
		return ""
	}
	return ", as planned by version " + v.Planned + " of Terraform or OpenTofu"
}

// somewhat is at most this many of what a line lists.
const somewhat = 3

// fold says in one line what is harmless.
func fold(harmless []entry) string {
	n := 0
	var what []string
	for _, e := range harmless {
		n += max(1, len(e.where))
		what = append(what, e.Text)
	}
	if n == 0 {
		return ""
	}
	text := count(n, "change", "changes") + " that users do not notice: " + strings.Join(what[:min(somewhat, len(what))], "; ")
	if len(what) > somewhat {
		text += "; and others"
	}
	return text
}

// shortened are the first of a list, and how many are left out.
func shortened(list []string, most int) []string {
	if len(list) <= most {
		return list
	}
	return append(slices.Clone(list[:most]), fmt.Sprintf("and %d more", len(list)-most))
}

// summary counts what changes.
func (v *Verdict) summary() string {
	n := map[Action]int{}
	for _, c := range v.Changes {
		n[c.Action]++
	}
	var all []string
	for _, a := range []struct {
		action Action
		word   string
	}{{Create, "added"}, {Update, "changed"}, {Replace, "replaced"}, {Remove, "removed"}, {Forget, "no longer managed"}} {
		if n[a.action] > 0 {
			all = append(all, fmt.Sprintf("%d %s", n[a.action], a.word))
		}
	}
	return strings.Join(all, ", ")
}

// called is a type of resource in plain words.
func called(kind string) string { return cmp.Or(kinds[kind].what, kind) }
