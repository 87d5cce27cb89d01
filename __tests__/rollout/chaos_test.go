package rollout_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"example.com/webserver-cluster/internal/rollout"
)

// TestChaos lets rollouts loose on a group that behaves as AWS says groups do,
// while people cancel, instances die and runs are killed and repeated, alone or
// two at once. Whatever happens, the fleet must end whole, and on one version.
func TestChaos(t *testing.T) {
	outcomes := map[outcome]int{}
	for seed := range uint64(1000) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { chaos(t, seed, outcomes) })
		})
	}
	t.Logf("outcomes: %v", outcomes)
	for _, o := range []outcome{converged, rolledBack} {
		if outcomes[o] == 0 {
			t.Errorf("%s never came up: %v", o, outcomes)
		}
	}
}

func chaos(t *testing.T, seed uint64, outcomes map[outcome]int) {
	dice := rand.New(rand.NewPCG(seed, 0))
	chance := func(percent int) bool { return dice.IntN(100) < percent }
	moment := func() time.Duration { return time.Duration(dice.IntN(600)) * time.Second }

	g := newSimulation(chance(50))
	opts := defaults()
	if chance(50) {
		opts.Version = 5
	} else {
		g.target = version(5) // somebody gave the group its version before
		if chance(50) {
			g.StartRefresh(t.Context(), rollout.Start{})
		}
	}
	cancelled := chance(20)
	if cancelled {
		time.AfterFunc(moment(), func() { g.CancelRefresh(context.Background()) })
	}
	if chance(30) {
		time.AfterFunc(moment(), g.kill)
	}

	// One run, or two; each may be killed and repeated.
	var runs sync.WaitGroup
	var ends []outcome
	for range 1 + dice.IntN(2) {
		delay, kills := moment()/4, []time.Duration{}
		for chance(40) {
			kills = append(kills, moment())
		}
		runs.Go(func() {
			time.Sleep(delay)
			for {
				ctx, cancel := context.WithCancel(context.Background())
				if len(kills) > 0 {
					time.AfterFunc(kills[0], cancel)
					kills = kills[1:]
				}
				err := rollout.New(g, &notes{}, opts).Run(ctx)
				cancel()
				if errors.As(err, new(*rollout.InterruptedError)) {
					continue
				}
				g.mu.Lock()
				defer g.mu.Unlock()
				if err == nil && !g.fleet().Complete() {
					t.Errorf("converged, yet the fleet is %+v", g.fleet())
				}
				ends = append(ends, outcomeOf(err))
				outcomes[outcomeOf(err)]++
				return
			}
		})
	}
	runs.Wait()
	time.Sleep(10 * time.Minute) // the other run's last refresh, replacements of what was killed

	if cancelled && slices.Contains(ends, rollbackFailed) {
		return // a person cancelled the rollback itself, and was told so
	}
	fleet, _ := g.Describe(t.Context())
	if !fleet.Complete() || len(fleet.Stale(fleet.Target)) > 0 || fleet.Active() != nil {
		t.Errorf("the fleet ended as %+v", fleet)
	}
	if g.bad && fleet.Target != version(4) {
		t.Errorf("the group launches the bad %s", fleet.Target)
	}
	if !g.bad && !cancelled && (fleet.Target != version(5) || slices.Max(ends) != converged) {
		t.Errorf("the good version did not get through: the group launches %s, outcomes %v", fleet.Target, ends)
	}
	if slices.Contains(ends, rollbackFailed) || slices.Contains(ends, refused) {
		t.Errorf("outcomes %v", ends)
	}
	if t.Failed() {
		t.Logf("bad %v, cancelled %v, outcomes %v, refreshes %+v", g.bad, cancelled, ends, fleet.Refreshes)
	}
}

// simulation is a group of two instances on version 4.
// It launches before it terminates.
type simulation struct {
	bad bool // version 5 never gets healthy

	mu        sync.Mutex
	now       time.Time
	target    rollout.Version
	instances []*simulated
	refreshes []rollout.Refresh // newest first
	launched  int
}

type simulated struct {
	rollout.Instance
	born    time.Time
	leaving time.Time // zero: it stays
}

func newSimulation(bad bool) *simulation {
	g := &simulation{bad: bad, now: time.Now(), target: version(4)}
	g.launch()
	g.launch()
	for _, i := range g.instances {
		i.born = g.now.Add(-time.Hour)
	}
	return g
}

func (g *simulation) Describe(context.Context) (rollout.Fleet, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.catchUp()
	return g.fleet(), nil
}

