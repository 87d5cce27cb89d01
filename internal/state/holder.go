package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v4/process"

	"example.com/webserver-cluster/internal/project"
)

// MayRun tells why a lock's holder may still be running; "" if it has certainly
// ended. A lock has no heartbeat, and one of Terraform's does not say which
// process holds it. So the answer is certain only for a lock of this user on
// this machine: its holder has ended if no process runs that could hold it.
func (s Stack) MayRun(lock LockInfo) (string, error) {
	if !lock.Ours() {
		return fmt.Sprintf("the lock is from %s and this is %s: whether its holder is still running cannot be seen from here", lock.Who, me()), nil
	}
	return s.RunsHere(lock)
}

// RunsHere tells which process on this machine may hold a lock that was taken here; "" if
// none does any more.
func (s Stack) RunsHere(lock LockInfo) (string, error) {
	candidates, err := s.candidates(lock)
	for range looks {
		if len(candidates) == 0 || err != nil {
			return "", err
		}
		time.Sleep(lookAgain)
		var still map[int32]string
		still, err = s.candidates(lock)
		maps.DeleteFunc(candidates, func(pid int32, _ string) bool { return still[pid] == "" })
	}
	pids := slices.Sorted(maps.Keys(candidates))
	if len(pids) == 0 || err != nil {
		return "", err
	}
	return candidates[pids[0]], nil
}

// MayRun looks again, so often and after so long: what it saw may have been a
// Terraform that was just about to end, or to write down its backend.
const (
	looks     = 4
	lookAgain = time.Second / 2
)

// candidates are the processes on this machine that may hold the lock, described,
// by their numbers.
func (s Stack) candidates(lock LockInfo) (map[int32]string, error) {
	all, err := process.Processes()
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	found := map[int32]string{}
	for _, p := range all {
		// A process that ends meanwhile is none that holds the lock.
		name, err := p.Name()
		if err != nil || !isOurs(p) || zombie(p) {
			continue
		}
		belongs, known := belongsTo(lock, p)
		if !belongs && !s.couldHold(lock, name, p) && (known || !isTerraform(name)) {
			continue
		}
		dir, works := "a folder that cannot be seen", unknown
		if cwd, err := p.Cwd(); err == nil {
			dir, works = cwd, s.worksOn(cwd, p)
		}
		if works == elsewhere && !strings.HasPrefix(lock.Operation, "OperationType") && lock.Operation != DeployOperation {
			// While Terraform moves a state here from another backend, its folder is still
			// recorded as the other one's.
			works = unknown
		}
		since := ""
		if millis, err := p.CreateTime(); err == nil {
			started := time.UnixMilli(millis)
			since = " since " + started.Format(time.DateTime)
			// Of one that surely works on this state, the time is no proof: if the clock was
			// set meanwhile, as after a machine's sleep, it tells nothing.
			if lock.holder() == 0 && works == unknown && started.After(lock.Created.Add(5*time.Second)) && started.Before(time.Now().Add(time.Minute)) {
				continue
			}
		}
		if works != elsewhere || belongs {
			found[p.Pid] = fmt.Sprintf("%s has been running on this machine%s (process %d in %s)", name, since, p.Pid, dir)
		}
	}
	return found, nil
}

// couldHold tells whether a process could have taken a lock.
func (s Stack) couldHold(lock LockInfo, name string, p *process.Process) bool {
	if lock.holder() == 0 { // one of Terraform's
		return isTerraform(name)
	}
	return s.isHolder(lock, name, p)
}

// isHolder tells whether a process is the one that took a lock of this package.
func (s Stack) isHolder(lock LockInfo, name string, p *process.Process) bool {
	if p.Pid != lock.holder() || p.Pid == int32(os.Getpid()) {
		return false
	}
	// The number may be another process's by now. In a container it soon is: the first
	// process of each is 1. So what runs has to be this command, as the lock says it was
	// called. What the system does not tell speaks for it.
	if me, err := (&process.Process{Pid: int32(os.Getpid())}).Name(); err == nil && name != me {
		return false
	}
	words, err := p.CmdlineSlice()
	_, verb, _ := strings.Cut(lock.Operation, " ")
	return err != nil || slices.Contains(words, verb) && (lock.Operation != DeployOperation || slices.Contains(words, s.Name))
}

// isTerraform tells whether a process is a Terraform, by its name.
func isTerraform(name string) bool {
	other := os.Getenv(project.BinaryVariable)
	return terraformName.MatchString(name) || other != "" && name == filepath.Base(other)
}

// terraformName are the names of Terraform and OpenTofu, with a version behind
// where several are installed, but none of their plugins and language servers.
var terraformName = regexp.MustCompile(`^(terraform|tofu)([-_.]?v?[0-9][0-9.]*(-[a-z0-9]+)?)?(\.exe)?$`)

// isOurs tells whether a process is of this user, as the lock is, or of nobody knows whom.
func isOurs(p *process.Process) bool {
	name, err := p.Username()
	return err != nil || name == username()
}

// zombie tells whether a process was killed and only waits for its parent to
// notice.
func zombie(p *process.Process) bool {
	status, err := p.Status()
	return err == nil && slices.Contains(status, process.Zombie)
}

// whereabouts is whether a process works on a certain state.
type whereabouts int

const (
	unknown whereabouts = iota
	here
	elsewhere
)

// worksOn tells whether a Terraform that runs in dir works on this stack's state.
// Terraform keeps the backend of a folder in terraform.tfstate in its data folder;
// with that folder, but without that file, the state is a local one. Without the folder
// nothing is certain, and neither in a folder of the stack's own name: somebody may have
// cleared them away from under a deploy.
func (s Stack) worksOn(dir string, p *process.Process) whereabouts {
	data := filepath.Join(dir, ".terraform")
	variables, err := p.Environ() // some systems do not tell
	if err != nil && os.Getenv("TF_DATA_DIR") != "" {
		return unknown
	}
	for _, v := range variables {
		if other, ok := strings.CutPrefix(v, "TF_DATA_DIR="); ok && other != "" {
			if data = other; !filepath.IsAbs(other) {
				data = filepath.Join(dir, other)
			}
		}
	}
	if info, err := os.Stat(data); err != nil || !info.IsDir() {
		return unknown
	}
	content, err := os.ReadFile(filepath.Join(data, "terraform.tfstate"))
	if errors.Is(err, os.ErrNotExist) && filepath.Base(dir) != s.Name {
		return elsewhere
	}
	var folder struct {
		Backend struct {
			Config struct{ Bucket, Key string }
		}
	}
	if err != nil || json.Unmarshal(content, &folder) != nil {
		return unknown
	}
	if backend := folder.Backend.Config; backend.Bucket != s.store.Settings.StateBucket || backend.Key != s.Key {
		return elsewhere
	}
	return here
}
