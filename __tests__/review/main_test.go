// Package review_test holds the rules of internal/review against what AWS, Terraform and
// the AWS provider do.
package review_test

import (
	"flag"
	"os"
	"testing"

	"example.com/webserver-cluster/internal/fastjsii"
)

var full = flag.Bool("full", false, "also what the provider itself plans for each argument")

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	defer fastjsii.Close()
	return m.Run()
}
