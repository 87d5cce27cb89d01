package databases

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"example.com/webserver-cluster/tests/localaws/clock"
)

// Config is what New needs.
type Config struct {
	Engine Engine                           // starts the servers
	Front  aws.Config                       // for clients of the local AWS, where the DB instances are
	Moto   aws.Config                       // for clients of the fake AWS behind it: it may read any secret
	Clock  *clock.Clock                     // AWS's time
	Log    func(format string, args ...any) // told of trouble, and what the servers write into their error log; default nobody

	// OnChange is told the endpoints that there are, whenever they change; one call
	// at a time. Default: nobody.
	OnChange func([]Endpoint)

	// Secret returns the secret of an access key, for tokens of IAM database
	// authentication. Default: there are none.
	Secret func(accessKeyID string) (secret string, ok bool)

	// Allow judges who may connect (the action rds-db:connect); an error refuses
	// the login. Default: whoever has a secret.
	Allow func(context.Context, Connection) error
}

// Databases are the servers behind the DB instances of MySQL. Its methods can be
// called from any goroutine.
type Databases struct {
	config Config
	ca     *CA
	ctx    context.Context
	stop   context.CancelFunc
	done   sync.WaitGroup

	syncing   sync.Mutex
	endpoints []Endpoint // as OnChange was told

	mu        sync.Mutex
	clients   map[string]*rds.Client // by region
	list      map[string]*instance   // by ARN
	passwords map[string]string      // of master users whose password no secret holds, by ARN
	snapshots map[string]snapshot    // by region, "/" and identifier
	seeds     map[string]snapshot    // of DB instances that are about to be restored, likewise
}

// snapshot is the data of a DB instance at some moment.
type snapshot struct {
	dump     Dump
	password string
}

// Endpoint is where a DB instance is found on AWS.
type Endpoint struct {
	Name    string   // DNS name
	Port    int      //
	Region  string   //
	Subnets []string // ids of its subnet group's
	Groups  []string // ids of its security groups
}

// New starts to follow the DB instances; Stop ends it.
func New(c Config) (*Databases, error) {
	ca, err := NewCA()
	if err != nil {
		return nil, fmt.Errorf("a CA for the databases: %w", err)
	}
	if c.Log == nil {
		c.Log = func(string, ...any) {}
	}
	if c.OnChange == nil {
		c.OnChange = func([]Endpoint) {}
	}
	if c.Secret == nil {
		c.Secret = func(string) (string, bool) { return "", false }
	}
	if c.Allow == nil {
		c.Allow = func(context.Context, Connection) error { return nil }
	}
	ctx, stop := context.WithCancel(context.Background())
	d := &Databases{
		config: c, ca: ca, ctx: ctx, stop: stop,
		clients: map[string]*rds.Client{}, list: map[string]*instance{},
		passwords: map[string]string{}, snapshots: map[string]snapshot{}, seeds: map[string]snapshot{},
	}
	d.addRegion(c.Front.Region)
	d.done.Go(d.follow)
	return d, nil
}

// Stop ends all servers, and returns when they have ended.
func (d *Databases) Stop() {
	d.stop()
	d.done.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	for arn, i := range d.list {
		i.server.Close()
		delete(d.list, arn)
	}
}

// Endpoints returns those of the DB instances that have a server.
func (d *Databases) Endpoints() []Endpoint {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []Endpoint
	for _, arn := range slices.Sorted(maps.Keys(d.list)) {
		all = append(all, d.list[arn].where())
	}
	return all
}

// CA is the certificate, in PEM, that clients trust where they trust RDS's
// certificate bundle on AWS.
func (d *Databases) CA() []byte { return d.ca.PEM() }

// Address is where the server of an endpoint, such as
// name.xyz.eu-central-1.rds.amazonaws.com, listens on this machine.
func (d *Databases) Address(endpoint string) (address string, ok bool) {
	if i := d.find(endpoint); i != nil {
		return i.server.Addr(), true
	}
	return "", false
}

// Dial connects to an endpoint, as a machine does that may: "name…:3306".
func (d *Databases) Dial(ctx context.Context, endpoint string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(endpoint)
	if err != nil {
		return nil, err
	}
	i := d.find(host)
	if i == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	if port != strconv.Itoa(int(i.port)) || i.down() {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	return new(net.Dialer).DialContext(ctx, "tcp", i.server.Addr())
}

func (d *Databases) find(endpoint string) *instance {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, i := range d.list {
		if i.endpoint == endpoint {
			return i
		}
	}
	return nil
}

func (d *Databases) addRegion(region string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if region != "" && d.clients[region] == nil {
		d.clients[region] = rds.NewFromConfig(d.config.Front, func(o *rds.Options) { o.Region = region })
	}
}
