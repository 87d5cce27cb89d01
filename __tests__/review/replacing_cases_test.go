package review_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"example.com/webserver-cluster/internal/review"
)

type object = map[string]any

// trial is a change of one argument of a resource that the constructs make.
type trial struct {
	kind, path string // such as aws_lb, health_check[0].path
	mode       string // changed, removed or added
	before     object
	after      object
}

func (c trial) String() string {
	return fmt.Sprintf("%s: %s %s", c.kind, place.ReplaceAllString(c.path, ""), c.mode)
}

var place = regexp.MustCompile(`\[\d+\]`)

// untried are types, and arguments by the paths of their types, that are not tried, and
// why.
var untried = map[string]string{
	"aws_dynamodb_table.attribute.name":   "goes with hash_key, and the provider refuses the one without the other",
	"aws_dynamodb_table.hash_key":         "likewise",
	"aws_lb_listener.default_action.type": "goes with the block of the action, and the provider refuses the one without the other",
	"terraform_data":                      "is Terraform's own, not the AWS provider's: https://developer.hashicorp.com/terraform/language/resources/terraform-data",
}

// exemplars are resources of the stacks that together have each argument that is set, by type.
func exemplars(all []*review.Stack) (map[string][]object, error) {
	found, seen := map[string][]object{}, map[string]bool{}
	for _, s := range all {
		for _, address := range slices.Sorted(maps.Keys(s.Resources)) {
			r := s.Resources[address]
			if untried[r.Type] != "" {
				continue
			}
			arguments, err := concrete(r.Type, "", r.Arguments)
			if err != nil {
				return nil, err
			}
			o := arguments.(object)
			delete(o, "tags")
			if shape := fmt.Sprint(r.Type, plainPaths(o)); !seen[shape] {
				seen[shape] = true
				found[r.Type] = append(found[r.Type], o)
			}
		}
	}
	return found, nil
}

// trials are all changes of one argument each of an exemplar.
func trials(all map[string][]object) ([]trial, error) {
	var found []trial
	seen := map[string]bool{}
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		for _, o := range all[kind] {
			for _, path := range leaves("", o) {
				key := kind + "." + place.ReplaceAllString(path, "")
				if seen[key] || untried[key] != "" {
					continue
				}
				seen[key] = true
				before, changed, removed := copied(o), copied(o), copied(o)
				other, err := otherValue(kind, path, at(o, path))
				if err != nil {
					return nil, err
				}
				set(changed, path, other)
				unset(removed, path)
				found = append(found, trial{kind, path, "changed", before, changed}, trial{kind, path, "removed", before, removed}, trial{kind, path, "added", removed, before})
			}
		}
	}
	return found, nil
}

func plainPaths(o object) []string {
	all := leaves("", o)
	for i, path := range all {
		all[i] = place.ReplaceAllString(path, "")
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// leaves are the paths of the values in an object; a list of plain values is one.
func leaves(path string, value any) []string {
	var all []string
	switch v := value.(type) {
	case object:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			all = append(all, leaves(strings.TrimPrefix(path+"."+key, "."), v[key])...)
		}
		return all
	case []any:
		blocks := false
		for i, element := range v {
			if _, is := element.(object); is {
				all, blocks = append(all, leaves(fmt.Sprintf("%s[%d]", path, i), element)...), true
			}
		}
		if blocks {
			return all
		}
	case nil:
		return nil
	}
	return []string{path}
}

var step = regexp.MustCompile(`[^.\[\]]+`)

// container is what a path's last step is in, and that step.
func container(o object, path string) (object, string) {
	steps := step.FindAllString(path, -1)
	var value any = o
	for _, s := range steps[:len(steps)-1] {
		switch v := value.(type) {
		case object:
			value = v[s]
		case []any:
			var i int
			fmt.Sscan(s, &i)
			value = v[i]
		}
	}
	in, _ := value.(object)
	return in, steps[len(steps)-1]
}

func at(o object, path string) any {
	in, last := container(o, path)
	return in[last]
}

func set(o object, path string, value any) {
	in, last := container(o, path)
	in[last] = value
}

func unset(o object, path string) {
	in, last := container(o, path)
	delete(in, last)
}

func copied(o object) object {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	var c object
	if err := json.Unmarshal(text, &c); err != nil {
		panic(err)
	}
	return c
}
