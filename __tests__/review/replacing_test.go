package review_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strconv"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"example.com/webserver-cluster/internal/review"
)

// outcome is what the provider plans for a trial.
type outcome struct {
	trial
	planned *tfjson.ResourceChange
}

// outcomes has the provider plan every trial, each on a resource of its own, by address.
// What the provider refuses to do without an argument is left out.
func outcomes(t *testing.T) map[string]outcome {
	t.Helper()
	all, err := exemplars(synthesize(t))
	if err != nil {
		t.Fatal(err)
	}
	p := newPlanner(t)
	list, err := trials(all, func(kind, argument string) bool {
		block := p.schemas.ResourceSchemas[kind].Block
		a, isAttribute := block.Attributes[argument]
		return isAttribute && a.Required || !isAttribute && block.NestedBlocks[argument].MinItems > 0
	})
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]trial{}
	for i, c := range list {
		tried[fmt.Sprintf("%s.t%d", c.kind, i)] = c
	}
	made := p.planAll(tried, func(c trial) object { return c.before })
	state := map[string]map[string]object{}
	for address, c := range tried {
		change := made[address].Change
		put(state, address, filled(change.After, change.AfterUnknown, p.schemas.ResourceSchemas[c.kind].Block))
	}
	p.made(state)
	planned := p.planAll(tried, func(c trial) object { return c.after })
	found := map[string]outcome{}
	for address, c := range tried {
		found[address] = outcome{c, planned[address]}
	}
	return found
}

// planAll plans all trials, one way or the other, and takes out those that are refused.
func (p *planner) planAll(tried map[string]trial, arguments func(trial) object) map[string]*tfjson.ResourceChange {
	p.t.Helper()
	for {
		config := map[string]map[string]object{}
		for address, c := range tried {
			put(config, address, arguments(c))
		}
		p.configure(config)
		refused := p.validate()
		if len(refused) == 0 {
			var planned map[string]*tfjson.ResourceChange
			if planned, refused = p.plan(); len(refused) == 0 {
				return planned
			}
		}
		for _, r := range refused {
			c, is := tried[r.address]
			if !is && r.address != "" {
				continue // refused twice
			}
			if c.mode != "removed" && c.mode != "added" {
				p.t.Errorf("%v: to %v: %s", c, at(c.after, c.path), r.text)
			}
			if r.address == "" {
				p.t.FailNow()
			}
			delete(tried, r.address)
		}
	}
}

func put(resources map[string]map[string]object, address string, arguments object) {
	kind, name, _ := strings.Cut(address, ".")
	if resources[kind] == nil {
		resources[kind] = map[string]object{}
	}
	resources[kind][name] = arguments
}

