package stacks

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"example.com/webserver-cluster/internal/project"
)

// providerLock is the lock file that was reviewed.
//
//go:embed terraform.lock.hcl
var providerLock string

// Where Terraform and OpenTofu look for a provider that is named without a host. What
// OpenTofu's registry has there, OpenTofu has built: other packages, with other
// checksums. https://github.com/opentofu/opentofu/issues/796
const (
	terraformRegistry = "registry.terraform.io"
	openTofuRegistry  = "registry.opentofu.org"
)

// lockProvider puts the lock file beside the JSON of a stack, where init takes from it
// which version to install, and refuses a package with another checksum. What an init
// has written there is gone.
// https://developer.hashicorp.com/terraform/language/files/dependency-lock
func lockProvider(folder string) {
	err := os.MkdirAll(folder, 0o755)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, ".terraform.lock.hcl"), []byte(lockFor(os.Getenv(project.BinaryVariable), providerLock)), 0o644)
	}
	if err != nil {
		panic(fmt.Errorf("the provider's lock file: %w", err))
	}
}

// lockFor is the lock file for the Terraform of that name: what it says of another
// registry's packages, an init would take out again, and with -lockfile=readonly refuse.
//
// OpenTofu takes its own packages, and those of Terraform's registry, which a mirror may
// hold. Where the file does not know OpenTofu's, it gets Terraform's entry: OpenTofu
// takes over the version from that, though not the checksums.
func lockFor(binary, lock string) string {
	terraforms, tofus := lockEntry(lock, terraformRegistry), lockEntry(lock, openTofuRegistry)
	if tofus == "" || !strings.HasPrefix(filepath.Base(binary), "tofu") {
		return strings.Replace(lock, tofus, "", 1)
	}
	hashes := append(lockHash.FindAllString(terraforms, -1), lockHash.FindAllString(tofus, -1)...)
	slices.Sort(hashes) // as Terraform and OpenTofu write them
	head, _, _ := strings.Cut(tofus, "hashes = [\n")
	return head + "hashes = [\n" + strings.Join(slices.Compact(hashes), "") + "  ]\n}\n"
}

// lockEntry is what a lock file says of the packages of a registry, "" for nothing.
func lockEntry(lock, registry string) string {
	return regexp.MustCompile(`(?ms)^provider "` + regexp.QuoteMeta(registry) + `/hashicorp/aws" \{$.*?^\}\n+`).FindString(lock)
}

// lockHash is a line with a checksum.
var lockHash = regexp.MustCompile(`(?m)^ +"(?:h1|zh):.*",\n`)
