// Package providerlock is about the dependency lock file of the AWS provider: which
// version a deploy takes, and the checksums of its packages.
// https://developer.hashicorp.com/terraform/language/files/dependency-lock
package providerlock

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	// Path is where the lock file that was reviewed lies in the project's folder.
	Path = "stacks/terraform.lock.hcl"
	// Name is what Terraform calls it, beside the configuration.
	Name = ".terraform.lock.hcl"
	// Constraint are the versions that the code is for: the bindings are made from 5.99,
	// and any later 5.x serves as well, and gets fixes.
	Constraint = "~> 5.99"
)

// Where Terraform and OpenTofu look for a provider that is named without a host. What
// OpenTofu's registry has there, OpenTofu has built: other packages, with other
// checksums. https://github.com/opentofu/opentofu/issues/796
const (
	terraformRegistry = "registry.terraform.io"
	openTofuRegistry  = "registry.opentofu.org"
)

// For is what of a lock file is for the Terraform with that name, as
// TERRAFORM_BINARY_NAME has it: what it says of another registry's packages, an init
// would take out again, and with -lockfile=readonly refuse.
//
// OpenTofu takes its own packages, and those of Terraform's registry, which a mirror may
// hold. Where the file does not know OpenTofu's, it gets Terraform's entry: OpenTofu
// takes over the version from that, though not the checksums.
func For(binary, lock string) string {
	terraforms, tofus := entry(lock, terraformRegistry), entry(lock, openTofuRegistry)
	if tofus == "" || !strings.HasPrefix(filepath.Base(binary), "tofu") {
		return strings.Replace(lock, tofus, "", 1)
	}
	hashes := append(checksum.FindAllString(terraforms, -1), checksum.FindAllString(tofus, -1)...)
	slices.Sort(hashes) // as Terraform and OpenTofu write them
	head, _, _ := strings.Cut(tofus, "hashes = [\n")
	return head + "hashes = [\n" + strings.Join(slices.Compact(hashes), "") + "  ]\n}\n"
}

// entry is what a lock file says of the packages of a registry, "" for nothing.
func entry(lock, registry string) string {
	return regexp.MustCompile(`(?ms)^provider "` + regexp.QuoteMeta(registry) + `/hashicorp/aws" \{$.*?^\}\n*`).FindString(lock)
}

var (
	checksum = regexp.MustCompile(`(?m)^ +"(?:h1|zh):.*",\n`)
	version  = regexp.MustCompile(`(?m)^ +version += "(.*)"$`)
)

// Config is a configuration, in a file of any name that ends in .tf.json, that asks for
// the provider of both registries, by addresses that both tools take.
const Config = `{"terraform": {"required_providers": {
  "terraforms": {"source": "` + terraformRegistry + `/hashicorp/aws", "version": "` + Constraint + `"},
  "opentofus": {"source": "` + openTofuRegistry + `/hashicorp/aws", "version": "` + Constraint + `"}
}}}
`

const header = `# The version of the AWS provider that every deploy takes, and the checksums of its packages for all platforms.
# make providers makes this file anew: review what git diff shows. See docs/contributing.md.

`

// New is the lock file for Path, made from the one that "providers lock" has written for
// Config.
func New(written string) (string, error) {
	terraforms, tofus := entry(written, terraformRegistry), entry(written, openTofuRegistry)
	one, other := version.FindStringSubmatch(terraforms), version.FindStringSubmatch(tofus)
	switch {
	case one == nil || other == nil:
		return "", fmt.Errorf("the lock file that was written lacks a version of the provider:\n%s", written)
	case one[1] != other[1]:
		return "", fmt.Errorf("%s has version %s, and %s %s: try again when both have the same", terraformRegistry, one[1], openTofuRegistry, other[1])
	}
	return header + strings.TrimRight(tofus, "\n") + "\n\n" + strings.TrimRight(terraforms, "\n") + "\n", nil
}
