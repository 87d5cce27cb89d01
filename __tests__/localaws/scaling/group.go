package scaling

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"example.com/webserver-cluster/tests/localaws/clock"
)

// group is an Auto Scaling group. The engine's lock guards it.
type group struct {
	key
	clock    *clock.Clock
	revision int // counts the requests that changed it
	climate  Climate
	failure  *LaunchFailure
	pictures []picture // of the past, as far as it may be shown; oldest first

	// What moto keeps, as last seen.
	settings types.AutoScalingGroup
	template template

	// What the engine keeps.
	min, max, desired int
	warmup            *int32 // DefaultInstanceWarmup
	maintenance       *types.InstanceMaintenancePolicy
	policies          []string // termination policies of an update, which moto does not take; none: the settings have them
	capacityRebalance *bool    // of which moto takes no update

	hooks        []types.LifecycleHook
	warmPool     *types.WarmPoolConfiguration
	members      []*member
	activities   []*types.Activity  // oldest first
	refreshes    []*refresh         // oldest first
	intent       string             // what changed the desired capacity last: the first half of a cause
	causes       []string           // why instances are to be launched that replace others
	keep         int                // unhealthy instances that wait for their replacements
	balance      bool               // an instance is to be launched, to balance zones
	balancing    *member            // it, until it serves
	repurchasing bool               // instances are to be replaced until the policy's share of them is On-Demand
	atRisk       int                // Spot Instances that are to be replaced before they end
	launchAfter  time.Time          // a launch failed: the next one waits
	avoid        map[pool]time.Time // what had no capacity, until when others come first
	trim         bool               // take a surplus away at once, a refresh or not
	taking       *refresh           // it has succeeded, and the group does not have its configuration yet
	due          time.Time          // when the next step is to be taken; the zero time: soon
	newID        func() string      // of refreshes and activities
}

// member is an instance of a group.
type member struct {
	id           string // "" until EC2 has answered
	subnet       subnet
	template     template
	instanceType string
	state        types.LifecycleState
	ended        string // EC2's reason why it ended as soon as it had started
	unhealthy    string // the cause of its replacement; "" while it is healthy
	spot         bool
	interrupted  time.Time // EC2 takes it back, and has said so then
	reclaimed    bool      // EC2 has taken it back
	protected    bool      // from scale-in
	byRefresh    bool      // launched by an instance refresh, not by scaling
	launched     time.Time
	inService    time.Time       // the zero time before
	waits        map[string]wait // for lifecycle hooks, by name
	abandoned    bool            // a hook had the result ABANDON
	registered   map[string]bool // target groups that it was put into
	deregistered bool
	activity     *types.Activity // its launch or its termination
}

// launching is how long an instance is Pending: what EC2 takes to start it and
// the group to register it. AWS gives no figure; half a minute is common.
const launching = 20 * time.Second

// retryLaunch is the pause after a failed launch. AWS says only that it retries.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html
const retryLaunch = 30 * time.Second

// leaving tells whether m is on its way out of the group.
func (m *member) leaving() bool {
	switch m.state {
	case types.LifecycleStateTerminating, types.LifecycleStateTerminatingWait, types.LifecycleStateTerminatingProceed:
		return true
	}
	return false
}

// pending tells whether m is on its way into service.
func (m *member) pending() bool {
	switch m.state {
	case types.LifecycleStatePending, types.LifecycleStatePendingWait, types.LifecycleStatePendingProceed:
		return true
	}
	return false
}

// counts tells whether m is a part of the group's capacity: instances in
// standby are not.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-enter-exit-standby.html
func (m *member) counts() bool {
	return m.pending() || m.state == types.LifecycleStateInService
}

func (m *member) health() string {
	if m.unhealthy != "" {
		return "Unhealthy"
	}
	return "Healthy"
}

// capacity are the members that count.
func (g *group) capacity() []*member { return g.where((*member).counts) }

func (g *group) where(match func(*member) bool) []*member {
	var found []*member
	for _, m := range g.members {
		if match(m) {
			found = append(found, m)
		}
	}
	return found
}

func (g *group) member(id string) *member {
	for _, m := range g.members {
		if m.id == id {
			return m
		}
	}
	return nil
}

func (g *group) suspended(process string) bool {
	return slices.ContainsFunc(g.settings.SuspendedProcesses, func(p types.SuspendedProcess) bool {
		return aws.ToString(p.ProcessName) == process
	})
}

// grace is how long health checks are not acted upon, from InService on.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/health-check-grace-period.html
func (g *group) grace() time.Duration {
	return seconds(aws.ToInt32(g.settings.HealthCheckGracePeriod))
}

