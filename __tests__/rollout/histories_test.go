package rollout_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	scaling "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"example.com/webserver-cluster/internal/refresh"
	"example.com/webserver-cluster/internal/rollout"
	engine "example.com/webserver-cluster/tests/localaws/scaling"
	"example.com/webserver-cluster/tests/localaws/scaling/world"
)

var (
	histories = flag.Int("histories", 200, "how many random histories of a group TestHistories makes up")
	oneSeed   = flag.Uint64("seed", 0, "if given, the one history that TestHistories makes up")
)

// seedsKept are those of histories that once ended badly.
var seedsKept = []uint64{506, 535, 833, 950, 1258, 2214, 3580, 5736, 9448}

// TestHistories makes up what happens to a group in some hours: deploys of good and
// bad versions, runs of rollout that are killed and repeated or come two at once,
// refreshes that people cancel, alarms, launches that EC2 refuses, scale-outs, other
// shares of Spot Instances, instances that die. The group is that of the local AWS's engine, in simulated time.
//
// Whatever happened, one more run in the calm after it must end with the wanted
// version everywhere, or, if that is bad, with the proven one everywhere and an error;
// and the healthy capacity is never below the minimum but for what was killed.
func TestHistories(t *testing.T) {
	outcomes := map[outcome]int{}
	seeds := slices.Clone(seedsKept)
	for seed := range uint64(*histories) {
		seeds = append(seeds, seed)
	}
	if *oneSeed != 0 {
		seeds = []uint64{*oneSeed}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { newHistory(t, seed).live(outcomes) })
		})
	}
	t.Logf("%d histories; their runs ended: %v", len(seeds), outcomes)
	for _, o := range []outcome{converged, rolledBack, interrupted} {
		if outcomes[o] == 0 && len(seeds) > 100 {
			t.Errorf("%s never came up: %v", o, outcomes)
		}
	}
}

const (
	floor   = 2 // the group's minimum
	ceiling = 6
)

// climates are how kind the engine is, where AWS documents nothing.
var climates = []engine.Climate{
	{},
	{Lag: 10 * time.Second},
	{UnkindSurplus: true, UnkindPurchases: true, Throttle: 0.3},
	{UnkindSurplus: true, UnkindPurchases: true, Lag: 10 * time.Second, Throttle: 0.3},
}

// history is what happens to the group "web" of a world.
type history struct {
	*testing.T
	*world.World
	dice      *rand.Rand
	mu        sync.Mutex // guards log, owed, killedAt and outcomes: runs are goroutines
	purchases *rand.Rand // of its own, so that the histories of all seeds stay otherwise
	climate   int
	spot      bool
	warm      bool // has a warm pool
	log       []string
	wanted    int          // the version of the last deploy
	bad       map[int]bool // versions that never get healthy
	owed      int          // healthy instances that were killed and have yet to be replaced
	killedAt  time.Time    // the last of them
	outcomes  map[outcome]int
}

func newHistory(t *testing.T, seed uint64) *history {
	h := &history{T: t, World: world.New(), dice: rand.New(rand.NewPCG(seed, 0)), purchases: rand.New(rand.NewPCG(seed, 1)), wanted: 1, bad: map[int]bool{}}
	warmup := int32(60 * (1 + h.dice.IntN(2)))
	h.climate = h.dice.IntN(len(climates))
	h.Engine.SetClimate(climates[h.climate])
	in := &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String("web"), MinSize: aws.Int32(floor), MaxSize: aws.Int32(ceiling),
		DesiredCapacity:        aws.Int32(int32(floor + h.dice.IntN(3))),
		VPCZoneIdentifier:      aws.String(world.Subnets),
		TargetGroupARNs:        []string{world.TargetGroup},
		HealthCheckType:        aws.String("ELB"),
		HealthCheckGracePeriod: &warmup,
		DefaultInstanceWarmup:  &warmup,
		TerminationPolicies:    []string{"NewestInstance"},
		InstanceMaintenancePolicy: &scaling.InstanceMaintenancePolicy{
			MinHealthyPercentage: aws.Int32(100), MaxHealthyPercentage: aws.Int32(int32(150 + 50*h.dice.IntN(2)))},
	}
	first := &scaling.LaunchTemplateSpecification{LaunchTemplateId: aws.String(world.Template), Version: aws.String("1")}
	if h.spot = h.chance(30); h.spot {
		in.CapacityRebalance = aws.Bool(h.chance(50))
		in.MixedInstancesPolicy = spotPolicy(first, h.dice.IntN(2), 0)
	} else {
		in.LaunchTemplate = first
	}
	_, err := h.Groups.CreateAutoScalingGroup(t.Context(), in)
	must(t, err)
	h.furnish()
	h.SetAlarm("web-5xx", "OK")
	time.Sleep(5 * time.Minute)
	return h
}

func (h *history) chance(percent int) bool { return h.dice.IntN(100) < percent }

// moment is a time up to some minutes.
func (h *history) moment(minutes int) time.Duration {
	return time.Duration(h.dice.IntN(60*minutes)) * time.Second
}

func (h *history) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log = append(h.log, time.Now().Format("15:04:05 ")+fmt.Sprintf(format, args...))
}

