package servers

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// service is a unit that has been started.
type service struct {
	unit       *unit
	privateTmp string // folder of its PrivateTmp=; "" for none

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
	for _, text := range u.notice {
		fmt.Fprintf(os.Stderr, "%s: %s\n", u.name, text)
	}
	if err := s.prepare(); err != nil {
		close(s.done)
		s.state = "failed"
		return s, err
	}
	if u.oneshot {
		defer close(s.done)
		defer s.tidy()
		if err := s.runAll(append(u.startPre, u.start...)); err != nil {
			s.state = "failed"
			return s, err
		}
		if !u.remains {
			s.state = "inactive"
		}
		return s, nil
	}
	started := make(chan struct{})
	go s.supervise(started)
	<-started
	return s, nil
}

// prepare makes the folders that the unit wants.
func (s *service) prepare() error {
	if s.unit.box.privateTmp {
		s.privateTmp = filepath.Join("/tmp", "systemd-private-"+s.unit.name)
		if err := os.MkdirAll(s.privateTmp, 0o700); err != nil {
			return err
		}
		for _, dir := range []string{s.privateTmp + "/tmp", s.privateTmp + "/var/tmp"} {
			if err := os.MkdirAll(dir, 0o777); err != nil {
				return err
			}
			if err := os.Chmod(dir, 0o777|os.ModeSticky); err != nil {
				return err
			}
		}
	}
	return s.unit.box.makeFolders(s.unit.credential)
}

// tidy removes what the unit has no more use for.
func (s *service) tidy() {
	if s.privateTmp != "" {
		os.RemoveAll(s.privateTmp)
	}
}

// supervise runs the service, again and again if its unit says so. It closes
// started when the first process has been started, or could not be.
func (s *service) supervise(started chan struct{}) {
	defer close(s.done)
	defer s.tidy()
	var starts []time.Time
	for limit := s.unit.startLimit; ; {
		// A unit that has started that often in that time is not started again.
		// https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html#StartLimitIntervalSec=interval
		if limit > 0 && len(starts) >= limit && time.Since(starts[len(starts)-limit]) < s.unit.startWithin {
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
			err = clean(err)
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
	case "on-abnormal", "on-abort":
		return bySignal(err)
	default: // on-failure
		return err != nil
	}
}

// bySignal tells whether a process was ended by a signal.
func bySignal(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled()
}

// clean takes the signals that services are ended with for a success.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#SuccessExitStatus=
func clean(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		switch exit.Sys().(syscall.WaitStatus).Signal() {
		case syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGPIPE:
			return nil
		}
	}
	return err
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
	env, err := s.unit.environ()
	if err != nil {
		return err
	}
	args := c.fill(env)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = env
	cmd.Dir = s.unit.dir
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	start := cmd.Start
	if !c.privilege {
		cmd.SysProcAttr.Credential, cmd.SysProcAttr.AmbientCaps = s.unit.credential, s.unit.ambient
		start = func() error { return s.unit.box.confined(s.privateTmp, cmd.Start) }
	}
	if err := start(); err != nil {
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
	err = cmd.Wait()
	if s.unit.killMode == "control-group" || s.unit.killMode == "mixed" {
		s.signal(syscall.SIGKILL) // what the process has left behind
	}
	return err
}

// patience is how long the service may take to stop.
func (s *service) patience() <-chan time.Time {
	if s.unit.stopTimeout == 0 {
		return nil
	}
	return time.After(s.unit.stopTimeout)
}

// stop ends the service and returns when it has ended.
func (s *service) stop() {
	s.mu.Lock()
	if !s.stopped {
		s.stopped = true
		close(s.quit)
	}
	s.mu.Unlock()
	if s.unit.killMode != "none" {
		s.signal(s.unit.killSignal)
	}
	select {
	case <-s.done:
	case <-s.patience():
		s.signal(syscall.SIGKILL)
		<-s.done
	}
	s.setState("inactive")
}

// signal reaches all processes of the service that have stayed in its session, or
// the main process alone if the unit says so.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.kill.html#KillMode=
func (s *service) signal(signal syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return
	}
	id := -s.process.Pid
	if s.unit.killMode == "process" || s.unit.killMode == "mixed" && signal != syscall.SIGKILL {
		id = s.process.Pid
	}
	syscall.Kill(id, signal)
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
