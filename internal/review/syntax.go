package review

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// oneOrMore is what Terraform's JSON may have alone or in a list: a block, or the keyword
// "all" of ignore_changes.
// https://developer.hashicorp.com/terraform/language/syntax/json#nested-block-mapping
type oneOrMore[T any] []T

// UnmarshalJSON reads the one or the list.
func (o *oneOrMore[T]) UnmarshalJSON(text []byte) error {
	*o = nil
	if bytes.HasPrefix(text, []byte("[")) {
		return json.Unmarshal(text, (*[]T)(o))
	}
	if string(text) == "null" {
		return nil
	}
	var one T
	err := json.Unmarshal(text, &one)
	*o = oneOrMore[T]{one}
	return err
}

// flag is true or false, which Terraform's JSON may have as a text.
type flag bool

// UnmarshalJSON reads the value or its text.
func (f *flag) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(bytes.Trim(text, `"`), (*bool)(f))
}

// reference is one to a local value, or to an attribute of a resource or data source.
// https://developer.hashicorp.com/terraform/language/expressions/references
var reference = regexp.MustCompile(`\b(?:local\.[A-Za-z0-9_-]+|(?:data\.)?[a-z][a-z0-9]*_[a-z0-9_]+\.[A-Za-z0-9_-]+(?:\[[^\]]*\])?\.[a-z_]+)`)

// references are those in a value, however deep, each an address, a dot and an
// attribute; of a local, its address alone.
func references(value any) []string {
	var found []string
	walk("", value, func(_ string, leaf any) {
		for _, one := range list(leaf) { // of plain values
			text, _ := one.(string)
			for _, expression := range expressions(text) {
				found = append(found, reference.FindAllString(expression, -1)...)
			}
		}
	})
	slices.Sort(found)
	return slices.Compact(found)
}

// addresses are those of the resources that a value refers to.
func addresses(value any) (all []string) {
	for _, r := range references(value) {
		all = append(all, r[:strings.LastIndexByte(r, '.')])
	}
	return slices.Compact(all)
}

// expressions are what Terraform evaluates of a text: what is in ${ } and %{ }, but for
// $${ and %%{, which stand for themselves.
// https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences-1
func expressions(text string) (all []string) {
	for i := 0; i < len(text); i++ {
		switch rest := text[i:]; {
		case strings.HasPrefix(rest, "$${"), strings.HasPrefix(rest, "%%{"):
			i += len("${")
		case opens(rest):
			inside := text[i+len("${"):]
			end := closing(inside)
			all = append(all, inside[:end])
			i += len("${") + end
		}
	}
	return all
}

func opens(text string) bool { return strings.HasPrefix(text, "${") || strings.HasPrefix(text, "%{") }

// closing is where the brace closes that was open before a text: not at one within
// quotes, which may hold expressions themselves. At its end, if none closes.
func closing(text string) int {
	open := []byte{'{'} // braces and quotes, the innermost last
	for i := 0; i < len(text); i++ {
		quoted := open[len(open)-1] == '"'
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case quoted && (strings.HasPrefix(text[i:], "$${") || strings.HasPrefix(text[i:], "%%{")):
			i += len("${")
		case quoted && opens(text[i:]):
			i++
			open = append(open, '{')
		case quoted && c == '"', !quoted && c == '}':
			if open = open[:len(open)-1]; len(open) == 0 {
				return i
			}
		case !quoted && (c == '{' || c == '"'):
			open = append(open, c)
		}
	}
	return len(text)
}
