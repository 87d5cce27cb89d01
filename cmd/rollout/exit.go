package main

import (
	"errors"

	"github.com/spf13/cobra"

	"example.com/webserver-cluster/internal/rollout"
)

// Exit codes, by what the caller has to do next. The command's help lists them.
const (
	exitConverged      = 0
	exitError          = 1
	exitUsage          = 2
	exitRolledBack     = 3
	exitNotRolledBack  = 4
	exitRollbackFailed = 5
	exitInterrupted    = 130 // 128 + SIGINT, as shells have it
)

// usageError is a fault in how the command was called.
type usageError struct{ error }

// exitCode is the code for what the command returned.
func exitCode(err error) int {
	var failed *rollout.FailedError
	switch {
	case err == nil:
		return exitConverged
	case errors.As(err, new(usageError)):
		return exitUsage
	case errors.As(err, new(*rollout.InterruptedError)):
		return exitInterrupted
	case !errors.As(err, &failed):
		return exitError
	}
	switch failed.Outcome {
	case rollout.RolledBack:
		return exitRolledBack
	case rollout.RollbackFailed:
		return exitRollbackFailed
	}
	return exitNotRolledBack
}

// usage marks what a check of the arguments finds as a usageError.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}
