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
	mode       string // changed, removed, added or shrunk
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
	"aws_db_instance.restore_to_point_in_time.restore_time":                  partOfRestore,
	"aws_db_instance.restore_to_point_in_time.source_db_instance_identifier": partOfRestore,
	"aws_db_instance.restore_to_point_in_time.source_dbi_resource_id":        partOfRestore,
	"aws_db_instance.restore_to_point_in_time.use_latest_restorable_time":    partOfRestore,
	"aws_dynamodb_table.attribute.name":                                      "goes with hash_key, and the provider refuses the one without the other",
	"aws_dynamodb_table.hash_key":                                            "likewise",
	"aws_lb_listener.default_action.type":                                    "goes with the block of the action, and the provider refuses the one without the other",
	"aws_s3_object.override_provider":                                        "is a block without a value",
	"terraform_data":                                                         "is Terraform's own, not the AWS provider's: https://developer.hashicorp.com/terraform/language/resources/terraform-data",
}

const partOfRestore = "the provider replaces a database for the block that comes or goes, not for what is in it; the constructs have Terraform ignore all of it"

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
			if _, tagged := o["tags"]; tagged {
				o["tags"] = object{"Name": "one"}
			}
			if shape := fmt.Sprint(r.Type, plainPaths(o)); !seen[shape] {
				seen[shape] = true
				found[r.Type] = append(found[r.Type], o)
			}
		}
	}
	return found, nil
}

// trials are all changes of one value each of an exemplar, and each argument taken away, or
// added, but for those that are required.
func trials(all map[string][]object, required func(kind, argument string) bool) ([]trial, error) {
	var found []trial
	seen := map[string]bool{}
	is := func(key string) bool {
		was := seen[key] || untried[key] != ""
		seen[key] = true
		return was
	}
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		for _, o := range all[kind] {
			for _, path := range leaves("", o) {
				if is(kind + "." + place.ReplaceAllString(path, "")) {
					continue
				}
				other, err := otherValue(kind, path, at(o, path))
				if err != nil {
					return nil, err
				}
				changed := copied(o)
				set(changed, path, other)
				found = append(found, trial{kind, path, "changed", copied(o), changed})
			}
			for _, argument := range slices.Sorted(maps.Keys(o)) {
				if required(kind, argument) || untried[kind+"."+argument] != "" || is(kind+" without "+argument) {
					continue
				}
				without := copied(o)
				delete(without, argument)
				found = append(found, trial{kind, argument, "removed", copied(o), without}, trial{kind, argument, "added", without, copied(o)})
			}
		}
	}
	// Storage that may grow by itself has perhaps done so.
	shrunk := copied(all["aws_db_instance"][0])
	larger := copied(shrunk)
	shrunk["allocated_storage"], larger["allocated_storage"] = 20, 40
	shrunk["max_allocated_storage"], larger["max_allocated_storage"] = 100, 100
	return append(found, trial{"aws_db_instance", "allocated_storage", "shrunk", larger, shrunk}), nil
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
