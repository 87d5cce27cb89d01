package fastjsii_test

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// shared is what the tests share: the app, and a home directory with filled
// caches. To fill them, the first start takes some seconds and half a gigabyte.
var shared struct {
	once   sync.Once
	folder string
	first  *run
}

func TestMain(m *testing.M) {
	code := m.Run()
	if err := os.RemoveAll(shared.folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func warmHome(t *testing.T) string {
	t.Helper()
	shared.once.Do(func() {
		if _, err := exec.LookPath("node"); err != nil {
			t.Fatal("node is missing: install Node.js 20 or newer from https://nodejs.org")
		}
		var err error
		if shared.folder, err = os.MkdirTemp("", "fastjsii-test-*"); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command("go", "build", "-o", shared.folder, "./app").CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
		shared.first = synthesize(t, filepath.Join(shared.folder, "home"))
	})
	if shared.first == nil {
		t.Fatal("the first start has failed")
	}
	return filepath.Join(shared.folder, "home")
}

// packages is the package cache of a home directory.
func packages(home string) string {
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Caches", "com.amazonaws.jsii", "package-cache")
	}
	return filepath.Join(home, ".cache", "aws", "jsii", "package-cache")
}

// kernelFile returns a file from the folder of the unpacked kernel.
func kernelFile(t *testing.T, name string) string {
	t.Helper()
	for _, cache := range []string{".cache", "Library/Caches"} { // Linux, macOS
		if files := glob(t, filepath.Join(warmHome(t), cache, "fastjsii", "*", name)); len(files) == 1 {
			return files[0]
		}
	}
	t.Fatalf("the folder of the kernel has no file %s", name)
	return ""
}

// run is a run of the app.
type run struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
	tempdir        string // the folder for temporary files
	nodeOptions    string // the user's own NODE_OPTIONS
	seen           string // where probe.js writes
	nodes          []node // set by end
	output         string // what synthesize has synthesized
}

// node is what probe.js saw in a Node.js process.
type node struct {
	Script       string   // the script that it ran
	Modules      []string // the files that it had loaded in the end
	Packages     []int64  // the sizes of the packages that it read, in bytes
	HeapLimit    int64    // in bytes
	NodeOptions  string
	Certificates string
}

func (n node) loaded(module string) bool {
	return slices.ContainsFunc(n.Modules, func(file string) bool { return strings.HasSuffix(file, module) })
}

//go:embed testdata/probe.js
var probe []byte

// start starts the app with the given home directory, where the caches are,
// and with the variables added to its environment.
func start(t *testing.T, home, does string, variables ...string) *run {
	t.Helper()
	scripts := filepath.Join(t.TempDir(), "a user's scripts") // NODE_OPTIONS wants quotes
	r := &run{Cmd: exec.Command(filepath.Join(shared.folder, "app"), does), tempdir: t.TempDir(), seen: filepath.Join(scripts, "seen")}
	if err := os.MkdirAll(r.seen, 0o755); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(scripts, "probe.js")
	if err := os.WriteFile(script, probe, 0o644); err != nil {
		t.Fatal(err)
	}
	r.nodeOptions = `--max-old-space-size=1000 --require "` + script + `"`

	r.Dir = t.TempDir()
	r.Stdout, r.Stderr = &r.stdout, &r.stderr
	r.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // for signal
	r.Env = slices.DeleteFunc(os.Environ(), func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return strings.HasPrefix(name, "JSII_") || strings.HasPrefix(name, "CDKTF_") ||
			name == "FASTJSII" || name == "XDG_CACHE_HOME" || name == "NODE_EXTRA_CA_CERTS"
	})
	r.Env = append(r.Env, "HOME="+home, "TMPDIR="+r.tempdir, "NODE_OPTIONS="+r.nodeOptions, "PROBE="+r.seen)
	r.Env = append(r.Env, variables...)
	if _, err := r.StdinPipe(); err != nil { // "wait" waits for its end
		t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

// signal sends the signal, as Ctrl-C does, to the app and its Node.js processes
// alike, once the app waits for it. A SIGKILL is for the app alone.
func (r *run) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	await(t, "the app does not wait", func() bool { return len(glob(t, filepath.Join(r.Dir, "waiting"))) > 0 })
	process := -r.Process.Pid
	if signal == syscall.SIGKILL {
		process = r.Process.Pid
	}
	if err := syscall.Kill(process, signal); err != nil {
		t.Fatal(err)
	}
}

// end waits for the app and then for its Node.js processes, which may outlive
// it.
func (r *run) end(t *testing.T) error {
	t.Helper()
	result := r.Wait()
	await(t, "Node.js still runs after the app has ended", func() bool { return len(glob(t, filepath.Join(r.seen, "*.running"))) == 0 })
	for _, file := range glob(t, filepath.Join(r.seen, "*.json")) {
		var n node
		if err := json.Unmarshal(read(t, file), &n); err != nil {
			t.Fatal(err)
		}
		r.nodes = append(r.nodes, n)
	}
	return result
}

// synthesize runs the app to its end.
func synthesize(t *testing.T, home string, variables ...string) *run {
	t.Helper()
	r := start(t, home, "synthesize", variables...)
	if err := r.end(t); err != nil {
		t.Fatalf("the app: %v\n%s%s", err, &r.stdout, &r.stderr)
	}
	r.output = string(read(t, filepath.Join(r.Dir, "cdktf.out", "stacks", "stack", "cdk.tf.json")))
	return r
}

// status is fastjsii.Status as the app has printed it.
func (r *run) status() string {
	line, _, _ := strings.Cut(r.stdout.String(), "\n")
	return strings.TrimPrefix(line, "status: ")
}

// await waits until the condition holds. It fails the test with the message
// after a time that is long even on a busy machine.
func await(t *testing.T, message string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(message)
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func modified(t *testing.T, file string) time.Time {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
