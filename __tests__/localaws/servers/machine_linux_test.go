package servers

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// testServer is the user data of a server that restarts and writes where the
// app's own boot script does.
const testServer = `#!/bin/bash
set -euo pipefail
install -d /opt/webserver
echo "hello from $(hostname)" > /opt/webserver/index.html
cat > /etc/systemd/system/webserver.service <<'UNIT'
[Service]
ExecStart=/usr/bin/python3 -m http.server --directory /opt/webserver 8080
Restart=always
DynamicUser=yes
UNIT
systemctl daemon-reload
systemctl enable --now webserver.service
systemctl is-active webserver
`

// boot starts a machine that ends with the test, and waits for the end of its
// user data.
func boot(t *testing.T, order bootOrder) (*machine, error) {
	t.Helper()
	return startBoot(t, order, nil)
}

// startBoot is boot in a network.
func startBoot(t *testing.T, order bootOrder, outside Outside) (*machine, error) {
	t.Helper()
	console, err := os.Create(filepath.Join(t.TempDir(), "console"))
	if err != nil {
		t.Fatal(err)
	}
	defer console.Close()
	consoles.Store(t.Name(), console.Name())
	m, err := startMachine(order, console)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.kill)
	t.Cleanup(func() {
		if t.Failed() {
			text, _ := os.ReadFile(console.Name())
			t.Logf("console:\n%s", text)
		}
	})
	if outside != nil {
		n, err := newNetwork(<-m.network, outside, func() Details { return Details{Server: Server{ID: "i-1"}} })
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(n.close)
	}
	select {
	case err := <-m.booted:
		return m, err
	case <-m.ended:
		t.Fatal("the machine ended at once")
	case <-time.After(time.Minute):
		t.Fatal("the machine does not boot")
	}
	return nil, nil
}

// consoles are the paths of the machines' consoles, by test.
var consoles sync.Map

// bootedConsole is what the test's machine has printed.
func bootedConsole(t *testing.T) string {
	t.Helper()
	path, _ := consoles.Load(t.Name())
	text, err := os.ReadFile(path.(string))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// get asks a machine for its page, until it answers.
func get(t *testing.T, m *machine) string {
	t.Helper()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return m.dial(ctx, 8080)
		},
	}}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		resp, err := client.Get("http://machine/")
		if err == nil {
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(body)
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestMachinesAreApart(t *testing.T) {
	var machines []*machine
	for i := range 2 {
		m, err := boot(t, bootOrder{Hostname: fmt.Sprint("host-", i), Address: "10.0.0.5", UserData: testServer})
		if err != nil {
			t.Fatal(err)
		}
		machines = append(machines, m)
	}
	for i, m := range machines {
		if got, want := get(t, m), fmt.Sprintf("hello from host-%d\n", i); got != want {
			t.Errorf("machine %d: got %q, want %q", i, got, want)
		}
	}
	if _, err := os.Stat("/etc/systemd/system/webserver.service"); err == nil {
		t.Error("the user data has written to the host")
	}
	if _, err := machines[0].dial(t.Context(), 9); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("a closed port: %v, want it refused", err)
	}
}

// TestBootScript runs the boot script that the app's instances get.
func TestBootScript(t *testing.T) {
	script, err := os.ReadFile("../../../constructs/boot_script.sh")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("@PORT@", "8080", "@KEEP_ALIVE@", "75", "@HEALTH_PATH@", `"/health"`, "@SERVER_TEXT@", "Hello, World").Replace(string(script))
	m, err := boot(t, bootOrder{Hostname: "host", Address: "10.0.0.5", UserData: text})
	if err != nil {
		t.Fatal(err)
	}
	if page := get(t, m); !strings.Contains(page, "Hello, World") {
		t.Errorf("the page is %q", page)
	}
}

func TestServiceRestarts(t *testing.T) {
	m, err := boot(t, bootOrder{Hostname: "host", Address: "10.0.0.5", UserData: testServer})
	if err != nil {
		t.Fatal(err)
	}
	get(t, m)
	before := children(t, m)
	syscall.Kill(before[len(before)-1], syscall.SIGKILL)
	time.Sleep(300 * time.Millisecond)
	get(t, m)
}

// children are the processes of a machine but pid 1, as the host sees them.
func children(t *testing.T, m *machine) []int {
	t.Helper()
	output, err := exec.Command("pgrep", "--parent", fmt.Sprint(m.cmd.Process.Pid)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, field := range strings.Fields(string(output)) {
		var pid int
		fmt.Sscan(field, &pid)
		pids = append(pids, pid)
	}
	return pids
}

func TestKillEndsEverything(t *testing.T) {
	m, err := boot(t, bootOrder{Hostname: "host", Address: "10.0.0.5", UserData: testServer})
	if err != nil {
		t.Fatal(err)
	}
	get(t, m)
	pids := children(t, m)
	m.kill()
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
			t.Errorf("process %d: %v, want it gone", pid, err)
		}
	}
	if _, err := m.dial(t.Context(), 8080); err != ErrDown {
		t.Errorf("dial: %v, want %v", err, ErrDown)
	}
}

// TestEndsWithItsStarter has a program that started a machine die without
// notice.
func TestEndsWithItsStarter(t *testing.T) {
	if os.Getenv("STARTER") != "" {
		m, err := boot(t, bootOrder{Hostname: "host", Address: "10.0.0.5", UserData: testServer})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("machine", m.cmd.Process.Pid)
		select {}
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestEndsWithItsStarter$")
	cmd.Env = append(os.Environ(), "STARTER=1")
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscanf(output, "machine %d\n", &pid); err != nil {
		t.Fatal(err)
	}
	cmd.Process.Kill()
	cmd.Wait()
	for deadline := time.Now().Add(30 * time.Second); syscall.Kill(pid, 0) == nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("pid 1 of the machine, process %d, is still there", pid)
		}
	}
}

func TestUserDataFaults(t *testing.T) {
	for _, test := range []struct{ name, image, userData, want string }{
		{"exit status", "", "#!/bin/sh\nexit 3\n", "user data: exit status 3"},
		{"no such unit", "", "#!/bin/sh\nsystemctl start nosuch\n", "user data: exit status 5"},
		{"cloud-config", "", "#cloud-config\n", "only scripts"},
		{"bad image", "#!/bin/sh\nrm -f /usr/bin/python3\n", "#!/bin/sh\n/usr/bin/python3 -c pass\n", "user data: exit status 127"},
		{"none", "", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := boot(t, bootOrder{Hostname: "host", Address: "10.0.0.5", Image: test.image, UserData: test.userData})
			if got := fmt.Sprint(err); err == nil && test.want != "" || !strings.Contains(got, test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestWithoutRoot runs this program's other tests as a user without rights.
func TestWithoutRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Log("all tests of this run are without root")
		return
	}
	cmd := exec.Command("/proc/self/exe", "-test.run=^(TestMachinesAreApart|TestKillEndsEverything|TestServiceRestarts)$", "-test.v")
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=/"}
	const nobody = 65534
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	output, err := cmd.CombinedOutput()
	if strings.Contains(string(output), "start a machine: fork/exec /proc/self/exe: operation not permitted") {
		t.Skip("this system lets only root make namespaces; with root, servers work")
	}
	if err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}
