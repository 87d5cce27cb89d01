package localaws

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/hashicorp/go-version"
)

// lockFile is the dependency lock file of the app in AppDir: its deploys take exactly the
// version in there, wherever the provider comes from.
const lockFile = "stacks/terraform.lock.hcl"

// versions are those of the provider that serve, as a user reads them.
type versions struct {
	version.Constraints
	saidIn string
}

func (v versions) String() string { return v.Constraints.String() + v.saidIn }

var lockedVersion = regexp.MustCompile(`(?m)^ +version += "(.*)"$`)

// wantedVersions are those that a deploy of the app takes: the one in its lock file, and
// without such a file, or without an app, what its stacks accept.
func wantedVersions() (versions, error) {
	accepted := versions{Constraints: version.MustConstraints(version.NewConstraint(providerConstraint))}
	dir, err := AppDir()
	if err != nil {
		return accepted, nil // the local AWS serves without an app, too
	}
	path := filepath.Join(dir, lockFile)
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return accepted, nil
	}
	if err != nil {
		return versions{}, err
	}
	locked := lockedVersion.FindSubmatch(content)
	if locked == nil {
		return versions{}, fmt.Errorf("%s: names no version", path)
	}
	exactly, err := version.NewConstraint(string(locked[1]))
	if err != nil {
		return versions{}, fmt.Errorf("%s: %w", path, err)
	}
	return versions{exactly, ", the version in " + lockFile + ","}, nil
}
