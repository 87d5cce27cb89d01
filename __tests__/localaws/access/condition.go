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
	if rest, ok := strings.CutPrefix(operator, "ForAllValues:"); ok {
		return q.every(rest, key, wanted)
	}
	value, known, err := q.value(key)
	switch {
	case err != nil:
		return false, err
	case !known:
		return false, fmt.Errorf("the condition key %s is not known to the local AWS", key)
	case operator == "Null":
		return len(wanted) == 1 && strings.EqualFold(string(wanted[0]), fmt.Sprint(value == "")), nil
	}
	name, ifExists := strings.CutSuffix(operator, "IfExists")
	positive := strings.Replace(name, "Not", "", 1)
	not := positive != name
	compare := comparisons[positive]
	if compare == nil {
		return false, fmt.Errorf("the condition %s is not known to the local AWS", operator)
	}
	if value == "" { // the request has none
		return ifExists || not, nil
	}
	found := slices.ContainsFunc(wanted, func(w scalar) bool { return compare(q.fill(string(w)), value) })
	return found != not, nil
}

// every tells whether each of a key's values is one of those wanted; of none, all are.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func (q question) every(operator, key string, wanted list[scalar]) (bool, error) {
	compare := comparisons[operator]
	if compare == nil {
		return false, fmt.Errorf("the condition ForAllValues:%s is not known to the local AWS", operator)
	}
	values, known := q.many[strings.ToLower(key)]
	if !known {
		return false, fmt.Errorf("the condition key %s is not known to the local AWS", key)
	}
	for _, value := range values {
		if !slices.ContainsFunc(wanted, func(w scalar) bool { return compare(q.fill(string(w)), value) }) {
			return false, nil
		}
	}
	return true, nil
}

// value is that of a condition key that has one value; "" if the request has none.
func (q question) value(key string) (value string, known bool, err error) {
	key = strings.ToLower(key)
	if value, known = q.values[key]; known {
		return value, true, nil
	}
	if look := q.look[key]; look != nil {
		value, err = look()
		return value, true, err
	}
	kind, name, _ := strings.Cut(key, "/")
	tags := q.tags[kind]
	if tags == nil {
		return "", false, nil
	}
	all, err := tags()
	for tag, value := range all { // keys of conditions have no case
		if strings.EqualFold(tag, name) {
			return value, true, err
		}
	}
	return "", true, err
}
