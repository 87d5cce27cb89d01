package servers

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestScriptsAreRebased: what a script names is in the machine's folder, and what
// only looks like a path of a file stays.
func TestScriptsAreRebased(t *testing.T) {
	for script, want := range map[string]string{
		"cat > /etc/x/y.conf":              "cat > /r/etc/x/y.conf",
		`PATHS="/opt/a:/usr/bin"`:          `PATHS="/r/opt/a:/r/usr/bin"`,
		"#!/bin/sh":                        "#!/r/bin/sh",
		"EnvironmentFile=-/etc/default/a":  "EnvironmentFile=-/etc/default/a",
		"2>/dev/null </proc/cpuinfo":       "2>/dev/null </proc/cpuinfo",
		`if path == "/health":`:            `if path == "/health":`,
		"/running /optional /etcetera":     "/running /optional /etcetera",
		"http://127.0.0.1/var ./etc a/etc": "http://127.0.0.1/var ./etc a/etc",
		"$HOME/opt ${A}/etc $(pwd)/run":    "$HOME/opt ${A}/etc $(pwd)/run",
	} {
		if got := rebase(script, "/r"); got != want {
			t.Errorf("%s: got %s, want %s", script, got, want)
		}
	}
}

// TestLeavesTheHostAlone: programs that change more than files are not there, and an
// image may take out what the host has.
func TestLeavesTheHostAlone(t *testing.T) {
	for _, script := range []string{"useradd x", "/usr/sbin/useradd x", "mount", "dnf install x"} {
		_, err := boot(t, Processes, bootOrder{Hostname: "host", UserData: "#!/bin/sh\n" + script + "\n"})
		if fmt.Sprint(err) != "user data: exit status 127" {
			t.Errorf("%s: %v", script, err)
		}
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "a b"))
	if err := os.Mkdir(os.Getenv("TMPDIR"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := probe(Processes); err == nil || !strings.Contains(err.Error(), "TMPDIR: ") {
		t.Errorf("a folder with a space: %v", err)
	}
}

// TestChoose: what is asked for, in the environment, too, is what is taken.
func TestChoose(t *testing.T) {
	for _, kind := range kinds() {
		t.Setenv(KindVariable, string(kind))
		if got, why, err := Choose(""); got != kind || why != nil || err != nil {
			t.Errorf("%s: got %s, %v, %v", kind, got, why, err)
		}
	}
	t.Setenv(KindVariable, "docker")
	if _, _, err := Choose(""); err == nil || err.Error() != `LOCALAWS_SERVERS: "docker": must be namespaces or processes` {
		t.Errorf("docker: %v", err)
	}
	if kind, _, err := Choose(Processes); kind != Processes || err != nil {
		t.Errorf("the argument comes first: %s, %v", kind, err)
	}
}
