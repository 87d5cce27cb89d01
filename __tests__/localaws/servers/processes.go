package servers

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// processInitName is what the first process of a machine of plain processes is
// called.
const processInitName = "localaws-processes"

// rootVariable names the folder that stands for / in such a machine, in the
// environment of its processes.
const rootVariable = "LOCALAWS_ROOT"

// processes is a machine made of plain processes: all of one process group, which
// the first of them leads.
type processes struct {
	signs
	cmd   *exec.Cmd
	group int // negative, as kill(2) wants it
	root  string
	first io.WriteCloser // to the first process, which ends when it is closed
}

// startProcesses starts a machine of plain processes.
func startProcesses(boot bootOrder, console *os.File) (_ machine, err error) {
	// Not below the project: a socket's path has no more than 103 bytes on macOS.
	root, err := os.MkdirTemp("", "localaws-")
	if err != nil {
		return nil, err
	}
	p := &processes{signs: newSigns(), root: root}
	defer func() {
		if err != nil {
			os.RemoveAll(root)
		}
	}()
	if err := furnish(root, boot); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(console.Name(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	ends, err := pipes(3)
	if err != nil {
		log.Close()
		return nil, err
	}
	orders, reports, output := ends[0], ends[1], ends[2]
	p.cmd = exec.Command(self("self"))
	p.cmd.Args = []string{processInitName}
	p.cmd.Env = environment(root, boot.Hostname)
	p.cmd.Dir = root
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = orders.r, output.w, output.w
	p.cmd.ExtraFiles = []*os.File{reports.w} // file descriptor 3
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = p.cmd.Start()
	orders.r.Close()
	reports.w.Close()
	output.w.Close()
	if err != nil {
		for _, f := range []*os.File{orders.w, reports.r, output.r, log} {
			f.Close()
		}
		return nil, fmt.Errorf("start a machine: %w", err)
	}
	p.group, p.first = -p.cmd.Process.Pid, orders.w
	json.NewEncoder(orders.w).Encode(boot) // if it has ended already, that shows
	go p.readReport(reports.r)
	go p.attend(output.r, log)
	return p, nil
}

// pipe is one, to read from r what is written to w.
type pipe struct{ r, w *os.File }

func pipes(n int) (made []pipe, err error) {
	for range n {
		var p pipe
		if p.r, p.w, err = os.Pipe(); err != nil {
			for _, p := range made {
				p.r.Close()
				p.w.Close()
			}
			return nil, err
		}
		made = append(made, p)
	}
	return made, nil
}

func (p *processes) readReport(from *os.File) {
	defer from.Close()
	var r report
	if json.NewDecoder(from).Decode(&r) != nil {
		return // it has ended before
	}
	if r.Error != "" {
		p.boot <- fmt.Errorf("%s", r.Error)
		return
	}
	p.boot <- nil
}

// outputPatience is how long the last output of killed processes may take. They
// all have it open, so that its end is theirs; one that has left the group is not
// waited for.
const outputPatience = 5 * time.Second

// attend has all of the machine end with its first process, and leaves nothing of it.
func (p *processes) attend(output, log *os.File) {
	copied := make(chan struct{})
	go func() {
		io.Copy(log, output)
		close(copied)
	}()
	p.cmd.Wait() // its status says only that it was killed
	syscall.Kill(p.group, syscall.SIGKILL)
	select {
	case <-copied:
	case <-time.After(outputPatience):
	}
	for _, c := range []io.Closer{p.first, output, log} {
		c.Close()
	}
	os.RemoveAll(p.root)
	close(p.end)
}

func (p *processes) kill() {
	syscall.Kill(p.group, syscall.SIGKILL)
	<-p.end
}

func (p *processes) shutDown(patience <-chan time.Time) {
	if json.NewEncoder(p.first).Encode(order{}) == nil {
		select {
		case <-p.end:
			return
		case <-patience:
		}
	}
	p.kill()
}

func (*processes) network() <-chan *os.File { return nil }

// dial connects to the port that a server of the machine has instead of port; see
// sitecustomize.py.
func (p *processes) dial(ctx context.Context, port int) (net.Conn, error) {
	select {
	case <-p.end:
		return nil, ErrDown
	default:
	}
	address, err := os.ReadFile(filepath.Join(p.root, portsDir, strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("port %d: %w", port, syscall.ECONNREFUSED)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", strings.TrimSpace(string(address)))
}
