package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// cli is the cdktf that package.json pins.
var cli = filepath.Join("node_modules", ".bin", "cdktf")

// cdktf runs the cdktf CLI in the project's folder, with variables besides the
// environment's, and shows what it says.
func cdktf(ctx context.Context, env []string, args ...string) error {
	if _, err := os.Stat(cli); err != nil {
		return errors.New("the cdktf CLI is not installed: run npm ci")
	}
	cmd := exec.CommandContext(ctx, cli, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stderr, os.Stderr
	// Terraform then ends in order and releases its lock. A terminal's Ctrl-C reaches it by itself.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("cdktf %s: %w", args[0], err)
	}
	return nil
}
