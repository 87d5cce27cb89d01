package review_test

import (
	"encoding/json"
	"fmt"
	"slices"
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
	list, err := trials(all)
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]trial{}
	for i, c := range list {
		tried[fmt.Sprintf("%s.t%d", c.kind, i)] = c
	}
	p := newPlanner(t)
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

func TestTmp(t *testing.T) {
	for a, o := range outcomes(t) {
		p, _ := json.Marshal(o.planned.Change.ReplacePaths)
		u, _ := json.Marshal(o.planned.Change.AfterUnknown)
		t.Log(a, o.trial, o.planned.Change.Actions, string(p), string(u))
	}
	_ = slices.Sort[[]string]
	_ = review.Compare
}
