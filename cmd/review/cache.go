package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"example.com/webserver-cluster/internal/identity"
	"example.com/webserver-cluster/internal/outdir"
)

const (
	// How many syntheses, of half a megabyte each, and programs, of 70, are kept.
	mostSyntheses = 20
	mostPrograms  = 3
	// cacheForm is another one whenever what is kept changes.
	cacheForm = "1"
)

// cacheFolder is a folder of what a review keeps for the next one.
func cacheFolder(kind string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "webserver-cluster", "review", kind)
	return folder, os.MkdirAll(folder, 0o700)
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// cachedProgram is where the program of a project's app is kept.
func cachedProgram(project string) (string, error) {
	folder, err := cacheFolder("programs")
	if err != nil {
		return "", err
	}
	prune(folder, mostPrograms)
	return filepath.Join(folder, digest(project)+extension()), nil
}

func extension() string {
	if runtime.GOOS == "windows" {
		return ".exe"
	}
	return ""
}

// cachedSynthesis is where what the app makes of a tree is kept. Besides the files, it
// depends on the Go that compiled it, and on what the environment tells CDKTF.
func cachedSynthesis(tree string) (string, error) {
	folder, err := cacheFolder("syntheses")
	if err != nil {
		return "", err
	}
	parts := []string{cacheForm, tree, runtime.Version(), runtime.GOOS, runtime.GOARCH}
	for _, variable := range os.Environ() {
		if strings.HasPrefix(variable, "CDKTF_") {
			parts = append(parts, variable)
		}
	}
	slices.Sort(parts[5:])
	return filepath.Join(folder, digest(parts...)), nil
}

// used notes that something of the cache was of use.
func used(path string) {
	now := time.Now()
	os.Chtimes(path, now, now) //nolint:errcheck // an older one may go in its place
}

// keep puts a synthesis into the cache: of each stack, its JSON. What cannot be kept is
// made again the next time.
func keep(s *synthesis, path string) {
	parent := filepath.Dir(path)
	temporary, err := os.MkdirTemp(parent, "new-*")
	if err != nil {
		return
	}
	defer os.RemoveAll(temporary)
	manifest, err := os.ReadFile(filepath.Join(s.outdir, "manifest.json"))
	if err != nil || os.WriteFile(filepath.Join(temporary, "manifest.json"), manifest, 0o600) != nil {
		return
	}
	for name, text := range s.texts {
		folder := outdir.Stack(temporary, name)
		if os.MkdirAll(folder, 0o700) != nil || os.WriteFile(filepath.Join(folder, identity.ConfigFile), text, 0o600) != nil {
			return
		}
	}
	os.RemoveAll(path)
	if os.Rename(temporary, path) == nil {
		prune(parent, mostSyntheses)
	}
}

// prune removes what was not used for the longest time, but for some.
func prune(folder string, most int) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	age := map[string]time.Time{}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil {
			age[entry.Name()] = info.ModTime()
		}
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int {
		return cmp.Or(age[b.Name()].Compare(age[a.Name()]), cmp.Compare(a.Name(), b.Name()))
	})
	for _, entry := range entries[min(most, len(entries)):] {
		os.RemoveAll(filepath.Join(folder, entry.Name()))
	}
}
