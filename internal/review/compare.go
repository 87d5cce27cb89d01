package review

import (
	"cmp"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Compare returns what tells one synthesis of a stack from another one, without asking
// AWS: what changes by itself, and what changes because of what it refers to. Either may
// be nil, a stack that is not there. The changes are sorted by address.
func Compare(before, after *Stack) []Change {
	before, after = cmp.Or(before, &Stack{}), cmp.Or(after, &Stack{})
	before = before.moved(after.Moved)
	c := comparison{before: before, after: after, changed: map[string]bool{}, changes: map[string]*Change{}}
	for _, name := range sortedKeys(before.Locals, after.Locals) {
		if !reflect.DeepEqual(before.Locals[name], after.Locals[name]) {
			c.changed["local."+name] = true
		}
	}
	// What refers to something changed is changed, until nothing more is.
	for {
		n := len(c.changed)
		c.data()
		c.locals()
		c.resources()
		if len(c.changed) == n {
			break
		}
	}
	var all []Change
	for _, address := range slices.Sorted(maps.Keys(c.changes)) {
		all = append(all, *c.changes[address])
	}
	return all
}

// moved is the stack with its resources at the addresses that they have now.
// https://developer.hashicorp.com/terraform/language/block/moved
func (s *Stack) moved(from map[string]string) *Stack {
	now := *s
	now.Resources = maps.Clone(s.Resources)
	for to, from := range from {
		if _, taken := now.Resources[to]; taken {
			continue
		}
		if r, is := now.Resources[from]; is {
			now.Resources[to] = r
			delete(now.Resources, from)
		}
	}
	return &now
}

// comparison is one that is under way.
type comparison struct {
	before, after *Stack
	// changed are the references whose value becomes another one: local.NAME,
	// ADDRESS.ATTRIBUTE, or ADDRESS.* for each of a resource's.
	changed map[string]bool
	changes map[string]*Change
}

// moved returns the first of a value's references that changes; "" if none does.
func (c *comparison) moved(value any) string {
	for _, r := range references(value) {
		dot := strings.LastIndexByte(r, '.')
		if c.changed[r] || c.changed[r[:dot]+".*"] {
			return r
		}
	}
	return ""
}

func (c *comparison) locals() {
	for name, value := range c.after.Locals {
		if c.moved(value) != "" {
			c.changed["local."+name] = true
		}
	}
}

func (c *comparison) data() {
	for address, now := range c.after.Data {
		old, was := c.before.Data[address]
		if was && (!reflect.DeepEqual(old.Arguments, now.Arguments) || c.moved(now.Arguments) != "") {
			c.changed[address+".*"] = true
		}
	}
}

func (c *comparison) resources() {
	for _, address := range sortedKeys(c.before.Resources, c.after.Resources) {
		old, was := c.before.Resources[address]
		now, is := c.after.Resources[address]
		change := &Change{Address: address, Type: cmp.Or(now.Type, old.Type), before: old.Arguments, after: now.Arguments, code: now}
		switch {
		case !is:
			change.Action, change.code = Remove, old
		case !was:
			change.Action = Create
		default:
			change.Differences = c.differences(old, now)
			if len(change.Differences) == 0 {
				continue
			}
			change.Action = Update
			for i, d := range change.Differences {
				if replaces(change.Type, d) {
					change.Action, change.Differences[i].Replaces = Replace, true
				}
			}
		}
		c.changes[address] = change
		c.note(change)
	}
}

// differences are those of a resource's own arguments, and those that refer to
// something that changes.
func (c *comparison) differences(old, now Resource) []Difference {
	own := differences(old.Arguments, now.Arguments, now.Lifecycle.IgnoreChanges)
	for path, value := range flat(now.Arguments) {
		through := c.moved(value)
		if through == "" || isIgnored(path, now.Lifecycle.IgnoreChanges) || slices.ContainsFunc(own, func(d Difference) bool { return d.Path == path }) {
			continue
		}
		d := Difference{Path: path, Before: value, After: value, Through: through, Unknown: true}
		if name, ok := strings.CutPrefix(through, "local."); ok {
			d.Before, d.After, d.Unknown = c.before.Locals[name], c.after.Locals[name], false
		}
		own = append(own, d)
	}
	slices.SortFunc(own, func(a, b Difference) int { return cmp.Compare(a.Path, b.Path) })
	return own
}

// computed are attributes of a type that become other ones when the resource is changed
// in place, but for its tags. A test holds them against the provider.
// https://registry.terraform.io/providers/hashicorp/aws/5.99.1/docs
var computed = map[string][]string{
	"aws_launch_template": {"latest_version"},
	"aws_s3_object":       {"version_id"},
	"terraform_data":      {"output"},
}

// note notes which references to a changed resource become other ones.
func (c *comparison) note(change *Change) {
	if change.Action != Update {
		c.changed[change.Address+".*"] = true
		return
	}
	more := false
	for _, d := range change.Differences {
		argument := topLevel.FindString(d.Path)
		c.changed[change.Address+"."+argument] = true
		more = more || argument != "tags"
	}
	if more {
		for _, attribute := range computed[change.Type] {
			c.changed[change.Address+"."+attribute] = true
		}
	}
}

var topLevel = regexp.MustCompile(`^[^.\[]*`)

func sortedKeys[V any](a, b map[string]V) []string {
	keys := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(keys)
	return slices.Compact(keys)
}
