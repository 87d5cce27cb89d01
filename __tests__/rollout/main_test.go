package rollout_test

import (
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binary is the path of the command, compiled.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "rollout")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "rollout")
	build := exec.Command("go", "build", "-o", binary, "./cmd/rollout")
	build.Dir = filepath.Join("..", "..") // the app is a module of its own
	if out, err := build.CombinedOutput(); err != nil {
		log.Printf("%v\n%s", err, out)
		return 1
	}
	return m.Run()
}
