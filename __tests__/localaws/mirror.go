package localaws

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/go-version"
)

// MirrorVariable names a folder with Terraform providers, laid out as
// `terraform providers mirror` does. It wins over what else there is.
const MirrorVariable = "TF_PROVIDER_MIRROR"

const (
	provider = "hashicorp/aws"
	// What the app's stacks accept; a mirror without such a version is of no use.
	providerConstraint = "~> 5.99"
)

// registries are where Terraform and OpenTofu look for a provider that is named
// without a host. OpenTofu's has packages that OpenTofu has built from the same source:
// a package of either serves both tools.
var registries = []string{"registry.terraform.io", "registry.opentofu.org"}

// terraformConfig returns the path of a CLI configuration, for Terraform and
// OpenTofu, that takes the AWS provider from a mirror on this machine and all else
// from the registry. It returns "", which means their defaults, where there is no
// mirror or the user has a configuration of their own.
//
// https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation
func terraformConfig(dir string) (string, error) {
	mirror, err := chooseMirror()
	switch {
	case err != nil:
		return "", err
	case mirror == "" && userConfig() == "" && impliedMirror():
		// Where a folder that Terraform looks into has another version, Terraform asks
		// nobody else.
		return writeFile(filepath.Join(dir, "terraform.tfrc"), "provider_installation {\n  direct {}\n}\n")
	case mirror == "":
		return userConfig(), nil
	}
	wanted, err := wantedVersions()
	if err != nil {
		return "", err
	}
	links, err := linkMirror(filepath.Join(dir, "mirror"), packages(mirror, wanted))
	if err != nil {
		return "", fmt.Errorf("a mirror of %s for Terraform and OpenTofu: %w", mirror, err)
	}
	var names []string
	for _, registry := range registries {
		names = append(names, strconv.Quote(registry+"/"+provider))
	}
	// Without the exclude, Terraform asks the registry for versions, too.
	config := fmt.Sprintf(`provider_installation {
  filesystem_mirror {
    path    = %q
    include = [%s]
  }
  direct {
    exclude = [%[2]s]
  }
}
`, links, strings.Join(names, ", "))
	return writeFile(filepath.Join(dir, "terraform.tfrc"), config)
}

// chooseMirror is the mirror that Terraform takes the provider from; "" for none, and for
// what a configuration of the user's own says. That the mirror which the user names has
// another version than the app's lock file is better said now than by Terraform, in the
// middle of a deploy.
func chooseMirror() (string, error) {
	wanted, err := wantedVersions()
	if err != nil {
		return "", err
	}
	mirror := os.Getenv(MirrorVariable)
	if mirror == "" {
		if userConfig() != "" {
			return "", nil
		}
		return findMirror(wanted), nil
	}
	if len(packages(mirror, wanted)) > 0 {
		return mirror, nil
	}
	return "", fmt.Errorf("%s=%s: must have %s/%s %s for %s; it has %s", MirrorVariable, mirror, registries[0], provider, wanted, platform,
		cmp.Or(strings.Join(offered(mirror), ", "), "none"))
}

// linkMirror makes dir a mirror of these packages under the names of all
// registries, and returns its path. Terraform follows a link to a package, but none
// to a folder above one. Other processes may do the same at the same moment.
func linkMirror(dir string, packages map[string]string) (string, error) {
	dir, err := filepath.Abs(dir) // Terraform runs elsewhere
	if err != nil {
		return "", err
	}
	for _, registry := range registries {
		folder := filepath.Join(dir, registry, provider)
		for inside, target := range packages {
			if err := link(filepath.Join(folder, inside), target); err != nil {
				return "", err
			}
		}
		for inside := range packagesIn(folder) { // of a mirror before
			if packages[inside] == "" {
				if err := os.Remove(filepath.Join(folder, inside)); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return "", err
				}
			}
		}
	}
	return dir, nil
}

