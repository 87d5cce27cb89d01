package fastjsii

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/aws/jsii-runtime-go"
)

// kernelFolder returns the folder of the unpacked kernel and kernel.js, and
// fills it the first time. Its name is a digest of what is in it: whichever
// version of jsii-runtime-go is in the program, the kernel is that version's.
//
// Where the user's cache folder cannot be written, the folder is a temporary one,
// which the kernel is to remove at its end.
func kernelFolder() (folder string, temporary bool, err error) {
	// Only jsii-runtime-go can get at the kernel that is embedded in it.
	// Unpacking takes it three milliseconds.
	unpacking, err := os.MkdirTemp("", "fastjsii-*")
	if err != nil {
		return "", false, err
	}
	defer os.RemoveAll(unpacking)
	if err := prepareKernel(map[string]string{"TMPDIR": unpacking}); err != nil {
		return "", false, err
	}
	defer jsii.Close()
	unpacked, err := filepath.Glob(filepath.Join(unpacking, "jsii-runtime.*"))
	if err != nil || len(unpacked) != 1 {
		return "", false, errors.New("jsii-runtime-go has not unpacked its kernel")
	}
	program, err := os.ReadFile(filepath.Join(unpacked[0], "lib", "program.js"))
	if err != nil {
		return "", false, err
	}
	digest := sha256.Sum256(append(program, kernelJS...))
	if cache, err := os.UserCacheDir(); err == nil && filepath.IsAbs(cache) {
		folder = filepath.Join(cache, "fastjsii", fmt.Sprintf("%x", digest[:8]))
		if intact(folder, unpacked[0]) || fill(folder, unpacked[0]) == nil {
			// For prune. Where the folder is another user's, it is theirs to prune.
			_ = os.Chtimes(folder, time.Time{}, time.Now())
			return folder, false, nil
		}
	}
	if folder, err = os.MkdirTemp("", "fastjsii-*"); err != nil {
		return "", false, err
	}
	if err := copyKernel(folder, unpacked[0]); err != nil {
		return "", false, errors.Join(err, os.RemoveAll(folder))
	}
	return folder, true, nil
}

// fill makes folder from the unpacked kernel. Several programs may do so at
// the same time.
func fill(folder, unpacked string) error {
	parent := filepath.Dir(folder)
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	staging, err := os.MkdirTemp(parent, "new-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging)
	if err := copyKernel(staging, unpacked); err != nil {
		return err
	}
	prune(parent)
	if err := os.Rename(staging, folder); err == nil || intact(folder, unpacked) {
		return nil
	}
	// What is there lacks files, or they are damaged.
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	return os.Rename(staging, folder)
}

func copyKernel(folder, unpacked string) error {
	if err := os.CopyFS(folder, os.DirFS(unpacked)); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "kernel.js"), kernelJS, 0o600)
}

// intact tells whether the folder has the scripts of the unpacked kernel, and
// kernel.js: a disk may have been full, or a machine lost its power.
func intact(folder, unpacked string) bool {
	same := func(file string, want []byte) bool {
		got, err := os.ReadFile(filepath.Join(folder, file))
		return err == nil && bytes.Equal(got, want)
	}
	scripts, err := fs.Glob(os.DirFS(unpacked), "*/*.js")
	if err != nil || len(scripts) == 0 || !same("kernel.js", kernelJS) {
		return false
	}
	for _, script := range scripts {
		want, err := os.ReadFile(filepath.Join(unpacked, script))
		if err != nil || !same(script, want) {
			return false
		}
	}
	return true
}

// keep is how long a kernel's folder stays that no program uses any more. jsii
// keeps packages as long (JSII_RUNTIME_PACKAGE_CACHE_TTL).
const keep = 30 * 24 * time.Hour

// prune removes the folders of other versions' kernels that no program has used
// for long.
func prune(parent string) {
	folders, _ := os.ReadDir(parent)
	for _, folder := range folders {
		if info, err := folder.Info(); err == nil && time.Since(info.ModTime()) > keep {
			_ = os.RemoveAll(filepath.Join(parent, folder.Name()))
		}
	}
}

// packageCache are the variables that turn jsii's own cache of packages off where
// its folder cannot be written: the kernel would fail, and where making a folder
// fails in a way that Node.js does not expect (below /proc, say), try for ever.
func packageCache() map[string]string {
	folder := packageCacheFolder()
	err := os.MkdirAll(folder, 0o755)
	if err == nil {
		var probe string
		if probe, err = os.MkdirTemp(folder, "probe-*"); err == nil {
			err = os.Remove(probe)
		}
	}
	if err != nil {
		return map[string]string{"JSII_RUNTIME_PACKAGE_CACHE": "disabled"}
	}
	return map[string]string{}
}

// packageCacheFolder is where jsii has its cache (defaultCacheRoot in the kernel),
// or "" where that is no place to keep one: without a home directory, it would be
// in a temporary folder, where another user may have put other packages.
func packageCacheFolder() string {
	if root, ok := os.LookupEnv("JSII_RUNTIME_PACKAGE_CACHE_ROOT"); ok {
		return root
	}
	home := os.Getenv("HOME")
	switch {
	case runtime.GOOS == "windows":
		return filepath.Join(os.Getenv("LOCALAPPDATA"), "AWS", "jsii", "package-cache")
	case !filepath.IsAbs(home):
		return ""
	case runtime.GOOS == "darwin":
		return filepath.Join(home, "Library", "Caches", "com.amazonaws.jsii", "package-cache")
	}
	return filepath.Join(home, ".cache", "aws", "jsii", "package-cache")
}
