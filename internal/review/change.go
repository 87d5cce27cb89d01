package review

import (
	"fmt"
	"reflect"
	"strings"
)

// Action is what Terraform does to a resource.
type Action string

const (
	Create  Action = "create"
	Update  Action = "update" // in place
	Replace Action = "replace"
	Remove  Action = "remove"
	Forget  Action = "forget" // leaves it on AWS, unmanaged
)

// Change is what happens to one resource.
type Change struct {
	Address     string       `json:"address"`
	Type        string       `json:"type"`
	Action      Action       `json:"action"`
	Differences []Difference `json:"differences,omitempty"`

	// Deposed is the key of the object that it is about, if that is not the resource's present
	// one: what a replacement has made another one for, and could not delete.
	// https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
	Deposed string `json:"deposed,omitempty"`

	// Tainted says that it is replaced because it was not made as it should, the last time.
	Tainted bool `json:"tainted,omitempty"`

	before, after map[string]any // arguments in code, or values of the plan; nil where it is not there
	code          Resource       // as the code has it now; before, if it has it no more
}

// name is what Terraform calls what changes.
func (c Change) name() string {
	if c.Deposed != "" {
		return c.Address + " (deposed object " + c.Deposed + ")"
	}
	return c.Address
}

// Difference is an argument of a resource that changes.
type Difference struct {
	Path   string `json:"path"` // such as health_check[0].path
	Before any    `json:"before,omitempty"`
	After  any    `json:"after,omitempty"`
	// Unknown says that the value after is known only when it is deployed.
	Unknown bool `json:"unknown,omitempty"`
	// Through is what the argument refers to, and what changes in truth.
	Through string `json:"through,omitempty"`
	// Replaces says that the resource is replaced because of this one.
	Replaces bool `json:"replaces,omitempty"`
}

// differences are those between two sets of arguments, of the same kind, but for those
// that are ignored, sorted by path.
func differences(before, after map[string]any, ignored []string) []Difference {
	var all []Difference
	old, now := flat(before), flat(after)
	for _, path := range sortedKeys(old, now) {
		if isIgnored(path, ignored) || reflect.DeepEqual(old[path], now[path]) {
			continue
		}
		all = append(all, Difference{Path: path, Before: old[path], After: now[path]})
	}
	return all
}

// isIgnored tells whether a path is what the code has Terraform ignore.
// https://developer.hashicorp.com/terraform/language/meta-arguments/lifecycle#ignore_changes
func isIgnored(path string, ignored []string) bool {
	for _, i := range ignored {
		if i == "all" || within(path, i) {
			return true
		}
	}
	return false
}

// within tells whether a path is that of an argument, or of a part of it.
func within(path, argument string) bool {
	rest, ok := strings.CutPrefix(path, argument)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// number is a number among the values of a resource, which Terraform's JSON may have
// as a text.
func number(values map[string]any, argument string) (float64, bool) {
	switch v := values[argument].(type) {
	case float64:
		return v, true
	case string:
		var n float64
		_, err := fmt.Sscanf(v, "%g", &n)
		return n, err == nil
	}
	return 0, false
}

func isTrue(values map[string]any, argument string) bool {
	return values[argument] == true || values[argument] == "true"
}

func text(values map[string]any, argument string) string {
	s, _ := values[argument].(string)
	return s
}
