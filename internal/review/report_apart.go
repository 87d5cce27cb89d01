package review

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Apart is what becomes of what tells one environment from another one.
type Apart struct {
	From  string  `json:"from"`
	To    string  `json:"to"`
	Moved []Moved `json:"moved"`
}

// Moved is a value that tells two environments apart, or no longer does, or otherwise.
type Moved struct {
	Path   string `json:"path"`
	Before string `json:"before"` // in words
	After  string `json:"after"`
}

// Distinction is a value that tells one environment from another one; nil where it is
// not there.
type Distinction struct {
	Path     string
	From, To *string
}

func (d Distinction) String() string {
	switch {
	case d.To == nil:
		return fmt.Sprintf("- %s = %s", d.Path, *d.From)
	case d.From == nil:
		return fmt.Sprintf("+ %s = %s", d.Path, *d.To)
	}
	return fmt.Sprintf("~ %s = %s -> %s", d.Path, *d.From, *d.To)
}

// words say a distinction of two environments.
func (d Distinction) words(from, to string) string {
	one := func(value *string, name string) string {
		if value == nil {
			return "none in " + name
		}
		return cmp.Or(*value, `""`) + " in " + name
	}
	return one(d.From, from) + ", " + one(d.To, to)
}

// Values are all values of a stack's Terraform JSON by their paths, the stack's name
// replaced by ENV and CDKTF's notes left out.
func Values(name string, stack map[string]any) map[string]string {
	values := map[string]string{}
	word := regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\b`)
	var walk func(path string, value any)
	walk = func(path string, value any) {
		switch value := value.(type) {
		case map[string]any:
			for key, v := range value {
				if key != "//" {
					walk(path+"."+key, v)
				}
			}
		case []any:
			for i, v := range value {
				walk(fmt.Sprintf("%s[%d]", path, i), v)
			}
		default:
			values[strings.TrimPrefix(path, ".")] = word.ReplaceAllString(fmt.Sprint(value), "ENV")
		}
	}
	for _, section := range []string{"terraform", "provider", "locals", "data", "resource", "output"} {
		walk(section, stack[section])
	}
	return values
}

// TellApart returns what tells one environment from another one, sorted by path.
func TellApart(from, to map[string]string) []Distinction {
	var all []Distinction
	for _, path := range sortedKeys(from, to) {
		d := Distinction{Path: path}
		if value, is := from[path]; is {
			d.From = &value
		}
		if value, is := to[path]; is {
			d.To = &value
		}
		if d.From == nil || d.To == nil || *d.From != *d.To {
			all = append(all, d)
		}
	}
	return all
}

// MovedApart compares what tells each two neighbours among environments apart, before
// and after, by their Terraform JSON. An environment that one side lacks is left out.
func MovedApart(environments []string, before, after map[string][]byte) ([]Apart, error) {
	var all []Apart
	for i := 1; i < len(environments); i++ {
		from, to := environments[i-1], environments[i]
		old, inBefore, err := valuesOf(from, to, before)
		if err != nil {
			return nil, err
		}
		now, inAfter, err := valuesOf(from, to, after)
		if err != nil {
			return nil, err
		}
		if !inBefore || !inAfter {
			continue
		}
		if a := (Apart{From: from, To: to, Moved: moved(from, to, old, now)}); len(a.Moved) > 0 {
			all = append(all, a)
		}
	}
	return all, nil
}

// moved is what differs between what tells two environments apart, before and after, each
// given by the values of both.
func moved(from, to string, old, now []map[string]string) []Moved {
	said := func(values []map[string]string) map[string]string {
		words := map[string]string{}
		for _, d := range TellApart(values[0], values[1]) {
			words[d.Path] = d.words(from, to)
		}
		return words
	}
	const same = "the same in both"
	before, after := said(old), said(now)
	var all []Moved
	for _, path := range sortedKeys(before, after) {
		if before[path] == after[path] {
			continue
		}
		if isSecretIn(path, append(slices.Clone(old), now...)) {
			all = append(all, Moved{Path: strings.TrimPrefix(path, "resource."), Before: hiddenValue, After: hiddenValue})
		} else {
			all = append(all, Moved{Path: strings.TrimPrefix(path, "resource."), Before: cmp.Or(before[path], same), After: cmp.Or(after[path], same)})
		}
	}
	return all
}

// valuesOf are the values of two environments, if both are there.
func valuesOf(from, to string, stacks map[string][]byte) (values []map[string]string, both bool, err error) {
	for _, name := range []string{from, to} {
		text, is := stacks[name]
		if !is {
			return nil, false, nil
		}
		var stack map[string]any
		if err := json.Unmarshal(text, &stack); err != nil {
			return nil, false, fmt.Errorf("the synthesized stack %s: %w", name, err)
		}
		values = append(values, Values(name, stack))
	}
	return values, true, nil
}
