package localaws

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestStop(t *testing.T) {
	for name, stop := range map[string]func(*AWS, context.CancelFunc){
		"called":       func(a *AWS, _ context.CancelFunc) { a.Stop() },
		"called twice": func(a *AWS, _ context.CancelFunc) { a.Stop(); a.Stop() },
		"context done": func(a *AWS, cancel context.CancelFunc) {
			cancel()
			for deadline := time.Now().Add(10 * time.Second); answers(a) && time.Now().Before(deadline); {
				time.Sleep(10 * time.Millisecond)
			}
			a.Stop() // waits for the stop under way
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			dir := t.TempDir()
			cloud, err := Start(ctx, Options{BuildDir: dir})
			if err != nil {
				t.Fatal(err)
			}
			if !answers(cloud) {
				t.Error("it does not answer")
			}
			stop(cloud, cancel)
			if answers(cloud) {
				t.Error("it still answers")
			}
			if err := syscall.Kill(-cloud.moto.group, 0); !errors.Is(err, syscall.ESRCH) {
				t.Errorf("a process of moto's group is left: %v", err)
			}
			if logs, _ := filepath.Glob(filepath.Join(dir, "*.log")); len(logs) > 0 {
				t.Errorf("left behind: %v", logs)
			}
		})
	}
}

func answers(a *AWS) bool {
	resp, err := http.Get(a.Endpoint() + "/moto-api/")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

func TestPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	_, err = Start(t.Context(), Options{BuildDir: t.TempDir(), Port: port})
	if err == nil || !strings.Contains(err.Error(), strconv.Itoa(port)) {
		t.Errorf("got %v", err)
	}
}

// TestMotoFails: what a moto_server that does not start says gets to the user.
func TestMotoFails(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "moto_server"), []byte("#!/bin/sh\necho ModuleNotFoundError: flask; exit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	_, err := Start(t.Context(), Options{BuildDir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "ModuleNotFoundError: flask") {
		t.Errorf("got %v", err)
	}
}

// TestInstall: without a moto_server on the PATH, one is installed into a
// virtual environment, once, even if several ask at the same time. pip is a
// stand-in: it needs no network.
func TestInstall(t *testing.T) {
	bin, dir := t.TempDir(), t.TempDir()
	python := `#!/bin/sh
# python3 -m venv --clear DIR, then DIR/bin/python -m pip install … PACKAGE
for last; do :; done
case "$2" in
venv) mkdir -p "$last/bin" && cp "$0" "$last/bin/python" ;;
pip) echo "$last" >>` + dir + `/installed; : >"$(dirname "$0")/moto_server" ;;
esac
`
	if err := os.WriteFile(filepath.Join(bin, "python3"), []byte(python), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	found := make(chan error, 3)
	for range cap(found) {
		go func() {
			program, err := findMoto(t.Context(), dir, t.Logf)
			if err == nil {
				_, err = os.Stat(program)
			}
			found <- err
		}()
	}
	for range cap(found) {
		if err := <-found; err != nil {
			t.Error(err)
		}
	}
	installed, err := os.ReadFile(filepath.Join(dir, "installed"))
	if want := "moto[server]==" + motoVersion + "\n"; err != nil || string(installed) != want {
		t.Errorf("installed %q, want %q once; %v", installed, want, err)
	}
}
