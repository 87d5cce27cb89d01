// Package fastjsii_test shows that jsii starts fast, that nothing else is
// different from a plain start, and that jsii starts plainly where it must.
package fastjsii_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"example.com/webserver-cluster/internal/fastjsii"
	"example.com/webserver-cluster/tests/usual"
)

func TestStartsFast(t *testing.T) {
	home := warmHome(t)
	before := modified(t, kernelFile(t, "code-*"))
	r := synthesize(t, home)
	if r.status() != "<nil>" || r.stderr.Len() > 0 {
		t.Errorf("status %q, stderr %q, want <nil> and nothing", r.status(), &r.stderr)
	}
	if len(r.nodes) != 1 {
		t.Fatalf("%d Node.js processes, want 1", len(r.nodes))
	}
	kernel := r.nodes[0]
	if filepath.Base(kernel.Script) != "kernel.js" {
		t.Errorf("Node.js runs %s, want kernel.js", kernel.Script)
	}
	if !kernel.loaded("/@cdktf/provider-aws/lib/lazy-index.js") {
		t.Error("the provider's lazy index is not loaded")
	}
	for _, module := range []string{"/@cdktf/provider-aws/lib/index.js", "/archiver/index.js", "/semver/index.js"} {
		if kernel.loaded(module) {
			t.Errorf("%s is loaded", module)
		}
	}
	for _, size := range kernel.Packages {
		if size > 10<<20 {
			t.Errorf("a package of %d bytes is read, want a stub", size)
		}
	}
	if after := modified(t, kernelFile(t, "code-*")); !after.Equal(before) {
		t.Error("compiled code was missing")
	}
}

// Without an index of the provider's types, every start would parse them all.
func TestFirstStartLeavesIndex(t *testing.T) {
	index := filepath.Join(packages(warmHome(t)), "@cdktf", "provider-aws", "*", "*", ".jsii.runtime.v1.json")
	if files := glob(t, index); len(files) != 2 {
		t.Errorf("the index is found as %q, want it by the names of the package and of the stub", files)
	}
}

func TestSameOutput(t *testing.T) {
	home := warmHome(t)
	plain := synthesize(t, home, "FASTJSII=off")
	if !slices.ContainsFunc(plain.nodes, func(n node) bool { return n.loaded("/@cdktf/provider-aws/lib/index.js") }) {
		t.Error("with FASTJSII=off, the kernel does not load the provider's whole index")
	}
	if want := "FASTJSII=off is set"; plain.status() != want {
		t.Errorf("status %q, want %q", plain.status(), want)
	}
	if strings.Contains(plain.stderr.String(), "end-of-life") {
		t.Errorf("there is a banner:\n%s", &plain.stderr)
	}
	want := plain.output
	for name, got := range map[string]string{"first": shared.first.output, "second": synthesize(t, home).output} {
		if got != want {
			t.Errorf("the %s fast start synthesizes\n%s\nand a plain start\n%s", name, got, want)
		}
	}
}

func TestKeepsEnvironment(t *testing.T) {
	variables := []string{"SHELL=/bin/false", "NODE_EXTRA_CA_CERTS=/etc/hosts"}
	r := synthesize(t, warmHome(t), variables...)
	for _, variable := range append(variables, "JSII_RUNTIME=") {
		if !strings.Contains(r.stdout.String(), "\n"+variable+"\n") {
			t.Errorf("the app's environment lacks %s:\n%s", variable, &r.stdout)
		}
	}
	for _, n := range r.nodes {
		if n.NodeOptions != r.nodeOptions {
			t.Errorf("the kernel's NODE_OPTIONS are %s, want %s", n.NodeOptions, r.nodeOptions)
		}
		if limit := n.HeapLimit >> 20; limit < 1000 || limit > 1300 {
			t.Errorf("the kernel's heap may take %d MB, want the 1000 MB of NODE_OPTIONS and some for young objects", limit)
		}
		if n.Certificates != "" {
			t.Errorf("the kernel reads certificates from %s", n.Certificates)
		}
	}
}

