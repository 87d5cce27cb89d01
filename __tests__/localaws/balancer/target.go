package balancer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"slices"
	"sync"
	"time"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"example.com/webserver-cluster/tests/localaws/event"
)

// settings are a target group's, as last read. Durations are AWS time.
type settings struct {
	source            *Source // the load balancer with a listener for it; nil for none
	path              string
	port              int // of health checks; 0 for the target's own
	interval, timeout time.Duration
	healthy           int // checks in a row
	unhealthy         int
	matcher           matcher
	delay             time.Duration // of deregistration
	slowStart         time.Duration
	algorithm         string
}

// targetGroup spreads requests over its targets.
type targetGroup struct {
	arn, name string
	all       *Balancers
	client    *elb.Client

	mu       sync.Mutex
	settings settings
	targets  []*target // in order of registration
	turn     int       // counts requests, for the round robin
	now      minute    // the metrics of the AWS minute under way
	past     []minute  // those of the minutes before, oldest first
}

type targetKey struct {
	id   string
	port int
}

// target is an instance and a port, from its registration to the end of its
// draining. Its fields below transport are guarded by the group's mu.
type target struct {
	targetKey
	group     *targetGroup
	transport *http.Transport
	proxy     *httputil.ReverseProxy
	checks    context.Context // done when it is deregistered
	endChecks context.CancelFunc
	requests  context.Context // done when it is cut off
	cut       context.CancelCauseFunc

	state         types.TargetHealthStateEnum
	reason        types.TargetHealthReasonEnum
	description   string
	inRow         int  // checks with the same result in a row
	lastOK        bool // that result
	since         time.Time
	sent, failed  int
	answered5xx   int
	inFlight      int
	deregistering bool
}

// errCut is why requests to a target end when its deregistration delay is over.
var errCut = errors.New("the deregistration delay is over")

// update brings the targets in line with those that are registered.
func (g *targetGroup) update(registered []targetKey) {
	g.mu.Lock()
	var events []event.Event
	for _, t := range g.targets {
		if !t.deregistering && !slices.Contains(registered, t.targetKey) {
			events = append(events, g.deregister(t))
		}
	}
	for _, key := range registered {
		if !slices.ContainsFunc(g.targets, func(t *target) bool { return t.targetKey == key && !t.deregistering }) {
			events = append(events, g.register(key))
		}
	}
	g.mu.Unlock()
	for _, e := range events {
		g.all.config.OnEvent(e)
	}
}

func (g *targetGroup) register(key targetKey) event.Event {
	t := &target{targetKey: key, group: g}
	t.checks, t.endChecks = context.WithCancel(g.all.ctx)
	t.requests, t.cut = context.WithCancelCause(g.all.ctx)
	t.transport = &http.Transport{
		DialContext:         t.dial,
		MaxIdleConnsPerHost: 1024,
		DisableCompression:  true,
	}
	t.proxy = t.newProxy()
	t.set(types.TargetHealthStateEnumInitial, types.TargetHealthReasonEnumRegistrationInProgress, "Target registration is in progress")
	// A target that comes back while it drains starts anew.
	g.targets = slices.DeleteFunc(g.targets, func(old *target) bool { return old.targetKey == key })
	g.targets = append(g.targets, t)
	g.all.done.Go(t.check)
	return t.event()
}

// deregister starts t's draining: it gets no new requests, and those under way
// may take as long as the deregistration delay. The state stays draining for all
// of the delay, even if nothing is under way.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#deregistration-delay
func (g *targetGroup) deregister(t *target) event.Event {
	t.deregistering = true
	t.endChecks()
	t.transport.CloseIdleConnections()
	t.set(types.TargetHealthStateEnumDraining, types.TargetHealthReasonEnumDeregistrationInProgress, "Target deregistration is in progress")
	delay := g.settings.delay
	g.all.done.Go(func() {
		if g.all.config.Clock.Sleep(g.all.ctx, delay) != nil {
			return // Stop
		}
		g.mu.Lock()
		g.targets = slices.DeleteFunc(g.targets, func(other *target) bool { return other == t })
		t.set(types.TargetHealthStateEnumUnused, types.TargetHealthReasonEnumNotRegistered, notRegistered)
		gone := t.event()
		g.mu.Unlock()
		t.cut(errCut)
		g.all.config.OnEvent(gone)
	})
	return t.event()
}

