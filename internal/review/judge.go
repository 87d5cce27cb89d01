package review

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Finding is what users feel of one change, or why they feel nothing of it.
type Finding struct {
	Level Level `json:"level"`
	// Address and Path are what changes: a resource, and an argument of it.
	Address string `json:"address,omitempty"`
	Path    string `json:"path,omitempty"`
	// Text says what happens, in plain words, and Source is the page that says so.
	Text   string `json:"text"`
	Source string `json:"source,omitempty"`
	// Attention is whether a reviewer should look at it although users feel nothing: rights
	// that grow, an alarm that goes.
	Attention bool `json:"attention,omitempty"`
	// PlanFails is whether Terraform refuses to plan it, so that nothing of the change is
	// made. What AWS refuses leaves a deploy half done.
	PlanFails bool `json:"planFails,omitempty"`
}

// Verdict is what is found of a stack.
type Verdict struct {
	Stack    string    `json:"stack"`
	Level    Level     `json:"level"`
	Findings []Finding `json:"findings"` // the worst first
	Changes  []Change  `json:"changes"`
	Drift    []Change  `json:"drift,omitempty"`
	Fleet    *Fleet    `json:"fleet,omitempty"` // if it is replaced
	Cost     []Cost    `json:"cost,omitempty"`
	Notes    []string  `json:"notes,omitempty"`
	Planned  string    `json:"planned,omitempty"` // the version of the tool that made the plan; "" without one
}

// judging is what rules look at besides the change that they judge.
type judging struct {
	before, after *Stack // either may be nil
	changes       map[string]*Change
	verdict       *Verdict
	planned       bool // by Terraform, and not told from the code
	capacity      map[string]int
}

// Judge judges what a plan does to a stack, or, without one, what tells the stack's code
// from what it was before. Either stack may be nil, one that is not there.
func Judge(before, after *Stack, plan *Plan) Verdict {
	known := cmp.Or(after, before)
	v := Verdict{Stack: known.Name}
	j := judging{before: before, after: after, changes: map[string]*Change{}, verdict: &v}
	if plan != nil {
		j.planned, j.capacity = !plan.Refused, plan.Capacity
		v.Changes, v.Drift, v.Planned = plan.Changes, plan.Drift, plan.By
		if plan.Refused {
			v.Findings = append(v.Findings, Finding{Level: Refused, PlanFails: true, Text: "Terraform refuses to plan this: nothing changes"})
		}
	} else {
		v.Changes = Compare(before, after)
	}
	v.Cost = costs(before, after)
	v.Notes = notes(after, plan != nil)
	switch {
	case before == nil && plan == nil:
		v.Findings = append(v.Findings, Finding{Text: "a new environment, which nobody uses yet"})
		return v
	case after == nil:
		v.Level = Unknown
		v.Findings = append(v.Findings, Finding{Level: Unknown, Text: "the code has this stack no more: what is deployed stays on AWS, and nobody manages it. " +
			"Destroy it first, with the code as it was: npx cdktf destroy " + v.Stack})
		v.Changes = nil
		return v
	}
	for i := range v.Changes {
		if v.Changes[i].Deposed == "" { // which is not what others refer to
			j.changes[v.Changes[i].Address] = &v.Changes[i]
		}
	}
	if before != nil {
		j.settings()
	}
	gone := j.gone(plan)
	for i := range v.Changes {
		c := &v.Changes[i]
		found := j.judge(c)
		if f, is := gone[c.Address]; is && c.Deposed == "" {
			found = append(slices.DeleteFunc(found, func(f Finding) bool { return f.Level == Nothing && !f.Attention }), f)
		}
		v.Findings = append(v.Findings, found...)
	}
	v.rank()
	return v
}

// rank puts the worst first, and says it of the whole. Of a plan that fails, users feel
// nothing.
func (v *Verdict) rank() {
	slices.SortStableFunc(v.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(b.Level, a.Level), compareBool(b.Attention, a.Attention))
	})
	for _, f := range v.Findings {
		if f.PlanFails {
			v.Level = Refused
			return
		}
		v.Level = max(v.Level, f.Level)
	}
}

func compareBool(a, b bool) int {
	n := map[bool]int{true: 1}
	return n[a] - n[b]
}

