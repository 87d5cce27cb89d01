// Package fuzz_test draws stacks at random and holds the project to its word: what
// Validate accepts, Terraform takes. Each stack that Validate accepts is
// synthesized, and its JSON is read by HCL's own decoder with the AWS provider's
// schema, as Terraform reads it, and by AWS's rules for names and tags, which no
// schema has. A batch of them goes through Terraform itself, for the provider's own
// rules.
//
// The tests run the seeds: some that are made by number, and those in testdata that
// once found something. make fuzz looks for more.
package fuzz_test

import (
	"context"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"example.com/webserver-cluster/internal/fastjsii"
	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/provider"
)

// schemaVariable tells the processes that fuzz, which Go starts from the test's own,
// where the first one has put the schema.
const schemaVariable = "FUZZ_SCHEMA"

// terraformEnviron is what Terraform needs to find the provider; empty in the
// processes that fuzz.
var terraformEnviron []string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	defer fastjsii.Close()
	if os.Getenv(schemaVariable) == "" {
		dir, err := os.MkdirTemp("", "fuzz")
		if err != nil {
			log.Fatal(err)
		}
		defer os.RemoveAll(dir)
		cloud, err := localaws.Start(context.Background(), localaws.Options{})
		if err != nil {
			log.Fatal(err)
		}
		defer cloud.Stop()
		terraformEnviron = append(append(os.Environ(), cloud.Environ()...), provider.LessGC)
		file := filepath.Join(dir, "schema.json")
		if err := saveSchema(dir, file); err != nil {
			log.Fatal(err)
		}
		if err := os.Setenv(schemaVariable, file); err != nil {
			log.Fatal(err)
		}
	}
	return m.Run()
}

// terraform runs Terraform in a folder and returns what it prints on its standard
// output.
func terraform(dir string, arguments ...string) ([]byte, error) {
	cmd := exec.Command("terraform", arguments...)
	cmd.Dir, cmd.Env = dir, terraformEnviron
	return cmd.Output()
}