func (h *history) live(outcomes map[outcome]int) {
	h.outcomes = outcomes
	defer h.Stop()
	ctx, stop := context.WithCancel(h.Context())
	var watching sync.WaitGroup
	watching.Go(func() { h.watch(ctx) })

	for range 1 + h.dice.IntN(3) {
		h.deploy()
		h.trouble()
		h.runs()
	}
	h.calm()

	// The last word.
	before := h.fleet().Target
	end, err := h.run(h.Context(), h.wanted)
	time.Sleep(15 * time.Minute)
	fleet := h.fleet()
	h.note("in the end %v: %+v", err, fleet)
	switch {
	case !fleet.Complete() || fleet.Active() != nil || len(fleet.Stale(fleet.Target)) > 0:
		h.Errorf("the fleet is not whole, or not of one version")
	case h.bad[h.wanted] && fleet.Target.Number == int64(h.wanted):
		h.Errorf("the group launches a bad version")
	case h.bad[h.wanted] && (end != rolledBack || fleet.Target != before):
		h.Errorf("a bad version: %s on version %d, want rolled back on %d", end, fleet.Target.Number, before.Number)
	case !h.bad[h.wanted] && (end != converged || fleet.Target.Number != int64(h.wanted)):
		h.Errorf("a good version: %s on version %d, want converged on %d", end, fleet.Target.Number, h.wanted)
	}
	stop()
	watching.Wait()
	if h.Failed() {
		h.Logf("climate %+v", climates[h.climate])
		for _, line := range append(h.log, h.activities()...) {
			h.Log(line)
		}
	}
}

// deploy makes a new version, good or bad.
func (h *history) deploy() {
	h.wanted = h.AddVersion()
	switch n := h.dice.IntN(10); {
	case n < 5:
		h.note("deploy of version %d, good", h.wanted)
		h.Behave(h.wanted, world.Behaviour{Serves: 20*time.Second + h.moment(1)/2})
		return
	case n < 8:
		h.note("deploy of version %d, never serves", h.wanted)
		h.Behave(h.wanted, world.Behaviour{Never: true})
	default:
		h.note("deploy of version %d, dies", h.wanted)
		h.Behave(h.wanted, world.Behaviour{Never: true, Dies: 30*time.Second + h.moment(2)})
	}
	h.bad[h.wanted] = true
}

// runs has one or two runs bring the wanted version to the fleet; each may be killed,
// and is repeated then or not.
func (h *history) runs() {
	done := make(chan bool)
	number := 1 + h.dice.IntN(2)
	for range number {
		delay, kills := h.moment(3), []time.Duration{}
		for h.chance(35) {
			kills = append(kills, h.moment(12))
		}
		repeated := h.chance(70)
		go func() {
			defer func() { done <- true }()
			time.Sleep(delay)
			for {
				ctx, cancel := context.WithCancel(h.Context())
				if len(kills) > 0 {
					time.AfterFunc(kills[0], cancel)
					kills = kills[1:]
				}
				end, _ := h.run(ctx, h.wanted)
				cancel()
				if end != interrupted || !repeated {
					return
				}
			}
		}()
	}
	for range number {
		<-done
	}
}

// run is a run of the program.
func (h *history) run(ctx context.Context, version int) (outcome, error) {
	opts := defaults()
	opts.Poll, opts.Version, opts.TemplateID = 10*time.Second, int64(version), world.Template
	opts.Preferences = refresh.Preferences{Alarms: []string{"web-5xx"}}
	said := reporter{h}
	err := rollout.New(h.cloud(), said, opts).Run(ctx)
	end := outcomeOf(err)
	h.note("a run ended: %s: %v", end, err)
	h.mu.Lock()
	h.outcomes[end]++
	h.mu.Unlock()
	if end == refused && !errors.Is(err, context.Canceled) {
		h.Errorf("a run ended without a verdict: %v", err)
	}
	return end, err
}

func (h *history) cloud() *rollout.AWS {
	return rollout.NewAWSWith(rollout.Services{Scaling: h.Groups, Balancer: h, CloudWatch: h}, "web")
}

func (h *history) fleet() rollout.Fleet {
	for {
		fleet, err := h.cloud().Describe(h.Context())
		if err == nil {
			return fleet
		}
		time.Sleep(time.Second) // throttled
	}
}

// watch holds the healthy capacity against the minimum, as long as ctx is.
func (h *history) watch(ctx context.Context) {
	whole := time.Now() // since when
	for ctx.Err() == nil {
		time.Sleep(10 * time.Second)
		healthy, desired := h.capacity()
		if healthy < desired {
			whole = time.Now()
		}
		if owed := h.owes(whole); healthy+owed < floor {
			h.note("!!! %+v", h.fleet())
			h.Errorf("%d instances are healthy, and %d were killed: fewer than %d", healthy, owed, floor)
			return
		}
	}
}

// capacity counts the instances that get requests.
func (h *history) capacity() (healthy, desired int) {
	groups, err := h.Groups.DescribeAutoScalingGroups(context.Background(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{"web"}})
	if err != nil {
		return floor, floor + 1 // throttled: seen at the next look
	}
	targets, err := h.DescribeTargetHealth(context.Background(), &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(world.TargetGroup)})
	if err != nil {
		h.Error(err)
	}
	for _, target := range targets.TargetHealthDescriptions {
		if target.TargetHealth.State == "healthy" {
			healthy++
		}
	}
	return healthy, int(*groups.AutoScalingGroups[0].DesiredCapacity)
}
