// Package archive packs what somebody has built into a tar file: the same files make
// the same bytes, on every machine and whenever they were built.
package archive

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// MaxSize is how large all files together may be, in bytes. It is this project's own
// limit: every instance fetches them while it boots, and is not healthy before.
const MaxSize = 1 << 30

// Archive is a folder's files, ready to be packed.
type Archive struct {
	fsys  fs.FS
	files []file
}

// file is one of them: a folder, a regular file or a symbolic link.
type file struct {
	name string // from the folder, with slashes
	mode fs.FileMode
	size int64
	link string
}

// Open looks at a folder, or at a .tar, .tar.gz, .tgz or .zip file of one. The error
// joins all that is wrong with it.
func Open(name string) (*Archive, error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("does not exist: build it first")
	} else if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return read(os.DirFS(name))
	}
	unpack := unpackers[extension(name)]
	if unpack == nil {
		return nil, errors.New("must be a folder, or a .tar, .tar.gz, .tgz or .zip file")
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	fsys, err := unpack(content)
	if err != nil {
		return nil, fmt.Errorf("is no %s file: %w", extension(name), err)
	}
	return read(fsys)
}

func extension(name string) string {
	if strings.HasSuffix(name, ".tar.gz") {
		return ".tar.gz"
	}
	return filepath.Ext(name)
}

// read looks at every file. Those that are in the archive are in the order of their
// names.
func read(fsys fs.FS) (*Archive, error) {
	a := &Archive{fsys: fsys}
	var faults []error
	var size int64
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name == "." {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		f := file{name: name}
		switch kind := info.Mode().Type(); kind {
		case fs.ModeDir:
			f.mode = 0o755
		case fs.ModeSymlink:
			if f.link, err = fs.ReadLink(fsys, name); err != nil {
				return err
			}
			f.link = filepath.ToSlash(f.link)
			if path.IsAbs(f.link) || filepath.IsAbs(f.link) || !fs.ValidPath(path.Join(path.Dir(name), f.link)) {
				faults = append(faults, fmt.Errorf("has a link that leads out of it: %s -> %s", name, f.link))
			}
		case 0:
			f.mode, f.size = 0o644, info.Size()
			if info.Mode()&0o111 != 0 {
				f.mode = 0o755
			}
			size += f.size
		default:
			faults = append(faults, fmt.Errorf("has %s, which is neither a file nor a folder nor a link (%v)", name, kind))
		}
		f.mode |= info.Mode().Type()
		a.files = append(a.files, f)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(a.files) == 0 {
		faults = append(faults, errors.New("is empty: build it first"))
	}
	if size > MaxSize {
		faults = append(faults, fmt.Errorf("has %d bytes in its files, above the limit of %d: every instance fetches them while it boots", size, MaxSize))
	}
	return a, errors.Join(faults...)
}

// Program looks at what is to be started: name, from the folder. It returns the
// first bytes of the file, at most n, by which its kind can be told.
func (a *Archive) Program(name string, n int) ([]byte, error) {
	name = path.Clean(name)
	for range len(a.files) { // as many links as there can be
		i := a.index(name)
		if i < 0 {
			return nil, errors.New("is not in it")
		}
		switch f := a.files[i]; {
		case f.mode&fs.ModeSymlink != 0:
			name = path.Join(path.Dir(name), f.link)
			continue
		case f.mode.IsDir():
			return nil, errors.New("is a folder")
		// Windows keeps no such bit; Write sets it there.
		case f.mode&0o111 == 0 && runtime.GOOS != "windows":
			return nil, fmt.Errorf("has no execute bit: chmod +x %s", path.Base(name))
		}
		content, err := a.fsys.Open(name)
		if err != nil {
			return nil, err
		}
		defer content.Close()
		head, err := io.ReadAll(io.LimitReader(content, int64(n)))
		return head, err
	}
	return nil, errors.New("is a link to itself")
}

func (a *Archive) index(name string) int {
	for i, f := range a.files {
		if f.name == name {
			return i
		}
	}
	return -1
}

// epoch is when every file was changed last, as far as the tar file says.
var epoch = time.Unix(0, 0)

// Write writes the tar file, in which all is root's. It is not compressed: what a
// compressor makes of the same bytes changes from one version of it to the next.
// program, from the folder, gets its execute bit where the system has none.
func (a *Archive) Write(w io.Writer, program string) error {
	out := tar.NewWriter(w)
	for _, f := range a.files {
		header := &tar.Header{Name: f.name, Mode: int64(f.mode.Perm()), Size: f.size, ModTime: epoch, Typeflag: tar.TypeReg}
		if runtime.GOOS == "windows" && f.name == path.Clean(program) {
			header.Mode = 0o755
		}
		switch f.mode.Type() {
		case fs.ModeDir:
			header.Typeflag, header.Name = tar.TypeDir, f.name+"/"
		case fs.ModeSymlink:
			header.Typeflag, header.Linkname, header.Mode = tar.TypeSymlink, f.link, 0o777
		}
		if err := out.WriteHeader(header); err != nil {
			return err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if err := a.copy(out, f); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return out.Close()
}

func (a *Archive) copy(w io.Writer, f file) error {
	content, err := a.fsys.Open(f.name)
	if err != nil {
		return err
	}
	defer content.Close()
	_, err = io.Copy(w, content)
	return err
}

// WriteFile writes the tar file to name and returns its SHA-256 digest, in
// hexadecimal digits.
func (a *Archive) WriteFile(name, program string) (digest string, err error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return "", err
	}
	out, err := os.Create(name)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	sum := sha256.New()
	if err := a.Write(io.MultiWriter(out, sum), program); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// unpackers make a file system of an archive, by the ending of its name.
var unpackers = map[string]func([]byte) (fs.FS, error){
	".tar":    func(content []byte) (fs.FS, error) { return untar(bytes.NewReader(content)) },
	".tar.gz": gunzip,
	".tgz":    gunzip,
	".zip":    unzip,
}
