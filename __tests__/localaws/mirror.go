package localaws

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/hashicorp/go-version"
)

// MirrorVariable names a folder with Terraform providers, laid out as
// `terraform providers mirror` does. It wins over what else there is.
const MirrorVariable = "TF_PROVIDER_MIRROR"

const (
	provider = "registry.terraform.io/hashicorp/aws"
	// What the app's stacks accept; a mirror without such a version is of no use.
	providerConstraint = "~> 5.99"
)

// terraformConfig returns the path of a Terraform CLI configuration that takes
// the AWS provider from a mirror on this machine and all else from the
// registry. It returns "", which means Terraform's defaults, where there is no
// mirror or the user has a configuration of their own.
//
// https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation
func terraformConfig(dir string) (string, error) {
	mirror := os.Getenv(MirrorVariable)
	switch {
	case mirror != "":
		if !serves(mirror) {
			return "", fmt.Errorf("%s=%s: no %s %s for %s in there", MirrorVariable, mirror, provider, providerConstraint, platform)
		}
	case userConfig() != "":
		return userConfig(), nil
	default:
		if mirror = findMirror(); mirror == "" {
			return "", nil
		}
	}
	// Without the exclude, Terraform asks the registry for versions, too.
	config := fmt.Sprintf(`provider_installation {
  filesystem_mirror {
    path    = %q
    include = [%q]
  }
  direct {
    exclude = [%[2]q]
  }
}
`, mirror, provider)
	return writeFile(filepath.Join(dir, "terraform.tfrc"), config)
}

// userConfig is the CLI configuration that Terraform would read, if there is
// one. A variable that names a missing file counts for nothing; Terraform would
// warn of it at every step.
func userConfig() string {
	for _, path := range []string{os.Getenv("TF_CLI_CONFIG_FILE"), os.ExpandEnv("$HOME/.terraformrc")} {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// findMirror returns the first folder that serves the provider: those that
// Terraform looks into by itself, then the add-on packages of the machine.
func findMirror() string {
	for _, pattern := range mirrorPatterns() {
		dirs, _ := filepath.Glob(pattern) // a bad pattern is the only error
		for _, dir := range dirs {
			if serves(dir) {
				return dir
			}
		}
	}
	return ""
}

// mirrorPatterns lists Terraform's implied mirror folders,
// https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories,
// and /opt, where add-on packages live, one folder each
// (Filesystem Hierarchy Standard 3.0, section 3.13).
func mirrorPatterns() []string {
	home, _ := os.UserHomeDir()
	patterns := []string{filepath.Join(home, ".terraform.d/plugins")}
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
	return append(patterns, "/opt/*")
}

var platform = runtime.GOOS + "_" + runtime.GOARCH

// serves tells whether the mirror in dir holds a version of the provider that
// the app accepts, for this platform, unpacked (VERSION/PLATFORM/) or packed
// (terraform-provider-aws_VERSION_PLATFORM.zip).
func serves(dir string) bool {
	constraint := version.MustConstraints(version.NewConstraint(providerConstraint))
	unpacked, _ := filepath.Glob(filepath.Join(dir, provider, "*", platform))
	for i, path := range unpacked {
		unpacked[i] = filepath.Base(filepath.Dir(path))
	}
	packed, _ := filepath.Glob(filepath.Join(dir, provider, "terraform-provider-aws_*_"+platform+".zip"))
	for i, path := range packed {
		name := strings.TrimPrefix(filepath.Base(path), "terraform-provider-aws_")
		packed[i] = strings.TrimSuffix(name, "_"+platform+".zip")
	}
	for _, text := range append(unpacked, packed...) {
		if v, err := version.NewVersion(text); err == nil && constraint.Check(v) {
			return true
		}
	}
	return false
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