// judge goes through a change by the rules of its type.
func (j *judging) judge(c *Change) []Finding {
	if refused := j.refused(c); len(refused) > 0 {
		return refused
	}
	k, known := kinds[c.Type]
	if !known {
		return []Finding{{Level: Unknown, Address: c.Address, Text: "no rule knows " + c.Type}}
	}
	if c.Deposed != "" && c.Action == Remove {
		return []Finding{leftOver(c)}
	}
	whole := map[Action]effect{Create: k.made, Replace: k.replaced, Remove: k.removed, Forget: forgotten}
	if c.Action != Update {
		e := whole[c.Action]
		if e.judge == nil && e.text == "" {
			e = effect{level: Unknown, text: fmt.Sprintf("no rule knows what it does to %s %s", c.Action, k.what)}
		}
		f := e.of(j, c, Difference{})
		if c.Action == Replace && !isRollout(c.code) {
			f.Text += because(c)
		}
		all := []Finding{f}
		if c.Action == Replace {
			// What is made in its place has its other arguments from the start.
			for _, d := range c.Differences {
				if e := k.argument(d).of(j, c, d); !d.Replaces && e.Level == DataAtRisk {
					all = append(all, e)
				}
			}
		}
		return all
	}
	var all []Finding
	for _, d := range c.Differences {
		f := k.argument(d).of(j, c, d)
		if f.Text == "" || slices.ContainsFunc(all, func(other Finding) bool { return other.Text == f.Text }) {
			continue
		}
		all = append(all, f)
	}
	return all
}

// holdsData tells whether data go with what is of this type.
func holdsData(kind string) bool {
	return slices.Contains([]string{"aws_db_instance", "aws_dynamodb_table", "aws_s3_bucket"}, kind)
}

// leftOver is what a deploy that failed did not come to delete, of what it had replaced.
func leftOver(c *Change) Finding {
	f := Finding{Address: c.name(), Text: "what is left of an earlier replacement: nobody uses it any more"}
	if holdsData(c.Type) {
		f.Level, f.Text = Unknown, "what is left of an earlier replacement is deleted, and what is in it"
	}
	return f
}

// because says which arguments a resource is replaced for.
func because(c *Change) string {
	var paths []string
	for _, d := range c.Differences {
		if d.Replaces {
			paths = append(paths, plain(d.Path))
		}
	}
	if len(paths) == 0 {
		return ""
	}
	return " (because of " + strings.Join(slices.Compact(paths), ", ") + ")"
}

// refused are the reasons why Terraform refuses to plan a change: a resource that the code
// protects, or an argument that the code has it keep.
func (j *judging) refused(c *Change) []Finding {
	var all []Finding
	if c.code.Lifecycle.PreventDestroy && c.Action == Replace {
		all = append(all, Finding{Level: Refused, PlanFails: true, Address: c.Address, Text: "Terraform refuses to replace it: the code has prevent_destroy" + because(c), Source: preventDestroy})
	}
	return all
}

const preventDestroy = "https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#prevent_destroy"

// kind is a type of resource.
type kind struct {
	what                    string // in plain words
	made, removed, replaced effect
	arguments               map[string]effect // by path, for all that is in it
}

// effect is what users feel of something, and why.
type effect struct {
	level     Level
	text      string
	source    string
	attention bool
	// judge, if it is set, tells it from the values.
	judge func(j *judging, c *Change, d Difference) effect
}

func (e effect) of(j *judging, c *Change, d Difference) Finding {
	if e.judge != nil {
		e = e.judge(j, c, d)
	}
	return Finding{Level: e.level, Address: c.Address, Path: d.Path, Text: e.text, Source: e.source, Attention: e.attention}
}

// argument is the effect of a changed argument: that of the longest path that it is in.
func (k kind) argument(d Difference) effect {
	path := plain(d.Path)
	best := ""
	for known := range k.arguments {
		if within(path, known) && len(known) > len(best) {
			best = known
		}
	}
	switch {
	case best != "":
		return k.arguments[best]
	case within(path, "tags"), within(path, "tags_all"):
		return nothing("tags")
	}
	return effect{level: Unknown, text: fmt.Sprintf("no rule knows the argument %s of %s", path, k.what)}
}

var forgotten = effect{level: Unknown, text: "Terraform no longer manages it, and leaves it on AWS"}

func nothing(text string) effect         { return effect{text: text} }
func look(text, source string) effect    { return effect{text: text, source: source, attention: true} }
func rolling(text, source string) effect { return effect{level: Rolling, text: text, source: source} }
func interruption(text, source string) effect {
	return effect{level: Interruption, text: text, source: source}
}
func atRisk(text, source string) effect { return effect{level: DataAtRisk, text: text, source: source} }
func refusedByAWS(text, source string) effect {
	return effect{level: Refused, text: text, source: source}
}
func by(f func(*judging, *Change, Difference) effect) effect { return effect{judge: f} }
