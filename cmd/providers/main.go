// Command providers makes the dependency lock file of the AWS provider anew: the newest
// version that the code is for, and the checksums of its packages, as the registries of
// Terraform and OpenTofu sign them, for the platforms that are named and for this one.
//
//	go run ./cmd/providers [PLATFORM]...
//
// Run it in the project's folder. rolloutPlatforms in cdktf.json are platforms, too.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"example.com/webserver-cluster/internal/faults"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/providerlock"
)

const (
	exitFailed = 1
	exitUsage  = 2
)

type usageError struct{ error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "providers: %v\n", err)
		if errors.As(err, new(usageError)) {
			os.Exit(exitUsage)
		}
		os.Exit(exitFailed)
	}
}

// https://developer.hashicorp.com/terraform/cli/commands/providers/lock#platform-os_arch
var platformRule = regexp.MustCompile(`^[a-z0-9]+/[a-z0-9]+$`)

func run(ctx context.Context, given []string) error {
	settings, err := project.LoadFile(".")
	if err != nil {
		return usageError{err}
	}
	platforms := slices.Concat(given, settings.RolloutPlatforms, []string{runtime.GOOS + "/" + runtime.GOARCH})
	slices.Sort(platforms)
	platforms = slices.Compact(platforms)
	var f faults.List
	arguments := []string{"providers", "lock", "-no-color"}
	for _, platform := range platforms {
		if !platformRule.MatchString(platform) {
			f.Add("platform", platform, "must be a system and an architecture, such as linux/amd64")
		}
		arguments = append(arguments, "-platform="+strings.Replace(platform, "/", "_", 1))
	}
	if err := f.Err(); err != nil {
		return usageError{err}
	}
	lock, err := newLock(ctx, arguments)
	if err != nil {
		return fmt.Errorf("%w\n%s stays as it is", err, providerlock.Path)
	}
	if err := os.WriteFile(providerlock.Path, []byte(lock), 0o644); err != nil {
		return err
	}
	fmt.Printf("%s is new, with %s. What has changed: git diff\n", providerlock.Path, strings.Join(platforms, ", "))
	return nil
}

// newLock is the lock file that Terraform makes in a folder where there was none.
func newLock(ctx context.Context, arguments []string) (string, error) {
	dir, err := os.MkdirTemp("", "providers")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "providers.tf.json"), []byte(providerlock.Config), 0o644); err != nil {
		return "", err
	}
	binary := cmp.Or(os.Getenv(project.BinaryVariable), "terraform")
	fmt.Printf("%s %s, which downloads some 150 MB for each platform from each of the two registries\n", binary, strings.Join(arguments, " "))
	cmd := exec.CommandContext(ctx, binary, arguments...)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = os.Stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s providers lock: %w: it asks the registries, whatever mirror there is, and needs both of them\n%s", binary, err, bytes.TrimSpace(stderr.Bytes()))
	}
	lock, err := os.ReadFile(filepath.Join(dir, providerlock.Name))
	if err != nil {
		return "", err
	}
	return providerlock.New(string(lock))
}
