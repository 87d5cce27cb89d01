package main

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/usual"
)

// TestMain makes the test binary the command itself where the variable is set.
func TestMain(m *testing.M) {
	if os.Getenv("BE_LOCALAWS") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// process is a running localaws.
type process struct {
	*exec.Cmd
	lines  *bufio.Scanner // its output
	stderr strings.Builder
	dir    string
}

// launch runs localaws in a process group of its own, as a shell does.
func launch(t *testing.T, args ...string) *process {
	t.Helper()
	return launchIn(t, "", args...)
}

// launchIn runs it in a folder.
func launchIn(t *testing.T, folder string, args ...string) *process {
	t.Helper()
	return launchWith(t, folder, nil, args...)
}

// launchWith has another program start it.
func launchWith(t *testing.T, folder string, starter []string, args ...string) *process {
	t.Helper()
	p := &process{dir: t.TempDir()}
	words := slices.Concat(starter, []string{os.Args[0], "--build-dir", p.dir}, args)
	p.Cmd = exec.Command(words[0], words[1:]...)
	p.Env, p.Dir = append(os.Environ(), "BE_LOCALAWS=1"), folder
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.Stderr = &p.stderr
	stdout, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.lines = bufio.NewScanner(stdout)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	return p
}

// await returns the first match in the output of a pattern with one group.
func (p *process) await(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for p.lines.Scan() {
		if m := re.FindStringSubmatch(p.lines.Text()); m != nil {
			return m[1]
		}
	}
	t.Fatalf("it ended without printing %s: %s", pattern, &p.stderr)
	return ""
}

// moto returns the address of the moto_server behind it.
func (p *process) moto(t *testing.T) string {
	t.Helper()
	logs, _ := filepath.Glob(filepath.Join(p.dir, "moto-*.log"))
	if len(logs) != 1 {
		t.Fatalf("logs of moto: %v", logs)
	}
	output, err := os.ReadFile(logs[0])
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(string(output))
}

func listens(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err == nil {
		c.Close()
	}
	return err == nil
}

const address = `^export AWS_ENDPOINT_URL=http://(.*)`

func TestServeEnds(t *testing.T) {
	for signal, status := range map[syscall.Signal]string{
		syscall.SIGINT:  "exit status 0",
		syscall.SIGTERM: "exit status 0",
		syscall.SIGKILL: "signal: killed",
	} {
		t.Run(signal.String(), func(t *testing.T) {
			p := launch(t, "serve")
			front := p.await(t, address)
			moto := p.moto(t)
			if !listens(front) || !listens(moto) {
				t.Errorf("nobody listens at %s, %s", front, moto)
			}
			if err := p.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			p.Wait()
			if got := p.ProcessState.String(); got != status {
				t.Errorf("%s, want %s", got, status)
			}
			// After SIGKILL, moto learns of it a moment later.
			for deadline := time.Now().Add(10 * time.Second); listens(moto); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("moto is left behind")
				}
			}
		})
	}
}

func TestRunStatus(t *testing.T) {
	tests := []struct {
		command []string
		status  int
		says    string
	}{
		{[]string{"sh", "-c", "exit 0"}, 0, ""},
		{[]string{"sh", "-c", "exit 7"}, 7, ""},
		{[]string{"sh", "-c", "kill -9 $$"}, 137, ""},
		{[]string{"sh", "-c", `test "$0" = --servers`, "--servers"}, 0, ""}, // the command's own flag
		{[]string{"no-such-command"}, 1, `localaws: exec: "no-such-command": executable file not found in $PATH`},
		{nil, 1, "localaws: requires at least 1 arg(s), only received 0"},
	}
	for _, test := range tests {
		t.Run(strings.Join(test.command, " "), func(t *testing.T) {
			p := launch(t, append([]string{"run"}, test.command...)...)
			p.Wait()
			if got := p.ProcessState.ExitCode(); got != test.status {
				t.Errorf("exit status %d, want %d", got, test.status)
			}
			if got := strings.TrimSpace(p.stderr.String()); got != test.says {
				t.Errorf("it says %q, want %q", got, test.says)
			}
		})
	}
}

