package localaws

import (
	"archive/zip"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"
)

// TestPackages: of a mirror counts what the app accepts on this machine.
func TestPackages(t *testing.T) {
	const aws = "registry.terraform.io/hashicorp/aws/"
	tests := map[string]bool{
		aws + "5.100.0/" + platform:                                  true,
		aws + "terraform-provider-aws_5.99.1_" + platform + ".zip":   true,
		aws + "5.98.0/" + platform:                                   false, // older than the stacks accept
		aws + "6.0.0/" + platform:                                    false, // newer
		aws + "terraform-provider-aws_6.0.0_" + platform + ".zip":    false,
		aws + "5.100.0/plan9_mips":                                   false, // for another machine
		aws + "latest/" + platform:                                   false, // no version
		"registry.terraform.io/hashicorp/random/5.100.0/" + platform: false,
		"registry.example.com/hashicorp/aws/5.100.0/" + platform:     false,
		"registry.opentofu.org/hashicorp/aws/5.100.0/" + platform:    true,
		aws + "index.json":                                           false,
	}
	accepted := versions{Constraints: version.MustConstraints(version.NewConstraint(providerConstraint))}
	for path, want := range tests {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, path), 0o755); err != nil {
			t.Fatal(err)
		}
		if got := packages(dir, accepted); len(got) > 0 != want {
			t.Errorf("a mirror with %s has %v", path, got)
		}
	}
}

// locked is the version in the app's lock file.
var locked = func() string {
	wanted, err := wantedVersions()
	if err != nil {
		panic(err)
	}
	return wanted.Constraints.String()
}()

// newMirror returns a folder under parent that serves the provider.
func newMirror(t *testing.T, parent string) string {
	t.Helper()
	dir := filepath.Join(parent, registries[0], provider, locked, platform)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "terraform-provider-aws_v"+locked+"_x5"), []byte("unpacked"), 0o755); err != nil {
		t.Fatal(err)
	}
	return parent
}

// newHome makes an empty home folder this process's own, without any Terraform settings.
func newHome(t *testing.T) string {
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, name := range []string{MirrorVariable, "TF_CLI_CONFIG_FILE", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_DATA_DIRS", binaryVariable} {
		t.Setenv(name, "")
	}
	return home
}

