package strict_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.com/webserver-cluster/tests/localaws/strict"
)

// TestFindModels: through the first line of the program, through the Python
// beside it, through the PATH; and what is said when none of them has moto.
func TestFindModels(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal(err)
	}
	// A Python that says whether it was asked.
	stand := func(path, asked string) {
		t.Helper()
		script := "#!/bin/sh\n: >" + asked + "\nexec " + python + " \"$@\"\n"
		if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ name, python, first string }{
		{"first line", "elsewhere/python3.11", "#!DIR/elsewhere/python3.11\n"},
		{"beside", "python3", "#!/bin/sh\n"},
		{"on the PATH", "bin/python3", "#!/usr/bin/env bash\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, sub := range []string{"elsewhere", "bin"} {
				if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			asked, program := filepath.Join(dir, "asked"), filepath.Join(dir, "moto_server")
			stand(filepath.Join(dir, tt.python), asked)
			if err := os.WriteFile(program, []byte(strings.ReplaceAll(tt.first, "DIR", dir)+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			t.Setenv("PATH", filepath.Join(dir, "bin")+":"+os.Getenv("PATH"))
			if _, err := strict.FindModels(t.Context(), program); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(asked); err != nil {
				t.Error("another Python was asked")
			}
		})
	}
	t.Run("nowhere", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		_, err := strict.FindModels(t.Context(), "/nowhere/moto_server")
		if err == nil || !strings.Contains(err.Error(), "the Python that runs /nowhere/moto_server") {
			t.Errorf("got %v", err)
		}
	})
}

// TestNoModels: a folder without models is an answer of the server's fault, not a
// gate that stands open.
func TestNoModels(t *testing.T) {
	g := newGatedBy(t, strict.NewModels(t.TempDir()))
	if status, answer := g.send(t, request{service: "sns", form: "Action=ListTopics&Version=2010-03-31"}); status != 500 || !strings.Contains(answer, "AWS's service models: none in") {
		t.Errorf("got %d, %s", status, answer)
	}
}
