// Package lifetime_test shows what becomes of a part after it was deployed: what
// was chosen when it was made stays, what cannot change is refused by the plan,
// and what is protected goes only on purpose. Terraform and the AWS provider are
// the real ones; AWS is the local one.
package lifetime_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/jsii-runtime-go"
	awsprovider "github.com/cdktf/cdktf-provider-aws-go/aws/v19/provider"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/fastjsii"
	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/provider"
)

const region = "eu-central-1"

var cloud *localaws.AWS

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	defer fastjsii.Close()
	ctx := context.Background()
	err := localaws.CheckTools(ctx)
	if err == nil {
		cloud, err = localaws.Start(ctx, localaws.Options{Region: region})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer cloud.Stop()
	return m.Run()
}

// deployment is a folder with a stack that Terraform deploys, and its state.
type deployment struct {
	*testing.T
	dir string
	env []string
}

func newDeployment(t *testing.T) *deployment {
	return &deployment{t, t.TempDir(), append(os.Environ(), cloud.Environ()...)}
}

// use has the folder hold a synthesized stack. From the first one on, Terraform uses a
// provider that runs.
func (d *deployment) use(stack []byte) {
	d.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, "cdk.tf.json"), stack, 0o600); err != nil {
		d.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(d.dir, ".terraform")); err == nil {
		d.terraform("init")
		return
	}
	d.terraform("init")
	process, err := provider.Start(d.dir, d.env)
	if err != nil {
		d.Fatal(err)
	}
	d.Cleanup(process.Stop)
	d.env = append(d.env, process.Environ()...)
}

// synthesize returns the stack that parts makes. jsii has one kernel: a test
// synthesizes all that it needs before it runs in parallel with others.
func synthesize(t *testing.T, parts func(cdktf.TerraformStack)) []byte {
	t.Helper()
	out := t.TempDir()
	app := cdktf.NewApp(&cdktf.AppConfig{Outdir: jsii.String(out)})
	stack := cdktf.NewTerraformStack(app, jsii.String("stack"))
	stack.AddOverride(jsii.String("terraform.required_providers.aws.version"), jsii.String("~> 5.99"))
	awsprovider.NewAwsProvider(stack, jsii.String("aws"), &awsprovider.AwsProviderConfig{Region: jsii.String(region)})
	cdktf.NewLocalBackend(stack, &cdktf.LocalBackendConfig{Path: jsii.String("terraform.tfstate")})
	parts(stack)
	constructs.Synthesize(app)
	content, err := os.ReadFile(filepath.Join(out, "stacks", "stack", "cdk.tf.json"))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// try runs Terraform and returns what it said.
func (d *deployment) try(args ...string) (string, error) {
	cmd := exec.Command("terraform", append(args, "-no-color")...)
	cmd.Dir, cmd.Env = d.dir, d.env
	start := time.Now()
	output, err := cmd.CombinedOutput()
	d.Logf("terraform %v: %v", args, time.Since(start).Round(time.Second))
	return string(output), err
}

// terraform runs Terraform, which must succeed.
func (d *deployment) terraform(args ...string) string {
	d.Helper()
	output, err := d.try(args...)
	if err != nil {
		d.Fatalf("terraform %v: %v\n%s", args, err, output)
	}
	return output
}

// apply applies what the folder holds.
func (d *deployment) apply() {
	d.Helper()
	d.terraform("apply", "-auto-approve")
}

// unchanged fails the test unless a plan finds nothing to do.
func (d *deployment) unchanged() {
	d.Helper()
	if output, err := d.try("plan", "-detailed-exitcode"); err != nil {
		d.Errorf("the plan is not empty (%v):\n%s", err, output)
	}
}

// refused fails the test unless a command ends with an error that says all of
// saying, and then all that was there is still there.
func (d *deployment) refused(args []string, saying ...string) {
	d.Helper()
	before := d.terraform("state", "list")
	output, err := d.try(args...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		d.Fatalf("terraform %v ended with %v, want it to fail:\n%s", args, err, output)
	}
	for _, s := range saying {
		if !strings.Contains(strings.Join(strings.Fields(output), " "), s) {
			d.Errorf("terraform %v does not say %q:\n%s", args, s, output)
		}
	}
	if after := d.terraform("state", "list"); after != before {
		d.Errorf("terraform %v changed the state:\n%s", args, output)
	}
}

// output is the value of one of the stack's outputs.
func (d *deployment) output(name string) string {
	d.Helper()
	var value string
	if err := json.Unmarshal([]byte(d.terraform("output", "-json", name)), &value); err != nil {
		d.Fatal(err)
	}
	return value
}
