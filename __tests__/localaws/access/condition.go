package access

import (
	"fmt"
	"slices"
	"strings"
)

// holds tells whether all conditions of s do. An error names one that is not
// understood here.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func (s statement) holds(q question) (bool, error) {
	all := true
	for operator, keys := range s.Condition {
		for key, wanted := range keys {
			one, err := q.compare(operator, key, wanted)
			if err != nil {
				return false, err
			}
			all = all && one
		}
	}
	return all, nil
}

// comparisons are the operators that are known here.
var comparisons = map[string]func(wanted, value string) bool{
	"StringEquals":           func(wanted, value string) bool { return wanted == value },
	"StringEqualsIgnoreCase": strings.EqualFold,
	"StringLike":             Matches,
	"ArnEquals":              Matches,
	"ArnLike":                Matches,
	"Bool":                   strings.EqualFold,
}

func (q question) compare(operator, key string, wanted list[scalar]) (bool, error) {
	name, ifExists := strings.CutSuffix(operator, "IfExists")
	positive := strings.Replace(name, "Not", "", 1)
	not := positive != name
	compare := comparisons[positive]
	if compare == nil {
		return false, fmt.Errorf("the condition %s is not known to the local AWS", operator)
	}
	value, known := q.values[strings.ToLower(key)]
	if !known {
		return false, fmt.Errorf("the condition key %s is not known to the local AWS", key)
	}
	if value == "" { // the request has none
		return ifExists || not, nil
	}
	found := slices.ContainsFunc(wanted, func(w scalar) bool { return compare(q.fill(string(w)), value) })
	return found != not, nil
}
