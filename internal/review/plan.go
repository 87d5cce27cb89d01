package review

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// Plan is what a plan of Terraform's or OpenTofu's says.
type Plan struct {
	Changes []Change
	// Drift is what was changed on AWS by others since the last deploy.
	Drift []Change
	// Capacity is how many instances each group has now, by its address.
	Capacity map[string]int
	// Refused is whether the plan failed.
	Refused bool
	// By is the version of the tool that made it.
	By string

	empty bool // of the state: it has none of the resources
}

// errNoPlan means that a file is none that "terraform show -json" has written of a plan.
var errNoPlan = errors.New(`is no plan: give one that "terraform plan -out" has written, or what "terraform show -json" prints of it`)

// ParsePlan reads a plan of the stack, as "terraform show -json" prints it. It refuses
// one of another stack.
func ParsePlan(stack *Stack, content []byte) (*Plan, error) {
	var given struct {
		FormatVersion string          `json:"format_version"`
		Changes       json.RawMessage `json:"resource_changes"`
		Planned       json.RawMessage `json:"planned_values"`
		Errored       bool            `json:"errored"`
	}
	var reasons struct {
		Changes []struct {
			Address, Deposed string
			Reason           string `json:"action_reason"`
		} `json:"resource_changes"`
	}
	var in tfjson.Plan
	if err := json.Unmarshal(content, &given); err != nil {
		return nil, fmt.Errorf("is broken JSON: %w", err)
	}
	if given.FormatVersion == "" || given.Changes == nil && given.Planned == nil {
		return nil, errNoPlan
	}
	if err := errors.Join(json.Unmarshal(content, &in), json.Unmarshal(content, &reasons)); err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	in.ResourceChanges, in.ResourceDrift = some(in.ResourceChanges), some(in.ResourceDrift)
	tainted := map[string]bool{}
	for _, c := range reasons.Changes {
		tainted[c.Address+c.Deposed] = c.Reason == "replace_because_tainted"
	}
	p := &Plan{By: in.TerraformVersion, Refused: given.Errored}
	if err := belongs(stack, &in); err != nil {
		return nil, err
	}
	p.Capacity = map[string]int{}
	p.empty = true
	for _, c := range in.ResourceChanges {
		if c.Mode == tfjson.ManagedResourceMode && c.Change != nil && c.Change.Before != nil {
			p.empty = false
		}
		if c.Type == "aws_autoscaling_group" && c.Change != nil && c.DeposedKey == "" {
			before, _ := c.Change.Before.(map[string]any)
			if desired, known := number(before, "desired_capacity"); known {
				p.Capacity[c.Address] = int(desired)
			}
		}
		if change, any := planned(stack, c); any {
			change.Tainted = tainted[c.Address+c.DeposedKey]
			p.Changes = append(p.Changes, change)
		}
	}
	for _, c := range in.ResourceDrift {
		if change, any := planned(stack, c); any {
			p.Drift = append(p.Drift, change)
		}
	}
	byName := func(a, b Change) int { return strings.Compare(a.name(), b.name()) }
	slices.SortFunc(p.Changes, byName)
	slices.SortFunc(p.Drift, byName)
	return p, nil
}

// some is a list without what is null in it.
func some[T any](list []*T) []*T {
	return slices.DeleteFunc(list, func(one *T) bool { return one == nil })
}

// belongs returns an error if a plan is not of the stack's code: what the plan keeps or makes
// and what the code has are the same resources, and its provider gives the same tags.
func belongs(stack *Stack, in *tfjson.Plan) error {
	if in.Config == nil || in.Config.RootModule == nil {
		return errNoPlan
	}
	for _, provider := range in.Config.ProviderConfigs {
		if provider == nil || provider.Name != "aws" || provider.Expressions["default_tags"] == nil {
			continue
		}
		for _, block := range provider.Expressions["default_tags"].NestedBlocks {
			if block["tags"] == nil {
				continue
			}
			tags, _ := block["tags"].ConstantValue.(map[string]any)
			for key, want := range stack.defaultTags() {
				if got, is := tags[key]; is && got != want {
					return fmt.Errorf("is a plan of another stack: its tag %s is %q, that of %s is %q", key, got, stack.Name, want)
				}
			}
		}
	}
	inPlan := map[string]bool{}
	for _, r := range some(in.Config.RootModule.Resources) {
		if r.Mode == tfjson.ManagedResourceMode {
			inPlan[r.Address] = true
			code, is := stack.Resources[r.Address]
			if !is {
				return fmt.Errorf("is not a plan of this code: %s, which it has, is not in %s", r.Address, stack.Name)
			}
			if err := sameArguments(stack.Name, r, code); err != nil {
				return err
			}
		}
	}
	for address := range stack.Resources {
		if !inPlan[address] {
			return fmt.Errorf("is not a plan of this code: it lacks %s, which is in %s", address, stack.Name)
		}
	}
	return nil
}

