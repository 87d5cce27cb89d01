// Command database looks after what is inside the environments' databases.
//
//	database user ENVIRONMENT    makes the user that its servers log in as
//
// Run it in the project's folder. AWS credentials come from where all AWS tools take
// them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit statuses.
const (
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a fault of the command line.
type usageError struct{ error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "database: %v\n", err)
		if errors.As(err, new(usageError)) {
			os.Exit(exitUsage)
		}
		os.Exit(exitFailed)
	}
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "database",
		Short:         "Look after what is inside the environments' databases",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          arguments(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.CompletionOptions.DisableDefaultCmd = true
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, err) })
	cmd.AddCommand(userCommand())
	return cmd
}

func usage(cmd *cobra.Command, err error) error {
	return usageError{fmt.Errorf("%w\nSee: go run ./cmd/%s --help", err, cmd.CommandPath())}
}

// arguments has the faults that check finds end with exitUsage.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usage(cmd, err)
		}
		return nil
	}
}
