package pins_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"example.com/webserver-cluster/internal/providerlock"
)

// entry is what a lock file says of a provider.
type entry struct {
	Version, Constraints string
	Hashes               []string
}

// parse reads a lock file, by the addresses of its providers.
func parse(t *testing.T, content string) map[string]entry {
	t.Helper()
	file, faults := hclsyntax.ParseConfig([]byte(content), providerlock.Path, hcl.InitialPos)
	if faults.HasErrors() {
		t.Fatalf("%v\n%s", faults, content)
	}
	found := map[string]entry{}
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		var values []string
		for _, name := range []string{"version", "constraints"} {
			value, faults := block.Body.Attributes[name].Expr.Value(nil)
			if faults.HasErrors() {
				t.Fatal(faults)
			}
			values = append(values, value.AsString())
		}
		hashes, faults := block.Body.Attributes["hashes"].Expr.Value(nil)
		if faults.HasErrors() {
			t.Fatal(faults)
		}
		e := entry{Version: values[0], Constraints: values[1]}
		for _, hash := range hashes.AsValueSlice() {
			e.Hashes = append(e.Hashes, hash.AsString())
		}
		found[block.Labels[0]] = e
	}
	return found
}

const terraforms, tofus = "registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"

// TestLockFile: a version that the code is for, and checksums for every platform that a
// deploy may run on. A registry signs one zh: for each package of a release, and one for
// the release's manifest: the AWS provider has packages for the six platforms of
// rolloutPlatforms, and for more.
func TestLockFile(t *testing.T) {
	lock := parse(t, read(t, filepath.Join(root, providerlock.Path)))
	if lock[terraforms].Version == "" {
		t.Fatalf("%s says nothing of %s", providerlock.Path, terraforms)
	}
	constraint := version.MustConstraints(version.NewConstraint(providerlock.Constraint))
	for address, e := range lock {
		if v, err := version.NewVersion(e.Version); err != nil || !constraint.Check(v) || e.Constraints != providerlock.Constraint {
			t.Errorf("%s: version %s, of %s: want one of %s", address, e.Version, e.Constraints, providerlock.Constraint)
		}
		if !slices.IsSorted(e.Hashes) || len(slices.Compact(slices.Clone(e.Hashes))) != len(e.Hashes) {
			t.Errorf("%s: the checksums are not sorted: an init would write the file anew", address)
		}
		packages := map[string]int{}
		for _, hash := range e.Hashes {
			if !regexp.MustCompile(`^(h1:[A-Za-z0-9+/]{43}=|zh:[0-9a-f]{64})$`).MatchString(hash) {
				t.Errorf("%s: %s is no checksum", address, hash)
			}
			packages[hash[:2]]++
		}
		if packages["zh"] < 7 || packages["h1"] < 1 {
			t.Errorf("%s has checksums %v: those of some platform are missing", address, packages)
		}
	}
}

// TestInit: an init takes the version and the package that were reviewed, and no others,
// and writes nothing to the file. A mirror that holds the provider unpacked is checked by
// the h1: of this platform.
func TestInit(t *testing.T) {
	dir := t.TempDir()
	synthesize(t, dir, account)
	reviewed := providerlock.For("terraform", read(t, filepath.Join(root, providerlock.Path)))
	place := filepath.Join(folder(dir, "state"), providerlock.Name)
	if got := read(t, place); got != reviewed {
		t.Fatalf("the app has put this beside the stack's JSON:\n%s", got)
	}
	if out, err := terraform(t, dir, "state", "init", "-lockfile=readonly", "-no-color"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := terraform(t, dir, "state", "init", "-no-color"); err != nil || strings.Contains(out, "Terraform has made some changes") || read(t, place) != reviewed {
		t.Errorf("%v: %s\n%s", err, out, read(t, place))
	}

	// What an init finds there counts, up to the next synth.
	locked := parse(t, reviewed)[terraforms]
	for what, want := range map[string]string{
		regexp.MustCompile(`"h1:...`).ReplaceAllString(reviewed, `"h1:AAA`): "doesn't match any of the checksums previously recorded in the dependency lock file",
		// Neither a mirror nor a registry has it.
		strings.ReplaceAll(reviewed, locked.Version, "5.99.99"): "5.99.99",
	} {
		other := t.TempDir()
		synthesize(t, other, account)
		write(t, filepath.Join(folder(other, "state"), providerlock.Name), what)
		if out, err := terraform(t, other, "state", "init", "-no-color"); err == nil || !strings.Contains(out, want) {
			t.Errorf("%v: %s\nwant %s", err, out, want)
		}
		synthesize(t, other, account)
		if out, err := terraform(t, other, "state", "init", "-no-color"); err != nil {
			t.Errorf("after a synth: %v: %s", err, out)
		}
	}
}

// both is a lock file of both registries, as "providers lock" writes it.
const both = `# This file is maintained automatically by "terraform init".
# Manual edits may be lost in future updates.

provider "registry.opentofu.org/hashicorp/aws" {
  version     = "5.100.0"
  constraints = "~> 5.99"
  hashes = [
    "h1:BBB=",
    "zh:222",
  ]
}

provider "registry.terraform.io/hashicorp/aws" {
  version     = "5.100.0"
  constraints = "~> 5.99"
  hashes = [
    "h1:AAA=",
    "h1:CCC=",
    "zh:222",
  ]
}
`

// TestLockFor: each tool gets what is for it, and no more.
func TestLockFor(t *testing.T) {
	for _, binary := range []string{"", "terraform", "/usr/bin/terraform-1.14", "tofu", "/opt/bin/tofu", "tofu.exe"} {
		lock := parse(t, providerlock.For(binary, both))
		address, hashes := terraforms, []string{"h1:AAA=", "h1:CCC=", "zh:222"}
		if strings.Contains(binary, "tofu") {
			address, hashes = tofus, []string{"h1:AAA=", "h1:BBB=", "h1:CCC=", "zh:222"}
		}
		if got := lock[address]; len(lock) != 1 || got.Version != "5.100.0" || !slices.Equal(got.Hashes, hashes) {
			t.Errorf("%q gets %v", binary, lock)
		}
	}
	// OpenTofu takes the version over from Terraform's.
	_, terraformsOnly, _ := strings.Cut(both, "}\n\n")
	for _, binary := range []string{"terraform", "tofu"} {
		if got := providerlock.For(binary, terraformsOnly); got != terraformsOnly {
			t.Errorf("%s gets\n%s", binary, got)
		}
	}
}

// TestNewLock: what make providers writes, once the registries have answered.
func TestNewLock(t *testing.T) {
	lock, err := providerlock.New(both)
	if err != nil || !strings.HasPrefix(lock, "# The version of the AWS provider") || strings.Contains(lock, "maintained automatically") || len(parse(t, lock)) != 2 {
		t.Errorf("%v\n%s", err, lock)
	}
	if now := read(t, filepath.Join(root, providerlock.Path)); !strings.HasPrefix(now, lock[:strings.Index(lock, "provider ")]) {
		t.Errorf("%s begins otherwise:\n%s", providerlock.Path, now)
	}
	_, err = providerlock.New(strings.Replace(both, "5.100.0", "5.99.1", 1))
	if want := "registry.terraform.io has version 5.100.0, and registry.opentofu.org 5.99.1: try again when both have the same"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, terraformsOnly, _ := strings.Cut(both, "}\n\n")
	if _, err := providerlock.New(terraformsOnly); err == nil {
		t.Error("a lock file of one registry passes")
	}
}
