package servers

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

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
