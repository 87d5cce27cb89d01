// Package archive_test holds what an application is packed into: the same files make
// the same bytes, however they came.
package archive_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/webserver-cluster/internal/archive"
)

// folder makes the folder that all tests pack.
func folder(t *testing.T) string {
	dir := t.TempDir()
	write(t, dir, "serve", "#!/bin/sh\n", 0o700)
	write(t, dir, "static/a.txt", "a", 0o640)
	write(t, dir, "static/ä.txt", "", 0o600)
	if err := os.Symlink("a.txt", filepath.Join(dir, "static", "link")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, dir, name, content string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func pack(t *testing.T, path string) []byte {
	t.Helper()
	a, err := archive.Open(path)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var b bytes.Buffer
	if err := a.Write(&b, "serve"); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSameFilesSameBytes: neither when and in what order the files were made nor how
// they were packed before makes a difference; a byte, a name and an execute bit do.
func TestSameFilesSameBytes(t *testing.T) {
	dir := folder(t)
	want := pack(t, dir)
	// On every machine, with every version of Go.
	const digest = "fb12bea0235da5d1c562570a85450329af55cc51c0043df9dab6fcbe78e91057"
	if sum := sha256.Sum256(want); hex.EncodeToString(sum[:]) != digest {
		t.Errorf("the digest is %x, want %s", sum, digest)
	}
	old := time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)
	if err := os.Chtimes(filepath.Join(dir, "serve"), old, old); err != nil {
		t.Fatal(err)
	}
	packed := t.TempDir()
	tarball := filepath.Join(packed, "a.tar")
	if err := os.WriteFile(tarball, want, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, ending := range []string{".tar.gz", ".tgz"} {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write(want)
		z.Close()
		if err := os.WriteFile(filepath.Join(packed, "a"+ending), b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"static/ä.txt", "static/link", "serve", "static/a.txt", "static/"} { // in no order
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		h, err := zip.FileInfoHeader(info)
		if err != nil {
			t.Fatal(err)
		}
		h.Name = name
		content, _ := os.ReadFile(filepath.Join(dir, name)) // nothing for a folder
		if info.Mode()&os.ModeSymlink != 0 {
			content = []byte("a.txt")
		}
		w, err := z.CreateHeader(h)
		if err == nil && len(content) > 0 {
			_, err = w.Write(content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	if err := os.WriteFile(filepath.Join(packed, "a.zip"), b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, tarball, filepath.Join(packed, "a.tar.gz"), filepath.Join(packed, "a.tgz"), filepath.Join(packed, "a.zip")} {
		if !bytes.Equal(pack(t, path), want) {
			t.Errorf("%s makes other bytes", path)
		}
	}
	for name, change := range map[string]func(){
		"a byte":          func() { write(t, dir, "serve", "#!/bin/sh\necho\n", 0o700) },
		"a name":          func() { os.Rename(filepath.Join(dir, "static", "a.txt"), filepath.Join(dir, "static", "b.txt")) },
		"an execute bit":  func() { os.Chmod(filepath.Join(dir, "static", "ä.txt"), 0o755) },
		"an empty folder": func() { os.Mkdir(filepath.Join(dir, "empty"), 0o755) },
	} {
		before := pack(t, dir)
		change()
		if bytes.Equal(pack(t, dir), before) {
			t.Errorf("%s makes no difference", name)
		}
	}
}

// TestNothingOfWhoPacked: no time, no owner and no rights beyond reading and executing.
func TestNothingOfWhoPacked(t *testing.T) {
	in := tar.NewReader(bytes.NewReader(pack(t, folder(t))))
	modes := map[string]int64{"serve": 0o755, "static/": 0o755, "static/a.txt": 0o644, "static/ä.txt": 0o644, "static/link": 0o777}
	for {
		h, err := in.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if h.Mode != modes[h.Name] || h.Uid != 0 || h.Gid != 0 || h.Uname != "" || !h.ModTime.Equal(time.Unix(0, 0)) {
			t.Errorf("%s has mode %o, owner %d:%d %q, time %v", h.Name, h.Mode, h.Uid, h.Gid, h.Uname, h.ModTime)
		}
		delete(modes, h.Name)
	}
	if len(modes) > 0 {
		t.Errorf("there is no %v", modes)
	}
}

// TestArchivesThatLead: no archive writes outside the folder that it is unpacked in,
// and none that is broken is taken.
func TestArchivesThatLead(t *testing.T) {
	entry := func(h tar.Header) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		w.Close()
		return b.Bytes()
	}
	dir := t.TempDir()
	for name, test := range map[string]struct {
		content []byte
		want    string
	}{
		"up.tar":       {entry(tar.Header{Name: "../x", Typeflag: tar.TypeReg}), `"../x" leads out of it`},
		"root.tar":     {entry(tar.Header{Name: "/etc/x", Typeflag: tar.TypeReg}), `"/etc/x" leads out of it`},
		"link.tar":     {entry(tar.Header{Name: "a/x", Linkname: "../../x", Typeflag: tar.TypeSymlink}), "has a link that leads out of it: a/x -> ../../x"},
		"absolute.tar": {entry(tar.Header{Name: "x", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}), "has a link that leads out of it: x -> /etc/passwd"},
		"hard.tar":     {entry(tar.Header{Name: "x", Linkname: "y", Typeflag: tar.TypeLink}), "x is a hard link: pack it as a file"},
		"pipe.tar":     {entry(tar.Header{Name: "x", Typeflag: tar.TypeFifo}), "has x, which is neither a file nor a folder nor a link"},
		"empty.tar":    {make([]byte, 1024), "is empty: build it first"},
		"broken.tgz":   {[]byte("no"), "is no .tgz file: "},
		"broken.zip":   {[]byte("no"), "is no .zip file: "},
		"x.rpm":        {nil, "must be a folder, or a .tar, .tar.gz, .tgz or .zip file"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, test.content, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Open(path); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	large := filepath.Join(dir, "large")
	write(t, large, "hole", "", 0o644)
	if err := os.Truncate(filepath.Join(large, "hole"), archive.MaxSize+1); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Open(large); err == nil || !strings.Contains(err.Error(), "above the limit of 1073741824") {
		t.Errorf("too large: %v", err)
	}
}
