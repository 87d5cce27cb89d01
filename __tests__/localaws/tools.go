package localaws

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"

	"github.com/hashicorp/go-version"
)

// tool is a program that must be on the PATH.
type tool struct {
	name    string
	version []string // arguments that make it print its version
	min     string
	get     string // where it comes from
}

var tools = []tool{
	{"go", []string{"env", "GOVERSION"}, "1.21", "https://go.dev/dl/"}, // 1.21 and later fetch the toolchain go.mod names
	{"node", []string{"--version"}, "18", "https://nodejs.org/en/download"},
	{"npm", []string{"--version"}, "8", "it comes with Node.js, https://nodejs.org/en/download"},
	{"python3", []string{"--version"}, "3.9", "https://www.python.org/downloads/"},
	{"terraform", []string{"version"}, "1.10", "https://developer.hashicorp.com/terraform/install"},
}

// CheckTools returns an error that names every program that a deployment onto
// the local AWS needs and that is missing, broken or too old, a line each with
// how to get it.
func CheckTools(ctx context.Context) error {
	var errs []error
	for _, t := range tools {
		errs = append(errs, t.check(ctx))
	}
	return errors.Join(errs...)
}

var number = regexp.MustCompile(`\d+(\.\d+)+`)

func (t tool) check(ctx context.Context) error {
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
	return nil
}
