package servers

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"

	systemd "github.com/coreos/go-systemd/v22/unit"
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
		dir = root + dir
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
