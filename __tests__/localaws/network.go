package localaws

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"

	"example.com/webserver-cluster/tests/localaws/access"
	"example.com/webserver-cluster/tests/localaws/balancer"
	"example.com/webserver-cluster/tests/localaws/firewall"
	"example.com/webserver-cluster/tests/localaws/metadata"
	"example.com/webserver-cluster/tests/localaws/servers"
)

// Where instances find AWS's services. The port is that of AWS, for security
// groups to judge; it is not TLS, which the SDKs would want a certificate of AWS's for.
// The host is an IP (of TEST-NET-2), so that S3 clients put a bucket's name into the path.
const (
	servicesAddress = "198.51.100.1"
	servicesPort    = 443
	servicesURL     = "http://198.51.100.1:443"
)

// Network is what instances reach, and what reaches them: AWS's services,
// databases, each other, as far as security groups allow. Everything else,
// the internet included, is silence to them.
type Network struct {
	aws      *AWS
	firewall *firewall.Firewall
	routes   routes
	client   netip.Addr                    // of this machine's clients
	fleet    atomic.Pointer[servers.Fleet] // nil before there is one, and so is the next
	lbs      atomic.Pointer[balancer.Balancers]
	log      func(format string, args ...any)
	told     sync.Map // what the log has been told of already

	mu        sync.Mutex
	endpoints map[string]*endpoint         // by name
	metadata  map[string]*metadata.Service // by instance
	sessions  map[string]*access.Session   // by instance and profile
}

// Endpoint is a server that instances can connect to, such as a database's.
type Endpoint struct {
	Name    string   // how it is looked up
	Region  string   //
	Subnets []string // ids of those that it has an address in
	Groups  []string // ids of its security groups; none: the VPC's default one
	Port    int

	// Dial connects to it. With an error that is servers.ErrDropped nobody
	// answers the instance, with another one it is refused.
	Dial func(context.Context) (net.Conn, error)
}

type endpoint struct {
	Endpoint
	party   firewall.Party // with the address alone
	address netip.Addr
}

func newNetwork(a *AWS, client netip.Addr, log func(string, ...any)) *Network {
	if !client.IsValid() {
		client = netip.MustParseAddr(DefaultClient)
	}
	return &Network{
		aws:       a,
		firewall:  firewall.New(a.MotoConfig()),
		client:    client,
		routes:    routes{config: a.MotoConfig(), ways: map[string]way{}},
		log:       log,
		endpoints: map[string]*endpoint{},
		metadata:  map[string]*metadata.Service{},
		sessions:  map[string]*access.Session{},
	}
}

// SetEndpoints says which endpoints there are. One that there was before, by its name,
// keeps its address. The error names those that have no place in the network.
func (n *Network) SetEndpoints(ctx context.Context, list []Endpoint) error {
	var faults []error
	parties := map[string]firewall.Party{}
	for _, e := range list {
		party, err := n.firewall.In(ctx, e.Region, e.Groups, e.Subnets)
		if err == nil && len(party.Addresses) == 0 {
			err = errors.New("no subnet to have an address in")
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", e.Name, err))
			continue
		}
		parties[e.Name] = party
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	maps.DeleteFunc(n.endpoints, func(name string, _ *endpoint) bool { _, stays := parties[name]; return !stays })
	for _, e := range list {
		party, placed := parties[e.Name]
		if !placed {
			continue
		}
		address := n.freeAddress(party)
		if before := n.endpoints[e.Name]; before != nil {
			address = before.address
		}
		party.Addresses = firewall.At(address)
		n.endpoints[e.Name] = &endpoint{e, party, address}
	}
	return errors.Join(faults...)
}

// freeAddress is one of the first subnet: from its end, since instances get theirs
// from its beginning.
func (n *Network) freeAddress(p firewall.Party) netip.Addr {
	block := p.Addresses[0].Masked()
	bytes := block.Addr().As4()
	for bit := block.Bits(); bit < 32; bit++ {
		bytes[bit/8] |= 1 << (7 - bit%8)
	}
	address := netip.AddrFrom4(bytes).Prev() // the last one is the broadcast's
	for _, e := range n.endpoints {
		if e.party.VPC == p.VPC && block.Contains(e.address) && !address.Less(e.address) {
			address = e.address.Prev()
		}
	}
	return address
}

// Dial implements servers.Outside.
func (n *Network) Dial(ctx context.Context, from servers.Server, to netip.AddrPort) (net.Conn, error) {
	party, dial := n.find(ctx, from, to)
	if dial == nil {
		n.tell("%s reaches nobody at %s", from.ID, to)
		return nil, servers.ErrDropped
	}
	if err := n.allow(ctx, from.ID, partyOf(from), party, to); err != nil {
		return nil, err
	}
	if party.VPC == "" { // a public address
		switch out, err := n.routes.leadOut(ctx, from); {
		case err != nil:
			n.log("%s: %v", from.ID, err)
			return nil, servers.ErrDropped
		case !out:
			n.tell("%s does not reach %s: its subnet, %s, has no route to the internet", from.ID, to, from.Subnet)
			return nil, servers.ErrDropped
		}
	}
	return dial(ctx)
}

// allow returns servers.ErrDropped if the firewall stops a connection.
func (n *Network) allow(ctx context.Context, who string, from, to firewall.Party, port netip.AddrPort) error {
	allowed, err := n.firewall.Allows(ctx, from, to, int(port.Port()))
	switch {
	case err != nil:
		n.log("firewall: %v", err)
		return servers.ErrDropped
	case !allowed:
		n.tell("%s may not connect to %s: no rule of the security groups of both, %s and %s, allows it", who, port, from, to)
		return servers.ErrDropped
	}
	return nil
}

// tell logs a message once.
func (n *Network) tell(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if _, told := n.told.LoadOrStore(text, true); !told {
		n.log("network: %s", text)
	}
}

// find returns who has an address, in the eyes of a server; nil for nobody.
func (n *Network) find(ctx context.Context, from servers.Server, to netip.AddrPort) (firewall.Party, func(context.Context) (net.Conn, error)) {
	if to.Addr().String() == servicesAddress {
		if to.Port() != servicesPort {
			return firewall.Party{}, nil
		}
		return firewall.Party{Addresses: firewall.At(to.Addr())}, func(ctx context.Context) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(n.aws.url, "http://"))
		}
	}
	if party, dial := n.findBalancer(ctx, to); dial != nil {
		return party, dial
	}
	n.mu.Lock()
	for _, e := range n.endpoints {
		if e.address == to.Addr() && e.party.VPC == from.VPC {
			n.mu.Unlock()
			if int(to.Port()) != e.Port {
				return firewall.Party{}, nil
			}
			return e.party, e.Dial
		}
	}
	n.mu.Unlock()
	for _, s := range n.servers() {
		if s.Address == to.Addr().String() && s.VPC == from.VPC {
			return partyOf(s), func(ctx context.Context) (net.Conn, error) {
				conn, err := n.fleet.Load().Dial(ctx, s.ID, int(to.Port()))
				if errors.Is(err, servers.ErrDown) {
					err = servers.ErrDropped
				}
				return conn, err
			}
		}
	}
	return firewall.Party{}, nil
}