// sameArguments returns an error if a resource of a plan's configuration has another plain
// value for an argument than the code.
func sameArguments(stack string, r *tfjson.ConfigResource, code Resource) error {
	for _, argument := range slices.Sorted(maps.Keys(r.Expressions)) {
		e := r.Expressions[argument]
		want, is := code.Arguments[argument]
		switch want.(type) {
		case string, float64, bool:
		default:
			continue
		}
		if e == nil || e.ConstantValue == nil || e.ConstantValue == tfjson.UnknownConstantValue || strings.Contains(fmt.Sprint(want), "{") {
			continue
		}
		if is && fmt.Sprint(e.ConstantValue) != fmt.Sprint(want) {
			return fmt.Errorf("is not a plan of this code: %s of %s is %s there, and %s in %s", argument, r.Address, shownValue(argument, e.ConstantValue), shownValue(argument, want), stack)
		}
	}
	return nil
}

// planned is a change of a plan; false if there is none.
func planned(stack *Stack, in *tfjson.ResourceChange) (Change, bool) {
	if in.Mode != tfjson.ManagedResourceMode || in.Change == nil {
		return Change{}, false
	}
	before, _ := in.Change.Before.(map[string]any)
	after, _ := in.Change.After.(map[string]any)
	c := Change{Address: in.Address, Type: in.Type, Deposed: in.DeposedKey, before: before, after: after}
	if code, is := stack.Resources[in.Address]; is {
		c.code = code
	} else {
		c.code = Resource{Type: in.Type, Arguments: before}
	}
	actions := in.Change.Actions
	switch {
	case actions.Delete():
		c.Action = Remove
	case actions.Replace():
		c.Action = Replace
	case actions.Create():
		c.Action = Create
	case actions.Update():
		c.Action = Update
	case actions.Forget():
		c.Action = Forget
	case actions.NoOp() || actions.Read():
		return c, false
	default:
		c.Action = Action(strings.Join(actionWords(actions), " and ")) // no rule knows it
	}
	if c.Action == Update || c.Action == Replace {
		c.Differences = plannedDifferences(in.Change, c.code.Arguments, before, after)
	}
	return c, true
}

func actionWords(actions tfjson.Actions) (words []string) {
	for _, a := range actions {
		words = append(words, string(a))
	}
	return words
}

// plannedDifferences are those that a plan shows, without what it hides.
func plannedDifferences(change *tfjson.Change, code, before, after map[string]any) []Difference {
	all := differences(before, after, nil)
	unknown, secret := flags(change.AfterUnknown), append(flags(change.AfterSensitive), flags(change.BeforeSensitive)...)
	for _, path := range unknown {
		if !slices.ContainsFunc(all, func(d Difference) bool { return within(d.Path, path) || within(path, d.Path) }) {
			all = append(all, Difference{Path: path})
		}
	}
	tagged := slices.ContainsFunc(all, func(d Difference) bool { return within(d.Path, "tags") })
	var kept []Difference
	for _, d := range all {
		// Of a plain list, which is one value, each element has a path of its own.
		under := func(path string) bool { return within(d.Path, path) || within(path, d.Path) }
		d.Unknown = slices.ContainsFunc(unknown, under)
		if slices.ContainsFunc(secret, under) {
			d.Before, d.After = hiddenValue, hiddenValue
		}
		for _, path := range change.ReplacePaths {
			parts, _ := path.([]any)
			d.Replaces = d.Replaces || within(d.Path, joined(parts))
		}
		// What the provider computes follows from the rest, tags_all are tags and the
		// provider's own, and timeouts are how long it waits.
		argument := topLevel.FindString(d.Path)
		if _, set := code[argument]; d.Unknown && !set && !d.Replaces || argument == "tags_all" && tagged || argument == "timeouts" {
			continue
		}
		kept = append(kept, d)
	}
	slices.SortFunc(kept, func(a, b Difference) int { return strings.Compare(a.Path, b.Path) })
	return kept
}

// flags are the paths of what is true in a value, such as what is unknown.
func flags(value any) []string {
	var paths []string
	var look func(path string, v any)
	look = func(path string, v any) {
		switch v := v.(type) {
		case bool:
			if v {
				paths = append(paths, path)
			}
		case map[string]any:
			for key, inner := range v {
				look(strings.TrimPrefix(path+"."+key, "."), inner)
			}
		case []any:
			for i, inner := range v {
				look(fmt.Sprintf("%s[%d]", path, i), inner)
			}
		}
	}
	look("", value)
	slices.Sort(paths)
	return paths
}

func joined(parts []any) string {
	path := ""
	for _, part := range parts {
		if name, ok := part.(string); ok {
			path = strings.TrimPrefix(path+"."+name, ".")
		} else {
			path += fmt.Sprintf("[%v]", part)
		}
	}
	return path
}