func (g *simulation) StartRefresh(_ context.Context, start rollout.Start) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.catchUp()
	if g.fleet().Active() != nil {
		return "", rollout.ErrInProgress
	}
	id := fmt.Sprint("r-", len(g.refreshes)+1)
	g.refreshes = slices.Insert(g.refreshes, 0, rollout.Refresh{ID: id, Status: "InProgress", Start: g.now, Desired: start.Desired, AutoRollback: start.AutoRollback})
	return id, nil
}

func (g *simulation) RollbackRefresh(context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.catchUp()
	switch active := g.fleet().Active(); {
	case active == nil || active.Status != "InProgress":
		return rollout.ErrNotInProgress
	case active.Desired == nil:
		return rollout.ErrIrreversible
	}
	g.refreshes[0].Status = "RollbackInProgress"
	return nil
}

func (g *simulation) Alarms(context.Context, []string) ([]rollout.Alarm, error) { return nil, nil }

func (g *simulation) CancelRefresh(context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.catchUp()
	if g.fleet().Active() == nil {
		return rollout.ErrNotInProgress
	}
	g.refreshes[0].Status, g.refreshes[0].End = "Cancelling", g.now.Add(10*time.Second)
	return nil
}

// kill takes an instance away.
func (g *simulation) kill() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.catchUp()
	g.instances = g.instances[1:]
}

func (g *simulation) fleet() rollout.Fleet {
	f := rollout.Fleet{Group: "web", Target: g.target, Desired: 2, Refreshes: slices.Clone(g.refreshes)}
	for _, i := range g.instances {
		f.Instances = append(f.Instances, i.Instance)
	}
	return f
}

func (g *simulation) launch() {
	g.launched++
	g.instances = append(g.instances, &simulated{born: g.now, Instance: rollout.Instance{
		ID: fmt.Sprint("i-", g.launched), Version: g.fleet().Destination(), Healthy: true}})
}

// catchUp lives through the seconds since the last call.
func (g *simulation) catchUp() {
	for time.Now().After(g.now) {
		g.now = g.now.Add(time.Second)
		g.second()
	}
}

func (g *simulation) second() {
	g.instances = slices.DeleteFunc(g.instances, func(i *simulated) bool {
		return !i.leaving.IsZero() && g.now.Sub(i.leaving) > 20*time.Second
	})
	var live []*simulated
	warm := true // all instances on the version that the group heads for
	want := g.fleet().Destination()
	for _, i := range g.instances {
		age := g.now.Sub(i.born)
		i.State, i.Trouble = "InService", ""
		switch never := g.bad && i.Version == version(5); {
		case !i.leaving.IsZero():
			i.State, i.Trouble = "Terminating", "draining"
			continue
		case age < 20*time.Second:
			i.State = "Pending"
		case never && age > 80*time.Second:
			i.Healthy, i.Trouble, i.leaving = false, "unhealthy", g.now
			continue
		case never || age < 40*time.Second:
			i.Trouble = "unhealthy"
		}
		live = append(live, i)
		if i.Version == want && age < time.Minute || !i.Ready() {
			warm = false
		}
	}
	if len(live) < 2 {
		g.launch()
		return
	}

	terminate := func(match func(*simulated) bool) bool {
		at := slices.IndexFunc(live, match)
		if at >= 0 {
			live[at].leaving = g.now
		}
		return at >= 0
	}
	stale := func(i *simulated) bool { return i.Version != want }
	if g.fleet().Active() == nil {
		if len(live) > 2 && !terminate(func(i *simulated) bool { return !i.Ready() }) {
			terminate(func(*simulated) bool { return true })
		}
		return
	}
	switch refresh := &g.refreshes[0]; {
	case refresh.Status == "Cancelling":
		if g.now.After(refresh.End) {
			refresh.Status = "Cancelled"
		}
	case len(live) == 2 && slices.ContainsFunc(live, stale):
		g.launch()
	case len(live) > 2 && (warm || slices.ContainsFunc(live, func(i *simulated) bool { return stale(i) && !i.Ready() })):
		if !terminate(func(i *simulated) bool { return stale(i) && !i.Ready() }) && !terminate(stale) {
			terminate(func(*simulated) bool { return true })
		}
	case len(live) == 2 && warm:
		refresh.Percent, refresh.End = 100, g.now
		if refresh.Status == "RollbackInProgress" {
			refresh.Status = "RollbackSuccessful"
		} else {
			refresh.Status = "Successful"
		}
		g.target = want
	case g.now.Sub(refresh.Start) > time.Hour:
		if refresh.AutoRollback {
			refresh.Status = "RollbackInProgress"
		} else {
			refresh.Status, refresh.End = "Failed", g.now
		}
	}
}
