package strict

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// shebang finds the interpreter of a Python script.
var shebang = regexp.MustCompile(`^#! *(\S*/python[0-9.]*)\s`)

// locate prints where botocore's models are, from a Python that has moto.
const locate = `
import importlib.util, os
assert importlib.util.find_spec("moto"), "it has no moto"
print(os.path.join(importlib.util.find_spec("botocore").submodule_search_locations[0], "data"))`

// FindModels returns the models that came with the moto of a moto_server, given
// its path: those of the Python that its first line names, else (it may be a
// shell script that finds one, as pyenv's are) of the Python beside it or on the
// PATH that has moto.
func FindModels(ctx context.Context, motoServer string) (*Models, error) {
	var pythons []string
	if resolved, err := filepath.EvalSymlinks(motoServer); err == nil {
		if script, err := os.ReadFile(resolved); err == nil {
			if m := shebang.FindSubmatch(script); m != nil {
				pythons = append(pythons, string(m[1]))
			}
		}
	}
	beside := filepath.Dir(motoServer)
	pythons = append(pythons, filepath.Join(beside, "python3"), filepath.Join(beside, "python"), "python3", "python")
	var tried []string
	for _, python := range pythons {
		var stderr bytes.Buffer
		cmd := exec.CommandContext(ctx, python, "-c", locate)
		cmd.Stderr = &stderr
		output, err := cmd.Output()
		if dir := strings.TrimSpace(string(output)); err == nil {
			if _, err = os.Stat(dir); err == nil {
				return NewModels(dir), nil
			}
		}
		said := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		tried = append(tried, strings.TrimSpace(fmt.Sprintf("%s: %v %s", python, err, said[len(said)-1])))
	}
	return nil, fmt.Errorf("AWS's service models come with the Python that runs %s, and that was not found:\n%s", motoServer, strings.Join(tried, "\n"))
}
