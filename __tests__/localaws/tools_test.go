package localaws

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckTools(t *testing.T) {
	if err := CheckTools(t.Context()); err != nil {
		t.Fatalf("on this machine: %v", err)
	}

	bin := t.TempDir()
	t.Setenv("PATH", bin)
	for name, script := range map[string]string{
		"go":        "echo go1.26.8",
		"node":      "echo v16.20.0", // too old
		"npm":       "echo 10.8.2",
		"python3":   "exit 127", // a pyenv shim without a version behind it
		"terraform": "echo who knows",
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(bin, "npm")); err != nil { // missing
		t.Fatal(err)
	}
	err := CheckTools(t.Context())
	if err == nil {
		t.Fatal("nothing found amiss")
	}
	want := []string{"node 18 or later is needed, 16.20.0", "npm 8 or later is needed and not on the PATH", "python3 3.9 or later", "terraform 1.10 or later"}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d:\n%v", len(lines), len(want), err)
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, want[i]) || !strings.Contains(line, "https://") {
			t.Errorf("line %d is %q, want %q and where to get it", i+1, line, want[i])
		}
	}
}
