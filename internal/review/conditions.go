package review

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

const postcondition = "https://developer.hashicorp.com/terraform/language/expressions/custom-conditions"

// keeps is a postcondition of the constructs: what was made with one value keeps it, or
// has to be true. Of Restore, what was not restored has no such value.
var keeps = regexp.MustCompile(`^\$\{(try\()?self\.([a-z_]+(?:\[\d+\]\.[a-z_]+)*)(?:, ""\))?(?: == .*)?\}$`)

// conditions are the findings of what a resource has to be, or the plan fails. Most often
// it is an argument that it cannot change, and Terraform ignores.
func conditions(address string, old, now Resource) []Finding {
	var all []Finding
	add := func(f Finding) {
		f.Address = address
		if !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	before, after := flat(old.Arguments), flat(now.Arguments)
	for _, c := range now.Lifecycle.Postcondition {
		m := keeps.FindStringSubmatch(c.Condition)
		if m == nil || !isIgnored(m[2], now.Lifecycle.IgnoreChanges) || reflect.DeepEqual(before[m[2]], after[m[2]]) {
			continue
		}
		was, is := shownValue(m[2], before[m[2]]), shownValue(m[2], after[m[2]])
		reason, _, _ := strings.Cut(c.ErrorMessage, ": this one was made with")
		switch {
		case m[1] != "":
			// docs/restore.md does it on purpose, for a database that is not in the state.
			add(Finding{Level: Refused, PlanFails: true, Source: postcondition, Text: "Restore comes, or is another one: if the database is there, the plan fails, and nothing changes. " +
				"Only a database that is made can be restored (docs/restore.md)"})
		case isTemplate(before[m[2]]) || isTemplate(after[m[2]]):
			add(Finding{Level: Unknown, Source: postcondition, Text: reason + ": refused unless it is the same as now, which only a plan can tell"})
		default:
			add(Finding{Level: Refused, PlanFails: true, Source: postcondition, Text: fmt.Sprintf("%s, from %s to %s: the plan fails, and nothing changes", reason, was, is)})
		}
	}
	for path, sides := range map[string][2]oneOrMore[Condition]{
		"lifecycle.precondition":  {old.Lifecycle.Precondition, now.Lifecycle.Precondition},
		"lifecycle.postcondition": {old.Lifecycle.Postcondition, now.Lifecycle.Postcondition},
	} {
		if !slices.EqualFunc(unexplained(old, sides[0]), unexplained(now, sides[1]), func(a, b Condition) bool { return a.Condition == b.Condition }) {
			add(Finding{Level: Unknown, Path: path, Source: postcondition, Text: "no rule knows this condition, for which a plan or a deploy may fail"})
		}
	}
	slices.SortStableFunc(all, func(a, b Finding) int { return strings.Compare(a.Path, b.Path) })
	return all
}

// unexplained are the conditions whose coming and going means more than the arguments do
// that it is about: none of those that the constructs make.
func unexplained(r Resource, all []Condition) []Condition {
	return slices.DeleteFunc(slices.Clone(all), func(c Condition) bool {
		// The precondition of a rollout is that the command is there.
		return isRollout(r) || keeps.MatchString(c.Condition)
	})
}

func isTemplate(value any) bool { return len(expressions(fmt.Sprint(value))) > 0 }
