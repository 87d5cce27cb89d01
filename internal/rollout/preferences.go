package rollout

import "example.com/webserver-cluster/internal/refresh"

// forGroup fills in what the group itself does not say: how to replace instances
// without losing capacity, whatever the group's size.
func forGroup(p refresh.Preferences, f Fleet) refresh.Preferences {
	if p.MaxHealthyPercentage == nil && !f.HasMaintenancePolicy {
		p.MinHealthyPercentage, p.MaxHealthyPercentage = new(100), new(150)
	}
	return p
}

// forRollback keeps the capacity and the warm-up and drops what would hold a
// rollback up: pauses at checkpoints, and alarms, which may well be on now.
func forRollback(p refresh.Preferences) refresh.Preferences {
	p.Checkpoints, p.CheckpointDelay, p.Alarms = nil, nil, nil
	return p
}