func (g *group) checksBalancer() bool { return aws.ToString(g.settings.HealthCheckType) == "ELB" }

// warmupTime is how long an instance takes, from InService on, until it counts
// as ready: the refresh's, else the group's, else the grace period.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
func (g *group) warmupTime() time.Duration {
	if r := g.active(); r != nil && r.Preferences.InstanceWarmup != nil {
		return seconds(*r.Preferences.InstanceWarmup)
	}
	return g.defaultWarmup()
}

func (g *group) defaultWarmup() time.Duration {
	if g.warmup != nil {
		return seconds(*g.warmup)
	}
	return g.grace()
}

func seconds(n int32) time.Duration { return time.Duration(n) * time.Second }

// ready tells whether m is "in service, healthy, and ready to use": warmed up,
// and with the load balancer's verdict, if that is the group's health check.
//
// Healthy is what the group shows: during the grace period also an instance
// that the load balancer finds unhealthy. A target in the state initial is what
// AWS calls "insufficient data to evaluate its health".
func (g *group) ready(m *member, seen *view) bool {
	return m.state == types.LifecycleStateInService && m.unhealthy == "" &&
		g.past(m.inService, g.warmupTime()) && !g.initial(m, seen)
}

func (g *group) initial(m *member, seen *view) bool {
	if !g.checksBalancer() {
		return false
	}
	for _, state := range seen.targets[m.id] {
		if state == elbtypes.TargetHealthStateEnumInitial {
			return true
		}
	}
	return false
}

// step takes a group one step on and returns what is to be done for it.
func (g *group) step(now time.Time, seen *view) []command {
	before := g.print()
	g.due = now.Add(far)
	var todo []command
	for _, m := range slices.Clone(g.members) {
		todo = append(todo, g.advance(m, now, seen)...)
	}
	g.checkHealth(seen)
	todo = append(todo, g.rebalance(now, seen)...)
	if r := g.taking; r != nil && g.past(*r.EndTime, g.climate.Lag) {
		todo = append(todo, g.take(r))
	}
	if g.trim {
		g.scaleIn(now, seen)
		g.trim = false // what a rollback launches from here on is not too much
	}
	if r := g.active(); r != nil {
		todo = append(todo, g.roll(r, now, seen)...)
	}
	g.replaceUnhealthy(now, seen)
	todo = append(todo, g.toRepurchase(now, seen)...)
	g.uneven(now, seen)
	g.scaleIn(now, seen)
	todo = append(todo, g.toBalance(now, seen)...)
	todo = append(todo, g.scaleOut(now, seen)...)
	todo = append(todo, g.stock(now, seen)...)
	if len(g.capacity()) == g.desired {
		g.intent = "" // it is done
	}
	if len(todo) > 0 || g.print() != before {
		g.due = time.Time{}
	}
	return todo
}

// scaleOut launches what the group lacks.
func (g *group) scaleOut(now time.Time, seen *view) []command {
	var todo []command
	if g.suspended("Launch") || g.pausing(now) {
		return nil
	}
	for have := len(g.capacity()); have < g.wanted(); have++ {
		cause := g.because(now, "an instance was started in response to a difference between desired and actual capacity, increasing the capacity from "+count(have, have+1)+".")
		switch {
		case len(g.causes) > 0:
			cause = at(now, g.causes[0])
			g.causes = g.causes[1:]
		case g.atRisk > 0 && have >= g.desired:
			cause = at(now, causeAtRisk)
		case have >= g.desired:
			cause = at(now, causeReplacement)
		}
		c, ok := g.draw(now, cause)
		if !ok {
			c, ok = g.launch(now, seen, cause)
		}
		if !ok {
			return todo
		}
		todo = append(todo, c)
	}
	g.causes = nil
	return todo
}

// scaleIn ends what the group has too much of. What an instance refresh, or
// the replacement of an unhealthy instance or of another purchase option, launches
// before it ends another one is not too much.
func (g *group) scaleIn(now time.Time, seen *view) {
	if g.suspended("Terminate") {
		return
	}
	for have := len(g.capacity()); have > g.ceiling(); have-- {
		m := g.choose(seen)
		if m == nil {
			return // all are protected
		}
		g.terminate(m, now, g.because(now, "an instance was taken out of service in response to a difference between desired and actual capacity, shrinking the capacity from "+count(have, have-1)+
			".  "+at(now, "instance "+m.id+" was selected for termination.")))
	}
}
