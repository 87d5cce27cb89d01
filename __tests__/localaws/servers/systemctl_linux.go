package servers

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// managerSocket is where pid 1 hears from systemctl.
const managerSocket = "/run/systemd/private"

// outcome is what systemctl prints and exits with.
type outcome struct {
	Output string
	Status int
}

// runSystemctl is the program systemctl: pid 1 does what args say.
func runSystemctl(args []string) (status int) {
	o, err := askManager(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "systemctl: %v\n", err)
		return 1
	}
	if o.Status == 0 {
		fmt.Print(o.Output)
	} else {
		fmt.Fprint(os.Stderr, o.Output)
	}
	return o.Status
}

func askManager(args []string) (o outcome, err error) {
	conn, err := net.Dial("unix", managerSocket)
	if err != nil {
		return o, err
	}
	defer conn.Close()
	if err := json.NewEncoder(conn).Encode(args); err != nil {
		return o, err
	}
	return o, json.NewDecoder(conn).Decode(&o)
}

// manager is pid 1's knowledge of services.
type manager struct {
	mu       sync.Mutex
	services map[string]*service
	enabled  map[string]bool
}

// serveSystemctl starts to answer systemctl.
func serveSystemctl() (*manager, error) {
	listener, err := net.Listen("unix", managerSocket)
	if err != nil {
		return nil, err
	}
	m := &manager{services: map[string]*service{}, enabled: map[string]bool{}}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return // the machine ends
			}
			go m.serve(conn)
		}
	}()
	return m, nil
}

// stopAll stops all services at the same time, as a shutdown does. Of the order
// that units want nothing is kept.
func (m *manager) stopAll() {
	m.mu.Lock() // for good: nothing starts any more
	var all sync.WaitGroup
	for _, s := range m.services {
		all.Go(s.stop)
	}
	all.Wait()
}

func (m *manager) serve(conn net.Conn) {
	defer conn.Close()
	var args []string
	if err := json.NewDecoder(conn).Decode(&args); err != nil {
		return
	}
	json.NewEncoder(conn).Encode(m.do(args))
}

// do does what systemctl's arguments say. Statuses are as in systemctl(1):
// 1 for a failure, 3 for a unit that is not active, 5 for one that is not there.
// https://www.freedesktop.org/software/systemd/man/latest/systemctl.html#Exit%20status
func (m *manager) do(args []string) outcome {
	m.mu.Lock()
	defer m.mu.Unlock()
	var words []string
	var now bool
	for _, arg := range args {
		switch {
		case arg == "--now":
			now = true
		case !strings.HasPrefix(arg, "-"): // --quiet, --no-block and so on change nothing
			words = append(words, arg)
		}
	}
	if len(words) == 0 {
		return outcome{"systemctl: no command\n", 1}
	}
	verb := words[0]
	if verb == "daemon-reload" || verb == "daemon-reexec" || verb == "reset-failed" {
		return outcome{} // a unit is read whenever it starts
	}
	if len(words) == 1 {
		return outcome{fmt.Sprintf("systemctl %s: no unit\n", verb), 1}
	}
	var all outcome
	for _, name := range words[1:] {
		if filepath.Ext(name) == "" {
			name += ".service"
		}
		o := m.doUnit(verb, name, now)
		all.Output += o.Output
		if o.Status != 0 {
			all.Status = o.Status
		}
	}
	return all
}

func (m *manager) doUnit(verb, name string, now bool) outcome {
	switch verb {
	case "enable":
		if _, err := loadUnit(name); err != nil {
			return failure(err)
		}
		m.enabled[name] = true
		if now {
			return m.start(name)
		}
	case "disable":
		delete(m.enabled, name)
		if now {
			m.stop(name)
		}
	case "start":
		return m.start(name)
	case "stop":
		m.stop(name)
	case "restart", "reload-or-restart":
		m.stop(name)
		return m.start(name)
	case "try-restart":
		if m.state(name) == "active" {
			m.stop(name)
			return m.start(name)
		}
	case "is-active":
		if state := m.state(name); state != "active" {
			return outcome{state + "\n", 3}
		}
		return outcome{"active\n", 0}
	case "is-enabled":
		if !m.enabled[name] {
			return outcome{"disabled\n", 1}
		}
		return outcome{"enabled\n", 0}
	case "status":
		state := m.state(name)
		o := outcome{Output: fmt.Sprintf("%s: %s\n", name, state)}
		if state != "active" {
			o.Status = 3
		}
		return o
	default:
		return outcome{fmt.Sprintf("systemctl %s: not supported by the local AWS\n", verb), 1}
	}
	return outcome{}
}

func (m *manager) start(name string) outcome {
	if m.state(name) == "active" {
		return outcome{}
	}
	u, err := loadUnit(name)
	if err != nil {
		return failure(err)
	}
	m.stop(name) // one that waits for its restart
	m.services[name], err = startService(u)
	if err != nil {
		return failure(fmt.Errorf("%s: %w", name, err))
	}
	return outcome{}
}

func (m *manager) stop(name string) {
	if s := m.services[name]; s != nil {
		s.stop()
	}
}

func (m *manager) state(name string) string {
	if s := m.services[name]; s != nil {
		return s.getState()
	}
	return "inactive"
}

func failure(err error) outcome {
	o := outcome{Output: fmt.Sprintf("systemctl: %v\n", err), Status: 1}
	if errors.Is(err, errNoUnit) {
		o.Status = 5
	}
	return o
}
