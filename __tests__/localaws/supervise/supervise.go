// Package supervise starts servers that never outlive this process.
package supervise

import (
	"os/exec"
	"syscall"
)

// script runs its arguments as a child, and ends the child when its standard
// input closes. The kernel closes that however this process ends, SIGKILL
// included. Nothing here is Linux's only.
const script = `
exec 3<&0
"$@" 3<&- </dev/null & child=$!
{ read -r _ <&3; kill -9 $child; } 2>/dev/null & lifeline=$!
wait $child
kill -9 $lifeline 2>/dev/null
wait`

// Command returns a command for Start.
func Command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command("sh", append([]string{"-c", script, "sh", program}, args...)...)
	// A process group of its own: Ctrl-C in a terminal reaches all of the
	// foreground group, and Terraform needs its AWS until its lock is released.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// Start starts a command of Command's. The channel is closed when it has ended; stop
// ends it and returns when it is gone.
func Start(cmd *exec.Cmd) (ended <-chan struct{}, stop func(), err error) {
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	done := make(chan struct{})
	go func() {
		cmd.Wait() // its status says only that it was killed
		close(done)
	}()
	return done, func() { lifeline.Close(); <-done }, nil
}
