package servers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// ErrDown is what a connection to a machine that has ended fails with.
var ErrDown = errors.New("the instance is down")

// initName is what pid 1 of a machine is called.
const initName = "localaws-instance"

// machine is a running one, seen from outside.
type machine struct {
	cmd     *exec.Cmd
	control *net.UnixConn
	network chan *os.File // gets the network interface of a machine that has one
	booted  chan error    // gets how the user data ended
	ended   chan struct{} // closed when no process of the machine is left

	mu      sync.Mutex
	lastID  uint64
	waiting map[uint64]chan dialed // who waits for the answer to which order
}

type dialed struct {
	conn net.Conn
	err  error
}

// startMachine starts a machine, which then boots. What it prints goes to
// console.
func startMachine(boot bootOrder, console *os.File) (*machine, error) {
	// Packets, so that each read gets one message.
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "control"), os.NewFile(uintptr(pair[1]), "control")
	defer ours.Close()
	defer theirs.Close()
	control, err := net.FileConn(ours)
	if err != nil {
		return nil, err
	}

	cmd := exec.Command("/proc/self/exe")
	cmd.Args = []string{initName}
	cmd.Env = []string{"PATH=" + searchPath, "LANG=C.UTF-8", "HOME=/root"}
	cmd.Dir = "/"
	cmd.Stdout, cmd.Stderr = console, console
	cmd.ExtraFiles = []*os.File{theirs} // file descriptor 3
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		Setsid:     true, // out of reach of a terminal's Ctrl-C
	}
	if uid := os.Geteuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	if err := cmd.Start(); err != nil {
		control.Close()
		return nil, fmt.Errorf("start a machine: %w", err)
	}
	m := &machine{
		cmd:     cmd,
		control: control.(*net.UnixConn),
		network: make(chan *os.File, 1),
		booted:  make(chan error, 1),
		ended:   make(chan struct{}),
		waiting: map[uint64]chan dialed{},
	}
	go m.readReports()
	go func() {
		cmd.Wait() // its status says only that it was killed
		control.Close()
		close(m.ended)
	}()
	if err := m.send(boot); err != nil {
		m.kill()
		return nil, fmt.Errorf("start a machine: %w", err)
	}
	return m, nil
}

// kill ends all processes of the machine and returns when they have ended.
func (m *machine) kill() {
	m.cmd.Process.Kill()
	<-m.ended
}

// shutDown has the machine stop its services, as EC2 does before it ends an
// instance, and ends it when they have stopped or patience is over.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html
func (m *machine) shutDown(patience <-chan time.Time) {
	if m.send(order{}) == nil {
		select {
		case <-m.ended:
			return
		case <-patience:
		}
	}
	m.kill()
}

func (m *machine) send(message any) error {
	data, err := json.Marshal(message)
	if err != nil {
		return err
	}
	_, err = m.control.Write(data)
	return err
}

// dial connects to a port of the machine.
func (m *machine) dial(ctx context.Context, port int) (net.Conn, error) {
	answer := make(chan dialed, 1)
	m.mu.Lock()
	m.lastID++
	id := m.lastID
	m.waiting[id] = answer
	m.mu.Unlock()

	if err := m.send(order{ID: id, Port: port}); err != nil {
		return nil, ErrDown
	}
	select {
	case d := <-answer:
		return d.conn, d.err
	case <-m.ended:
		return nil, ErrDown
	case <-ctx.Done():
		m.mu.Lock()
		delete(m.waiting, id) // readReports then closes the connection
		m.mu.Unlock()
		select {
		case d := <-answer:
			return d.conn, d.err
		default:
			return nil, ctx.Err()
		}
	}
}

// readReports reads until the machine has ended.
func (m *machine) readReports() {
	data, oob := make([]byte, maxMessage), make([]byte, unix.CmsgSpace(4))
	for {
		n, oobn, _, _, err := m.control.ReadMsgUnix(data, oob)
		if err != nil || n == 0 {
			return
		}
		var r report
		if err := json.Unmarshal(data[:n], &r); err != nil {
			continue
		}
		file := receivedFile(oob[:oobn])
		if r.Network {
			m.network <- file
			continue
		}
		conn, err := asConn(file)
		if r.Error != "" {
			err = errors.New(r.Error)
		}
		if r.ID == 0 {
			m.booted <- err
			continue
		}
		m.mu.Lock()
		answer := m.waiting[r.ID]
		delete(m.waiting, r.ID)
		if answer != nil {
			answer <- dialed{conn, err}
		} else if conn != nil {
			conn.Close()
		}
		m.mu.Unlock()
	}
}

// receivedFile is what came beside a message, if anything.
func receivedFile(oob []byte) *os.File {
	if len(oob) == 0 {
		return nil
	}
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return nil
	}
	unix.CloseOnExec(fds[0])
	return os.NewFile(uintptr(fds[0]), "received")
}

// asConn makes a connection of a file that is one; nil of nil.
func asConn(f *os.File) (net.Conn, error) {
	if f == nil {
		return nil, nil
	}
	defer f.Close()
	return net.FileConn(f)
}