// link makes path a link to target, whatever it was before: others see the old
// one or the new.
func link(path, target string) error {
	target, err := filepath.Abs(target)
	if err != nil {
		return err
	}
	if old, err := os.Readlink(path); err == nil && old == target {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(path), "link-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	next := filepath.Join(temp, filepath.Base(path))
	if err := os.Symlink(target, next); err != nil {
		return err
	}
	return os.Rename(next, path)
}

// userConfig is the CLI configuration that Terraform would read, if there is
// one. A variable that names a missing file counts for nothing; Terraform would
// warn of it at every step.
func userConfig() string {
	paths := []string{os.Getenv("TF_CLI_CONFIG_FILE"), os.ExpandEnv("$HOME/.terraformrc")}
	if usesOpenTofu() { // https://opentofu.org/docs/cli/config/config-file/#locations
		paths = slices.Insert(paths, 1, os.ExpandEnv("$HOME/.tofurc"))
		if dir := os.Getenv("XDG_CONFIG_HOME"); dir != "" {
			paths = append(paths, filepath.Join(dir, "opentofu/tofurc"))
		}
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// addOns is where add-on packages live, one folder each (Filesystem Hierarchy Standard
// 3.0, section 3.13).
var addOns = "/opt/*"

// findMirror returns the first folder that serves the provider: those that
// Terraform looks into by itself, then the add-on packages of the machine.
func findMirror(wanted versions) string {
	for _, pattern := range append(impliedMirrors(), addOns) {
		dirs, _ := filepath.Glob(pattern) // a bad pattern is the only error
		for _, dir := range dirs {
			if len(packages(dir, wanted)) > 0 {
				return dir
			}
		}
	}
	return ""
}

// impliedMirror tells whether Terraform by itself would take the provider from a folder of
// this machine.
func impliedMirror() bool {
	return slices.ContainsFunc(impliedMirrors(), func(dir string) bool { return len(offered(dir)) > 0 })
}

// impliedMirrors lists the implied mirror folders of Terraform and OpenTofu,
// https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories,
// https://opentofu.org/docs/cli/config/config-file/#implied-local-mirror-directories.
func impliedMirrors() []string {
	home, _ := os.UserHomeDir()
	patterns := []string{filepath.Join(home, ".terraform.d/plugins")}
	if data := os.Getenv("XDG_DATA_HOME"); data != "" {
		patterns = append(patterns, filepath.Join(data, "opentofu/plugins"))
	}
	if runtime.GOOS == "darwin" {
		patterns = append(patterns,
			filepath.Join(home, "Library/Application Support/io.terraform/plugins"),
			"/Library/Application Support/io.terraform/plugins")
	} else {
		data := os.Getenv("XDG_DATA_HOME")
		if data == "" {
			data = filepath.Join(home, ".local/share")
		}
		share := os.Getenv("XDG_DATA_DIRS")
		if share == "" {
			share = "/usr/local/share:/usr/share"
		}
		for _, dir := range append([]string{data}, filepath.SplitList(share)...) {
			patterns = append(patterns, filepath.Join(dir, "terraform/plugins"))
		}
	}
	return patterns
}

var platform = runtime.GOOS + "_" + runtime.GOARCH

// packages returns the paths of the provider's versions that are wanted in the mirror in
// dir, for this platform, by their place below the provider's folder. Where the mirror has
// one for both registries, Terraform's counts.
func packages(dir string, wanted versions) map[string]string {
	found := map[string]string{}
	for _, registry := range slices.Backward(registries) {
		folder := filepath.Join(dir, registry, provider)
		for inside, number := range packagesIn(folder) {
			if v, err := version.NewVersion(number); err == nil && wanted.Check(v) {
				found[inside] = filepath.Join(folder, inside)
			}
		}
	}
	return found
}

// offered are the provider's versions in the mirror in dir, for this platform.
func offered(dir string) []string {
	var numbers []string
	for _, registry := range registries {
		numbers = slices.AppendSeq(numbers, maps.Values(packagesIn(filepath.Join(dir, registry, provider))))
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// packagesIn returns the versions for this platform in a provider's folder of a
// mirror, by their place in it: unpacked (VERSION/PLATFORM) or packed
// (terraform-provider-aws_VERSION_PLATFORM.zip).
func packagesIn(folder string) map[string]string {
	found := map[string]string{}
	unpacked, _ := filepath.Glob(filepath.Join(folder, "*", platform)) // a bad pattern is the only error
	for _, path := range unpacked {
		number := filepath.Base(filepath.Dir(path))
		found[filepath.Join(number, platform)] = number
	}
	const name = "terraform-provider-aws_"
	packed, _ := filepath.Glob(filepath.Join(folder, name+"*_"+platform+".zip"))
	for _, path := range packed {
		file := filepath.Base(path)
		found[file] = strings.TrimSuffix(strings.TrimPrefix(file, name), "_"+platform+".zip")
	}
	return found
}

// writeFile writes a file that others may read at the same moment: they see
// the old content or the new, never a part.
func writeFile(path, content string) (string, error) {
	temp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return "", err
	}
	_, err = temp.WriteString(content)
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	return path, err
}
