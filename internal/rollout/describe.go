package rollout

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Serving says in one sentence how well the fleet serves v.
func (f Fleet) Serving(v Version) string {
	live := f.Live()
	if len(live) == 0 && f.Desired == 0 {
		return fmt.Sprintf("the group wants no instances and launches %s", f.Target)
	}
	text := fmt.Sprintf("%d of %d instances run %s and are healthy", ready(f.Running(v)), max(len(live), f.Desired), v)
	for _, i := range f.Instances {
		if i.Standby() {
			text += fmt.Sprintf(" (%s is in standby and was left alone)", i.ID)
		}
	}
	return text
}

// obstacles says what keeps the fleet from serving want.
func (f Fleet) obstacles(want Version) string {
	var texts []string
	if active := f.Active(); active != nil {
		texts = append(texts, fmt.Sprintf("instance refresh %s is %s at %d %%: %s", active.ID, active.Status, active.Percent, reasonOf(*active)))
	}
	live := f.Live()
	if len(live) < f.Desired {
		texts = append(texts, fmt.Sprintf("the group has %d of %d instances", len(live), f.Desired))
	}
	for _, i := range live {
		if !i.Ready() {
			texts = append(texts, fmt.Sprintf("%s (%s): %s", i.ID, i.Version, i.Why()))
		}
	}
	if n := len(f.Problems); n > 0 {
		texts = append(texts, "last problem: "+f.Problems[n-1].Text)
	}
	return strings.Join(texts, "; ")
}

// reasonOf returns AWS's words on a refresh.
func reasonOf(r Refresh) string { return cmp.Or(strings.TrimSpace(r.Reason), "AWS gives no reason") }

// names lists the instances' ids.
func names(instances []Instance) string {
	var ids []string
	for _, i := range instances {
		ids = append(ids, i.ID)
	}
	return strings.Join(ids, ", ")
}

// brief is a duration without what is zero at its end: 1h9m, not 1h9m0s.
func brief(d time.Duration) string {
	text := d.Round(time.Second).String()
	for _, zero := range []string{"m0s", "h0m"} {
		if short, cut := strings.CutSuffix(text, zero); cut {
			text = short + zero[:1]
		}
	}
	return text
}
