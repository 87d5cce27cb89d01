package localaws

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestServes(t *testing.T) {
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
		aws + "index.json":                                           false,
	}
	for path, want := range tests {
		dir := t.TempDir()
		if err := os.MkdirAll(filepath.Join(dir, path), 0o755); err != nil {
			t.Fatal(err)
		}
		if got := serves(dir); got != want {
			t.Errorf("a mirror with %s serves: %v", path, got)
		}
	}
}

// newMirror returns a folder under parent that serves the provider.
func newMirror(t *testing.T, parent string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(parent, provider, "5.100.0", platform), 0o755); err != nil {
		t.Fatal(err)
	}
	return parent
}

// newHome makes an empty home folder this process's own, without any Terraform settings.
func newHome(t *testing.T) string {
	home := t.TempDir()
	t.Setenv("HOME", home)
	for _, name := range []string{MirrorVariable, "TF_CLI_CONFIG_FILE", "XDG_DATA_HOME", "XDG_DATA_DIRS"} {
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
	t.Run("the user's own configuration", func(t *testing.T) {
		home := newHome(t)
		newMirror(t, filepath.Join(home, ".terraform.d/plugins"))
		own := filepath.Join(home, ".terraformrc")
		if err := os.WriteFile(own, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("TF_CLI_CONFIG_FILE", filepath.Join(home, "missing")) // counts for nothing
		if got, err := terraformConfig(t.TempDir()); got != own || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

// checkMirror checks that the configuration takes the provider from mirror.
func checkMirror(t *testing.T, mirror string) {
	t.Helper()
	path, err := terraformConfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := `provider_installation {
  filesystem_mirror {
    path    = "` + mirror + `"
    include = ["registry.terraform.io/hashicorp/aws"]
  }
  direct {
    exclude = ["registry.terraform.io/hashicorp/aws"]
  }
}
`
	if string(config) != want {
		t.Errorf("got\n%s\nwant\n%s", config, want)
	}
}