// servers are those of the fleet, none before there is one.
func (n *Network) servers() []servers.Server {
	if fleet := n.fleet.Load(); fleet != nil {
		return fleet.List()
	}
	return nil
}

// findBalancer returns the load balancer that has an address.
func (n *Network) findBalancer(ctx context.Context, to netip.AddrPort) (firewall.Party, func(context.Context) (net.Conn, error)) {
	lbs := n.lbs.Load()
	if lbs == nil {
		return firewall.Party{}, nil
	}
	for _, b := range lbs.List() {
		if host, _, _ := strings.Cut(b.Address, ":"); host != to.Addr().String() {
			continue
		}
		// One that faces the internet is reached by a public address, and sees that of
		// a NAT gateway: no rule about security groups or private addresses covers them.
		party := firewall.Party{Addresses: firewall.At(netip.MustParseAddr(servicesAddress))}
		if !b.Public {
			var err error
			if party, err = n.firewall.In(ctx, b.Source.Region, b.Source.SecurityGroups, b.Source.Subnets); err != nil {
				n.log("firewall: %v", err)
				return firewall.Party{}, nil
			}
		}
		return party, func(ctx context.Context) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
		}
	}
	return firewall.Party{}, nil
}

func partyOf(s servers.Server) firewall.Party {
	p := firewall.Party{Region: s.Region, VPC: s.VPC, Groups: s.Groups}
	if address, err := netip.ParseAddr(s.Address); err == nil {
		p.Addresses = firewall.At(address)
	}
	return p
}

// dialTarget connects a load balancer to an instance. What the security groups do not
// allow does not come about until ctx is done.
func (n *Network) dialTarget(ctx context.Context, source balancer.Source, target string, port int) (net.Conn, error) {
	fleet := n.fleet.Load()
	server, there := fleet.Get(target)
	if !there {
		return nil, servers.ErrDown
	}
	from, err := n.firewall.In(ctx, source.Region, source.SecurityGroups, source.Subnets)
	if err != nil {
		return nil, err
	}
	to := partyOf(server)
	address, _ := netip.ParseAddr(server.Address)
	if err := n.allow(ctx, "the load balancer", from, to, netip.AddrPortFrom(address, uint16(port))); err != nil {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return fleet.Dial(ctx, target, port)
}

// Lookup implements servers.Outside: it knows endpoints and instances.
func (n *Network) Lookup(from servers.Server, name string) (netip.Addr, bool) {
	n.mu.Lock()
	e := n.endpoints[name]
	n.mu.Unlock()
	if e != nil {
		return e.address, true
	}
	for _, s := range n.servers() {
		if s.VPC == from.VPC && s.Region == from.Region && name == s.Name() {
			address, err := netip.ParseAddr(s.Address)
			return address, err == nil
		}
	}
	return netip.Addr{}, false
}
