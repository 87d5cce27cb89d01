package fastjsii

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/jsii-runtime-go"
)

// kernelFolder returns the folder of the unpacked kernel and kernel.js, and
// fills it the first time. Its name is a digest of what is in it: whichever
// version of jsii-runtime-go is in the program, the kernel is that version's.
func kernelFolder() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	// Only jsii-runtime-go can get at the kernel that is embedded in it.
	// Unpacking takes it three milliseconds.
	temporary, err := os.MkdirTemp("", "fastjsii-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(temporary)
	if err := prepareKernel(map[string]string{"TMPDIR": temporary}); err != nil {
		return "", err
	}
	defer jsii.Close()
	unpacked, err := filepath.Glob(filepath.Join(temporary, "jsii-runtime.*"))
	if err != nil || len(unpacked) != 1 {
		return "", errors.New("jsii-runtime-go has not unpacked its kernel")
	}
	program, err := os.ReadFile(filepath.Join(unpacked[0], "lib", "program.js"))
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(append(program, kernelJS...))
	folder := filepath.Join(cache, "fastjsii", fmt.Sprintf("%x", digest[:8]))
	if complete(folder) {
		return folder, nil
	}
	return folder, fill(folder, unpacked[0])
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
	if err := os.CopyFS(staging, os.DirFS(unpacked)); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(staging, "kernel.js"), kernelJS, 0o600); err != nil {
		return err
	}
	if err := os.Rename(staging, folder); err == nil || complete(folder) {
		return nil
	}
	// What is there lacks files.
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	return os.Rename(staging, folder)
}

func complete(folder string) bool {
	for _, file := range []string{"kernel.js", "bin/jsii-runtime.js", "lib/program.js"} {
		if _, err := os.Stat(filepath.Join(folder, file)); err != nil {
			return false
		}
	}
	return true
}
