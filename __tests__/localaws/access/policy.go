package access

import (
	"encoding/json"
	"fmt"
	"strings"
)

// document is a policy.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
type document struct {
	Statement list[statement]
}

type statement struct {
	Sid               string
	Effect            string
	Principal         json.RawMessage // of a trust policy
	Action, NotAction list[string]
	Resource          list[string]
	NotResource       list[string]
	Condition         map[string]map[string]list[scalar]
}

// list is a JSON list, or one element in place of it.
type list[T any] []T

func (l *list[T]) UnmarshalJSON(data []byte) error {
	if strings.HasPrefix(string(data), "[") {
		return json.Unmarshal(data, (*[]T)(l))
	}
	var one T
	*l = list[T]{one}
	return json.Unmarshal(data, &(*l)[0])
}

// scalar is a string, or a number or boolean written as one.
type scalar string

func (s *scalar) UnmarshalJSON(data []byte) error {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return err
	}
	*s = scalar(fmt.Sprint(v))
	return nil
}

func parse(text string) (document, error) {
	var d document
	err := json.Unmarshal([]byte(text), &d)
	return d, err
}

// question is what is asked of policies, and what is known of the request for their
// conditions, each by the condition key in lower case.
type question struct {
	action, resource string
	values           map[string]string
	many             map[string][]string                          // of keys with several values
	look             map[string]func() (string, error)            // of those that have to be looked up
	tags             map[string]func() (map[string]string, error) // by the key up to its "/"
}

// verdict is a policies' answer.
type verdict int

const (
	silent verdict = iota // nothing allows it
	allowed
	denied
)

// judge has policies answer q, and tells note what they say that it does not understand.
func judge(policies []document, q question, note func(string)) verdict {
	answer := silent
	for _, p := range policies {
		for _, s := range p.Statement {
			if !s.covers(q) {
				continue
			}
			holds, err := s.holds(q)
			if err != nil {
				note(fmt.Sprintf("%s %s: %v", s.Effect, q.action, err))
				holds = s.Effect != "Allow"
			}
			switch {
			case !holds:
			case s.Effect == "Allow":
				answer = max(answer, allowed)
			default:
				answer = denied
			}
		}
	}
	return answer
}

// only is the Sid of the one statement that allows q; "" for none, or several.
func only(policies []document, q question) string {
	sid, n := "", 0
	for _, p := range policies {
		for _, s := range p.Statement {
			if s.Effect != "Allow" || !s.covers(q) {
				continue
			}
			if holds, err := s.holds(q); err == nil && holds {
				sid = s.Sid
				n++
			}
		}
	}
	if n != 1 {
		return ""
	}
	return sid
}

// covers tells whether s speaks of the action and the resource.
func (s statement) covers(q question) bool {
	// Actions are written in any case: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
	action := func(pattern string) bool { return Matches(strings.ToLower(pattern), strings.ToLower(q.action)) }
	resource := func(pattern string) bool { return Matches(q.fill(pattern), q.resource) }
	return about(s.Action, s.NotAction, action) && about(s.Resource, s.NotResource, resource)
}

// about tells whether one of yes matches or, in place of it, none of no.
func about(yes, no list[string], match func(string) bool) bool {
	for _, pattern := range yes {
		if match(pattern) {
			return true
		}
	}
	for _, pattern := range no {
		if match(pattern) {
			return false
		}
	}
	return len(no) > 0
}

// fill puts the values of policy variables in.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func (q question) fill(pattern string) string {
	before, rest, found := strings.Cut(pattern, "${")
	if !found {
		return pattern
	}
	name, rest, _ := strings.Cut(rest, "}")
	value, known, err := q.value(name)
	if !known || err != nil {
		value = "${" + name + "}" // matches nothing
	}
	return before + value + q.fill(rest)
}

// Matches tells whether s is like pattern, in which * stands for any characters and
// ? for one.
func Matches(pattern, s string) bool {
	for i := range len(pattern) {
		switch {
		case pattern[i] == '*':
			for j := i; j <= len(s); j++ {
				if Matches(pattern[i+1:], s[j:]) {
					return true
				}
			}
			return false
		case i >= len(s) || pattern[i] != '?' && pattern[i] != s[i]:
			return false
		}
	}
	return len(pattern) == len(s)
}
