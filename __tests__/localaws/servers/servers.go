package servers

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"example.com/webserver-cluster/tests/localaws/clock"
	"example.com/webserver-cluster/tests/localaws/event"
)

// DefaultBootDelay is the AWS time from an instance's launch to its user data:
// what a small Amazon Linux 2023 instance takes, roughly.
const DefaultBootDelay = 20 * time.Second

// Config is what a Fleet needs.
type Config struct {
	AWS       aws.Config                       // for clients of the local AWS, where the instances are
	Clock     *clock.Clock                     // AWS's time
	Kind      Kind                             // what machines are made of; default see KindVariable
	Dir       string                           // where a folder with the consoles' output is made
	BootDelay time.Duration                    // AWS time from launch to user data; default DefaultBootDelay
	Outside   Outside                          // the network around machines; default none: they have only themselves
	Environ   []string                         // NAME=VALUE that the image has user data and services get
	Trusted   []byte                           // certificates of CAs in PEM that the image trusts besides the host's
	OnEvent   func(event.Event)                // told of launches and ends; default nobody
	Log       func(format string, args ...any) // told of trouble; default nobody
}

// Image is what an AMI does before the user data runs. The zero value is
// what an image has that SetImage was not told of.
type Image struct {
	BootDelay time.Duration // AWS time from launch to user data; default Config.BootDelay
	Script    string        // run as root before the user data, such as "#!/bin/sh\nrm /usr/bin/python3"; may be ""
}

// State is how far a server is.
type State string

const (
	Booting State = "booting" // launched; its user data has not ended yet
	Running State = "running" // its user data has ended, well or not
	Down    State = "down"    // killed, but not terminated
)

// Server is an instance and the processes behind it.
type Server struct {
	ID       string // instance id
	Address  string // private IP, reached by Dial
	Group    string // name of its Auto Scaling group, "" outside one
	Version  string // version of its launch template, "" without one
	Image    string // AMI id
	Region   string
	VPC      string   // its id
	Subnet   string   // likewise
	Zone     string   // name of its Availability Zone
	Groups   []string // ids of its security groups, as last read
	Launched time.Time
	State    State
	Fault    string // how the boot failed; "" if it did not
}

// Fleet is all servers of a local AWS.
type Fleet struct {
	config Config
	kind   Kind
	python string // for bootOrder.Python
	dir    string // of the consoles' output
	aws    instances

	syncing sync.Mutex // held while the fleet is brought in line with the instances

	mu      sync.Mutex
	servers map[string]*server
	images  map[string]Image

	ctx  context.Context
	stop context.CancelFunc
	done sync.WaitGroup
}

// New starts a fleet that follows the instances of AWS until Stop. The error
// says what the system lacks to run servers.
func New(c Config) (*Fleet, error) {
	if c.OnEvent == nil {
		c.OnEvent = func(event.Event) {}
	}
	if c.Log == nil {
		c.Log = func(string, ...any) {}
	}
	c.BootDelay = cmp.Or(c.BootDelay, DefaultBootDelay)
	kind, _, err := Choose(c.Kind)
	if err != nil {
		return nil, err
	}
	python, err := hostPython(kind)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(c.Dir, "servers-")
	if err != nil {
		return nil, err
	}
	f := &Fleet{
		config:  c,
		kind:    kind,
		python:  python,
		dir:     dir,
		aws:     instances{config: c.AWS, regions: map[string]bool{c.AWS.Region: true}},
		servers: map[string]*server{},
		images:  map[string]Image{},
	}
	f.ctx, f.stop = context.WithCancel(context.Background())
	f.done.Go(f.follow)
	return f, nil
}

// hostPython is where Python is; "" if nowhere or, for Namespaces, if at
// /usr/bin/python3.
func hostPython(kind Kind) (string, error) {
	if _, err := os.Stat("/usr/bin/python3"); err == nil && kind == Namespaces {
		return "", nil
	}
	shim, err := exec.LookPath("python3")
	if err != nil {
		return "", nil
	}
	// What is found may be pyenv's script that starts the one or the other.
	output, err := exec.Command(shim, "-c", "import sys; print(sys.executable)").Output()
	if err != nil {
		return "", fmt.Errorf("ask %s where Python is: %w", shim, err)
	}
	return strings.TrimSpace(string(output)), nil
}

// Kind is what the machines are made of.
func (f *Fleet) Kind() Kind { return f.kind }

// Stop ends all servers and returns when none of their processes is left.
func (f *Fleet) Stop() {
	f.stop()
	f.done.Wait()
	os.RemoveAll(f.dir)
}

// List returns the servers, oldest first.
func (f *Fleet) List() []Server {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []Server
	for _, s := range f.servers {
		list = append(list, s.Details.Server)
	}
	slices.SortFunc(list, func(a, b Server) int {
		return cmp.Or(a.Launched.Compare(b.Launched), strings.Compare(a.ID, b.ID))
	})
	return list
}

// Get returns the server of an instance.
func (f *Fleet) Get(instanceID string) (Server, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s := f.servers[instanceID]; s != nil {
		return s.Details.Server, true
	}
	return Server{}, false
}

// Dial connects to a TCP port of an instance, as if from its network. An
// instance that boots or is down refuses connections; on AWS they would time out.
func (f *Fleet) Dial(ctx context.Context, instanceID string, port int) (net.Conn, error) {
	f.mu.Lock()
	var m machine
	if s := f.servers[instanceID]; s != nil {
		m = s.machine
	}
	f.mu.Unlock()
	if m == nil {
		return nil, ErrDown
	}
	return m.dial(ctx, port)
}

// Kill ends all processes of an instance at once, as a crash would. The
// instance itself stays, in the eyes of AWS.
func (f *Fleet) Kill(instanceID string) error {
	f.mu.Lock()
	var m machine
	if s := f.servers[instanceID]; s != nil {
		m = s.machine
	}
	f.mu.Unlock()
	if m == nil {
		return fmt.Errorf("kill %s: it does not run", instanceID)
	}
	m.kill()
	return nil
}

// SetImage has instances that are launched from the AMI from now on behave as
// image says: a way to try a bad or a slow one.
func (f *Fleet) SetImage(imageID string, image Image) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.images[imageID] = image
}

// Console returns what an instance has printed so far: its user data and its
// services. That of a terminated one is kept until Stop.
func (f *Fleet) Console(instanceID string) string {
	text, err := os.ReadFile(f.consolePath(instanceID))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (f *Fleet) consolePath(instanceID string) string {
	return filepath.Join(f.dir, instanceID+".log")
}

// Name is the server's private DNS name.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-naming.html
func (s Server) Name() string {
	name := "ip-" + strings.ReplaceAll(s.Address, ".", "-")
	if s.Region == "us-east-1" {
		return name + ".ec2.internal"
	}
	return name + "." + s.Region + ".compute.internal"
}

func (f *Fleet) order(s Server, userData string, image Image) bootOrder {
	hostname, domain, _ := strings.Cut(s.Name(), ".")
	return bootOrder{
		Hostname: hostname,
		Domain:   domain,
		Address:  s.Address,
		Network:  f.config.Outside != nil,
		Environ:  f.config.Environ,
		Trusted:  string(f.config.Trusted),
		Python:   f.python,
		Image:    image.Script,
		UserData: userData,
	}
}
