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

// mountAll lets the machine write without the host seeing it, and the other
// way round.
func mountAll() error {
	// Else mounts would show up outside, where / is shared.
	if err := mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	// The layers lie in memory, below what becomes /tmp.
	const layers = "/tmp"
	if err := mount("tmpfs", layers, "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	for _, dir := range []string{"/etc", "/home", "/opt", "/root", "/srv", "/usr", "/var"} {
		if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
			continue
		}
		if err := overlay(dir, layers+dir); err != nil {
			return err
		}
	}
	for _, dir := range []string{"/tmp", "/run"} {
		if err := mount("tmpfs", dir, "tmpfs", 0, "mode=755"); err != nil {
			return err
		}
	}
	if err := os.Chmod("/tmp", 0o777|os.ModeSticky); err != nil {
		return err
	}
	if err := mount("proc", "/proc", "proc", 0, ""); err != nil {
		return err
	}
	for _, dir := range []string{"/etc/systemd/system", "/run/systemd/system"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// overlay has dir's changes go to a layer of their own.
func overlay(dir, layer string) error {
	upper, work := layer+"/upper", layer+"/work"
	for _, d := range []string{upper, work} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	// The upper folder's own mode is what is seen: 0700 for /root.
	if err := os.Chmod(upper, info.Mode().Perm()); err != nil {
		return err
	}
	if !mapsUsers() {
		if err := copyFolders(dir, upper, writableDepth); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", dir, upper, work)
	// Without root on the host, the attributes that an overlay keeps its
	// notes in are the user's.
	// https://docs.kernel.org/filesystems/overlayfs.html
	err = mount("overlay", dir, "overlay", 0, options+",userxattr")
	if err != nil {
		err = mount("overlay", dir, "overlay", 0, options)
	}
	return err
}

// writableDepth reaches /etc/systemd/system and /usr/local/bin.
const writableDepth = 2

// copyFolders makes the folders in from, but not their files, in to: a folder
// that both layers of an overlay have is the upper one's owner's. The host's
// root is nobody in a machine without root, and its folders nobody's to change.
func copyFolders(from, to string, depth int) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return nil // not ours to read: it stays as it is
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		sub := filepath.Join(to, entry.Name())
		if err := os.Mkdir(sub, 0o755); err != nil {
			return err
		}
		if depth > 1 {
			if err := copyFolders(filepath.Join(from, entry.Name()), sub, depth-1); err != nil {
				return err
			}
		}
	}
	return nil
}

func mount(source, target, kind string, flags uintptr, options string) error {
	if err := syscall.Mount(source, target, kind, flags, options); err != nil {
		return fmt.Errorf("mount %s on %s: %w", kind, target, err)
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
