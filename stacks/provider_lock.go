package stacks

import (
	"cmp"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/providerlock"
)

// providerLock is the dependency lock file that was reviewed.
//
//go:embed terraform.lock.hcl
var providerLock string

// lockProvider puts the lock file into a stack's folder, beside the JSON, where init takes
// from it which version of the provider to install, and refuses a package with another
// checksum. What an init has written there is gone.
func lockProvider(folder string) {
	err := os.MkdirAll(folder, 0o755)
	if err == nil {
		lock := providerlock.For(cmp.Or(os.Getenv(project.RealBinaryVariable), os.Getenv(project.BinaryVariable)), providerLock)
		err = os.WriteFile(filepath.Join(folder, providerlock.Name), []byte(lock), 0o644)
	}
	if err != nil {
		panic(fmt.Errorf("the provider's lock file: %w", err))
	}
}
