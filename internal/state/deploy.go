package state

import (
	"context"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// DeployOperation is the operation of a lock that "state deploy" takes: cdktf and Terraform
// work under it without one of their own, and may outlive whoever took it.
const DeployOperation = "state deploy"

// DeployVariable has the id of such a lock, in the environment of all that is started
// under it.
const DeployVariable = "STATE_DEPLOY"

// DeployTerraform is what such a deploy calls in Terraform's place. It starts Terraform, and
// passes the first signal on as an interrupt, on which Terraform ends in order. (After a
// second one, Terraform ends at once and may lose what it made.)
const DeployTerraform = "terraform-under-lock"

// belongsTo tells whether a process was started under a lock of DeployOperation; known is false
// where the system does not tell.
func belongsTo(lock LockInfo, p *process.Process) (belongs, known bool) {
	if lock.Operation != DeployOperation || p.Pid == int32(os.Getpid()) {
		return false, true
	}
	variables, err := p.Environ()
	return slices.Contains(variables, DeployVariable+"="+lock.ID), err == nil
}

// StopDeploy ends what still runs of the deploy that has, or was about to take, a lock of
// DeployOperation: it interrupts what passes that on, which Terraform takes for the wish to
// end in order, and kills what runs on after a while. Whose lock it is, and that the deploy
// starts no apply any more, the caller sees to.
func (s Stack) StopDeploy(ctx context.Context, lock LockInfo, while time.Duration, say func(string)) error {
	asked, deadline := map[int32]bool{}, time.Now().Add(while)
	for first := true; ; first = false {
		running, err := s.deployProcesses(lock)
		if err != nil || len(running) == 0 {
			return err
		}
		kill := time.Now().After(deadline)
		switch {
		case first:
			say(fmt.Sprintf("Processes of this deploy that still run: %d; waiting up to %s for their end.", len(running), while))
		case kill:
			say(fmt.Sprintf("Processes of this deploy that still run: %d; killing them.", len(running)))
		}
		for _, r := range running {
			switch {
			case kill:
				_ = r.Kill() // one that ended meanwhile is no failure; another is found again
			case r.leads && !asked[r.Pid]: // it may appear late, and a second time is once too often
				asked[r.Pid] = true
				say(fmt.Sprintf("Interrupting %s (process %d).", r.name, r.Pid))
				_ = r.SendSignal(syscall.SIGINT)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookAgain):
		}
	}
}

// deployProcess is a process of a deploy.
type deployProcess struct {
	*process.Process
	name  string
	leads bool // it passes an interrupt on in order
}

// deployProcesses are those that run of the deploy that has a lock.
func (s Stack) deployProcesses(lock LockInfo) ([]deployProcess, error) {
	all, err := process.Processes()
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	var list []deployProcess
	for _, p := range all {
		name, err := p.Name()
		if err != nil || !isOurs(p) || zombie(p) {
			continue
		}
		holder := s.isHolder(lock, name, p)
		if belongs, _ := belongsTo(lock, p); belongs || holder {
			list = append(list, deployProcess{p, name, holder || name == DeployTerraform})
		}
	}
	return list, nil
}
