package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSets: each Terraform is tried once with cdktf, the first one also alone, with
// cdktn, and on the versions of Node.js that the machine lacks.
func TestSets(t *testing.T) {
	terraforms := []terraform{{"/bin/terraform", "Terraform", "1.11.4"}, {"/opt/tofu", "OpenTofu", "1.12.6"}}
	for machine, want := range map[string][]string{
		"20.20.2": {
			"cdktf, Terraform 1.11.4, Node.js 20.20.2",
			"cdktf, OpenTofu 1.12.6, Node.js 20.20.2",
			"Terraform 1.11.4, Node.js 20.20.2, no other tool",
			"cdktn, Terraform 1.11.4, Node.js 22",
			"cdktf, Terraform 1.11.4, Node.js 22",
			"cdktf, Terraform 1.11.4, Node.js 24",
		},
		"22.23.3": {
			"cdktf, Terraform 1.11.4, Node.js 22.23.3",
			"cdktf, OpenTofu 1.12.6, Node.js 22.23.3",
			"Terraform 1.11.4, Node.js 22.23.3, no other tool",
			"cdktn, Terraform 1.11.4, Node.js 22",
			"cdktf, Terraform 1.11.4, Node.js 24",
			"cdktf, Terraform 1.11.4, Node.js 20",
		},
	} {
		var got []string
		for _, s := range allSets(terraforms, machine) {
			got = append(got, s.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("with Node.js %s on the machine:\n%s\nwant\n%s", machine, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// binary is a program that answers as a Terraform does.
func binary(t *testing.T, says string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "binary")
	script := "#!/bin/sh\n[ \"$1\" = version ] && echo '" + says + "'\n"
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFindTerraforms: what is on the PATH comes first, no version twice; anything
// else is named.
func TestFindTerraforms(t *testing.T) {
	onPath := binary(t, "Terraform v1.11.4")
	if err := os.Rename(onPath, filepath.Join(filepath.Dir(onPath), "terraform")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(onPath)+":/bin:/usr/bin")
	tofu := binary(t, "\nWarning: Unable to open CLI configuration file\n\nOpenTofu v1.12.6\non linux_amd64")
	again := binary(t, "Terraform v1.11.4")
	found, err := findTerraforms(t.Context(), []string{tofu, again})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range found {
		names = append(names, f.String())
	}
	if got := strings.Join(names, ", "); got != "Terraform 1.11.4, OpenTofu 1.12.6" {
		t.Errorf("found %s", got)
	}
	for path, want := range map[string]string{
		"tofu":           "tofu: must be an absolute path: it runs in other folders",
		"/nowhere/tofu":  "/nowhere/tofu version: ",
		binary(t, "v20"): "is neither Terraform nor OpenTofu: it says ",
	} {
		if _, err := findTerraforms(t.Context(), []string{path}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
}

// TestTable: a warning is explained once, and a failure is a line.
func TestTable(t *testing.T) {
	found := warnings("stage  ╷\n       │ Warning: Deprecated Parameter\n       │ \n       │ Warning: Deprecated Parameter\n" +
		"(node:7) [DEP0040] DeprecationWarning: The `punycode` module is deprecated.\nno Warning:none\n")
	want := []string{"Deprecated Parameter", "DeprecationWarning: The `punycode` module is deprecated."}
	if !slices.Equal(found, want) {
		t.Errorf("the warnings are %q, want %q", found, want)
	}
	one := terraform{"", "Terraform", "1.11.4"}
	got := table([]result{
		{set: set{cdktf, one, "", "20.20.2"}, took: 90 * time.Second, warnings: found[:1]},
		{set: set{alone, one, "", "20.20.2"}, took: time.Minute, warnings: found, err: errors.New("deploy: a | b\nmore")},
	})
	const table = `| tools | result | took | warnings |
| --- | --- | ---: | --- |
| cdktf, Terraform 1.11.4, Node.js 20.20.2 | works | 1m30s | 1 |
| Terraform 1.11.4, Node.js 20.20.2, no other tool | fails: deploy: a \| b | 1m0s | 1, 2 |

1. Deprecated Parameter
2. DeprecationWarning: The ` + "`punycode`" + ` module is deprecated.
`
	if got != table {
		t.Errorf("it is\n%s\nwant\n%s", got, table)
	}
}
