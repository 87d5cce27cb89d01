package servers

// firstProcess is the pid of a machine's first process.
func firstProcess(m machine) int {
	if m, ok := m.(*namespaced); ok {
		return m.cmd.Process.Pid
	}
	return m.(*processes).cmd.Process.Pid
}