// compared is what the review says of a trial: its change, and of each attribute in
// attributes, whether what refers to it changes.
func compared(t *testing.T, c trial, attributes []string) (*review.Change, map[string]bool) {
	t.Helper()
	side := func(arguments object) *review.Stack {
		read := object{}
		for _, a := range attributes {
			read[a] = fmt.Sprintf("${%s.one.%s}", c.kind, a)
		}
		text, err := json.Marshal(object{"resource": object{c.kind: object{"one": arguments}, "terraform_data": object{"reader": object{"input": read}}}})
		if err != nil {
			t.Fatal(err)
		}
		s, err := review.ParseStack("stage", text)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	var own *review.Change
	read := map[string]bool{}
	for _, change := range review.Compare(side(c.before), side(c.after)) {
		if change.Type == c.kind {
			own = &change
			continue
		}
		for _, d := range change.Differences {
			read[strings.TrimPrefix(d.Path, "input.")] = true
		}
	}
	return own, read
}

// TestReplacing has the AWS provider plan a change of each argument that the constructs
// set. What it replaces, and which attributes change with a resource that is changed in
// place, has to be what the review says without a plan.
func TestReplacing(t *testing.T) {
	holdAgainst(t, outcomes(t))
}

func holdAgainst(t *testing.T, tried map[string]outcome) {
	t.Helper()
	replaced, said, set := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, o := range tried {
		set[o.kind+" "+topLevel(o.path)] = true
		if o.mode == "shrunk" {
			if before, after := o.planned.Change.Before.(object)[o.path], o.planned.Change.After.(object)[o.path]; before != after {
				t.Errorf("%v: the provider plans %v to become %v", o.trial, before, after)
			}
			continue
		}
		own, _ := compared(t, o.trial, nil)
		if own == nil {
			t.Errorf("%v: the review sees no change", o.trial)
			continue
		}
		for _, d := range own.Differences {
			if d.Replaces {
				said[o.kind+" "+topLevel(d.Path)] = true
			}
		}
		switch actions := o.planned.Change.Actions; {
		case actions.Replace():
			for _, path := range o.planned.Change.ReplacePaths {
				replaced[fmt.Sprint(o.kind, " ", path.([]any)[0])] = true
			}
			if own.Action != review.Replace {
				t.Errorf("%v: the provider replaces it, because of %v; replacing.go does not know", o.trial, o.planned.Change.ReplacePaths)
			}
		case own.Action == review.Replace:
			if o.mode == "changed" {
				t.Errorf("%v: the provider plans %v; replacing.go has it replaced", o.trial, actions)
			}
		case actions.Update() && topLevel(o.path) != "tags":
			// Of a launch template, tags alone have the provider plan a latest_version that
			// it does not know yet, and that is the former one when it does.
			inPlace(t, o)
		}
	}
	for argument := range said {
		if !replaced[argument] {
			t.Errorf("%s: the provider never replaces because of it; replacing.go has it", argument)
		}
	}
	for _, argument := range listedInReplacing(t) {
		if kind, _, _ := strings.Cut(argument, " "); !set[argument] && untried[kind] == "" && untried[strings.ReplaceAll(argument, " ", ".")] == "" {
			t.Errorf("%s: is in replacing.go, and no construct sets it", argument)
		}
	}
}

// unread are attributes to which no code of ours refers, and why they change.
var unread = map[string]string{
	"aws_lb.subnet_mapping":   "is subnets in another form",
	"aws_ssm_parameter.value": "is insecure_value, as a secret",
}

// inPlace holds the attributes that a change in place gives other values, as the review
// says without a plan, against the provider's plan.
func inPlace(t *testing.T, o outcome) {
	t.Helper()
	before, after := o.planned.Change.Before.(object), o.planned.Change.After.(object)
	unknown, _ := o.planned.Change.AfterUnknown.(object)
	moves := map[string]bool{}
	var attributes []string
	for name := range before {
		_, was := o.before[name]
		_, is := o.after[name]
		if was || is || name == "tags_all" || unread[o.kind+"."+name] != "" {
			continue
		}
		attributes = append(attributes, name)
		moves[name] = unknown[name] == true || !reflect.DeepEqual(before[name], after[name])
	}
	_, said := compared(t, o.trial, attributes)
	for _, name := range attributes {
		if moves[name] != said[name] {
			t.Errorf("%v: %s becomes another value: %t by the provider's plan, %t by the review", o.trial, name, moves[name], said[name])
		}
	}
}

func topLevel(path string) string { return step.FindString(path) }

// listedInReplacing are the arguments in replacing.go, each after its type.
func listedInReplacing(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../internal/review/replacing.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	ast.Inspect(file, func(n ast.Node) bool {
		pair, is := n.(*ast.KeyValueExpr)
		if !is {
			return true
		}
		kind, _ := strconv.Unquote(pair.Key.(*ast.BasicLit).Value)
		arguments, _ := strconv.Unquote(pair.Value.(*ast.BasicLit).Value)
		for _, a := range strings.Fields(arguments) {
			found = append(found, kind+" "+a)
		}
		return true
	})
	if len(found) == 0 {
		t.Fatal("replacing.go lists nothing that this test can read")
	}
	return found
}
