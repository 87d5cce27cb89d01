package servers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// Kind is what machines are made of. What each shows and does not show stands in
// the package's doc.
type Kind string

const (
	Namespaces Kind = "namespaces" // Linux namespaces
	Processes  Kind = "processes"  // plain processes on this machine's loopback interface
)

// KindVariable is an environment variable that names the Kind where Config does
// not. Default: Namespaces where they can be made, else Processes.
const KindVariable = "LOCALAWS_SERVERS"

// ErrDown is what a connection to a machine that has ended fails with.
var ErrDown = errors.New("the instance is down")

// machine is a running one, seen from outside.
type machine interface {
	dial(ctx context.Context, port int) (net.Conn, error)
	kill() // ends all its processes and returns when they have ended

	// shutDown has the machine stop its services, as EC2 does before it ends an
	// instance, and kills it when they have stopped or patience is over.
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html
	shutDown(patience <-chan time.Time)

	network() <-chan *os.File // gets its network interface, if it has one
	booted() <-chan error
	ended() <-chan struct{}
}

// signs are what a machine tells of its life.
type signs struct {
	boot chan error    // gets how the user data ended
	end  chan struct{} // closed when no process of the machine is left
}

func newSigns() signs { return signs{make(chan error, 1), make(chan struct{})} }

func (s signs) booted() <-chan error   { return s.boot }
func (s signs) ended() <-chan struct{} { return s.end }

// startMachine starts a machine, which then boots. What it prints goes to console,
// a file that the caller closes.
func startMachine(kind Kind, order bootOrder, console *os.File) (machine, error) {
	if kind == Processes {
		return startProcesses(order, console)
	}
	return startNamespaces(order, console)
}

// Choose returns the Kind that New takes if its Config names asked, and why it is
// not Namespaces although nobody has asked for another one: nil if that is not so.
// The error says what the system lacks to run servers.
func Choose(asked Kind) (kind Kind, why, err error) {
	switch asked := cmp.Or(asked, Kind(os.Getenv(KindVariable))); asked {
	case Namespaces, Processes:
		return asked, nil, probe(asked)
	case "":
	default:
		return "", nil, fmt.Errorf("%s: %q: must be %s or %s", KindVariable, asked, Namespaces, Processes)
	}
	if why = probe(Namespaces); why == nil {
		return Namespaces, nil, nil
	}
	return Processes, why, probe(Processes)
}

// probe starts a machine to see whether that works here.
func probe(kind Kind) error {
	python, err := hostPython(kind)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "servers-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	f := &Fleet{kind: kind, python: python, dir: dir, config: Config{Outside: nowhere{}}}
	m, err := f.start("probe", f.order(Server{Address: "192.0.2.1"}, "", Image{}))
	if err == nil {
		defer m.kill()
		select {
		case err = <-m.booted():
		case <-m.ended():
			err = ErrDown
		}
	}
	switch {
	case err == nil:
		return nil
	case kind == Processes:
		return fmt.Errorf("servers do not run as processes here: %w\n%s", err, f.Console("probe"))
	}
	return fmt.Errorf("namespaces need Linux and either root or user namespaces for everyone "+
		"(sysctl kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu; a container must be privileged): %w\n%s", err, f.Console("probe"))
}
