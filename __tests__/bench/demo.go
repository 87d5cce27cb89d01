package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"example.com/webserver-cluster/tests/localaws"
)

// benchDemo measures after how many seconds each phase of make demo is done, with
// empty caches of Go, npm and jsii and with full ones. It works on a copy of the
// project with caches of its own, so that the user's stay.
func benchDemo(runs int, render func(table.Writer)) error {
	machine, err := describeMachine()
	if err != nil {
		return err
	}
	var names []string                 // of the phases, in order
	measured := map[string][]float64{} // by caches and phase
	for i := range runs {
		dir, err := os.MkdirTemp("", "bench-demo-*")
		if err != nil {
			return err
		}
		if names, err = coldAndWarm(dir, i, measured); err != nil {
			return err // dir stays, to look at
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	t := table.NewWriter()
	t.AppendHeader(table.Row{"make demo, seconds until", "cold", "warm"})
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 2, Align: text.AlignRight}, {Number: 3, Align: text.AlignRight}})
	for _, name := range names {
		row := table.Row{name}
		for _, caches := range []string{"cold", "warm"} {
			values := slices.Sorted(slices.Values(measured[caches+name]))
			row = append(row, fmt.Sprintf("%.0f", values[len(values)/2]))
		}
		t.AppendRow(row)
	}
	render(t)
	fmt.Printf("\nMedians of %d runs; cold: nothing downloaded or compiled.\n%s\n", runs, machine)
	return nil
}

// coldAndWarm runs the demo twice in dir, which is empty at first, adds to measured
// and returns the names of the phases.
func coldAndWarm(dir string, run int, measured map[string][]float64) (names []string, err error) {
	root, err := localaws.AppDir()
	if err != nil {
		return nil, err
	}
	project := filepath.Join(dir, "project")
	if err := copyProject(project, root); err != nil {
		return nil, err
	}
	for _, caches := range []string{"cold", "warm"} {
		file := filepath.Join(dir, caches+".json")
		command := exec.Command("make", "demo", "ARGS=--phases "+file)
		command.Dir = project
		command.Env = append(os.Environ(),
			"GOCACHE="+filepath.Join(dir, "go-build"),
			"GOMODCACHE="+filepath.Join(dir, "go-mod"),
			"GOFLAGS="+os.Getenv("GOFLAGS")+" -modcacherw", // so that it can be removed
			"npm_config_cache="+filepath.Join(dir, "npm"),
			"XDG_CACHE_HOME="+filepath.Join(dir, "cache"),
			"JSII_RUNTIME_PACKAGE_CACHE_ROOT="+filepath.Join(dir, "jsii"),
		)
		start := time.Now()
		output, err := command.CombinedOutput()
		whole := time.Since(start)
		if err != nil {
			return nil, fmt.Errorf("make demo in %s: %w\n%s", project, err, output)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var phases []struct {
			Name    string
			Seconds float64
		}
		if err := json.Unmarshal(content, &phases); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		names = nil
		note := func(name string, seconds float64) {
			names = append(names, name)
			measured[caches+name] = append(measured[caches+name], seconds)
		}
		for _, phase := range phases {
			note(phase.Name, phase.Seconds)
		}
		note("all done", whole.Seconds())
		used := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
		note("CPU time that it took", used.Seconds())
		progress("run %d, %s: %.0f s, of the processors %.0f s", run+1, caches, whole.Seconds(), used.Seconds())
	}
	return names, nil
}

// leftOut is what a fresh clone has not, or make demo does not need.
var leftOut = []string{".git", "build", "cdktf.out", "node_modules"}

func copyProject(to, from string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		switch {
		case slices.Contains(leftOut, name):
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil // .git in a worktree
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		case !entry.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, info.Mode().Perm())
	})
}
