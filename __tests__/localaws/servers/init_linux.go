package servers

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"

	"strconv"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// searchPath is PATH in a machine, where there is nothing of the host user's own.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// init turns the program into what its name says. A machine has no other
// program that is sure to be there.
func init() {
	switch filepath.Base(os.Args[0]) {
	case initName:
		err := runInit()
		fmt.Fprintf(os.Stderr, "%s: %v\n", initName, err)
		os.Exit(1)
	case "systemctl":
		os.Exit(runSystemctl(os.Args[1:]))
	case "aws":
		os.Exit(runAWS(os.Args[1:], os.Stdout, os.Stderr))
	}
}

// programs are what a machine has besides the host's.
var programs = []string{"systemctl", "aws"}

// defaultEnvironment is what units get besides their own, as by systemd's
// DefaultEnvironment=.
// https://www.freedesktop.org/software/systemd/man/latest/systemd-system.conf.html#DefaultEnvironment=
var defaultEnvironment []string

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

	var boot bootOrder
	if err := receive(control, &boot); err != nil {
		return err
	}
	if err := prepare(boot, control); err != nil {
		reply(control, report{Error: err.Error()}, nil)
		return err
	}
	services, err := serveSystemctl()
	if err != nil {
		return err
	}
	go func() {
		var r report
		if err := runScripts(boot); err != nil {
			r.Error = err.Error()
		}
		reply(control, r, nil)
	}()
	for {
		var o order
		if err := receive(control, &o); err != nil {
			return err
		}
		if o.Port == 0 {
			go func() {
				services.stopAll()
				os.Exit(0) // the kernel ends what is left
			}()
			continue
		}
		go serveDial(control, net.JoinHostPort(boot.Address, strconv.Itoa(o.Port)), o.ID)
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
func prepare(order bootOrder, control *net.UnixConn) error {
	// Found now: what is mounted next may hide it.
	program, err := openSelf()
	if err != nil {
		return err
	}
	defer unix.Close(program)
	if err := mountAll(); err != nil {
		return err
	}
	if err := syscall.Sethostname([]byte(order.Hostname)); err != nil {
		return fmt.Errorf("set the host name %q: %w", order.Hostname, err)
	}
	if err := addAddress(order.Address); err != nil {
		return fmt.Errorf("give the machine the address %s: %w", order.Address, err)
	}
	if order.Network {
		device, err := addInterface(order.Address)
		if err != nil {
			return fmt.Errorf("give the machine a network: %w", err)
		}
		reply(control, report{Network: true}, device)
		device.Close()
		if err := useResolver(order.Domain); err != nil {
			return err
		}
	}
	for _, entry := range order.Environ {
		name, value, _ := strings.Cut(entry, "=")
		os.Setenv(name, value)
	}
	defaultEnvironment = order.Environ
	if order.Trusted != "" {
		if err := trust(order.Trusted); err != nil {
			return fmt.Errorf("trust certificates: %w", err)
		}
	}
	if err := providePython(order.Python); err != nil {
		return err
	}
	return providePrograms(program)
}

// openSelf opens this program as a place to mount, in the machine's own mounts:
// /proc/self/exe is in the host's. Where there is only root, it is not needed.
func openSelf() (int, error) {
	if !mapsUsers() {
		return -1, nil
	}
	path, err := os.Executable()
	if err != nil {
		return 0, err
	}
	return unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
}

// providePrograms has whoever calls one of the programs run this one under that
// name.
func providePrograms(self int) error {
	for _, name := range programs {
		os.Remove("/usr/local/bin/" + name) // the host's, which would be found first
		path := "/usr/bin/" + name
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if self < 0 {
			if err := os.Symlink("/proc/1/exe", path); err != nil {
				return err
			}
			continue
		}
		// A link to /proc/1/exe root alone may follow.
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			return err
		}
		if err := syscall.Mount(fmt.Sprintf("/proc/self/fd/%d", self), path, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount this program on %s: %w", path, err)
		}
	}
	return nil
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

// runScripts runs the image's script and the user data, one after the other.
func runScripts(order bootOrder) error {
	for _, s := range []struct{ name, path, text string }{
		{"image script", "/run/image", order.Image},
		// Where cloud-init puts it.
		{"user data", "/var/lib/cloud/instance/scripts/part-001", order.UserData},
	} {
		if s.text == "" {
			continue
		}
		if !strings.HasPrefix(s.text, "#!") {
			return fmt.Errorf("%s: it starts with %.20q; only scripts, which start with #!, are run here", s.name, s.text)
		}
		if err := os.MkdirAll(filepath.Dir(s.path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(s.path, []byte(s.text), 0o700); err != nil {
			return err
		}
		cmd := exec.Command(s.path)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}
