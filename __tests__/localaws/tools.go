package localaws

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/go-version"
)

// tool is a program that must be on the PATH.
type tool struct {
	name    string
	version []string // arguments that make it print its version
	min     string
	get     string // where it comes from
	bad     []badVersions
}

// badVersions are versions that run and yet do not do.
type badVersions struct {
	which   string // a constraint of github.com/hashicorp/go-version
	why     string
	instead string
}

var tools = []tool{
	{name: "go", version: []string{"env", "GOVERSION"}, min: "1.21", get: "https://go.dev/dl/"}, // 1.21 and later fetch the toolchain go.mod names
	{name: "node", version: []string{"--version"}, min: "20", get: "https://nodejs.org/en/download"},
	{name: "npm", version: []string{"--version"}, min: "8", get: "it comes with Node.js, https://nodejs.org/en/download"},
	{name: "python3", version: []string{"--version"}, min: "3.10", get: "https://www.python.org/downloads/"}, // moto's oldest
}

// 1.10 of both has the S3 backend's own lock.
var (
	terraform = tool{
		name: "terraform", version: []string{"version"}, min: "1.10", get: "https://developer.hashicorp.com/terraform/install",
		bad: []badVersions{{
			which:   ">= 1.15.0, < 1.15.2",
			why:     "terraform output -json prints a warning behind the JSON, and cdktf output fails (https://github.com/hashicorp/terraform/issues/38530)",
			instead: "1.15.2 or later, or 1.14",
		}},
	}
	openTofu = tool{name: "tofu", version: []string{"version"}, min: "1.10", get: "https://opentofu.org/docs/intro/install/"}
)

// binaryVariable tells cdktf of another Terraform than the one called
// terraform: OpenTofu, or a version beside others.
const binaryVariable = "TERRAFORM_BINARY_NAME"

// terraformBinary is the name or path of the Terraform that cdktf runs.
func terraformBinary() string { return cmp.Or(os.Getenv(binaryVariable), terraform.name) }

// usesOpenTofu tells whether it is OpenTofu, by its name.
func usesOpenTofu() bool {
	return strings.HasPrefix(filepath.Base(terraformBinary()), openTofu.name)
}

// CheckTools returns an error that names every program that a deployment onto
// the local AWS needs and that is missing, broken, too old or known not to do, a
// line each with how to get it, and a mirror without the provider. Of Terraform and OpenTofu it checks the one that
// TERRAFORM_BINARY_NAME names, by default terraform.
func CheckTools(ctx context.Context) error {
	last := terraform
	if usesOpenTofu() {
		last = openTofu
	}
	last.name = terraformBinary()
	all := append(slices.Clone(tools), last)
	errs := make([]error, len(all)+1)
	var checks sync.WaitGroup
	for i, t := range all {
		checks.Go(func() { errs[i] = t.check(ctx) })
	}
	_, errs[len(all)] = chooseMirror()
	checks.Wait()
	return errors.Join(errs...)
}

// number finds a version without what may follow it, such as -rc1 or +ent: a
// preview has the faults of its version.
var number = regexp.MustCompile(`\d+(\.\d+)+`)

func (t tool) check(ctx context.Context) error {
	// cdktf runs it in each stack's folder, where another file would be meant.
	if filepath.Base(t.name) != t.name && !filepath.IsAbs(t.name) {
		return fmt.Errorf("%s=%s: must be a name on the PATH or an absolute path", binaryVariable, t.name)
	}
	if _, err := exec.LookPath(t.name); err != nil {
		return fmt.Errorf("%s %s or later is needed and not on the PATH: %s", t.name, t.min, t.get)
	}
	output, err := exec.CommandContext(ctx, t.name, t.version...).Output()
	if err != nil {
		return fmt.Errorf("%s %s or later is needed; the one on the PATH does not run (%w): %s", t.name, t.min, err, t.get)
	}
	found, err := version.NewVersion(number.FindString(string(output)))
	if err != nil {
		return fmt.Errorf("%s %s or later is needed; the one on the PATH prints %q as its version: %s", t.name, t.min, output, t.get)
	}
	if found.LessThan(version.Must(version.NewVersion(t.min))) {
		return fmt.Errorf("%s %s or later is needed, %s is on the PATH: %s", t.name, t.min, found, t.get)
	}
	if strings.HasPrefix(string(output), "OpenTofu ") { // under whatever name
		t.bad = openTofu.bad
	}
	for _, bad := range t.bad {
		if version.MustConstraints(version.NewConstraint(bad.which)).Check(found) {
			return fmt.Errorf("%s %s is on the PATH and does not do: %s; install %s: %s", t.name, found, bad.why, bad.instead, t.get)
		}
	}
	return nil
}
