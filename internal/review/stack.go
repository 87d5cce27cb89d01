package review

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/webserver-cluster/internal/identity"
)

// Stack is what the app says of a stack: its Terraform JSON.
type Stack struct {
	Name string
	// Resources and Data are by their Terraform addresses.
	Resources, Data map[string]Resource
	Locals, Outputs map[string]any
	// Moved are former addresses of resources, by those that they have now.
	Moved map[string]string
	// Provider is the AWS provider's configuration, and Backend the S3 backend's.
	Provider, Backend map[string]any
	// Rest is all that is none of these, by its name: modules, other providers, versions.
	Rest map[string]any
}

// Resource is a resource or a data source.
type Resource struct {
	Type      string
	Arguments map[string]any // without meta-arguments
	Lifecycle Lifecycle
	// Meta are the meta-arguments that say what there is of it and by which provider: count,
	// for_each, provider, and of the lifecycle what Lifecycle has not.
	Meta map[string]any
	// Commands are the local commands that run when it is made.
	Commands []Command
}

// Lifecycle is what the code says of a resource's lifecycle.
type Lifecycle struct {
	PreventDestroy      flag                 `json:"prevent_destroy"`
	CreateBeforeDestroy flag                 `json:"create_before_destroy"`
	IgnoreChanges       oneOrMore[string]    `json:"ignore_changes"`
	Precondition        oneOrMore[Condition] `json:"precondition"`
	Postcondition       oneOrMore[Condition] `json:"postcondition"`
}

// Condition is what the code wants of a resource before or after it is made: a plan for
// which it is false fails.
type Condition struct {
	Condition    string `json:"condition"`
	ErrorMessage string `json:"error_message"`
}

// Command is a provisioner "local-exec".
type Command struct {
	Command     string         `json:"command"`
	Environment map[string]any `json:"environment"`
}

// metaArguments say how Terraform treats a resource, not what it is.
// https://developer.hashicorp.com/terraform/language/meta-arguments
var metaArguments = []string{"//", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner", "connection", "timeouts"}

// ReadStacks reads all stacks of an output folder of cdktf's, in the order in which the
// app made them.
func ReadStacks(outdir string) ([]*Stack, error) {
	var manifest struct {
		Stacks map[string]struct {
			Name            string `json:"name"`
			SynthesizedPath string `json:"synthesizedStackPath"`
		} `json:"stacks"`
	}
	content, err := os.ReadFile(filepath.Join(outdir, "manifest.json"))
	if err == nil {
		err = json.Unmarshal(content, &manifest)
	}
	if err != nil {
		return nil, fmt.Errorf("the synthesized stacks: %w", err)
	}
	order := func(name string) int { return strings.Index(string(content), fmt.Sprintf("%q: {", name)) }
	names := slices.SortedFunc(maps.Keys(manifest.Stacks), func(a, b string) int { return order(a) - order(b) })
	var all []*Stack
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(outdir, "stacks", name, identity.ConfigFile))
		if err != nil {
			return nil, fmt.Errorf("the synthesized stack %s: %w", name, err)
		}
		s, err := ParseStack(name, text)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// ParseStack reads the Terraform JSON of a stack.
func ParseStack(name string, text []byte) (*Stack, error) {
	var in struct {
		Resource, Data map[string]map[string]json.RawMessage
		Locals, Output map[string]any
		Moved          oneOrMore[struct{ From, To string }]
		Provider       struct{ AWS oneOrMore[map[string]any] }
		Terraform      struct {
			Backend struct{ S3 map[string]any }
		}
	}
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, fmt.Errorf("the synthesized stack %s: %w", name, err)
	}
	var rest map[string]any
	if err := json.Unmarshal(text, &rest); err != nil {
		return nil, fmt.Errorf("the synthesized stack %s: %w", name, err)
	}
	for _, read := range []string{"//", "resource", "data", "locals", "output", "moved"} {
		delete(rest, read)
	}
	if block, is := rest["terraform"].(map[string]any); is {
		delete(block, "backend")
	}
	if block, is := rest["provider"].(map[string]any); is {
		if all := list(block["aws"]); len(all) > 1 {
			block["aws"] = all[1:]
		} else {
			delete(block, "aws")
		}
	}
	s := &Stack{
		Rest: flat(rest), Name: name, Resources: map[string]Resource{}, Data: map[string]Resource{},
		Locals: in.Locals, Outputs: in.Output, Backend: in.Terraform.Backend.S3, Moved: map[string]string{},
	}
	for _, m := range in.Moved {
		s.Moved[m.To] = m.From
	}
	if len(in.Provider.AWS) > 0 {
		s.Provider = in.Provider.AWS[0]
	}
	read := func(into map[string]Resource, prefix string, blocks map[string]map[string]json.RawMessage) error {
		for kind, named := range blocks {
			for id, block := range named {
				r, err := parseResource(kind, block)
				if err != nil {
					return fmt.Errorf("the synthesized stack %s: %s%s.%s: %w", name, prefix, kind, id, err)
				}
				into[prefix+kind+"."+id] = r
			}
		}
		return nil
	}
	return s, errors.Join(read(s.Resources, "", in.Resource), read(s.Data, "data.", in.Data))
}

