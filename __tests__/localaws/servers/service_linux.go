package servers

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"
)

// systemd's defaults, from systemd.unit(5) (StartLimitIntervalSec=,
// StartLimitBurst=) and systemd-system.conf(5): a unit that has started
// startLimit times within startInterval is not started again.
// https://www.freedesktop.org/software/systemd/man/latest/systemd-system.conf.html
const (
	startLimit    = 5
	startInterval = 10 * time.Second
	stopTimeout   = 90 * time.Second
)

// service is a unit that has been started.
type service struct {
	unit *unit

	mu      sync.Mutex
	state   string // as systemctl is-active prints it: active, inactive, failed
	stopped bool   // by systemctl: no restart
	process *os.Process
	quit    chan struct{} // closed by stop
	done    chan struct{} // closed when it runs no more
}

// startService starts a unit. It returns when the unit's processes run or, of
// a oneshot, have ended well.
func startService(u *unit) (*service, error) {
	s := &service{unit: u, state: "active", quit: make(chan struct{}), done: make(chan struct{})}
	if u.oneshot {
		defer close(s.done)
		if err := s.runAll(append(u.startPre, u.start...)); err != nil {
			s.state = "failed"
			return s, err
		}
		s.state = "inactive"
		return s, nil
	}
	started := make(chan struct{})
	go s.supervise(started)
	<-started
	return s, nil
}

// supervise runs the service, again and again if its unit says so. It closes
// started when the first process has been started, or could not be.
func (s *service) supervise(started chan struct{}) {
	defer close(s.done)
	var starts []time.Time
	for {
		if len(starts) >= startLimit && time.Since(starts[len(starts)-startLimit]) < startInterval {
			fmt.Fprintf(os.Stderr, "%s: start request repeated too quickly\n", s.unit.name)
			s.setState("failed")
			return
		}
		starts = append(starts, time.Now())
		err := s.runAll(s.unit.startPre)
		if err == nil {
			err = s.run(s.unit.start[0], func() {
				if started != nil {
					close(started)
					started = nil
				}
			})
		}
		if started != nil {
			close(started)
			started = nil
		}
		fmt.Fprintf(os.Stderr, "%s: main process ended: %v\n", s.unit.name, result(err))
		if s.isStopped() || !s.restarts(err) {
			if err != nil && !s.isStopped() {
				s.setState("failed")
			} else {
				s.setState("inactive")
			}
			return
		}
		select {
		case <-time.After(s.unit.restartSec):
		case <-s.quit:
			s.setState("inactive")
			return
		}
	}
}

func result(err error) string {
	if err == nil {
		return "success"
	}
	return err.Error()
}

// restarts tells whether the service is started again after it ended with err.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Restart=
func (s *service) restarts(err error) bool {
	switch s.unit.restart {
	case "always":
		return true
	case "on-success":
		return err == nil
	case "no", "":
		return false
	default: // on-failure, on-abnormal, …
		return err != nil
	}
}

// runAll runs commands one after the other, until one fails.
func (s *service) runAll(commands []command) error {
	for _, c := range commands {
		if err := s.run(c, func() {}); err != nil && !c.mayFail {
			return err
		}
	}
	return nil
}

// run runs one command to its end and calls started when it runs.
func (s *service) run(c command, started func()) error {
	cmd := exec.Command(c.args[0], c.args[1:]...)
	cmd.Env = slices.Concat([]string{"PATH=" + searchPath, "LANG=C.UTF-8"}, defaultEnvironment, s.unit.env)
	cmd.Dir = s.unit.dir
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if !c.privilege {
		cmd.SysProcAttr.Credential = s.unit.credential
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.mu.Lock()
	s.process = cmd.Process
	stopped := s.stopped
	s.mu.Unlock()
	if stopped {
		s.signal(syscall.SIGKILL)
	}
	started()
	return cmd.Wait()
}

// stop ends the service and returns when it has ended.
func (s *service) stop() {
	s.mu.Lock()
	if !s.stopped {
		s.stopped = true
		close(s.quit)
	}
	s.mu.Unlock()
	s.signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(stopTimeout):
		s.signal(syscall.SIGKILL)
		<-s.done
	}
	s.setState("inactive")
}

// signal reaches all processes of the service that have stayed in its session.
func (s *service) signal(signal syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		syscall.Kill(-s.process.Pid, signal)
	}
}

func (s *service) isStopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped
}

func (s *service) setState(state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state
}

func (s *service) getState() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}