// TestRunOutlivesCtrlC: Ctrl-C goes to the command as well, and the local AWS
// waits until the command has cleaned up, as Terraform does with its lock.
func TestRunOutlivesCtrlC(t *testing.T) {
	const script = `
trap 'sleep 1; python3 -c "import os, urllib.request; urllib.request.urlopen(os.environ[\"AWS_ENDPOINT_URL\"] + \"/moto-api/\")" && exit 3; exit 4' INT
echo ready: yes
while :; do sleep 0.1; done`
	p := launch(t, "run", "sh", "-c", script)
	p.await(t, `^ready: (.*)`)
	if err := syscall.Kill(-p.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	p.Wait()
	if got := p.ProcessState.ExitCode(); got != 3 {
		t.Errorf("exit status %d: the local AWS was gone before the command had ended: %s", got, &p.stderr)
	}
}

// TestRunTerminated: SIGTERM comes to localaws alone, which passes it on.
func TestRunTerminated(t *testing.T) {
	p := launch(t, "run", "sh", "-c", "trap 'exit 5' TERM; echo ready: yes; while :; do sleep 0.1; done")
	p.await(t, `^ready: (.*)`)
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.Wait()
	if got := p.ProcessState.ExitCode(); got != 5 {
		t.Errorf("exit status %d: %s", got, &p.stderr)
	}
}

func TestMissingTool(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	p := launch(t, "serve")
	p.Wait()
	if got := p.stderr.String(); p.ProcessState.ExitCode() != 1 || strings.Count(got, " is needed and not on the PATH: ") != 5 {
		t.Errorf("exit status %d, said\n%s", p.ProcessState.ExitCode(), got)
	}
}

// TestExports: a shell takes what serve prints.
func TestExports(t *testing.T) {
	for _, value := range []string{"", "http://127.0.0.1:1", "two words", "it's", "$HOME", "a;b", "a=b"} {
		output, err := exec.Command("sh", "-c", localaws.Exports([]string{"X=" + value, "Y=1"})+`printf %s "$X"`).Output()
		if err != nil || string(output) != value {
			t.Errorf("%q comes back as %q, %v", value, output, err)
		}
	}
}

// TestRegion: commands beside it use the region that the app deploys to, so that
// they find what it made there.
func TestRegion(t *testing.T) {
	usual.Skip(t)
	for _, test := range []struct{ name, file, flag, want string }{
		{"the app's", `{"context": {"region": "eusc-de-east-1"}}`, "", "eusc-de-east-1"},
		{"the flag's", `{"context": {"region": "eusc-de-east-1"}}`, "us-west-2", "us-west-2"},
		{"the flag's, cdktf.json broken", `{`, "us-west-2", "us-west-2"},
		{"none in cdktf.json", `{}`, "", "us-east-1"},
		{"no app", "", "", "us-east-1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			if test.file != "" {
				write(t, folder, test.file)
			}
			args := []string{"run"}
			if test.flag != "" {
				args = append(args, "--region", test.flag)
			}
			p := launchIn(t, folder, append(args, "--", "sh", "-c", `echo "region: $AWS_REGION $AWS_DEFAULT_REGION"`)...)
			if got, want := p.await(t, `^region: (.*)`), test.want+" "+test.want; got != want {
				t.Errorf("the region is %q, want %q", got, want)
			}
			p.Wait()
		})
	}
	t.Run("cdktf.json broken", func(t *testing.T) {
		folder := t.TempDir()
		write(t, folder, `{"context": `)
		p := launchIn(t, folder, "run", "true")
		p.Wait()
		want := "localaws: the region in " + filepath.Join(folder, "cdktf.json") + ": unexpected end of JSON input\n"
		if got := p.stderr.String(); p.ProcessState.ExitCode() != 1 || got != want {
			t.Errorf("exit status %d, said %q, want %q", p.ProcessState.ExitCode(), got, want)
		}
	})
	t.Run("of this project, in what serve prints", func(t *testing.T) {
		t.Setenv("NO_PROXY", "example.com")
		p := launch(t, "serve")
		if got := p.await(t, `^export AWS_REGION=(.*)`); got != "eu-central-1" {
			t.Errorf("the region is %q", got)
		}
		if got := p.await(t, `^export NO_PROXY=(.*)`); got != "'example.com,127.0.0.1,localhost,::1'" {
			t.Errorf("NO_PROXY is %s", got)
		}
		p.Process.Signal(syscall.SIGINT)
		p.Wait()
	})
}

// write writes a cdktf.json.
func write(t *testing.T, folder, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, "cdktf.json"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