func TestTerraformConfig(t *testing.T) {
	t.Run("mirror named by the variable", func(t *testing.T) {
		newMirror(t, filepath.Join(newHome(t), ".terraform.d/plugins"))
		mirror := newMirror(t, t.TempDir())
		t.Setenv(MirrorVariable, mirror)
		checkMirror(t, mirror)
	})
	t.Run("variable names no mirror", func(t *testing.T) {
		newHome(t)
		t.Setenv(MirrorVariable, "nowhere")
		_, err := terraformConfig(t.TempDir())
		if err == nil || !strings.HasPrefix(err.Error(), MirrorVariable+"=nowhere: ") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a folder Terraform looks into", func(t *testing.T) {
		checkMirror(t, newMirror(t, filepath.Join(newHome(t), ".terraform.d/plugins")))
	})
	t.Run("a folder OpenTofu looks into", func(t *testing.T) {
		data := newHome(t)
		t.Setenv("XDG_DATA_HOME", data)
		checkMirror(t, newMirror(t, filepath.Join(data, "opentofu/plugins")))
	})
	for file, binary := range map[string]string{".terraformrc": "", ".tofurc": "/usr/bin/tofu", ".config/opentofu/tofurc": "tofu"} {
		t.Run("the user's own "+file, func(t *testing.T) {
			home := newHome(t)
			newMirror(t, filepath.Join(home, ".terraform.d/plugins"))
			t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
			own := filepath.Join(home, file)
			if err := os.MkdirAll(filepath.Dir(own), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(own, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			t.Setenv(binaryVariable, binary)
			t.Setenv("TF_CLI_CONFIG_FILE", filepath.Join(home, "missing")) // counts for nothing
			if got, err := terraformConfig(t.TempDir()); got != own || err != nil {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
	t.Run("another mirror than before", func(t *testing.T) {
		newHome(t)
		dir := t.TempDir()
		t.Setenv(MirrorVariable, newMirror(t, t.TempDir()))
		if _, err := terraformConfig(dir); err != nil {
			t.Fatal(err)
		}
		packed := "terraform-provider-aws_" + locked + "_" + platform + ".zip"
		other := t.TempDir()
		if err := os.MkdirAll(filepath.Join(other, registries[0], provider, packed), 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv(MirrorVariable, other)
		if _, err := terraformConfig(dir); err != nil {
			t.Fatal(err)
		}
		for _, registry := range registries {
			if got := packagesIn(filepath.Join(dir, "mirror", registry, provider)); len(got) != 1 || got[packed] == "" {
				t.Errorf("%s has %v", registry, got)
			}
		}
	})
	// The lock file of the app has Terraform refuse any other version.
	t.Run("the named mirror has another version", func(t *testing.T) {
		newHome(t)
		mirror := t.TempDir()
		for _, place := range []string{"5.99.1/" + platform, "terraform-provider-aws_5.98.0_" + platform + ".zip"} {
			if err := os.MkdirAll(filepath.Join(mirror, registries[0], provider, place), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv(MirrorVariable, mirror)
		want := MirrorVariable + "=" + mirror + ": must have registry.terraform.io/hashicorp/aws " + locked +
			", the version in stacks/terraform.lock.hcl, for " + platform + "; it has 5.98.0, 5.99.1"
		_, startError := Start(t.Context(), Options{BuildDir: t.TempDir()})
		for what, err := range map[string]error{"CheckTools": CheckTools(t.Context()), "Start": startError} {
			if err == nil || !strings.Contains("\n"+err.Error()+"\n", "\n"+want+"\n") {
				t.Errorf("%s says %v\nwant %s", what, err, want)
			}
		}
	})
	// Terraform by itself would ask no registry then.
	t.Run("a folder Terraform looks into has another version", func(t *testing.T) {
		machines := addOns
		t.Cleanup(func() { addOns = machines })
		addOns = filepath.Join(t.TempDir(), "*")
		home := newHome(t)
		if config, err := terraformConfig(t.TempDir()); config != "" || err != nil {
			t.Errorf("without a mirror: %q, %v", config, err)
		}
		if err := os.MkdirAll(filepath.Join(home, ".terraform.d/plugins", registries[0], provider, "5.99.1", platform), 0o755); err != nil {
			t.Fatal(err)
		}
		config, err := terraformConfig(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if content, err := os.ReadFile(config); string(content) != "provider_installation {\n  direct {}\n}\n" {
			t.Errorf("%s, %v", content, err)
		}
	})
}

// checkMirror checks that the configuration takes the provider from mirror.
func checkMirror(t *testing.T, mirror string) {
	t.Helper()
	dir := t.TempDir()
	path, err := terraformConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := `provider_installation {
  filesystem_mirror {
    path    = "` + dir + `/mirror"
    include = ["registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"]
  }
  direct {
    exclude = ["registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"]
  }
}
`
	if string(config) != want {
		t.Errorf("got\n%s\nwant\n%s", config, want)
	}
	for _, registry := range registries {
		target, err := os.Readlink(filepath.Join(dir, "mirror", registry, provider, locked, platform))
		if want := filepath.Join(mirror, registries[0], provider, locked, platform); target != want || err != nil {
			t.Errorf("%s links to %q, %v; want %s", registry, target, err, want)
		}
	}
}

// TestMirrorServesOpenTofu: a mirror of one registry serves Terraform, which looks
// for hashicorp/aws in registry.terraform.io, and OpenTofu, which looks for it in
// registry.opentofu.org, whether it is packed or not. Terraform, asked for the
// provider by that address, stands for OpenTofu: both read mirrors in one way. Where
// TERRAFORM_BINARY_NAME says so, OpenTofu stands for itself.
func TestMirrorServesOpenTofu(t *testing.T) {
	binary := terraformBinary()
	for _, has := range registries {
		for layout, packed := range map[string]bool{"unpacked": false, "packed": true} {
			t.Run(has+" "+layout, func(t *testing.T) {
				newHome(t)
				mirror := newMirror(t, t.TempDir())
				folder := filepath.Join(mirror, registries[0], provider)
				if packed {
					pack(t, filepath.Join(folder, locked, platform), filepath.Join(folder, "terraform-provider-aws_"+locked+"_"+platform+".zip"))
				}
				if has != registries[0] {
					if err := os.Rename(filepath.Join(mirror, registries[0]), filepath.Join(mirror, has)); err != nil {
						t.Fatal(err)
					}
				}
				t.Setenv(MirrorVariable, mirror)
				config, err := terraformConfig(t.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				for _, asked := range registries {
					dir := t.TempDir()
					code := fmt.Sprintf("terraform {\n required_providers {\n aws = {\n source = %q\n version = %q\n }\n }\n}\n", asked+"/"+provider, providerConstraint)
					if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(code), 0o644); err != nil {
						t.Fatal(err)
					}
					cmd := exec.CommandContext(t.Context(), binary, "init", "-no-color", "-input=false")
					cmd.Dir = dir
					cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+config, "CHECKPOINT_DISABLE=1")
					if output, err := cmd.CombinedOutput(); err != nil {
						t.Errorf("init with %s: %v\n%s", asked, err, output)
					}
					if _, err := os.Stat(filepath.Join(dir, ".terraform/providers", asked, provider, locked, platform, "terraform-provider-aws_v"+locked+"_x5")); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

// pack moves the files of a folder into an archive.
func pack(t *testing.T, folder, archive string) {
	t.Helper()
	file, err := os.Create(archive)
	if err != nil {
		t.Fatal(err)
	}
	writer := zip.NewWriter(file)
	if err := errors.Join(writer.AddFS(os.DirFS(folder)), writer.Close(), file.Close(), os.RemoveAll(filepath.Dir(folder))); err != nil {
		t.Fatal(err)
	}
}
