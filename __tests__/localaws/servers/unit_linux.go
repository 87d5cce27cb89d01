package servers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	systemd "github.com/coreos/go-systemd/v22/unit"
	"golang.org/x/sys/unix"
)

// unit is what is understood of a unit file.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html
// and systemd.exec, systemd.kill and systemd.unit beside it.
type unit struct {
	name        string
	oneshot     bool // Type=oneshot; simple, exec and others start and go on
	remains     bool // a oneshot that has ended well stays active
	startPre    []command
	start       []command
	environment []string
	envFiles    []string // with a "-" before one that may be missing
	dir         string
	user        *account            // nil for root
	credential  *syscall.Credential // of user; nil for root, and where there is nobody else to be
	ambient     []uintptr           // capabilities that it has although it is not root
	box         sandbox
	restart     string        // Restart=, default no
	restartSec  time.Duration // default 100 ms
	startLimit  int           // of starts in startWithin
	startWithin time.Duration // 0 for no limit
	killSignal  syscall.Signal
	killMode    string        // control-group, mixed, process or none
	stopTimeout time.Duration // from killSignal to SIGKILL; 0 for no SIGKILL
	notice      []string      // what of the file has no effect here
}

// Defaults of systemd-system.conf(5).
// https://www.freedesktop.org/software/systemd/man/latest/systemd-system.conf.html
const (
	defaultRestartSec  = 100 * time.Millisecond
	defaultStartLimit  = 5
	defaultStartWithin = 10 * time.Second
	defaultStopTimeout = 90 * time.Second
)

// withoutEffect are settings that are passed over, since here they have nothing to
// act on.
var withoutEffect = []string{
	// There is one network, and it is there before anything starts; what is
	// started is what systemctl is told to start.
	"Unit.Description", "Unit.Documentation", "Unit.After", "Unit.Before", "Unit.Wants", "Unit.Requires", "Unit.BindsTo",
	"Install.WantedBy", "Install.RequiredBy", "Install.Alias",
	// The journal is the console.
	"Service.StandardOutput", "Service.StandardError", "Service.StandardInput", "Service.SyslogIdentifier",
	"Service.TimeoutStartSec",
}

func newUnit(name string, options []*systemd.UnitOption) (*unit, error) {
	u := &unit{
		name: name, dir: "/", restart: "no", restartSec: defaultRestartSec, startLimit: defaultStartLimit, startWithin: defaultStartWithin,
		killSignal: syscall.SIGTERM, killMode: "control-group", stopTimeout: defaultStopTimeout,
	}
	var who identity
	for _, o := range options {
		var err error
		switch o.Section + "." + o.Name {
		case "Service.Type":
			u.oneshot = o.Value == "oneshot"
			if o.Value == "forking" || o.Value == "notify" || o.Value == "dbus" {
				err = errors.New("only simple, exec and oneshot are supported here")
			}
		case "Service.RemainAfterExit":
			u.remains = isTrue(o.Value)
		case "Service.ExecStartPre":
			err = addCommand(&u.startPre, o.Value)
		case "Service.ExecStart":
			err = addCommand(&u.start, o.Value)
		case "Service.Environment":
			err = u.addEnvironment(o.Value)
		case "Service.EnvironmentFile":
			u.envFiles = append(u.envFiles, o.Value)
			if o.Value == "" {
				u.envFiles = nil
			}
		case "Service.WorkingDirectory":
			u.dir = strings.TrimPrefix(o.Value, "-")
		case "Service.User":
			who.user = o.Value
		case "Service.Group":
			who.group = o.Value
		case "Service.DynamicUser":
			who.dynamic = isTrue(o.Value)
		case "Service.AmbientCapabilities":
			err = u.addCapabilities(o.Value)
		case "Service.Restart":
			u.restart = o.Value
		case "Service.RestartSec":
			u.restartSec, err = parseSpan(o.Value)
		case "Unit.StartLimitIntervalSec", "Unit.StartLimitInterval", "Service.StartLimitInterval":
			u.startWithin, err = parseSpan(o.Value)
		case "Unit.StartLimitBurst", "Service.StartLimitBurst":
			u.startLimit, err = strconv.Atoi(o.Value)
		case "Service.KillSignal":
			if u.killSignal = unix.SignalNum(o.Value); u.killSignal == 0 {
				err = errors.New("no such signal")
			}
		case "Service.KillMode":
			u.killMode = o.Value
		case "Service.TimeoutStopSec", "Service.TimeoutSec":
			u.stopTimeout, err = parseSpan(o.Value)
		default:
			if !u.box.set(o) && !slices.Contains(withoutEffect, o.Section+"."+o.Name) {
				u.notice = append(u.notice, fmt.Sprintf("%s=%s has no effect on the local AWS", o.Name, o.Value))
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s=%s: %w", o.Name, o.Value, err)
		}
	}
	if len(u.start) == 0 {
		return nil, errors.New("no ExecStart=")
	}
	if who.dynamic {
		u.box.forDynamicUser()
	}
	return u, u.become(who)
}

func isTrue(s string) bool {
	switch strings.ToLower(s) {
	case "1", "yes", "y", "true", "t", "on":
		return true
	}
	return false
}

// parseSpan reads a time span: "infinity", which is 0 here, a number of seconds, or numbers with
// units, such as 1min 30s.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.time.html
func parseSpan(s string) (time.Duration, error) {
	if s == "infinity" {
		return 0, nil
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		return time.Duration(n * float64(time.Second)), nil
	}
	s = strings.NewReplacer(" ", "", "seconds", "s", "second", "s", "sec", "s", "minutes", "m", "minute", "m", "min", "m", "hours", "h", "hour", "h", "hr", "h").Replace(s)
	return time.ParseDuration(s)
}

// unitPath is where units are looked for, first match first.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html#Unit%20File%20Load%20Path
var unitPath = []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}

var errNoUnit = errors.New("not found")

// loadUnit reads a unit file.
func loadUnit(name string) (*unit, error) {
	for _, dir := range unitPath {
		f, err := os.Open(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		} else if err != nil {
			return nil, err
		}
		defer f.Close()
		options, err := systemd.Deserialize(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		u, err := newUnit(name, options)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		return u, nil
	}
	return nil, fmt.Errorf("unit %s %w", name, errNoUnit)
}