func TestLeavesNothingBehind(t *testing.T) {
	home := warmHome(t)
	for name, test := range map[string]struct {
		does   string
		signal syscall.Signal
	}{
		"done":        {"synthesize", 0},
		"quit":        {"quit", 0},
		"interrupted": {"wait", syscall.SIGINT},
		"killed":      {"wait", syscall.SIGKILL},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, home, test.does)
			if test.signal != 0 {
				r.signal(t, test.signal)
			}
			_ = r.end(t)
			if left := glob(t, filepath.Join(r.tempdir, "*")); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// Whatever stands in the way of a fast start, there is a start.
func TestFallsBack(t *testing.T) {
	home := warmHome(t)
	r := synthesize(t, home, "JSII_RUNTIME=exec node '"+kernelFile(t, "bin/jsii-runtime.js")+"'")
	if !strings.Contains(r.status(), "JSII_RUNTIME") {
		t.Errorf("status %q, want JSII_RUNTIME in it", r.status())
	}
	if r.output != shared.first.output {
		t.Errorf("synthesized\n%s\nwant\n%s", r.output, shared.first.output)
	}
}

// A home directory that cannot be written costs time, nothing else.
func TestHomeThatCannotBeWritten(t *testing.T) {
	usual.Skip(t)
	warmHome(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ home, variable, status string }{
		"none":   {"", "", "<nil>"},
		"a file": {file, "", "<nil>"},
	}
	if runtime.GOOS == "linux" {
		// No folder can be made in there, not even by root; Node.js tries for ever.
		tests["below /proc"] = struct{ home, variable, status string }{"/proc/self/home", "", "<nil>"}
		tests["below /proc, plain"] = struct{ home, variable, status string }{"/proc/self/home", "FASTJSII=off", "FASTJSII=off is set"}
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := synthesize(t, test.home, test.variable)
			if r.status() != test.status {
				t.Errorf("status %q, want %q", r.status(), test.status)
			}
			if r.output != shared.first.output {
				t.Errorf("synthesized\n%s\nwant\n%s", r.output, shared.first.output)
			}
			if left := glob(t, filepath.Join(r.tempdir, "*")); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

func TestNoTemporaryFolder(t *testing.T) {
	r := start(t, warmHome(t), "synthesize", "TMPDIR=/nonexistent")
	err := r.end(t)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("the app ended with %v, want exit status 1", err)
	}
	want := "no temporary folder can be made (stat /nonexistent: no such file or directory): have TMPDIR name a folder that can be written\n"
	if got := r.stdout.String() + r.stderr.String(); got != want {
		t.Errorf("it said\n%s\nwant\n%s", got, want)
	}
}

// Tests profit as well.
func TestStartsFastInTests(t *testing.T) {
	if err := fastjsii.Status(); err != nil {
		t.Error(err)
	}
}

// A kernel that talks to its launcher in another way than kernel.js expects is
// left to the launcher.
func TestLeavesUnknownKernelToLauncher(t *testing.T) {
	home := warmHome(t)
	program := kernelFile(t, "lib/program.js")
	known := read(t, program)
	unknown := strings.Replace(string(known), "readFD:3,writeFD:3", "writeFD:3,readFD:3", 1)
	if unknown == string(known) {
		t.Fatal("kernel.js itself knows this kernel no more")
	}
	if err := os.WriteFile(program, []byte(unknown), 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.WriteFile(program, known, 0o600)
	r := synthesize(t, home)
	if len(r.nodes) != 2 || r.stderr.Len() > 0 {
		t.Errorf("%d Node.js processes, stderr %q, want 2 and nothing", len(r.nodes), &r.stderr)
	}
	if r.output != shared.first.output {
		t.Errorf("synthesized\n%s\nwant\n%s", r.output, shared.first.output)
	}
}

// What is odd or damaged does not stand in the way.
func TestStartsFastNevertheless(t *testing.T) {
	home := warmHome(t)
	want := shared.first.output
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal(err)
	}
	odd := filepath.Join(t.TempDir(), "Node's own folder")
	if err := os.Symlink(filepath.Dir(node), odd); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		variables []string
		damage    func() error
	}{
		"odd path":          {variables: []string{"JSII_NODE=" + filepath.Join(odd, "node")}},
		"no shell":          {variables: []string{"SHELL=/bin/false"}},
		"kernel incomplete": {damage: func() error { return os.Remove(kernelFile(t, "lib/program.js")) }},
		"code cut short":    {damage: func() error { return os.Truncate(kernelFile(t, "code-*"), 100_000) }},
		"code damaged":      {damage: func() error { return os.WriteFile(kernelFile(t, "code-*"), []byte("[]"), 0o600) }},
	} {
		t.Run(name, func(t *testing.T) {
			if test.damage != nil {
				if err := test.damage(); err != nil {
					t.Fatal(err)
				}
			}
			r := synthesize(t, home, test.variables...)
			if r.status() != "<nil>" || r.stderr.Len() > 0 {
				t.Errorf("status %q, stderr %q, want <nil> and nothing", r.status(), &r.stderr)
			}
			if got := r.output; got != want {
				t.Errorf("synthesized\n%s\nwant\n%s", got, want)
			}
		})
	}
}
