package servers

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	systemd "github.com/coreos/go-systemd/v22/unit"
	"golang.org/x/sys/unix"
)

// sandbox is how a unit's processes are confined.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#Sandboxing
type sandbox struct {
	noNewPrivileges bool
	protectSystem   string // "", yes, full or strict
	protectHome     string // "", yes, read-only or tmpfs
	privateTmp      bool
	writable        []string // paths, for protectSystem=strict
	owned           []string // folders that are made for the unit's user
}

// ownFolders are where the folders of *Directory= settings lie.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#RuntimeDirectory=
var ownFolders = map[string]string{
	"StateDirectory": "/var/lib", "CacheDirectory": "/var/cache", "LogsDirectory": "/var/log", "RuntimeDirectory": "/run",
}

// set takes a setting; false if it is none of a sandbox.
func (b *sandbox) set(o *systemd.UnitOption) bool {
	if o.Section != "Service" {
		return false
	}
	switch o.Name {
	case "NoNewPrivileges":
		b.noNewPrivileges = isTrue(o.Value)
	case "ProtectSystem":
		b.protectSystem = degree(o.Value)
	case "ProtectHome":
		b.protectHome = degree(o.Value)
	case "PrivateTmp":
		b.privateTmp = isTrue(o.Value)
	case "ReadWritePaths":
		for _, path := range strings.Fields(o.Value) {
			b.writable = append(b.writable, strings.TrimLeft(path, "-+"))
		}
	default:
		parent, known := ownFolders[o.Name]
		if !known {
			return false
		}
		for _, name := range strings.Fields(o.Value) {
			b.owned = append(b.owned, filepath.Join(parent, name))
		}
	}
	return true
}

// degree is a boolean, or more than that.
func degree(value string) string {
	switch {
	case isTrue(value):
		return "yes"
	case value == "full", value == "strict", value == "read-only", value == "tmpfs":
		return value
	}
	return ""
}

// forDynamicUser adds what DynamicUser= implies.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#DynamicUser=
func (b *sandbox) forDynamicUser() {
	b.noNewPrivileges, b.privateTmp = true, true
	b.protectSystem = "strict"
	if b.protectHome == "" {
		b.protectHome = "read-only"
	}
}

// makeFolders makes the unit's own folders.
func (b *sandbox) makeFolders(owner *syscall.Credential) error {
	for _, dir := range b.owned {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if owner != nil {
			if err := os.Chown(dir, int(owner.Uid), int(owner.Gid)); err != nil {
				return err
			}
		}
	}
	return nil
}

// confined runs start, which starts a process, on a thread that is confined as the
// process shall be. The thread ends with that.
func (b *sandbox) confined(privateTmp string, start func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocks it: nothing else may run on it
		err := b.enter(privateTmp)
		if err == nil {
			err = start()
		}
		result <- err
	}()
	return <-result
}

// enter confines the thread.
func (b *sandbox) enter(privateTmp string) error {
	if b.protectSystem != "" || b.protectHome != "" || privateTmp != "" {
		if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
			return fmt.Errorf("unshare the mounts: %w", err)
		}
		if err := b.mount(privateTmp); err != nil {
			return err
		}
	}
	if b.noNewPrivileges {
		return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	}
	return nil
}

func (b *sandbox) mount(privateTmp string) error {
	writable := append([]string{"/dev", "/proc", "/sys"}, append(b.writable, b.owned...)...)
	if privateTmp != "" {
		for _, dir := range []string{"/var/tmp", "/tmp"} { // the second hides privateTmp
			if err := mount(privateTmp+dir, dir, "", syscall.MS_BIND, ""); err != nil {
				return err
			}
			writable = append(writable, dir)
		}
	}
	switch b.protectHome {
	case "yes", "tmpfs":
		for _, dir := range existing("/home", "/root", "/run/user") {
			if err := mount("tmpfs", dir, "tmpfs", 0, "mode=755"); err != nil {
				return err
			}
		}
	}
	var readOnly []string
	switch b.protectSystem {
	case "yes":
		readOnly = existing("/usr", "/boot", "/efi")
	case "full":
		readOnly = existing("/usr", "/boot", "/efi", "/etc")
	case "strict":
		readOnly = []string{"/"}
		for _, dir := range existing(append(b.writable, b.owned...)...) {
			if err := mount(dir, dir, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
				return err
			}
		}
	}
	if b.protectHome != "" {
		readOnly = append(readOnly, existing("/home", "/root", "/run/user")...)
	}
	for _, dir := range readOnly {
		if err := protect(dir); err != nil {
			return err
		}
	}
	if b.protectSystem != "strict" {
		return nil
	}
	for _, dir := range existing(writable...) {
		// What is no mount of its own here (/dev in some containers) stays as it is.
		err := unix.MountSetattr(unix.AT_FDCWD, dir, unix.AT_RECURSIVE, &unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_RDONLY})
		if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.EPERM) {
			return fmt.Errorf("let %s be written: %w", dir, err)
		}
	}
	return nil
}

// protect makes a folder read-only, with all that is mounted below it.
func protect(dir string) error {
	if dir != "/" {
		if err := mount(dir, dir, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
			return err
		}
	}
	if err := unix.MountSetattr(unix.AT_FDCWD, dir, unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}); err != nil {
		return fmt.Errorf("make %s read-only: %w", dir, err)
	}
	return nil
}

func existing(dirs ...string) []string {
	var found []string
	for _, dir := range dirs {
		if info, err := os.Lstat(dir); err == nil && info.Mode()&os.ModeSymlink == 0 {
			found = append(found, dir)
		}
	}
	return found
}
