package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// AtWork tells why a lock's holder may still be at work; "" if it is certainly
// gone. A lock has no heartbeat, and one of Terraform's does not say which
// process holds it. So the answer is certain only for a lock of this user on
// this machine: its holder is gone if no process that could hold it has run
// since before the lock was taken.
func (s Stack) AtWork(lock LockInfo) (string, error) {
	if lock.Who != me() {
		return fmt.Sprintf("the lock is from %s and this is %s: whether its holder is still at work cannot be seen from here", lock.Who, me()), nil
	}
	reason, err := s.holder(lock)
	if reason == "" || err != nil {
		return "", err
	}
	time.Sleep(lookAgain)
	return s.holder(lock)
}

// lookAgain is after how long AtWork looks a second time: what it saw may have
// been a Terraform that was just about to end, or to write down its backend.
const lookAgain = time.Second / 2

// holder describes the first process on this machine that may hold the lock;
// "" if there is none.
func (s Stack) holder(lock LockInfo) (string, error) {
	all, err := process.Processes()
	if err != nil {
		return "", fmt.Errorf("list the processes: %w", err)
	}
	for _, p := range all {
		// A process that ends meanwhile is none that holds the lock.
		name, err := p.Name()
		if err != nil || !mayHold(lock, name, p.Pid) || dead(p) {
			continue
		}
		millis, err := p.CreateTime()
		if err != nil {
			continue
		}
		started := time.UnixMilli(millis)
		if started.After(lock.Created.Add(time.Second)) { // a process's start is known to the second on some systems
			continue
		}
		dir, err := p.Cwd()
		if err == nil && strings.HasPrefix(lock.Operation, "OperationType") && s.elsewhere(dir) {
			continue
		}
		return fmt.Sprintf("%s has been running on this machine since %s (process %d in %s)",
			name, started.Format(time.DateTime), p.Pid, dir), nil
	}
	return "", nil
}

// holderInfo is what a lock of this process says in its Info.
func holderInfo() string { return fmt.Sprintf("process %d", os.Getpid()) }

// mayHold tells whether a process could hold a lock, by its name and number.
func mayHold(lock LockInfo, name string, pid int32) bool {
	if lock.Info != "" { // one of this package
		return lock.Info == fmt.Sprintf("process %d", pid)
	}
	return name == "terraform" || name == "tofu"
}

// dead tells whether a process was killed and only waits for its parent to
// notice.
func dead(p *process.Process) bool {
	status, err := p.Status()
	return err == nil && slices.Contains(status, process.Zombie)
}

// elsewhere tells whether a Terraform that plans or applies in dir certainly works
// on another state. Terraform keeps the backend of a folder in
// .terraform/terraform.tfstate; without that file the state is a local one. (While
// Terraform moves a state to another backend, the file names the old one.)
func (s Stack) elsewhere(dir string) bool {
	if os.Getenv("TF_DATA_DIR") != "" { // who knows where that file is then
		return false
	}
	content, err := os.ReadFile(filepath.Join(dir, ".terraform", "terraform.tfstate"))
	if errors.Is(err, os.ErrNotExist) {
		return true
	}
	var folder struct {
		Backend struct {
			Config struct{ Bucket, Key string }
		}
	}
	if err != nil || json.Unmarshal(content, &folder) != nil {
		return false
	}
	backend := folder.Backend.Config
	return backend.Bucket != s.store.Settings.StateBucket || backend.Key != s.Key
}
