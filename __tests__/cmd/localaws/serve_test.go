package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"example.com/webserver-cluster/tests/localaws"
)

// TestEnvFile: while it serves, the file has what a shell needs; afterwards it is
// gone, unless it is another's by then.
func TestEnvFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "build", "local.env")
	p := launch(t, "serve", "--env-file", file, "--time-factor", "10")
	front := p.await(t, address)
	output, err := exec.Command("sh", "-c", ". "+file+` && echo "$AWS_ENDPOINT_URL $AWS_REGION $ROLLOUT_POLL"`).CombinedOutput()
	if want := "http://" + front + " eu-central-1 500ms\n"; err != nil || string(output) != want {
		t.Errorf("a shell gets %q, %v, want %q", output, err, want)
	}
	p.Process.Signal(syscall.SIGINT)
	p.Wait()
	if _, err := os.Stat(file); err == nil {
		t.Error("the file is left behind")
	}
	for _, want := range []string{". " + file, "time runs 10 times", "curl -s $(node", "in a browser: http://127.0.0.1:"} {
		if !strings.Contains(p.stderr.String(), want) {
			t.Errorf("there is no %q in\n%s", want, &p.stderr)
		}
	}

	if err := os.WriteFile(file, []byte("another's"), 0o600); err != nil {
		t.Fatal(err)
	}
	remove(file, "ours")
	if _, err := os.Stat(file); err != nil {
		t.Error("another's file was removed")
	}
}

// TestAdvice: what it tells to type is there.
func TestAdvice(t *testing.T) {
	makefile, err := os.ReadFile("../../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	root, err := localaws.AppDir()
	if err != nil {
		t.Fatal(err)
	}
	text := advice("http://127.0.0.1:1", inProject(filepath.Join(root, "build", "local.env")), 10, true)
	if !strings.Contains(text, "\n  . build/local.env\n") {
		t.Errorf("it does not name build/local.env:\n%s", text)
	}
	for _, m := range regexp.MustCompile(`(?m)^  make (\S+)`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(string(makefile), "\n"+m[1]+":") {
			t.Errorf("there is no make %s", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`go run (\./\S+)`).FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join("../../..", m[1])); err != nil {
			t.Error(err)
		}
	}
	bootstrap, err := exec.Command("make", "-C", "../../..", "-n", "bootstrap", "YES=1").CombinedOutput()
	if err != nil || !strings.Contains(string(bootstrap), "go run ./cmd/state bootstrap --yes") {
		t.Errorf("make bootstrap YES=1 would run %s, %v", bootstrap, err)
	}
	// node reads the outputs as the line says.
	folder := t.TempDir()
	if err := os.MkdirAll(filepath.Join(folder, "build"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "build", "outputs.json"), []byte(`{"stage": {"url": "http://127.0.2.1", "autoscaling_group_name": "web-1"}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^  (curl -s|go run \./cmd/rollout status --group) (.*)$`).FindAllStringSubmatch(text, -1)
	if len(lines) != 2 {
		t.Fatalf("of two commands there are %q in\n%s", lines, text)
	}
	for i, want := range []string{"http://127.0.2.1\n", "web-1\n"} {
		cmd := exec.Command("sh", "-c", "echo "+lines[i][2])
		cmd.Dir = folder
		if output, err := cmd.CombinedOutput(); err != nil || string(output) != want {
			t.Errorf("%s prints %q, %v, want %q", lines[i][0], output, err, want)
		}
	}
}

// TestNoNamespaces: where none are to be had, it serves all the same, by plain
// processes, and says so and why.
func TestNoNamespaces(t *testing.T) {
	// A user namespace of its own may forbid itself network namespaces.
	const forbid = `echo 0 > /proc/sys/user/max_net_namespaces && exec "$@"`
	if output, err := exec.Command("unshare", "--user", "--map-root-user", "sh", "-c", forbid, "sh", "true").CombinedOutput(); err != nil {
		t.Fatalf("unshare, of util-linux, is needed and does not work here: %v\n%s", err, output)
	}
	p := launchWith(t, "", []string{"unshare", "--user", "--map-root-user", "sh", "-c", forbid, "sh"}, "serve")
	if front := p.await(t, address); !listens(front) {
		t.Errorf("nobody listens at %s", front)
	}
	p.Process.Signal(syscall.SIGINT)
	p.Wait()
	if got := p.stderr.String(); p.ProcessState.ExitCode() != 0 || !strings.Contains(words(got), "Instances are plain processes on 127.0.0.1") || !strings.Contains(words(got), "lacks this: namespaces need Linux") || !strings.Contains(got, "curl") {
		t.Errorf("exit status %d, said\n%s", p.ProcessState.ExitCode(), got)
	}
}

// words is a text without its line breaks.
func words(text string) string { return strings.Join(strings.Fields(text), " ") }

// TestServersAsTold: the environment may say what instances are made of, and a flag
// that there are none.
func TestServersAsTold(t *testing.T) {
	for _, test := range []struct {
		variable string
		args     []string
		says     string
	}{
		{"processes", nil, "Instances are plain processes on 127.0.0.1"},
		{"namespaces", nil, "Instances are processes in network namespaces"},
		{"processes", []string{"--servers=false"}, "No servers run"},
	} {
		t.Run(test.says, func(t *testing.T) {
			t.Setenv("LOCALAWS_SERVERS", test.variable)
			p := launch(t, append([]string{"serve"}, test.args...)...)
			p.await(t, address)
			p.Process.Signal(syscall.SIGINT)
			p.Wait()
			if got := words(p.stderr.String()); !strings.Contains(got, test.says) || strings.Contains(got, "lacks this") {
				t.Errorf("it says\n%s", got)
			}
		})
	}
	t.Setenv("LOCALAWS_SERVERS", "docker")
	p := launch(t, "serve")
	p.Wait()
	if got, want := p.stderr.String(), "localaws: LOCALAWS_SERVERS: \"docker\": must be namespaces or processes\n"; p.ProcessState.ExitCode() != 1 || got != want {
		t.Errorf("exit status %d, said %q, want %q", p.ProcessState.ExitCode(), got, want)
	}
}
