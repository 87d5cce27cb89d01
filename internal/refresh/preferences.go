// Package refresh says what an instance refresh of an Auto Scaling group does and
// needs: its preferences, their rules, and how long it takes. The constructs hand
// them to the command rollout, which hands them to AWS.
package refresh

import (
	"time"

	"example.com/webserver-cluster/internal/faults"
)

// What every refresh has.
const (
	// SkipMatching leaves instances alone that have the wanted version already:
	// this is how a second refresh goes on where the first one stopped.
	SkipMatching = true
	// ScaleInProtectedInstances has protected instances replaced, too: they serve
	// requests, and a fleet in two versions is worse. AWS's default waits an hour
	// and fails.
	ScaleInProtectedInstances = "Refresh"
	// StandbyInstances leaves instances in standby to whoever put them there: they
	// serve no requests. AWS's default waits an hour and fails.
	StandbyInstances = "Ignore"
)

// Preferences are those of AWS's preferences for an instance refresh that differ
// from group to group. The zero value leaves everything to AWS and the group.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
type Preferences struct {
	// MinHealthyPercentage and MaxHealthyPercentage bound the capacity during
	// the refresh, in percent of the desired capacity: 0 to 100 and 100 to 200, at
	// most 100 apart. Both or neither; nil: the group's instance maintenance policy.
	MinHealthyPercentage, MaxHealthyPercentage *int

	// InstanceWarmup is how long a new instance must be in service before the
	// refresh goes on, in whole seconds. nil: the group's default instance
	// warmup.
	InstanceWarmup *time.Duration

	// Checkpoints are the percentages of new instances at which the refresh pauses
	// for CheckpointDelay, rising, the last being 100. Default: it does not pause.
	Checkpoints []int
	// CheckpointDelay is in whole seconds, up to 48 h. nil: AWS's default, 1 h.
	CheckpointDelay *time.Duration

	// Alarms are the names of CloudWatch alarms that fail the refresh, at most 10.
	Alarms []string
}

// Validate returns every fault of the preferences, or nil: what AWS refuses, and a
// last checkpoint below 100, which would leave instances as they are. Fields have
// AWS's names, as in the JSON form.
func (p Preferences) Validate() error {
	var f faults.List
	p.checkCapacity(&f)
	if d := p.InstanceWarmup; d != nil && (*d < 0 || *d%time.Second != 0) {
		f.Add("InstanceWarmup", *d, "must be whole seconds, 0 or more")
	}
	for i, percentage := range p.Checkpoints {
		if percentage < 1 || percentage > 100 || i > 0 && percentage <= p.Checkpoints[i-1] {
			f.Add("CheckpointPercentages", p.Checkpoints, "must be rising percentages from 1 to 100")
			break
		}
	}
	if n := len(p.Checkpoints); n > 0 && p.Checkpoints[n-1] != 100 {
		f.Add("CheckpointPercentages", p.Checkpoints, "must end with 100, or the refresh ends before all instances are new")
	}
	if d := p.CheckpointDelay; d != nil {
		if len(p.Checkpoints) == 0 {
			f.Add("CheckpointDelay", *d, "is for checkpoints, and there are none")
		}
		if most := 48 * time.Hour; *d < 0 || *d > most || *d%time.Second != 0 {
			f.Add("CheckpointDelay", *d, "must be whole seconds from 0s to %v", most)
		}
	}
	// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AlarmSpecification.html
	if len(p.Alarms) > 10 {
		f.Add("AlarmSpecification.Alarms", len(p.Alarms), "is their number; AWS takes 10")
	}
	for _, name := range p.Alarms {
		if name == "" || len(name) > 255 {
			f.Add("AlarmSpecification.Alarms", name, "must be the name of a CloudWatch alarm, 1 to 255 characters")
		}
	}
	return f.Err()
}

func (p Preferences) checkCapacity(f *faults.List) {
	if p.MinHealthyPercentage == nil && p.MaxHealthyPercentage == nil {
		return
	}
	// AWS takes the minimum alone; the maximum is 100 then, and instances are
	// terminated before their replacements serve.
	if p.MinHealthyPercentage == nil {
		f.Missing("MinHealthyPercentage", "it goes with MaxHealthyPercentage")
		return
	}
	if p.MaxHealthyPercentage == nil {
		f.Missing("MaxHealthyPercentage", "it goes with MinHealthyPercentage")
		return
	}
	least, most := *p.MinHealthyPercentage, *p.MaxHealthyPercentage
	minFits, maxFits := 0 <= least && least <= 100, 100 <= most && most <= 200
	if !minFits {
		f.Add("MinHealthyPercentage", least, "must be 0 to 100")
	}
	if !maxFits {
		f.Add("MaxHealthyPercentage", most, "must be 100 to 200")
	}
	if minFits && maxFits && most-least > 100 {
		f.Add("MaxHealthyPercentage", most, "must be at most 100 above MinHealthyPercentage (%d)", least)
	}
}
