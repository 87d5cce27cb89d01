package validation_test

import (
	"testing"
	"time"
)

// TestReplacement has what happens when instances are replaced.
func TestReplacement(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { p.IdleTimeout, p.DeregistrationDelay = time.Minute, 30*time.Second }, `stage.Cluster.DeregistrationDelay: 30s: must be longer than IdleTimeout (1m0s), or replacing an instance cuts requests off`},
		{func(p *clusterProps) { p.DeregistrationDelay = 20 * time.Second }, `stage.Cluster.DeregistrationDelay: 20s: must be longer than IdleTimeout (30s), or replacing an instance cuts requests off`},
		{func(p *clusterProps) { p.DeregistrationDelay = 30 * time.Second }, `stage.Cluster.DeregistrationDelay: 30s: must be longer than IdleTimeout (30s), or replacing an instance cuts requests off`},
		{func(p *clusterProps) { p.DeregistrationDelay = 2 * time.Hour }, `stage.Cluster.DeregistrationDelay: 2h0m0s: must be whole seconds from 1s to 1h0m0s`},
		{func(p *clusterProps) { p.IdleTimeout, p.DeregistrationDelay = 2*time.Hour, time.Minute }, `stage.Cluster.IdleTimeout: 2h0m0s: must be below 1h0m0s, the longest DeregistrationDelay: requests may take longer than an instance that is to go is left to finish them`},
		{func(p *clusterProps) { p.DeregistrationDelay = -time.Second }, "stage.Cluster.DeregistrationDelay: -1s: must be whole seconds from 1s to 1h0m0s\nstage.Cluster.DeregistrationDelay: -1s: must be longer than IdleTimeout (30s), or replacing an instance cuts requests off"},
		{func(p *clusterProps) { p.Warmup = 20 * time.Second }, `stage.Cluster.Warmup: 20s: must be at least 30s, the time of 2 health checks, or a refresh goes on before they can find an instance unhealthy`},
		{func(p *clusterProps) { p.Warmup = 2 * time.Hour }, `stage.Cluster.Warmup: 2h0m0s: must be whole seconds from 1s to 1h0m0s`},
		{func(p *clusterProps) { p.Warmup = 90500 * time.Millisecond }, `stage.Cluster.Warmup: 1m30.5s: must be whole seconds from 1s to 1h0m0s`},
		{func(p *clusterProps) { p.HealthCheckInterval, p.Warmup = 90*time.Second, 2*time.Minute }, `stage.Cluster.Warmup: 2m0s: must be at least 3m0s, the time of 2 health checks, or a refresh goes on before they can find an instance unhealthy`},
		{func(p *clusterProps) { p.Warmup, p.HealthCheckGracePeriod = 20*time.Second, 30*time.Second }, "stage.Cluster.Warmup: 20s: must be at least 30s, the time of 2 health checks, or a refresh goes on before they can find an instance unhealthy\nstage.Cluster.HealthCheckGracePeriod: 30s: must not be above Warmup (20s), or a refresh goes on over instances whose health nobody has judged"},
		{func(p *clusterProps) { p.HealthCheckGracePeriod = 3 * time.Minute }, `stage.Cluster.HealthCheckGracePeriod: 3m0s: must not be above Warmup (2m0s), or a refresh goes on over instances whose health nobody has judged`},
		{func(p *clusterProps) { p.HealthCheckGracePeriod = -time.Second }, `stage.Cluster.HealthCheckGracePeriod: -1s: must be whole seconds from 0s to 1h0m0s`},
		{func(p *clusterProps) { p.MaxHealthyPercentage = 100 }, `stage.Cluster.MaxHealthyPercentage: 100: must be 101 to 200: 100 is the minimum, and only what is above lets a new instance start before an old one goes`},
		{func(p *clusterProps) { p.MaxHealthyPercentage = 201 }, `stage.Cluster.MaxHealthyPercentage: 201: must be 101 to 200: 100 is the minimum, and only what is above lets a new instance start before an old one goes`},
		{func(p *clusterProps) { p.MaxHealthyPercentage = -1 }, `stage.Cluster.MaxHealthyPercentage: -1: must be 101 to 200: 100 is the minimum, and only what is above lets a new instance start before an old one goes`},
		{func(p *clusterProps) { p.Checkpoints = []int{50, 20} }, "stage.Cluster.Checkpoints: [50 20]: must be rising percentages from 1 to 100\nstage.Cluster.Checkpoints: [50 20]: must end with 100, or the refresh ends before all instances are new"},
		{func(p *clusterProps) { p.Checkpoints = []int{50} }, `stage.Cluster.Checkpoints: [50]: must end with 100, or the refresh ends before all instances are new`},
		{func(p *clusterProps) { p.Checkpoints = []int{0, 100} }, `stage.Cluster.Checkpoints: [0 100]: must be rising percentages from 1 to 100`},
		{func(p *clusterProps) { p.Checkpoints = []int{50, 50, 100} }, `stage.Cluster.Checkpoints: [50 50 100]: must be rising percentages from 1 to 100`},
		{func(p *clusterProps) { p.CheckpointDelay = time.Minute }, `stage.Cluster.CheckpointDelay: 1m0s: is for checkpoints, and there are none`},
		{func(p *clusterProps) { p.Checkpoints, p.CheckpointDelay = []int{100}, 49*time.Hour }, `stage.Cluster.CheckpointDelay: 49h0m0s: must be whole seconds from 0s to 48h0m0s`},
	})
}

// TestReplacementValid has odd values that must pass.
func TestReplacementValid(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { p.DeregistrationDelay = 31 * time.Second }, ""},
		{func(p *clusterProps) { p.IdleTimeout, p.DeregistrationDelay = 59*time.Minute, time.Hour }, ""},
		{func(p *clusterProps) { p.Warmup = 30 * time.Second }, ""},
		{func(p *clusterProps) { p.Warmup, p.HealthCheckGracePeriod = time.Hour, time.Hour }, ""},
		{func(p *clusterProps) { p.MaxHealthyPercentage = 200 }, ""},
		{func(p *clusterProps) { p.Checkpoints, p.CheckpointDelay = []int{1, 2, 100}, 48*time.Hour }, ""},
	})
}
