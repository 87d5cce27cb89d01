package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// plainRuntime is the version of jsii-runtime-go that the bindings ask for.
const plainRuntime = "v1.112.0"

// setup is a way in which jsii starts: plain, or as in this project.
type setup struct {
	name    string
	binary  string
	environ []string // on top of the common environment
	home    string   // where the caches are
}

// build builds the app for both setups, in dir. The plain one differs in
// jsii-runtime-go, and in fastjsii being off.
func build(dir string) (plain, fast setup, err error) {
	plain = setup{name: "plain", binary: filepath.Join(dir, "plain"), environ: []string{"FASTJSII=off"}, home: filepath.Join(dir, "plain-home")}
	fast = setup{name: "fast", binary: filepath.Join(dir, "fast"), home: filepath.Join(dir, "fast-home")}

	mod, err := os.ReadFile("go.mod")
	if err != nil {
		return plain, fast, err
	}
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		return plain, fast, err
	}
	const module = "github.com/aws/jsii-runtime-go"
	mod = fmt.Appendf(mod, "\nreplace %s => %s %s\n", module, module, plainRuntime)
	modfile := filepath.Join(dir, "plain.mod")
	if err := os.WriteFile(modfile, mod, 0o644); err != nil {
		return plain, fast, err
	}
	if err := os.WriteFile(filepath.Join(dir, "plain.sum"), sum, 0o644); err != nil {
		return plain, fast, err
	}
	for _, arguments := range [][]string{
		{"build", "-o", fast.binary, "./bench/app"},
		{"build", "-o", plain.binary, "-mod=mod", "-modfile=" + modfile, "./bench/app"},
	} {
		progress("go %s", strings.Join(arguments, " "))
		command := exec.Command("go", arguments...)
		command.Stderr = os.Stderr
		if err := command.Run(); err != nil {
			return plain, fast, fmt.Errorf("go %s: %w", strings.Join(arguments, " "), err)
		}
	}
	return plain, fast, nil
}
