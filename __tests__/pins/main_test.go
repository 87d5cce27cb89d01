// Package pins_test holds what a deploy is pinned to: the version and the packages of the
// AWS provider, and the AWS account. Terraform is the real one; AWS is the local one.
package pins_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.com/webserver-cluster/tests/localaws"
)

const (
	root   = "../.."
	region = "eu-central-1"
	// The local AWS's account, and one that is not.
	account, otherAccount = "123456789012", "111122223333"
)

var (
	cloud    *localaws.AWS
	programs string // folder with the app and the commands
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	ctx := context.Background()
	err := localaws.CheckTools(ctx)
	if err == nil {
		cloud, err = localaws.Start(ctx, localaws.Options{Region: region})
	}
	if err == nil {
		defer cloud.Stop()
		programs, err = os.MkdirTemp("", "pins")
	}
	if err == nil {
		defer os.RemoveAll(programs)
		build := exec.Command("go", "build", "-o", programs+"/", ".", "./cmd/...")
		build.Dir = root
		if out, failed := build.CombinedOutput(); failed != nil {
			err = fmt.Errorf("%w: %s", failed, out)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// settings are a cdktf.json with that account.
func settings(accountID string) string {
	return `{"context": {"project": "pins", "region": "` + region + `", "stateBucket": "pins-states", "lockTable": "pins-locks", "accountId": "` + accountID + `"}}`
}

// synthesize runs the app in a folder of its own, with that account and with the state
// stack's state in a file there.
func synthesize(t *testing.T, dir, accountID string) {
	t.Helper()
	write(t, filepath.Join(dir, "cdktf.json"), settings(accountID))
	if out, err := command(t, dir, "webserver-cluster", []string{"STATE_BACKEND=local"}); err != nil {
		t.Fatalf("the app: %v\n%s", err, out)
	}
}

// folder is that of a stack, for an app that runs in dir.
func folder(dir, stack string) string { return filepath.Join(dir, "cdktf.out", "stacks", stack) }

// terraform runs Terraform for a stack of the app that runs in dir.
func terraform(t *testing.T, dir, stack string, args ...string) (string, error) {
	t.Helper()
	return command(t, folder(dir, stack), "terraform", nil, args...)
}

var margin = regexp.MustCompile(`(?m)^[│╷╵] ?`)

// command runs a program of the project's, or one on the PATH, on the local AWS. It
// returns all that was printed as one line.
func command(t *testing.T, dir, name string, env []string, args ...string) (string, error) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(programs, name)); err == nil {
		name = filepath.Join(programs, name)
	} else if !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), cloud.Environ()...), env...)
	out, err := cmd.CombinedOutput()
	return strings.Join(strings.Fields(margin.ReplaceAllString(string(out), "")), " "), err
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
