package validation_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestLineEndsOfTheBootScript checks the repository out as Windows does, which turns
// LF to CR LF: the boot script that the app embeds must keep its LF, or no instance
// finds its interpreter.
func TestLineEndsOfTheBootScript(t *testing.T) {
	const script = "constructs/boot_script.sh"
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "core.autocrlf=true", "-c", "core.eol=crlf", "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "--quiet")
	for _, name := range []string{".gitattributes", script} {
		content, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	git("add", ".")
	git("commit", "--quiet", "--message", "all")
	if err := os.Remove(filepath.Join(dir, script)); err != nil {
		t.Fatal(err)
	}
	git("checkout", "--quiet", "--", script)
	for _, path := range []string{filepath.Join(dir, script), filepath.Join("../..", script)} {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.HasPrefix(content, []byte("#!")) || bytes.Contains(content, []byte("\r")) {
			t.Errorf("%s has a CR, or does not begin with #!", path)
		}
	}
}
