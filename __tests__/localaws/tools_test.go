package localaws

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
)

func TestCheckTools(t *testing.T) {
	if err := CheckTools(t.Context()); err != nil {
		t.Fatalf("on this machine: %v", err)
	}

	t.Setenv(binaryVariable, "")
	newPath(t, map[string]string{ // without npm
		"go":        "echo go1.26.8",
		"node":      "echo v16.20.0", // too old
		"python3":   "exit 127",      // a pyenv shim without a version behind it
		"terraform": "echo who knows",
	})
	err := CheckTools(t.Context())
	if err == nil {
		t.Fatal("nothing found amiss")
	}
	want := []string{"node 20 or later is needed, 16.20.0", "npm 8 or later is needed and not on the PATH", "python3 3.10 or later", "terraform 1.10 or later"}
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

// newPath makes a folder with these shell scripts all that is on the PATH.
func newPath(t *testing.T, scripts map[string]string) string {
	t.Helper()
	bin := t.TempDir()
	for name, script := range scripts {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	return bin
}

// TestCheckTerraform: Terraform 1.15.0 and 1.15.1 print a warning behind the
// JSON of their outputs; OpenTofu of the same number does not. The binary that
// TERRAFORM_BINARY_NAME names is the one that counts.
func TestCheckTerraform(t *testing.T) {
	const (
		get     = ": https://developer.hashicorp.com/terraform/install"
		getTofu = ": https://opentofu.org/docs/intro/install/"
		bad     = " is on the PATH and does not do: terraform output -json prints a warning behind the JSON, and cdktf output fails (https://github.com/hashicorp/terraform/issues/38530); install 1.15.2 or later, or 1.14" + get
	)
	for _, test := range []struct{ name, terraform, tofu, variable, want string }{
		{name: "fine", terraform: "Terraform v1.14.9"},
		{name: "bad", terraform: "Terraform v1.15.0", want: "terraform 1.15.0" + bad},
		{name: "bad too", terraform: "Terraform v1.15.1\non linux_amd64", want: "terraform 1.15.1" + bad},
		{name: "mended", terraform: "Terraform v1.15.2"},
		{name: "a preview of a bad one", terraform: "Terraform v1.15.0-rc2", want: "terraform 1.15.0" + bad},
		{name: "a build of a bad one", terraform: "Terraform v1.15.1+ent", want: "terraform 1.15.1" + bad},
		{name: "a preview of the mended one", terraform: "Terraform v1.15.2-dev"},
		{name: "a bad one that warns of its age", terraform: "Terraform v1.15.1\n\nYour version of Terraform is out of date! The latest version\nis 1.15.4.", want: "terraform 1.15.1" + bad},
		{name: "too old", terraform: "Terraform v1.9.8", want: "terraform 1.10 or later is needed, 1.9.8 is on the PATH" + get},

		{name: "OpenTofu", tofu: "OpenTofu v1.10.6", variable: "tofu"},
		{name: "OpenTofu of a bad number", tofu: "OpenTofu v1.15.0", variable: "tofu"},
		{name: "OpenTofu called terraform", terraform: "OpenTofu v1.15.0"},
		{name: "OpenTofu beside a bad Terraform", terraform: "Terraform v1.15.0", tofu: "OpenTofu v1.11.0", variable: "tofu"},
		{name: "OpenTofu too old", tofu: "OpenTofu v1.9.1", variable: "tofu", want: "tofu 1.10 or later is needed, 1.9.1 is on the PATH" + getTofu},
		{name: "OpenTofu missing", terraform: "Terraform v1.14.9", variable: "tofu", want: "tofu 1.10 or later is needed and not on the PATH" + getTofu},
		{name: "another Terraform missing", terraform: "Terraform v1.14.9", variable: "terraform-1.13", want: "terraform-1.13 1.10 or later is needed and not on the PATH" + get},
		{name: "a path that cdktf takes for another", variable: "./tofu", want: "TERRAFORM_BINARY_NAME=./tofu: must be a name on the PATH or an absolute path"},
	} {
		t.Run(test.name, func(t *testing.T) {
			scripts := map[string]string{"go": "echo go1.26rc1", "node": "echo v20.20.2-nightly", "npm": "echo 10.8.2", "python3": "echo Python 3.13.0rc1+"}
			for name, version := range map[string]string{"terraform": test.terraform, "tofu": test.tofu} {
				if version != "" {
					scripts[name] = "echo '" + version + "'"
				}
			}
			newPath(t, scripts)
			t.Setenv(binaryVariable, test.variable)
			got := ""
			if err := CheckTools(t.Context()); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
	t.Run("by its path", func(t *testing.T) {
		scripts := map[string]string{"go": "echo go1.26", "node": "echo v22.1.0", "npm": "echo 10.8.2", "python3": "echo Python 3.10.2", "tofu-1.10": "echo OpenTofu v1.10.0"}
		bin := newPath(t, scripts)
		t.Setenv(binaryVariable, filepath.Join(bin, "tofu-1.10"))
		if err := CheckTools(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestNodeOfTheLock: the oldest Node.js that is let through is one that every
// package in package-lock.json, cdktf-cli's and jsii's among them, says it runs on.
func TestNodeOfTheLock(t *testing.T) {
	content, err := os.ReadFile("../../package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct{ Engines map[string]string }
	}
	if err := json.Unmarshal(content, &lock); err != nil {
		t.Fatal(err)
	}
	var node tool
	for _, tool := range tools {
		if tool.name == "node" {
			node = tool
		}
	}
	oldest, asked := semver.MustParse(node.min), 0
	for name, p := range lock.Packages {
		if p.Engines["node"] == "" {
			continue
		}
		asked++
		constraint, err := semver.NewConstraint(p.Engines["node"])
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !constraint.Check(oldest) {
			t.Errorf("%s needs Node.js %s; %s is let through", name, p.Engines["node"], oldest)
		}
	}
	if asked < 100 {
		t.Errorf("only %d packages say which Node.js they need", asked)
	}
}

// TestPythonOfMoto: the oldest Python that is let through is one that moto says it
// runs on.
func TestPythonOfMoto(t *testing.T) {
	root, err := AppDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "build", "localaws")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	program, err := findMoto(t.Context(), dir, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(program), "python3"), "-c",
		`from importlib.metadata import metadata as of; print(of("moto")["Requires-Python"])`)
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("the Python beside %s: %v", program, err)
	}
	asked := strings.TrimSpace(string(output))
	constraint, err := semver.NewConstraint(asked)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range tools {
		if tool.name == "python3" && !constraint.Check(semver.MustParse(tool.min)) {
			t.Errorf("moto needs Python %s; %s is let through", asked, tool.min)
		}
	}
}
