package servers

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// init turns the program into what its name says. A machine has no other
// program that is sure to be there.
func init() {
	if filepath.Base(os.Args[0]) == initName {
		err := runInit()
		fmt.Fprintf(os.Stderr, "%s: %v\n", initName, err)
		os.Exit(1)
	}
}

// runInit is pid 1 of a machine. It returns only with an error; when the
// process that started it ends, so does it. It does not reap orphans: in the
// minutes that a machine lives they do no harm.
func runInit() error {
	file := os.NewFile(3, "control")
	conn, err := net.FileConn(file)
	if err != nil {
		return fmt.Errorf("%s is not for people to start: %w", initName, err)
	}
	file.Close() // conn is a copy, which children do not inherit
	control := conn.(*net.UnixConn)
	defer control.Close()

	var order bootOrder
	if err := receive(control, &order); err != nil {
		return err
	}
	if err := prepare(order); err != nil {
		reply(control, report{Error: err.Error()}, nil)
		return err
	}
	if err := serveSystemctl(); err != nil {
		return err
	}
	go func() {
		var r report
		if err := runScripts(order); err != nil {
			r.Error = err.Error()
		}
		reply(control, r, nil)
	}()
	for {
		var d dialOrder
		if err := receive(control, &d); err != nil {
			return err
		}
		go serveDial(control, net.JoinHostPort(order.Address, strconv.Itoa(d.Port)), d.ID)
	}
}

func receive(control *net.UnixConn, message any) error {
	data := make([]byte, maxMessage)
	n, err := control.Read(data)
	if err != nil {
		return err
	}
	return json.Unmarshal(data[:n], message)
}

// reply sends r and, unless it is nil, a copy of conn.
func reply(control *net.UnixConn, r report, conn syscall.Conn) {
	data, err := json.Marshal(r)
	if err != nil {
		panic(err) // it is one of our own
	}
	if conn == nil {
		control.Write(data) // who does not listen any more does not mind
		return
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) {
		control.WriteMsgUnix(data, unix.UnixRights(int(fd)), nil)
	})
}

func serveDial(control *net.UnixConn, addr string, id uint64) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		reply(control, report{ID: id, Error: err.Error()}, nil)
		return
	}
	defer conn.Close()
	reply(control, report{ID: id}, conn.(*net.TCPConn))
}

// prepare makes the namespaces into a machine.
func prepare(order bootOrder) error {
	if err := mountAll(); err != nil {
		return err
	}
	if err := syscall.Sethostname([]byte(order.Hostname)); err != nil {
		return fmt.Errorf("set the host name %q: %w", order.Hostname, err)
	}
	if err := addAddress(order.Address); err != nil {
		return fmt.Errorf("give the machine the address %s: %w", order.Address, err)
	}
	if err := providePython(order.Python); err != nil {
		return err
	}
	// Whoever calls systemctl runs pid 1's program under that name.
	const systemctl = "/usr/bin/systemctl"
	if err := os.Remove(systemctl); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Symlink("/proc/1/exe", systemctl)
}

// addAddress gives the loopback interface, the only one, the address.
func addAddress(address string) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return err
	}
	addr, err := netlink.ParseAddr(address + "/32")
	if err != nil {
		return err
	}
	return netlink.AddrAdd(lo, addr)
}

// providePython makes sure of /usr/bin/python3, which Amazon Linux has: where
// the host's Python lies elsewhere, as pyenv's does, it is linked to and made
// reachable for services that do not run as root.
func providePython(found string) error {
	const want = "/usr/bin/python3"
	if _, err := os.Stat(want); err == nil {
		return nil
	}
	if found == "" {
		return nil // a script that needs it will say so
	}
	for dir := filepath.Dir(found); dir != "/"; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o001 == 0 {
			if err := os.Chmod(dir, info.Mode().Perm()|0o011); err != nil {
				return err
			}
		}
	}
	return os.Symlink(found, want)
}