func parseResource(kind string, block json.RawMessage) (Resource, error) {
	r := Resource{Type: kind}
	if err := json.Unmarshal(block, &r.Arguments); err != nil {
		return r, err
	}
	var meta struct {
		Lifecycle   oneOrMore[Lifecycle] `json:"lifecycle"`
		Provisioner oneOrMore[struct {
			LocalExec oneOrMore[Command] `json:"local-exec"`
		}] `json:"provisioner"`
	}
	if err := json.Unmarshal(block, &meta); err != nil {
		return r, err
	}
	if len(meta.Lifecycle) > 0 {
		r.Lifecycle = meta.Lifecycle[0] // Terraform takes one
	}
	for _, p := range meta.Provisioner {
		r.Commands = append(r.Commands, p.LocalExec...)
	}
	r.Meta = map[string]any{}
	for _, name := range []string{"count", "for_each", "provider"} {
		if value, is := r.Arguments[name]; is {
			r.Meta[name] = value
		}
	}
	for _, block := range list(r.Arguments["lifecycle"]) {
		lifecycle, _ := block.(map[string]any)
		if value, is := lifecycle["replace_triggered_by"]; is {
			r.Meta["lifecycle.replace_triggered_by"] = value
		}
	}
	for _, name := range metaArguments {
		delete(r.Arguments, name)
	}
	return r, nil
}

// defaultTags are the tags that the provider gives to everything.
func (s *Stack) defaultTags() map[string]any {
	blocks := list(s.Provider["default_tags"])
	if len(blocks) == 0 {
		return nil
	}
	block, _ := blocks[0].(map[string]any)
	tags, _ := block["tags"].(map[string]any)
	return tags
}

// walk calls do for every value that is no list of blocks and no map, with its path, such as
// health_check[0].path. A list of plain values is one value.
func walk(path string, value any, do func(path string, leaf any)) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			walk(strings.TrimPrefix(path+"."+key, "."), v[key], do)
		}
	case []any:
		if !slices.ContainsFunc(v, isBlock) {
			do(path, v)
			return
		}
		for i, element := range v {
			walk(fmt.Sprintf("%s[%d]", path, i), element, do)
		}
	default:
		do(path, value)
	}
}

func isBlock(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}

// flat are all values of a resource by their paths.
func flat(arguments map[string]any) map[string]any {
	values := map[string]any{}
	walk("", arguments, func(path string, leaf any) {
		if leaf != nil && path != "" {
			values[path] = leaf
		}
	})
	return values
}

// index is that of an element of a list, in a path.
var index = regexp.MustCompile(`\[[0-9]+\]`)

// plain is a path without the places of blocks in lists: health_check.path.
func plain(path string) string { return index.ReplaceAllString(path, "") }
