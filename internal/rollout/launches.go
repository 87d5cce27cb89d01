package rollout

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// launches follows the instances of one version as they come up, to tell a
// version that never does from one that has an instance killed now and then.
type launches struct {
	pending map[string]string // id of each that has yet to be ready, and why it is not
	passed  map[string]bool   // those that were ready once

	// Since the last one passed:
	failed   map[string]string // those that left without
	attempts int               // at launching that came to no instance
	latest   string            // why the last one came to none

	seen map[string]bool // problems by id: what went wrong before is not counted
}

// observe takes note of the instances that run v, and of launches that failed.
func (l *launches) observe(f Fleet, v Version) {
	first := l.pending == nil
	if first {
		*l = launches{pending: map[string]string{}, passed: map[string]bool{}, failed: map[string]string{}, seen: map[string]bool{}}
	}
	gone := maps.Clone(l.pending)
	for _, i := range f.Instances {
		switch {
		case i.Version != v || l.passed[i.ID]:
		case i.Ready():
			l.passed[i.ID] = true
			delete(l.pending, i.ID)
			clear(l.failed)
			l.attempts = 0
		case i.Healthy && !i.Leaving():
			// Why it drains was said before.
			if why := i.Why(); l.pending[i.ID] == "" || !strings.HasPrefix(why, "draining") {
				l.pending[i.ID] = why
			}
		default:
			continue // stays in gone if it was pending
		}
		delete(gone, i.ID)
	}
	for id, why := range gone {
		l.failed[id] = why
		delete(l.pending, id)
	}
	refused := false // AWS has an activity for each instance of one attempt
	for _, p := range f.Problems {
		if p.Launch != "" && !first && !l.seen[p.ID] {
			refused, l.latest = true, p.Launch
		}
		l.seen[p.ID] = true
	}
	if refused {
		l.attempts++
	}
}

// check returns a *failure once limit instances failed without one that passed, or
// that many attempts to launch any. In a rollback, those do not count: AWS tries on, and
// there is nothing better to do.
func (l *launches) check(limit int, rollback bool) error {
	if limit == 0 {
		return nil
	}
	if l.attempts >= limit && !rollback {
		return &failure{reason: fmt.Sprintf("%d attempts in a row to launch an instance failed: %s", l.attempts, l.latest), next: launchHint(l.latest)}
	}
	if len(l.failed) < limit {
		return nil
	}
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(l.failed)) {
		lines = append(lines, id+" ("+l.failed[id]+")")
	}
	return &failure{reason: fmt.Sprintf("%d new instances in a row did not get healthy: %s", len(lines), strings.Join(lines, ", "))}
}

// launchHints say what helps where EC2 does not launch an instance, by what its
// message says. The messages:
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/CHAP_Troubleshooting.html
var launchHints = []struct {
	message *regexp.Regexp
	hint    string
}{
	{regexp.MustCompile(`(?i)vcpu|quota|limit|max spot instance count`),
		"The account's EC2 quota is used up: ask for a higher one in Service Quotas, or use fewer or smaller instances."},
	{regexp.MustCompile(`(?i)capacity`),
		"EC2 has no instance of that type to give in the zone now: deploy again later, or let the group have more instance types."},
	{regexp.MustCompile(`(?i)kms`),
		"The group may not use the key of its volumes: give the service-linked role of EC2 Auto Scaling access to that key."},
	{regexp.MustCompile(`(?i)\b(image|ami)\b`),
		"The image cannot be used any more: deploy with one that exists in this account and region."},
}

func launchHint(message string) string {
	for _, known := range launchHints {
		if known.message.MatchString(message) {
			return known.hint
		}
	}
	return "Mend what AWS names and deploy again."
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
