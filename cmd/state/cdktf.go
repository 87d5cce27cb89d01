package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"example.com/webserver-cluster/internal/project"
)

// cli is the cdktf that package.json pins.
var cli = filepath.Join("node_modules", ".bin", "cdktf")

// outputFolder is where cdktf puts what the app synthesizes, and where Terraform runs.
func outputFolder() string { return project.OutputFolder(".") }

// cdktf runs the cdktf CLI and shows what it says.
func cdktf(ctx context.Context, env []string, args ...string) error {
	return run(ctx, env, os.Stderr, args...)
}

// run runs the cdktf CLI in the project's folder, with variables besides the
// environment's.
func run(ctx context.Context, env []string, output io.Writer, args ...string) error {
	if _, err := os.Stat(cli); err != nil {
		return errors.New("the cdktf CLI is not installed: run npm ci")
	}
	cmd := exec.CommandContext(ctx, cli, append(args, "--output", outputFolder())...)
	// The synthesized stacks are read in their form of JSON.
	cmd.Env = append(os.Environ(), "CDKTF_HCL=false", "SYNTH_HCL_OUTPUT=")
	cmd.Env = append(cmd.Env, env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, output, output
	// Terraform then ends in order and releases its lock. A terminal's Ctrl-C reaches it by itself.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("cdktf %s: %w", args[0], err)
	}
	return nil
}

// synthesize has the app say what the code asks for now, which is what the next
// deploy will ask for, and checks that a stack is among it. It shows only what went wrong.
func synthesize(ctx context.Context, env []string, name string) error {
	var output bytes.Buffer
	if err := run(ctx, env, &output, "synth"); err != nil {
		return fmt.Errorf("%w\n%s", err, bytes.TrimSpace(output.Bytes()))
	}
	if _, err := os.Stat(stackDir(name)); err == nil {
		return nil
	}
	entries, _ := os.ReadDir(stackDir(""))
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return fmt.Errorf("the code has no stack %q: there are %s", name, strings.Join(names, ", "))
}
