package scaling

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"example.com/webserver-cluster/tests/localaws/clock"
	"example.com/webserver-cluster/tests/localaws/front"
)

// Options are what New needs to know.
type Options struct {
	Clock    *clock.Clock
	Services func(region string) Services
	Region   string                           // Fire's
	Front    *front.Front                     // answers Auto Scaling's actions over HTTP; default none: API has them
	Log      func(format string, args ...any) // default nobody

	// Changes returns when what the services say changes next by itself, after now.
	// With it, the engine looks at the groups only when something is due; without
	// it, every AWS second. Changes that are not foreseen are told by Wake.
	Changes func(now time.Time) time.Time

	// NewID makes the ids of refreshes and activities; default UUIDs at random.
	NewID func() string
}

// Engine runs the Auto Scaling groups of a local AWS. It is safe for concurrent
// use.
type Engine struct {
	Options
	stop func()
	wake chan struct{} // has the next tick come at once

	mu       sync.Mutex
	climate  Climate
	failure  *LaunchFailure // of launches from now on
	calls    float64        // what the climate's share of calls has summed up to
	groups   map[key]*group
	services map[string]*Services // by region
	zones    map[string]string    // of the subnets seen so far
}

// key names a group.
type key struct{ region, name string }

// New registers the engine's actions with the front and starts it.
func New(o Options) *Engine {
	ctx, cancel := context.WithCancel(context.Background())
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	if o.NewID == nil {
		o.NewID = uuid.NewString
	}
	e := &Engine{
		Options:  o,
		wake:     make(chan struct{}, 1),
		groups:   map[key]*group{},
		services: map[string]*Services{},
		zones:    map[string]string{},
	}
	done := make(chan struct{})
	e.stop = func() { cancel(); <-done }
	if o.Front != nil {
		e.handleGroups()
		e.handleInstances()
		e.handleRefreshes()
		e.handleHooks()
		e.handleWarmPools()
	}
	go func() {
		defer close(done)
		e.run(ctx)
	}()
	return e
}

// Stop ends the engine. The groups stay as they are.
func (e *Engine) Stop() { e.stop() }

func (e *Engine) run(ctx context.Context) {
	timer := time.NewTimer(e.pause())
	defer timer.Stop()
	fired := e.Clock.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-e.wake:
			e.settle(ctx)
		}
		since, now := fired, e.Clock.Now()
		minute := now.Truncate(time.Minute).After(since) // cron knows no seconds
		if minute {
			fired = now
		}
		groups := e.list()
		for _, region := range slices.Sorted(maps.Keys(groups)) {
			if minute {
				e.fireDue(ctx, groups[region], since, now)
			}
			if err := e.tick(ctx, region, groups[region]); err != nil && ctx.Err() == nil {
				e.Log("Auto Scaling groups in %s: %v", region, err)
			}
		}
		timer.Reset(e.pause())
	}
}

// list returns the groups by region, in the order of their names.
func (e *Engine) list() map[string][]*group {
	e.mu.Lock()
	defer e.mu.Unlock()
	groups := map[string][]*group{}
	for _, g := range e.groups {
		groups[g.region] = append(groups[g.region], g)
	}
	for _, of := range groups {
		slices.SortFunc(of, func(a, b *group) int { return strings.Compare(a.name, b.name) })
	}
	return groups
}

// command is one step that has been decided on: run does it, and record notes
// the result, with the engine's lock held.
type command struct {
	run    func(ctx context.Context, a *Services) error
	record func(g *group, now time.Time, err error)
}

// tick looks at the groups of a region and takes the next step of each.
func (e *Engine) tick(ctx context.Context, region string, groups []*group) error {
	revisions := map[*group]int{}
	e.mu.Lock()
	for _, g := range groups {
		revisions[g] = g.revision
	}
	e.mu.Unlock()
	a := e.api(region)
	s, err := e.look(ctx, a, groups)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if err := e.step(ctx, a, s, g, revisions[g]); err != nil {
			return fmt.Errorf("%s: %w", g.name, err)
		}
	}
	return nil
}

// step takes the next step of a group, unless a request has changed it since
// the look at it began.
func (e *Engine) step(ctx context.Context, a *Services, s *scene, g *group, revision int) error {
	if _, known := s.settings[g.name]; !known {
		return nil // it has just been deleted
	}
	seen, err := e.view(ctx, a, s, g)
	if err != nil {
		return err
	}
	e.mu.Lock()
	var todo []command
	if g.revision == revision && e.groups[g.key] == g {
		g.settings, g.template = seen.settings, seen.template
		todo = g.step(e.Clock.Now(), seen)
	} else {
		g.due = time.Time{}
	}
	e.mu.Unlock()

	for _, c := range todo {
		err := c.run(ctx, a)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e.mu.Lock()
		c.record(g, e.Clock.Now(), err)
		e.mu.Unlock()
		if err != nil {
			e.Log("Auto Scaling group %s: %v", g.name, err)
		}
	}
	e.mu.Lock()
	g.remember()
	deleted := e.groups[g.key] != g
	e.mu.Unlock()
	if deleted { // meanwhile, and what was just launched must go, too
		e.clear(ctx, g)
	}
	return nil
}

// api returns the services of a region.
func (e *Engine) api(region string) *Services {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.services[region]
	if a == nil {
		found := e.Services(region)
		a = &found
		e.services[region] = a
	}
	return a
}
