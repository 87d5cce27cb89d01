package rollout

import (
	"time"

	"example.com/webserver-cluster/internal/faults"
)

// Preferences say how AWS replaces instances when a rollout has to start a
// refresh itself. The limits that Validate knows are AWS's:
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
type Preferences struct {
	// MinHealthy and MaxHealthy bound the capacity during the refresh, in
	// percent of what the group wants. MaxHealthy 0 leaves both to the group's
	// instance maintenance policy; a group without one gets 100 and 150, which
	// launches first and terminates then, whatever the group's size.
	MinHealthy, MaxHealthy int

	// Warmup is how long a new instance must be in service before it counts.
	// Negative leaves it to the group's default instance warmup.
	Warmup time.Duration

	// Checkpoints are percentages at which the refresh pauses for
	// CheckpointDelay. None: no pause.
	Checkpoints     []int
	CheckpointDelay time.Duration

	// Alarms are names of CloudWatch alarms that fail the refresh.
	Alarms []string
}

// Validate names everything that AWS would refuse, and a last checkpoint that
// would leave instances as they are. Fields are named as the command's flags.
func (p Preferences) Validate() error {
	var f faults.List
	if p.MaxHealthy != 0 {
		if p.MinHealthy < 0 || p.MinHealthy > 100 {
			f.Add("--min-healthy", p.MinHealthy, "must be 0 to 100")
		}
		if p.MaxHealthy < 100 || p.MaxHealthy > 200 {
			f.Add("--max-healthy", p.MaxHealthy, "must be 100 to 200")
		}
		if p.MaxHealthy-p.MinHealthy > 100 {
			f.Add("--max-healthy", p.MaxHealthy, "must be at most 100 above --min-healthy (%d)", p.MinHealthy)
		}
	} else if p.MinHealthy != 0 {
		f.Add("--min-healthy", p.MinHealthy, "needs --max-healthy beside it")
	}
	for i, percentage := range p.Checkpoints {
		if percentage < 1 || percentage > 100 || i > 0 && percentage <= p.Checkpoints[i-1] {
			f.Add("--checkpoints", p.Checkpoints, "must be rising percentages from 1 to 100")
			break
		}
	}
	if n := len(p.Checkpoints); n > 0 && p.Checkpoints[n-1] != 100 {
		f.Add("--checkpoints", p.Checkpoints, "must end with 100, or the refresh ends before all instances are new")
	}
	if p.CheckpointDelay < 0 || p.CheckpointDelay > 48*time.Hour {
		f.Add("--checkpoint-delay", p.CheckpointDelay, "must be 0 to 48h")
	}
	if len(p.Alarms) > 10 {
		f.Add("--alarms", len(p.Alarms), "must be at most 10")
	}
	return f.Err()
}

// forGroup fills in what the group itself does not say.
func (p Preferences) forGroup(f Fleet) Preferences {
	if p.MaxHealthy == 0 && !f.HasMaintenancePolicy {
		p.MinHealthy, p.MaxHealthy = 100, 150
	}
	return p
}

// forRollback keeps the capacity limits and drops what would hold a rollback
// up: a pause at a checkpoint, and alarms, which may well be ringing now.
func (p Preferences) forRollback() Preferences {
	p.Checkpoints, p.CheckpointDelay, p.Alarms = nil, 0, nil
	return p
}
