//go:build !linux

package servers

// firstProcess is the pid of a machine's first process.
func firstProcess(m machine) int { return m.(*processes).cmd.Process.Pid }
