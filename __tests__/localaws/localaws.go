package localaws

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"example.com/webserver-cluster/tests/localaws/access"
	"example.com/webserver-cluster/tests/localaws/balancer"
	"example.com/webserver-cluster/tests/localaws/clock"
	"example.com/webserver-cluster/tests/localaws/databases"
	"example.com/webserver-cluster/tests/localaws/event"
	"example.com/webserver-cluster/tests/localaws/front"
	"example.com/webserver-cluster/tests/localaws/scaling"
	"example.com/webserver-cluster/tests/localaws/servers"
	"example.com/webserver-cluster/tests/localaws/strict"
)

// Options are what Start can be told. The zero value is ready to use.
type Options struct {
	Port       int                              // the front's port on 127.0.0.1; default 0, a free one
	Region     string                           // AWS_REGION for commands that name none; default us-east-1
	BuildDir   string                           // holds moto, if installed, and logs; default build/localaws in AppDir
	TimeFactor float64                          // how fast AWS's time runs: at 10, AWS's 60 s take 6 s here; default 1
	Servers    bool                             // run instances and load balancers for real; default no
	ServerKind servers.Kind                     // with Servers: what instances are made of; default what servers.Choose says
	BootDelay  time.Duration                    // with Servers: AWS time from launch to user data; default servers.DefaultBootDelay
	OnEvent    func(event.Event)                // with Servers: told, one by one, what happens to them; default nobody
	Client     netip.Addr                       // with Servers: the public address that clients on this machine have to load balancers; default DefaultClient
	Databases  databases.Engine                 // what runs behind the DB instances of MySQL: mysql.Start; default nothing
	Log        func(format string, args ...any) // told, line by line, what takes a while; default nobody
}

// AWS is a running local AWS.
type AWS struct {
	Front *front.Front // where additions register the actions they answer
	Clock *clock.Clock // AWS's time, for additions

	Scaling   *scaling.Engine      // its Auto Scaling groups
	Servers   *servers.Fleet       // its servers; nil without Options.Servers
	Network   *Network             // what is between them; nil without Options.Servers
	Balancers *balancer.Balancers  // its load balancers; nil without Options.Servers
	Databases *databases.Databases // its databases; nil without Options.Databases

	url       string
	region    string
	awsConfig string // path of the AWS configuration, with an empty default profile
	cliConfig string // path of Terraform's CLI configuration; "" for its defaults
	moto      *moto
	toMoto    *http.Client
	access    *access.Judge
	changes   *databaseChanges // of DB instances, that wait
	policies  *sync.Map        // bucket policies as they were put, by "/" and the bucket's name

	mu      sync.Mutex
	closers []func()         // what Stop calls, last first
	refused []strict.Refusal // by the gate, in order
}

// Start starts a local AWS and returns when it answers. It installs moto if
// need be. When ctx is done, the AWS stops.
func Start(ctx context.Context, o Options) (*AWS, error) {
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	if o.BuildDir == "" {
		root, err := AppDir()
		if err != nil {
			return nil, err
		}
		o.BuildDir = filepath.Join(root, "build", "localaws")
	}
	if err := os.MkdirAll(o.BuildDir, 0o755); err != nil {
		return nil, err
	}
	awsConfig, err := writeFile(filepath.Join(o.BuildDir, "aws.config"), "[default]\n")
	if err != nil {
		return nil, err
	}
	cliConfig, err := terraformConfig(o.BuildDir)
	if err != nil {
		return nil, err
	}
	// The port comes first: if it is taken, nothing else has been started.
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port)))
	if err != nil {
		return nil, fmt.Errorf("a port for the local AWS: %w", err)
	}
	m, err := startMoto(ctx, o.BuildDir, o.Log)
	if err != nil {
		listener.Close()
		return nil, err
	}
	models, err := strict.FindModels(ctx, m.program)
	if err != nil {
		m.stop()
		listener.Close()
		return nil, err
	}

	transport := front.NewReads(front.Transport(), pureReads)
	a := &AWS{
		Front:     front.New(&url.URL{Scheme: "http", Host: m.addr}, transport),
		Clock:     clock.New(o.TimeFactor),
		url:       "http://" + listener.Addr().String(),
		region:    cmp.Or(o.Region, "us-east-1"),
		awsConfig: awsConfig,
		cliConfig: cliConfig,
		moto:      m,
		toMoto:    &http.Client{Transport: transport},
	}
	a.AtStop(m.stop)
	gate := strict.New(models, func(r strict.Refusal) {
		o.Log("%v", r)
		a.mu.Lock()
		defer a.mu.Unlock()
		a.refused = append(a.refused, r)
	})
	a.refuse(gate)
	tellSilentTopics(gate, o.Log)
	a.Front.Gate(func(r *front.Request) error {
		if err := a.Scaling.Gate(r); err != nil {
			return err
		}
		if err := a.access.Check(r); err != nil {
			return err
		}
		return gate.Check(r)
	})
	a.closeGaps()
	a.access = access.New(a.MotoConfig(), gate.Input, o.Log)
	a.access.Register(a.Front)
	public := a.Config()
	public.AppID = strict.AWSItself
	a.Scaling = scaling.New(scaling.Options{Front: a.Front, Clock: a.Clock, Services: scaling.OverHTTP(public, a.MotoConfig()), Region: a.region, Log: o.Log})

	server := &http.Server{Handler: a.Front}
	a.AtStop(func() { server.Close() })
	a.AtStop(a.Scaling.Stop) // it calls the server
	go server.Serve(listener)
	if o.Servers {
		a.Network = newNetwork(a, o.Client, o.Log)
	}
	if o.Databases != nil { // before the servers, which trust its CA
		if err := a.addDatabases(o); err != nil {
			a.Stop()
			return nil, err
		}
	}
	if o.Servers {
		if err := a.addServers(o); err != nil {
			a.Stop()
			return nil, err
		}
	}
	context.AfterFunc(ctx, a.Stop)
	return a, nil
}

// AtStop has Stop call f, before the functions given earlier.
func (a *AWS) AtStop(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closers = append(a.closers, f)
}

// Stop ends the local AWS and returns when none of its processes is left. A
// second call waits for the first and does nothing more.
func (a *AWS) Stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range slices.Backward(a.closers) {
		f()
	}
	a.closers = nil
}

// Refused returns the requests that were refused so far because AWS refuses
// them and moto does not; see package strict.
func (a *AWS) Refused() []strict.Refusal {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.refused)
}

// Access judges what instances may do by the policies of their roles.
func (a *AWS) Access() *access.Judge { return a.access }

// Endpoint is where AWS's services answer, such as http://127.0.0.1:41234.
func (a *AWS) Endpoint() string { return a.url }

// Config is for SDK clients that use the local AWS as anyone does: through the
// front.
func (a *AWS) Config() aws.Config { return a.config(a.url) }

// MotoConfig is for the SDK clients of additions: they talk to moto itself,
// past the front and its handlers.
func (a *AWS) MotoConfig() aws.Config {
	config := a.config("http://" + a.moto.addr)
	config.HTTPClient = a.toMoto
	return config
}

func (a *AWS) config(endpoint string) aws.Config {
	return aws.Config{
		Region:       a.region,
		BaseEndpoint: aws.String(endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey, secretKey, ""),
	}
}

// AppDir is the folder of the app: the nearest one, from the working folder
// upwards, that holds a cdktf.json.
func AppDir() (string, error) {
	wd, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := wd; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "cdktf.json")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no cdktf.json in %s or above: this runs inside the project only", wd)
		}
	}
}
