package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// result is what a run took, and what it synthesized.
type result struct {
	wall   time.Duration     // until the app had ended
	memory int64             // bytes: the most that any Node.js process had
	output map[string]string // by file
}

// run runs the app in dir, and returns when its Node.js processes have ended
// too, which may be later.
func (s setup) run(dir, probe, argument string) (result, error) {
	work, err := os.MkdirTemp(dir, "run-*")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(work)
	seen := filepath.Join(work, "seen")
	if err := os.Mkdir(seen, 0o755); err != nil {
		return result{}, err
	}
	// Both setups synthesize in the same folder, in case its path shows.
	outdir := filepath.Join(dir, "cdktf.out")
	if err := os.RemoveAll(outdir); err != nil {
		return result{}, err
	}

	command := exec.Command(s.binary, argument)
	command.Dir = dir
	var stderr strings.Builder
	command.Stderr = &stderr
	// The user's settings of jsii, Node.js and CDKTF stay out of it, and so
	// do additional certificates, which cost the plain setup 50 ms twice.
	command.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		return strings.HasPrefix(variable, "JSII_") || strings.HasPrefix(variable, "NODE_") ||
			strings.HasPrefix(variable, "CDKTF_") || strings.HasPrefix(variable, "FASTJSII=") ||
			strings.HasPrefix(variable, "XDG_CACHE_HOME=")
	})
	command.Env = append(command.Env, "HOME="+s.home, "PROBE="+seen, `NODE_OPTIONS=--max-old-space-size=4069 --require "`+probe+`"`)
	command.Env = append(command.Env, s.environ...)
	start := time.Now()
	if err := command.Run(); err != nil {
		return result{}, fmt.Errorf("%s: %w\n%s", s.name, err, &stderr)
	}
	r := result{wall: time.Since(start)}
	if r.memory, err = peak(seen); err != nil {
		return result{}, err
	}
	r.output, err = files(outdir)
	return r, err
}

// peak waits for the processes that probe.js has seen to end, and returns the
// most memory that one of them has had.
func peak(seen string) (int64, error) {
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		running, err := filepath.Glob(filepath.Join(seen, "*.running"))
		if err != nil {
			return 0, err
		}
		if len(running) == 0 {
			break
		}
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("%d Node.js processes still run two minutes after the app has ended", len(running))
		}
	}
	ended, err := filepath.Glob(filepath.Join(seen, "*.ended"))
	if err != nil {
		return 0, err
	}
	if len(ended) == 0 {
		return 0, errors.New("no Node.js process was seen")
	}
	var most int64
	for _, file := range ended {
		content, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		bytes, err := strconv.ParseInt(string(content), 10, 64)
		if err != nil {
			return 0, err
		}
		most = max(most, bytes)
	}
	return most, nil
}

// files returns the contents of all files in dir.
func files(dir string) (map[string]string, error) {
	contents := map[string]string{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(root, name)
		contents[name] = string(content)
		return err
	})
	return contents, err
}
