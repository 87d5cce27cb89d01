package balancer

import (
	"cmp"
	"context"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"example.com/webserver-cluster/tests/localaws/clock"
	"example.com/webserver-cluster/tests/localaws/event"
)

// followInterval is how often targets are read, in real time. What comes through
// the front is noticed at once; the fake AWS itself takes out the targets whose
// instances are terminated.
const followInterval = time.Second

// Config is what Balancers need.
type Config struct {
	AWS   aws.Config   // for clients of the fake AWS
	Clock *clock.Clock // AWS's time

	// Dial connects a load balancer to a port of the target with that id, an
	// instance's.
	Dial func(ctx context.Context, from Source, target string, port int) (net.Conn, error)

	// Zone is the name of a target's Availability Zone. Default: any zone will do.
	Zone func(target string) string

	// Admit judges whether this machine's clients may connect to a port of a load
	// balancer that faces the internet; an error refuses them. Default: they may.
	Admit func(ctx context.Context, to Source, port int) error

	// Names are those that a certificate is for, by its ARN. Default: a certificate is
	// for the load balancer's address.
	Names func(ctx context.Context, certificate string) ([]string, error)

	OnEvent func(event.Event)                // told when a target's health changes; default nobody
	Log     func(format string, args ...any) // told of trouble; default nobody
}

// Source is where a load balancer's connections come from.
type Source struct {
	Region         string
	SecurityGroups []string // ids
	Subnets        []string // ids; it has an address in each
	Zones          []string // names of their Availability Zones
}

// Balancers are all load balancers of a local AWS.
type Balancers struct {
	config Config

	syncing sync.Mutex // held while what follows is brought in line with the fake AWS

	mu      sync.Mutex
	regions map[string]*elb.Client
	list    map[string]*balancer    // by ARN
	groups  map[string]*targetGroup // by ARN
	used    map[string]bool         // addresses, for good
	fault   func(target string) error

	ctx  context.Context
	stop context.CancelFunc
	done sync.WaitGroup
}

// New starts balancers that follow the fake AWS until Stop.
func New(c Config) *Balancers {
	if c.OnEvent == nil {
		c.OnEvent = func(event.Event) {}
	}
	if c.Zone == nil {
		c.Zone = func(string) string { return "" }
	}
	if c.Log == nil {
		c.Log = func(string, ...any) {}
	}
	b := &Balancers{
		config:  c,
		regions: map[string]*elb.Client{},
		list:    map[string]*balancer{},
		groups:  map[string]*targetGroup{},
		used:    map[string]bool{},
	}
	b.ctx, b.stop = context.WithCancel(context.Background())
	b.addRegion(c.AWS.Region)
	b.done.Go(b.follow)
	b.done.Go(b.watchAlarms)
	return b
}

// Stop closes all connections and returns when nothing listens any more.
func (b *Balancers) Stop() {
	b.stop()
	b.syncing.Lock() // nothing new starts after this: see Sync
	b.mu.Lock()
	for _, lb := range b.list {
		lb.close()
	}
	for _, g := range b.groups {
		g.close()
	}
	b.mu.Unlock()
	b.syncing.Unlock()
	b.done.Wait()
}

// Balancer is what List tells of a load balancer.
type Balancer struct {
	ARN     string
	Name    string
	Address string // its DNS name: where http://ADDRESS is answered
	Public  bool   // internet-facing
	Source  Source
}

// List returns the load balancers, by name.
func (b *Balancers) List() []Balancer {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []Balancer
	for _, lb := range b.list {
		list = append(list, Balancer{ARN: lb.arn, Name: lb.name, Address: lb.dnsName, Public: lb.public, Source: lb.source})
	}
	slices.SortFunc(list, func(x, y Balancer) int { return strings.Compare(x.Name, y.Name) })
	return list
}

// Target is what Targets tells of a target.
type Target struct {
	Group       string // name of its target group
	ID          string // instance id
	Port        int
	State       string // as DescribeTargetHealth has it: initial, healthy, unhealthy, draining, unused
	Reason      string // AWS's reason code; "" for a healthy one
	Description string
	Requests    int // sent to it so far
	Errors5xx   int // of them answered with a 5xx by it
	Failed      int // of them failed without an answer: the client got a 502 or 504, or half an answer
	InFlight    int // of them not answered yet
}

// Targets returns all targets, draining ones included, by group and time of
// registration.
func (b *Balancers) Targets() []Target {
	b.mu.Lock()
	groups := slices.SortedFunc(maps.Values(b.groups), func(x, y *targetGroup) int { return strings.Compare(x.name, y.name) })
	b.mu.Unlock()
	var list []Target
	for _, g := range groups {
		list = append(list, g.describe()...)
	}
	return list
}

// SetFault has health checks fail for which fault returns an error, until it
// is called again; nil ends that. Only checks fail: the targets are as they were.
func (b *Balancers) SetFault(fault func(target string) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = fault
}

func (b *Balancers) faultOf(target string) error {
	b.mu.Lock()
	fault := b.fault
	b.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault(target)
}

func (b *Balancers) group(arn string) *targetGroup {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.groups[arn]
}

// addRegion has the load balancers of a region followed, too.
func (b *Balancers) addRegion(region string) {
	region = cmp.Or(region, b.config.AWS.Region)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.regions[region] == nil {
		b.regions[region] = elb.NewFromConfig(b.config.AWS, func(o *elb.Options) { o.Region = region })
	}
}

// follow reads the targets until Stop.
func (b *Balancers) follow() {
	b.log(b.Sync(b.ctx))
	for {
		select {
		case <-time.After(followInterval):
		case <-b.ctx.Done():
			return
		}
		b.log(b.syncTargets(b.ctx))
	}
}

func (b *Balancers) log(err error) {
	if err != nil && b.ctx.Err() == nil {
		b.config.Log("load balancer: %v", err)
	}
}
