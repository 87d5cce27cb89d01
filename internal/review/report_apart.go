package review

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Apart is what came or went of what tells one environment from another one.
type Apart struct {
	From string   `json:"from"`
	To   string   `json:"to"`
	Came []string `json:"came"`
	Went []string `json:"went"`
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

// TellApart returns a line for each value that tells one environment from another one.
func TellApart(a, b map[string]string) []string {
	var lines []string
	keys := maps.Clone(a)
	maps.Copy(keys, b)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		was, inA := a[key]
		is, inB := b[key]
		switch {
		case !inB:
			lines = append(lines, fmt.Sprintf("- %s = %s", key, was))
		case !inA:
			lines = append(lines, fmt.Sprintf("+ %s = %s", key, is))
		case was != is:
			lines = append(lines, fmt.Sprintf("~ %s = %s -> %s", key, was, is))
		}
	}
	return lines
}

// MovedApart compares what tells each two neighbours among environments apart, before
// and after, by their Terraform JSON. An environment that one side lacks is left out.
func MovedApart(environments []string, before, after map[string][]byte) ([]Apart, error) {
	var all []Apart
	for i := 1; i < len(environments); i++ {
		from, to := environments[i-1], environments[i]
		was, inBefore, err := tellApart(from, to, before)
		if err != nil {
			return nil, err
		}
		is, inAfter, err := tellApart(from, to, after)
		if err != nil {
			return nil, err
		}
		if !inBefore || !inAfter {
			continue
		}
		a := Apart{From: from, To: to, Came: without(is, was), Went: without(was, is)}
		if len(a.Came)+len(a.Went) > 0 {
			all = append(all, a)
		}
	}
	return all, nil
}

func tellApart(from, to string, stacks map[string][]byte) (lines []string, both bool, err error) {
	var values [2]map[string]string
	for i, name := range []string{from, to} {
		text, is := stacks[name]
		if !is {
			return nil, false, nil
		}
		var stack map[string]any
		if err := json.Unmarshal(text, &stack); err != nil {
			return nil, false, fmt.Errorf("the synthesized stack %s: %w", name, err)
		}
		values[i] = Values(name, stack)
	}
	return TellApart(values[0], values[1]), true, nil
}

// without is what is in one list and not in another one.
func without(list, other []string) []string {
	there := map[string]bool{}
	for _, line := range other {
		there[line] = true
	}
	only := []string{}
	for _, line := range list {
		if !there[line] {
			only = append(only, line)
		}
	}
	return only
}
