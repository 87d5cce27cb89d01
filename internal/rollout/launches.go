package rollout

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// launches follows the instances of one version as they come up, to tell a
// version that never does from one that has an instance killed now and then.
type launches struct {
	pending map[string]string // id of each that has yet to be ready, and why it is not
	passed  map[string]bool   // those that were ready once
	failed  map[string]string // those that left without, since the last one passed
}

// observe takes note of the instances that run v.
func (l *launches) observe(instances []Instance, v Version) {
	if l.pending == nil {
		l.pending, l.passed, l.failed = map[string]string{}, map[string]bool{}, map[string]string{}
	}
	gone := maps.Clone(l.pending)
	for _, i := range instances {
		switch {
		case i.Version != v || l.passed[i.ID]:
		case i.Ready():
			l.passed[i.ID] = true
			delete(l.pending, i.ID)
			clear(l.failed)
		case i.Healthy && !i.Leaving():
			l.pending[i.ID] = i.Why()
		default:
			continue // stays in gone if it was pending
		}
		delete(gone, i.ID)
	}
	for id, why := range gone {
		l.failed[id] = why
		delete(l.pending, id)
	}
}

// check returns a *failure once limit instances failed without one that passed.
func (l *launches) check(limit int) error {
	if limit == 0 || len(l.failed) < limit {
		return nil
	}
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(l.failed)) {
		lines = append(lines, id+" ("+l.failed[id]+")")
	}
	return &failure{reason: fmt.Sprintf("%d new instances in a row did not get healthy: %s", len(lines), strings.Join(lines, ", "))}
}

// Why says in a few words why the instance is not ready.
func (i Instance) Why() string {
	switch {
	case i.State != "InService":
		return i.State
	case !i.Healthy:
		return "unhealthy by the group's health checks"
	}
	return i.Trouble
}
