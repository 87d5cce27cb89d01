package servers

import (
	"bufio"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	systemd "github.com/coreos/go-systemd/v22/unit"
	"github.com/kballard/go-shellquote"
)

// unit is what is understood of a unit file; other settings are ignored.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html
// and systemd.exec.html beside it.
type unit struct {
	name       string
	oneshot    bool // Type=oneshot; simple, exec and others start and go on
	startPre   []command
	start      []command
	env        []string
	dir        string
	credential *syscall.Credential // nil for root
	restart    string              // Restart=, default no
	restartSec time.Duration       // default 100 ms
}

// command is a command line, without the signs before it.
type command struct {
	args      []string
	mayFail   bool // "-" before it
	privilege bool // "+" before it: as root
}

// unitPath is where units are looked for, first match first.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html#Unit%20File%20Load%20Path
var unitPath = []string{"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"}

var errNoUnit = errors.New("not found")

// loadUnit reads a unit file.
func loadUnit(name string) (*unit, error) {
	for _, dir := range unitPath {
		f, err := os.Open(filepath.Join(root+dir, name))
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

func newUnit(name string, options []*systemd.UnitOption) (*unit, error) {
	u := &unit{name: name, dir: root + "/", restart: "no", restartSec: 100 * time.Millisecond}
	var userName string
	var dynamic bool
	for _, o := range options {
		if o.Section != "Service" {
			continue
		}
		var err error
		switch o.Name {
		case "Type":
			u.oneshot = o.Value == "oneshot"
			if o.Value == "forking" || o.Value == "notify" || o.Value == "dbus" {
				err = errors.New("only simple, exec and oneshot are supported here")
			}
		case "ExecStartPre":
			err = addCommand(&u.startPre, o.Value)
		case "ExecStart":
			err = addCommand(&u.start, o.Value)
		case "Environment":
			var words []string
			words, err = shellquote.Split(o.Value)
			u.env = append(u.env, words...)
		case "EnvironmentFile":
			err = u.readEnvironment(o.Value)
		case "WorkingDirectory":
			u.dir = strings.TrimPrefix(o.Value, "-")
		case "User":
			userName = o.Value
		case "DynamicUser":
			dynamic = isTrue(o.Value)
		case "Restart":
			u.restart = o.Value
		case "RestartSec":
			u.restartSec, err = parseSeconds(o.Value)
		}
		if err != nil {
			return nil, fmt.Errorf("%s=%s: %w", o.Name, o.Value, err)
		}
	}
	if len(u.start) == 0 {
		return nil, errors.New("no ExecStart=")
	}
	var err error
	u.credential, err = credential(name, userName, dynamic)
	return u, err
}

// addCommand adds a command line to list; an empty one empties it.
func addCommand(list *[]command, line string) error {
	if line == "" {
		*list = nil
		return nil
	}
	var c command
	rest := strings.TrimLeft(line, "@-:+!")
	for _, sign := range line[:len(line)-len(rest)] {
		switch sign {
		case '-':
			c.mayFail = true
		case '+', '!':
			c.privilege = true
		}
	}
	var err error
	c.args, err = shellquote.Split(rest)
	if err == nil && len(c.args) == 0 {
		err = errors.New("no command")
	}
	*list = append(*list, c)
	return err
}

// readEnvironment reads NAME=VALUE lines.
func (u *unit) readEnvironment(path string) error {
	path, optional := strings.CutPrefix(path, "-")
	f, err := os.Open(path)
	if err != nil {
		if optional {
			return nil
		}
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.ContainsAny(line[:1], "#;") {
			continue
		}
		words, err := shellquote.Split(line)
		if err != nil {
			return err
		}
		u.env = append(u.env, words...)
	}
	return lines.Err()
}

// credential is who a unit's processes run as; nil for root.
func credential(unitName, userName string, dynamic bool) (*syscall.Credential, error) {
	if root != "" || !mapsUsers() {
		return nil, nil // there is no one else to be
	}
	if userName != "" {
		if found, err := user.Lookup(userName); err == nil {
			uid, _ := strconv.ParseUint(found.Uid, 10, 32)
			gid, _ := strconv.ParseUint(found.Gid, 10, 32)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		} else if !dynamic {
			return nil, err
		}
	}
	if !dynamic {
		return nil, nil
	}
	// systemd takes a user from this range, first trying one made from the
	// name. https://systemd.io/UIDS-GIDS/
	const first, last = 61184, 65519
	h := fnv.New32a()
	h.Write([]byte(unitName))
	id := first + h.Sum32()%(last-first+1)
	return &syscall.Credential{Uid: id, Gid: id}, nil
}

// mapsUsers tells whether the machine has other users than root.
func mapsUsers() bool {
	data, err := os.ReadFile("/proc/self/uid_map")
	fields := strings.Fields(string(data))
	return err == nil && len(fields) == 3 && fields[2] != "1"
}

func isTrue(s string) bool {
	switch strings.ToLower(s) {
	case "1", "yes", "y", "true", "t", "on":
		return true
	}
	return false
}

// parseSeconds reads a time span: a number of seconds, or one with a unit.
func parseSeconds(s string) (time.Duration, error) {
	if n, err := strconv.ParseFloat(s, 64); err == nil {
		return time.Duration(n * float64(time.Second)), nil
	}
	s = strings.NewReplacer(" ", "", "sec", "s", "min", "m").Replace(s)
	return time.ParseDuration(s)
}
