package synth_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.com/webserver-cluster/stacks"
)

// files are the documents that the boot script writes onto an instance, by their
// names.
func files(t *testing.T, s stack) map[string]string {
	t.Helper()
	script := strings.NewReplacer("$${", "${", "%%{", "%{").Replace(strings.Join(bootScript(s), "\n"))
	found := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^cat > (\S+) <<'(\w+)'$`).FindAllStringSubmatchIndex(script, -1) {
		name, end := filepath.Base(script[m[2]:m[3]]), "\n"+script[m[4]:m[5]]+"\n"
		document, _, ok := strings.Cut(script[m[1]+1:], end)
		if !ok {
			t.Fatalf("%s has no end", name)
		}
		found[name] = document
	}
	return found
}

// TestEveryHealthCheckPathIsServed runs the server of the default boot script: what
// validation lets through must be answered with 200, and nothing else.
func TestEveryHealthCheckPathIsServed(t *testing.T) {
	for _, path := range []string{
		"/", "/health", "/health/", "/status?full=1&x=%22a%22", "/?check", "/a?b?c", "/a/../b;v=1", "/it's(ok)!", "/$@:,*+=~", "/%7Bid%7D", "/$HOME", "/%25%7B",
	} {
		t.Run(path, func(t *testing.T) {
			port := freePort(t)
			s := synthesizeEnvironment(t, variant(func(e *stacks.Environment) {
				e.Cluster.HealthCheckPath, e.Cluster.ServerPort = path, port
				e.Cluster.ServerText = `"quoted" 'too' \n <b> ${x} %{y} @PORT@ $(reboot)`
			}))
			at := serve(t, files(t, s), port)
			if status, _ := get(t, at+path); status != http.StatusOK {
				t.Errorf("%s is answered with %d", path, status)
			}
			if status, _ := get(t, at+"/no"+path); status != http.StatusNotFound {
				t.Errorf("/no%s is answered with %d", path, status)
			}
			if _, page := get(t, at+"/"); path != "/" && !strings.Contains(page, `<h1>&#34;quoted&#34; &#39;too&#39; \n &lt;b&gt; ${x} %{y} @PORT@ $(reboot)</h1>`) {
				t.Errorf("the page is\n%s", page)
			}
		})
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// serve runs the server from the boot script until the test ends, and returns
// where it answers.
func serve(t *testing.T, files map[string]string, port int) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"server.py", "index.html"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(files[name]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said strings.Builder
	server := exec.Command("python3", filepath.Join(dir, "server.py"))
	server.Stdout, server.Stderr = &said, &said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
		if t.Failed() {
			t.Logf("the server said:\n%s", said.String())
		}
	})
	address := fmt.Sprintf("127.0.0.1:%d", port)
	for range 1200 { // a minute: on a busy machine Python takes its time
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return "http://" + address
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("no server at %s", address)
	return ""
}

// get sends a path as it is, as a load balancer's health check does.
func get(t *testing.T, address string) (status int, body string) {
	t.Helper()
	host, path, _ := strings.Cut(strings.TrimPrefix(address, "http://"), "/")
	resp, err := http.DefaultClient.Do(&http.Request{URL: &url.URL{Scheme: "http", Host: host, Opaque: "/" + path}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(content)
}
