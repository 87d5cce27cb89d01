package rollout

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// newcomers watches the instances of one version as they come up, to tell a
// version that never does from one that has an instance killed now and then.
type newcomers struct {
	waiting map[string]string // id of each that has yet to be ready, and why it is not
	passed  map[string]bool   // those that were ready once
	failed  map[string]string // those that left without, since the last one passed
}

// watch takes note of the instances that run v.
func (n *newcomers) watch(instances []Instance, v Version) {
	if n.waiting == nil {
		n.waiting, n.passed, n.failed = map[string]string{}, map[string]bool{}, map[string]string{}
	}
	gone := maps.Clone(n.waiting)
	for _, i := range instances {
		switch {
		case i.Version != v || n.passed[i.ID]:
		case i.Ready():
			n.passed[i.ID] = true
			delete(n.waiting, i.ID)
			clear(n.failed)
		case i.Healthy && !i.Leaving():
			n.waiting[i.ID] = why(i)
		default:
			continue // stays in gone, if it was waited for
		}
		delete(gone, i.ID)
	}
	for id, why := range gone {
		n.failed[id] = why
		delete(n.waiting, id)
	}
}

// verdict is a *failure once limit instances failed without one that passed.
func (n *newcomers) verdict(limit int) error {
	if limit == 0 || len(n.failed) < limit {
		return nil
	}
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(n.failed)) {
		lines = append(lines, id+" ("+n.failed[id]+")")
	}
	return &failure{reason: fmt.Sprintf("%d new instances in a row did not get healthy: %s", len(lines), strings.Join(lines, ", "))}
}

// why says in a few words why an instance is not ready.
func why(i Instance) string {
	switch {
	case i.State != "InService":
		return i.State
	case !i.Healthy:
		return "unhealthy in the eyes of the group"
	}
	return i.Trouble
}