const notRegistered = "Target is not registered to the target group"

func (g *targetGroup) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range g.targets {
		t.endChecks()
		t.cut(errCut)
		t.transport.CloseIdleConnections()
	}
}

func (t *target) set(state types.TargetHealthStateEnum, reason types.TargetHealthReasonEnum, description string) {
	if t.state != state {
		t.since = time.Now()
	}
	t.state, t.reason, t.description = state, reason, description
}

func (t *target) event() event.Event {
	e := event.Event{Kind: event.Kind(t.state), Instance: t.id}
	if t.state == types.TargetHealthStateEnumUnhealthy {
		e.Detail = fmt.Sprintf("%s: %s", t.reason, t.description)
	}
	return e
}

// dial connects for a request.
func (t *target) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	t.group.mu.Lock()
	source := t.group.settings.source
	t.group.mu.Unlock()
	if source == nil {
		return nil, errUnused
	}
	ctx, cancel := context.WithTimeout(ctx, max(t.group.all.config.Clock.Real(connectTimeout), checkPatience))
	defer cancel()
	return t.group.all.config.Dial(ctx, *source, t.id, t.port)
}

// errUnused is why a request goes nowhere whose listener is being deleted.
var errUnused = errors.New("no load balancer uses the target group")

// pick chooses the target of a request and counts it as being in flight; nil
// if there is none.
func (g *targetGroup) pick() *target {
	g.mu.Lock()
	defer g.mu.Unlock()
	var healthy, unhealthy []*target
	for _, t := range g.targets {
		switch {
		case t.deregistering:
		case t.state == types.TargetHealthStateEnumHealthy:
			healthy = append(healthy, t)
		case t.state == types.TargetHealthStateEnumUnhealthy:
			unhealthy = append(unhealthy, t)
		}
	}
	// With unhealthy targets only, those get requests: the load balancer fails open.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
	// Not those that are unused, nor, for all that AWS says, those that nobody has
	// checked yet.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-503-issues
	candidates := healthy
	if len(candidates) == 0 {
		candidates = unhealthy
	}
	if len(candidates) == 0 {
		return nil
	}
	t := g.choose(candidates)
	t.inFlight++
	t.sent++
	return t
}

// choose applies the routing algorithm.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#modify-routing-algorithm
func (g *targetGroup) choose(candidates []*target) *target {
	g.turn++
	switch g.settings.algorithm {
	case "least_outstanding_requests":
		return slices.MinFunc(candidates, func(x, y *target) int { return cmp.Compare(x.inFlight, y.inFlight) })
	case "weighted_random":
		return candidates[rand.IntN(len(candidates))]
	}
	for i := range candidates {
		if t := candidates[(g.turn+i)%len(candidates)]; rand.Float64() < g.share(t) {
			return t
		}
	}
	return candidates[g.turn%len(candidates)]
}

// share is the part of its turns that t takes: in slow start mode it grows
// from 0 to 1 over the duration, from when t became healthy.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html#slow-start-mode
func (g *targetGroup) share(t *target) float64 {
	if g.settings.slowStart == 0 || t.state != types.TargetHealthStateEnumHealthy {
		return 1
	}
	return g.all.config.Clock.Since(t.since).Seconds() / g.settings.slowStart.Seconds()
}

func (g *targetGroup) describe() []Target {
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []Target
	for _, t := range g.targets {
		list = append(list, Target{
			Group: g.name, ID: t.id, Port: t.port,
			State: string(t.state), Reason: string(t.reason), Description: t.description,
			Requests: t.sent, Errors5xx: t.answered5xx, Failed: t.failed, InFlight: t.inFlight,
		})
	}
	return list
}
