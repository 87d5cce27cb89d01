package refresh

import (
	"slices"
	"time"
)

const (
	// launching is about how long EC2 takes to start an instance.
	launching = time.Minute

	// patience is how long AWS waits for instances to pass their health checks before
	// it fails a refresh that gets no further: "up to 60 minutes", says an earlier
	// edition of
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-instance-refresh.html
	patience = time.Hour
)

// Expected returns about how long a refresh of that many instances takes if all
// goes well. It is not known where the preferences leave the capacity or the warm-up
// to the group.
func (p Preferences) Expected(instances int) (d time.Duration, known bool) {
	if p.MaxHealthyPercentage == nil || p.InstanceWarmup == nil {
		return 0, false
	}
	batches, pauses := p.steps(instances)
	return time.Duration(batches)*(launching+*p.InstanceWarmup) + time.Duration(pauses)*p.checkpointDelay(), true
}

// Batches returns in how many batches a refresh replaces that many instances, how many
// are in one, and how many serve at the least meanwhile.
func (p Preferences) Batches(instances int) (batches, atOnce, lowest int) {
	batches, _ = p.steps(instances)
	if p.MinHealthyPercentage != nil {
		lowest = roundedUp(*p.MinHealthyPercentage, instances)
	}
	return batches, min(instances, p.batch(instances)), lowest
}

// Pauses returns how long the refresh rests at its checkpoints at most. Whether AWS
// rests at the last one, too, it does not say.
func (p Preferences) Pauses() time.Duration {
	return time.Duration(len(p.Checkpoints)) * p.checkpointDelay()
}

// Group is what else a refresh's duration depends on. What is not known is zero.
type Group struct {
	MaxSize int // instances at most
	// HealthChecks is how long a new instance takes to pass its health checks.
	HealthChecks time.Duration
	// DeregistrationDelay is how long an old instance may finish its requests.
	DeregistrationDelay time.Duration
}

// Timeout returns how long to wait for a refresh of the group, besides its Pauses, in
// whole minutes. It errs on the long side, since a rollout that is only slow must not
// be rolled back: the most batches that a group of any size up to MaxSize can need,
// each taking twice as long as it should, and once AWS's own patience.
func (p Preferences) Timeout(g Group) time.Duration {
	each := g.HealthChecks
	if p.InstanceWarmup != nil {
		each = max(each, *p.InstanceWarmup)
	}
	each += launching + g.DeregistrationDelay
	most := 0
	for n := range g.MaxSize + 1 {
		// Not always the largest group: at 150 %, 3 instances take 3 batches
		// and 4 take 2.
		batches, _ := p.steps(n)
		most = max(most, batches)
	}
	total := 2*time.Duration(most)*each + patience
	return (total + time.Minute - 1).Truncate(time.Minute)
}

// steps returns in how many batches that many instances are replaced, and how many
// pauses there are between them. A checkpoint that is reached together with an
// earlier one has no pause of its own.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/asg-adding-checkpoints-instance-refresh.html
func (p Preferences) steps(instances int) (batches, pauses int) {
	size := p.batch(instances)
	replaced, reached := 0, 0
	for _, percentage := range slices.Concat(p.Checkpoints, []int{100}) {
		due := roundedUp(percentage, instances)
		if due <= replaced {
			continue
		}
		batches += (due - replaced + size - 1) / size
		replaced, reached = due, reached+1
	}
	return batches, max(0, reached-1)
}

// batch is how many of that many instances are replaced at once: as many as may be
// missing and as many as may be added, but one at the least.
func (p Preferences) batch(instances int) int {
	if p.MinHealthyPercentage == nil || p.MaxHealthyPercentage == nil {
		return 1 // unknown: the slowest
	}
	missing := instances - roundedUp(*p.MinHealthyPercentage, instances)
	added := *p.MaxHealthyPercentage*instances/100 - instances
	return max(1, missing+added)
}

func roundedUp(percentage, n int) int { return (percentage*n + 99) / 100 }

func (p Preferences) checkpointDelay() time.Duration {
	if p.CheckpointDelay == nil {
		return time.Hour
	}
	return *p.CheckpointDelay
}
