// Package examples_test synthesizes every example that is an app, and has Terraform,
// with the AWS provider's schema, validate what comes out. The one in plain Terraform
// it applies.
package examples_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/provider"
)

func TestExamples(t *testing.T) {
	ctx := context.Background()
	if err := localaws.CheckTools(ctx); err != nil {
		t.Fatal(err)
	}
	cloud, err := localaws.Start(ctx, localaws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	examples, err := filepath.Glob("../../examples/*/main.go")
	if err != nil || len(examples) < 5 {
		t.Fatalf("the examples are %v (%v)", examples, err)
	}
	for _, example := range examples {
		name := filepath.Base(filepath.Dir(example))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			run := func(dir string, args ...string) {
				t.Helper()
				cmd := exec.Command(args[0], args[1:]...)
				cmd.Dir, cmd.Env = dir, append(append(os.Environ(), cloud.Environ()...), provider.LessGC, "CDKTF_OUTDIR="+out)
				if output, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v: %v\n%s", args, err, output)
				}
			}
			run("../..", "go", "run", "./examples/"+name)
			stack := filepath.Join(out, "stacks", name)
			run(stack, "terraform", "init", "-backend=false")
			run(stack, "terraform", "validate")
		})
	}
}
