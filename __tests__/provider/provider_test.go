package provider_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/provider"
)

// TestStart: one Terraform after the other uses the process, each with its own provider
// block, and without a provider of its own. After Stop, none can.
func TestStart(t *testing.T) {
	if err := localaws.CheckTools(t.Context()); err != nil {
		t.Fatal(err)
	}
	cloud, err := localaws.Start(t.Context(), localaws.Options{BuildDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	dir, env := t.TempDir(), append(os.Environ(), cloud.Environ()...)
	if _, err := provider.Start(dir, env); err == nil || !strings.Contains(err.Error(), "that an init has installed in "+dir) {
		t.Errorf("without an init: %v", err)
	}
	write := func(team string) {
		t.Helper()
		config := fmt.Sprintf(`{
			"terraform": {"required_providers": {"aws": {"source": "hashicorp/aws", "version": "~> 5.99"}}},
			"provider": {"aws": [{"region": "eu-central-1", "default_tags": [{"tags": {"Team": %q}}]}]},
			"resource": {"aws_ssm_parameter": {%[1]q: {"name": "/%[1]s", "type": "String", "value": "x"}}}}`, team)
		if err := os.WriteFile(filepath.Join(dir, "main.tf.json"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	terraform := func(env []string, args ...string) (string, error) {
		cmd := exec.Command("terraform", append(args, "-no-color")...)
		cmd.Dir, cmd.Env = dir, env
		output, err := cmd.CombinedOutput()
		return string(output), err
	}
	write("one")
	if output, err := terraform(env, "init"); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	// A certificate, as a machine behind a proxy has, keeps a provider from being
	// configured twice.
	process, err := provider.Start(dir, append(env, "AWS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(process.Stop)
	if err := os.RemoveAll(filepath.Join(dir, ".terraform")); err != nil {
		t.Fatal(err)
	}
	attached := append(env, process.Environ()...)
	client := ssm.NewFromConfig(cloud.Config(), func(o *ssm.Options) { o.Region = "eu-central-1" })
	for _, team := range []string{"one", "two"} {
		write(team)
		if output, err := terraform(attached, "apply", "-auto-approve"); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
		name := "/" + team
		tags, err := client.ListTagsForResource(t.Context(), &ssm.ListTagsForResourceInput{ResourceId: &name, ResourceType: "Parameter"})
		if err != nil || len(tags.TagList) != 1 || *tags.TagList[0].Value != team {
			t.Errorf("%s has the tags %v (%v)", name, tags, err)
		}
	}
	if output, err := terraform(env, "plan"); err == nil {
		t.Errorf("without the process, Terraform has a provider all the same:\n%s", output)
	}
	process.Stop()
	if output, err := terraform(attached, "plan"); err == nil {
		t.Errorf("the process answers after its end:\n%s", output)
	}
}
