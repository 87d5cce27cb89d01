package scaling

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"example.com/webserver-cluster/tests/localaws/clock"
	"example.com/webserver-cluster/tests/localaws/front"
)

// Options are what New needs to know.
type Options struct {
	Front  *front.Front
	Clock  *clock.Clock
	Public aws.Config // for calls through the front, which other parts may answer
	Moto   aws.Config // for calls to moto itself
	Log    func(format string, args ...any)
}

// Engine runs the Auto Scaling groups of a local AWS. It is safe for concurrent
// use.
type Engine struct {
	Options
	stop func()
	wake chan struct{} // has the next tick come at once

	mu     sync.Mutex
	groups map[key]*group
	apis   map[string]*apis  // by region
	zones  map[string]string // of the subnets seen so far
}

// key names a group.
type key struct{ region, name string }

// apis are the SDK clients of a region.
type apis struct {
	settings *autoscaling.Client // moto's: with the handlers below, it would answer itself
	ec2      *ec2.Client
	balancer *elb.Client
	alarms   *cloudwatch.Client
}

// New registers the engine's actions with the front and starts it.
func New(o Options) *Engine {
	ctx, cancel := context.WithCancel(context.Background())
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	e := &Engine{
		Options: o,
		wake:    make(chan struct{}, 1),
		groups:  map[key]*group{},
		apis:    map[string]*apis{},
		zones:   map[string]string{},
	}
	done := make(chan struct{})
	e.stop = func() { cancel(); <-done }
	e.handleGroups()
	e.handleInstances()
	e.handleRefreshes()
	go func() {
		defer close(done)
		e.run(ctx)
	}()
	return e
}

// Stop ends the engine. The groups stay as they are.
func (e *Engine) Stop() { e.stop() }

// tickEvery is the AWS time between two looks at the groups; tickAtLeast is the
// real time, so that a high time factor does not keep moto from its work.
const (
	tickEvery   = time.Second
	tickAtLeast = 50 * time.Millisecond
)

func (e *Engine) run(ctx context.Context) {
	ticker := time.NewTicker(max(e.Clock.Real(tickEvery), tickAtLeast))
	defer ticker.Stop()
	fired := e.Clock.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-e.wake:
		}
		since, now := fired, e.Clock.Now()
		minute := now.Truncate(time.Minute).After(since) // cron knows no seconds
		if minute {
			fired = now
		}
		for region, groups := range e.list() {
			if minute {
				e.fireDue(ctx, groups, since, now)
			}
			if err := e.tick(ctx, region, groups); err != nil && ctx.Err() == nil {
				e.Log("Auto Scaling groups in %s: %v", region, err)
			}
		}
	}
}

// hurry has the groups looked at now.
func (e *Engine) hurry() {
	select {
	case e.wake <- struct{}{}:
	default: // it is under way
	}
}

// list returns the groups by region.
func (e *Engine) list() map[string][]*group {
	e.mu.Lock()
	defer e.mu.Unlock()
	groups := map[string][]*group{}
	for _, g := range e.groups {
		groups[g.region] = append(groups[g.region], g)
	}
	return groups
}

// command is one step that has been decided on: run does it, and record notes
// the result, with the engine's lock held.
type command struct {
	run    func(ctx context.Context, a *apis) error
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
func (e *Engine) step(ctx context.Context, a *apis, s *scene, g *group, revision int) error {
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
	deleted := e.groups[g.key] != g
	e.mu.Unlock()
	if deleted { // meanwhile, and what was just launched must go, too
		e.clear(ctx, g)
	}
	return nil
}

// api returns the clients of a region.
func (e *Engine) api(region string) *apis {
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.apis[region]
	if a == nil {
		public, moto := e.Public.Copy(), e.Moto.Copy()
		public.Region, moto.Region = region, region
		a = &apis{
			settings: autoscaling.NewFromConfig(moto),
			ec2:      ec2.NewFromConfig(public),
			balancer: elb.NewFromConfig(public),
			alarms: cloudwatch.NewFromConfig(public, func(o *cloudwatch.Options) {
				o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801) // moto does not know CBOR
			}),
		}
		e.apis[region] = a
	}
	return a
}
