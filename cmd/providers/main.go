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
)

const header = `# The version of the AWS provider that every deploy takes, and the checksums of its packages for all platforms.
# make providers makes this file anew: review what git diff shows. See docs/contributing.md.

`

// config asks for the provider of either registry. Both tools take them by these names.
const config = `{"terraform": {"required_providers": {
  "terraforms": {"source": "registry.terraform.io/hashicorp/aws", "version": "` + project.ProviderConstraint + `"},
  "opentofus": {"source": "registry.opentofu.org/hashicorp/aws", "version": "` + project.ProviderConstraint + `"}
}}}
`

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
		return fmt.Errorf("%w\n%s stays as it is", err, project.ProviderLock)
	}
	if err := os.WriteFile(project.ProviderLock, lock, 0o644); err != nil {
		return err
	}
	fmt.Printf("%s is new, with %s. What has changed: git diff\n", project.ProviderLock, strings.Join(platforms, ", "))
	return nil
}

// newLock is the lock file that Terraform makes in a folder where there was none.
func newLock(ctx context.Context, arguments []string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "providers")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "providers.tf.json"), []byte(config), 0o644); err != nil {
		return nil, err
	}
	binary := cmp.Or(os.Getenv(project.BinaryVariable), "terraform")
	fmt.Printf("%s %s, which downloads some 150 MB for each platform from each of the two registries\n", binary, strings.Join(arguments, " "))
	cmd := exec.CommandContext(ctx, binary, arguments...)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = os.Stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s providers lock: %w: it asks the registries, whatever mirror there is, and needs both of them\n%s", binary, err, bytes.TrimSpace(stderr.Bytes()))
	}
	lock, err := os.ReadFile(filepath.Join(dir, ".terraform.lock.hcl"))
	if err != nil {
		return nil, err
	}
	return reviewable(lock)
}

var (
	entry   = regexp.MustCompile(`(?ms)^provider .*`)
	version = regexp.MustCompile(`(?m)^  version +=.*$`)
)

// reviewable is the lock file with the project's words at its top.
func reviewable(lock []byte) ([]byte, error) {
	versions := version.FindAllString(string(lock), -1)
	if len(versions) != 2 || versions[0] != versions[1] {
		return nil, fmt.Errorf("the two registries have to offer the same version, and offer %q", versions)
	}
	return append([]byte(header), entry.Find(lock)...), nil
}
