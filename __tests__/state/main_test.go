// Package state_test shows that the states survive: many deploys at once,
// killed ones, a bad one, a store that somebody broke. Terraform, its S3 backend and the
// cdktf CLI are the real ones; AWS is the local one.
//
// The usual run takes the cheap cases. With -long it takes all of them, more
// processes and more kills:
//
//	go test ./state -v -long
package state_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/usual"
)

var long = flag.Bool("long", false, "all cases, more processes and more kills")

// root is the project's top folder.
var root, _ = filepath.Abs("../..")

// What all tests share. Each has a bucket, a table and stacks of its own.
var (
	cloud   *localaws.AWS
	stateAt string // the command under test
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Most tests wait: for a lock, for the provider. More of them at once than there
	// are processors lose no time.
	if err := flag.Set("test.parallel", "4"); err != nil {
		panic(err)
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx := context.Background()
	if err := localaws.CheckTools(ctx); err != nil {
		return fail(err)
	}
	if _, err := os.Stat(filepath.Join(root, "node_modules", ".bin", "cdktf")); err != nil {
		return fail(fmt.Errorf("the cdktf CLI is not installed: make setup (%w)", err))
	}
	bin, err := os.MkdirTemp("", "state-test")
	if err != nil {
		return fail(err)
	}
	defer os.RemoveAll(bin)
	if err := build(bin, "./cmd/state"); err != nil {
		return fail(err)
	}
	stateAt = filepath.Join(bin, "state")
	if cloud, err = localaws.Start(ctx, localaws.Options{Region: region}); err != nil {
		return fail(err)
	}
	defer cloud.Stop()
	status := m.Run()
	some := slices.ContainsFunc([]string{"test.run", "test.skip", "test.list"}, func(name string) bool { return flag.Lookup(name).Value.String() != "" })
	if status == 0 && !some && !usual.Run {
		if err := checkPage(); err != nil {
			return fail(err)
		}
	}
	return status
}

// build builds a command of the project into dir.
func build(dir, pkg string) error {
	cmd := exec.Command("go", "build", "-o", dir+string(filepath.Separator), pkg)
	cmd.Dir = root
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, output)
	}
	return nil
}
