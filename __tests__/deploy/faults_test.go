package deploy_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.com/webserver-cluster/tests/workcopy"
)

// faultyStage is a file beside the app's literals.
const faultyStage = `package stacks

func init() {
	Stage.Network.CIDR = "10.10.0.0/24"
	Stage.Cluster.MinSize, Stage.Cluster.MaxSize = 5, 4
}
`

// TestFaultsAsTheREADMEShowsThem: the README has, to the letter, what cdktf synth
// prints of faulty settings.
func TestFaultsAsTheREADMEShowsThem(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	const command = "$ npx cdktf synth\n"
	_, rest, found := strings.Cut(string(readme), command)
	want, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatalf("README.md has no block with %q", command)
	}

	p, err := workcopy.New(filepath.Join(t.TempDir(), "project"), []string{"CHECKPOINT_DISABLE=1", "TF_CLI_CONFIG_FILE="})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.Dir, "stacks", "faulty.go"), []byte(faultyStage), 0o644); err != nil {
		t.Fatal(err)
	}
	var said []string
	_, err = p.Cdktf(t.Context(), func(line string) {
		// cdktf draws a spinner, and takes it back.
		if spinner := strings.HasSuffix(line, "  Synthesizing") || strings.HasSuffix(line, "  Starting"); line != "" && !spinner {
			said = append(said, line)
		}
	}, "synth")
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("it ended with %v, want exit status 1", err)
	}
	if got, want := strings.Join(said, "\n"), strings.Join(lines(want), "\n"); got != want {
		t.Errorf("cdktf synth prints\n%s\nREADME.md has\n%s", got, want)
	}
	if _, err := os.Stat(filepath.Join(p.Dir, "cdktf.out")); !os.IsNotExist(err) {
		t.Errorf("it left a cdktf.out: %v", err)
	}
}

// lines are the lines of a text that are not empty.
func lines(text string) (found []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, " \n"); line != "" {
			found = append(found, line)
		}
	}
	return found
}
