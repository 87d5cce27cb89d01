package constructs

import (
	"time"

	"example.com/webserver-cluster/internal/refresh"
)

// refreshPreferences say how an instance refresh of the cluster goes on; alarms are
// those that can stop it. The command rollout gets them, which starts it.
func (p WebserverClusterProps) refreshPreferences(alarms []string) refresh.Preferences {
	preferences := refresh.Preferences{
		MinHealthyPercentage: new(minHealthyPercentage),
		MaxHealthyPercentage: &p.MaxHealthyPercentage,
		InstanceWarmup:       &p.Warmup,
		Checkpoints:          p.Checkpoints,
	}
	if p.CheckpointDelay != 0 {
		preferences.CheckpointDelay = &p.CheckpointDelay
	}
	if p.AlarmsStopRefresh {
		preferences.Alarms = alarms
	}
	return preferences
}

// timeToJudge is how long the health checks take, at most, to find a new instance
// healthy or unhealthy.
func (p WebserverClusterProps) timeToJudge() time.Duration {
	return healthCheckThreshold * p.HealthCheckInterval
}

// rolloutTimeout is how long a rollout may take besides its pauses at checkpoints,
// whatever size the group has by then.
func (p WebserverClusterProps) rolloutTimeout() time.Duration {
	group := refresh.Group{
		MaxSize:             p.MaxSize,
		HealthChecks:        p.timeToJudge(),
		DeregistrationDelay: p.DeregistrationDelay,
	}
	for _, schedule := range p.Schedules {
		group.MaxSize = max(group.MaxSize, schedule.MaxSize)
	}
	return p.refreshPreferences(nil).Timeout(group)
}
