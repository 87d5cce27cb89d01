package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.com/webserver-cluster/internal/refresh"
)

// Fleet is one look at an Auto Scaling group: everything a rollout decides by.
type Fleet struct {
	Group     string
	Target    Version    // what the group launches
	Desired   int        // how many instances the group wants
	Instances []Instance // sorted by id
	Refreshes []Refresh  // newest first
	Problems  []Problem  // activities of the group that went wrong, oldest first
	Suspended []string   // suspended processes without which no instance gets replaced

	// HasMaintenancePolicy says that the group itself knows how far its
	// capacity may go down and up during a replacement.
	HasMaintenancePolicy bool
}

// Version is one version of one launch template.
type Version struct {
	TemplateID string
	Number     int64 // 0: the instance was launched from something else
}

func (v Version) String() string {
	if v.Number == 0 {
		return "a version without a number"
	}
	return fmt.Sprintf("version %d", v.Number)
}

// Instance is one instance of the group.
type Instance struct {
	ID        string
	Zone      string
	Version   Version
	State     string // AWS's lifecycle state: Pending, InService, Terminating:Wait, …
	Healthy   bool   // by the group's health checks
	Protected bool   // from scale-in
	Trouble   string // why a target group does not send it requests; empty: all do

	// Other says that it runs a template that the group's mixed instances policy has
	// for its type alone: a rollout of the group's own template leaves it as it is.
	Other bool
}

// Leaving reports whether the instance is on its way out of the group, or
// outside of it in a warm pool: it gets no requests, and no one waits for it.
func (i Instance) Leaving() bool {
	for _, state := range []string{"Terminat", "Detach", "Warmed"} {
		if strings.HasPrefix(i.State, state) {
			return true
		}
	}
	return false
}

// Standby reports whether someone took the instance out of service by hand.
func (i Instance) Standby() bool { return strings.HasSuffix(i.State, "Standby") }

// Ready reports whether users' requests reach the instance and it answers them.
func (i Instance) Ready() bool { return i.State == "InService" && i.Healthy && i.Trouble == "" }

// Refresh is one instance refresh of the group.
type Refresh struct {
	ID      string
	Status  string // AWS's: Pending, InProgress, Successful, …
	Reason  string // AWS's, empty while there is nothing to say
	Percent int
	Start   time.Time
	End     time.Time // zero while under way
	Desired *Version  // nil: the group's own; Number 0: AWS has not resolved it to a number

	AutoRollback bool // AWS goes back by itself if it fails
	Preferences  refresh.Preferences
}

// rollbackInProgress is the status of a refresh that AWS takes back to the group's own version.
const rollbackInProgress = "RollbackInProgress"

// Active reports whether the refresh is still under way; only one refresh of a
// group can be active. Statuses:
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html
func (r Refresh) Active() bool {
	switch r.Status {
	case "Pending", "InProgress", "Baking", "Cancelling", rollbackInProgress:
		return true
	}
	return false
}

// Problem is a scaling activity that failed, or that replaces an instance
// because of its health.
type Problem struct {
	ID     string
	Time   time.Time
	Text   string
	Launch string // a launch that came to no instance: AWS's message; else empty
}

// Alarm is a CloudWatch alarm.
type Alarm struct {
	Name   string
	State  string // OK, ALARM or INSUFFICIENT_DATA
	Since  time.Time
	Reason string
}

// Live returns the instances that count: those that are not leaving and not in
// standby.
func (f Fleet) Live() []Instance {
	return slices.DeleteFunc(slices.Clone(f.Instances), func(i Instance) bool {
		return i.Leaving() || i.Standby()
	})
}

// Stale returns the live instances that run something else than want.
func (f Fleet) Stale(want Version) []Instance {
	return slices.DeleteFunc(f.Live(), func(i Instance) bool { return i.Version == want || i.Other })
}

// Running returns the live instances that run v.
func (f Fleet) Running(v Version) []Instance {
	return slices.DeleteFunc(f.Live(), func(i Instance) bool { return i.Version != v })
}

// ready counts the instances that are ready.
func ready(instances []Instance) (n int) {
	for _, i := range instances {
		if i.Ready() {
			n++
		}
	}
	return n
}

// Complete reports whether the group has all the instances it wants and every
// one of them is ready. A group that wants none is complete.
func (f Fleet) Complete() bool {
	live := f.Live()
	return len(live) >= f.Desired && ready(live) == len(live)
}

// Active returns the refresh that is under way, nil if there is none.
func (f Fleet) Active() *Refresh {
	for i := range f.Refreshes {
		if f.Refreshes[i].Active() {
			return &f.Refreshes[i]
		}
	}
	return nil
}

// Remaining estimates the time to the end of the refresh under way: from its pace, or
// before there is any from how long the last one took that succeeded. Zero if
// there is nothing to go by.
func (f Fleet) Remaining(now time.Time) time.Duration {
	active := f.Active()
	if active == nil || active.Start.IsZero() {
		return 0
	}
	elapsed := now.Sub(active.Start)
	if active.Percent > 0 {
		return elapsed * time.Duration(100-active.Percent) / time.Duration(active.Percent)
	}
	for _, r := range f.Refreshes {
		if r.Status == "Successful" && (r.Desired == nil) == (active.Desired == nil) && active.Status != rollbackInProgress {
			return max(0, r.End.Sub(r.Start)-elapsed)
		}
	}
	return 0
}

// Refresh returns the refresh with that id, nil if AWS does not know it (yet).
func (f Fleet) Refresh(id string) *Refresh {
	for i := range f.Refreshes {
		if f.Refreshes[i].ID == id {
			return &f.Refreshes[i]
		}
	}
	return nil
}

// Destination returns the version that the group is on its way to: that of the
// refresh under way, else its own.
func (f Fleet) Destination() Version {
	if active := f.Active(); active != nil && active.Desired != nil && active.Status != rollbackInProgress {
		return *active.Desired
	}
	return f.Target
}

// RollbackVersion returns the version other than bad that most ready instances run:
// the one to go back to. Among equals it is the newest.
func (f Fleet) RollbackVersion(bad Version) (best Version, ok bool) {
	votes := map[Version]int{}
	for _, i := range f.Live() {
		if i.Ready() && i.Version != bad && i.Version.Number != 0 && !i.Other {
			votes[i.Version]++
		}
	}
	for v, n := range votes {
		if order := cmp.Or(cmp.Compare(n, votes[best]), cmp.Compare(v.Number, best.Number)); order > 0 {
			best = v
		}
	}
	return best, len(votes) > 0
}

// AlarmNames returns the alarms that stopped or could have stopped the latest
// refresh that had any.
func (f Fleet) AlarmNames() []string {
	for _, r := range f.Refreshes {
		if len(r.Preferences.Alarms) > 0 {
			return r.Preferences.Alarms
		}
	}
	return nil
}
