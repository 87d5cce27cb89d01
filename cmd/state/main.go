// Command state looks after the Terraform states of the project: it makes the
// bucket and the table that hold them, and repairs them when something went
// wrong.
//
//	state bootstrap           makes bucket and table in an empty account
//	state check [STACK]...    says whether everything is in order
//	state deploy STACK        deploys under a lock that can be told from any other
//	state unlock STACK        unlocks the state of a killed deploy
//	state adopt STACK         imports what a killed deploy made but did not record
//	state versions STACK      lists the versions of a state
//	state rollback STACK V    makes an older version the newest one
//	state lock-mode MODE      moves the locks from DynamoDB to S3 or back
//
// Run it in the project's folder. AWS credentials come from where all AWS
// tools take them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"example.com/webserver-cluster/internal/environ"
	"example.com/webserver-cluster/internal/faults"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/state"
)

// Exit statuses.
const (
	exitFailed      = 1 // something failed, or check found something
	exitUsage       = 2 // the command line is wrong
	exitLocked      = 3 // somebody holds the lock, or may still be running
	exitUnconfirmed = 4 // a question was not answered with yes
)

const exitHelp = `
Exit status:
  0  done, or nothing to do
  1  something failed, or check found something wrong
  2  wrong command line
  3  somebody else holds the lock, or its holder may still be running
  4  a question was not answered with "yes": nothing was done from there on
`

func main() {
	if filepath.Base(os.Args[0]) == state.DeployTerraform {
		os.Exit(underLock(os.Args[1:]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "state: %v\n", err)
		os.Exit(exitStatus(err))
	}
}

func exitStatus(err error) int {
	var locked *state.LockedError
	var usage usageError
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &locked), errors.Is(err, errMayRun):
		return exitLocked
	case errors.Is(err, errUnconfirmed):
		return exitUnconfirmed
	}
	return exitFailed
}

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "state",
		Short: "Look after the Terraform states in the state bucket",
		Long: `Look after the Terraform states in the state bucket.
` + exitHelp + `
"go run" makes 1 of every status but 0: a script that tells them apart builds the command first.
`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          arguments(cobra.NoArgs),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.HasParent() { // prints its help only
				return nil
			}
			return checkEnvironment()
		},
	}
	cmd.CompletionOptions.DisableDefaultCmd = true
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, err) })
	cmd.AddCommand(bootstrapCommand(), checkCommand(), deployCommand(), unlockCommand(), adoptCommand(), versionsCommand(), rollbackCommand(), lockModeCommand())
	return cmd
}

// checkEnvironment refuses an environment in which Terraform or cdktf would work
// on something else than this command looks at.
func checkEnvironment() error {
	var f faults.List
	if name, _, _ := strings.Cut(localBackend, "="); os.Getenv(name) != "" {
		f.Add("environment variable "+name, os.Getenv(name), "is for bootstrap to set: unset it")
	}
	return errors.Join(f.Err(), environ.Check(os.Environ(), outputFolder()))
}

// usageError is a fault of the command line.
type usageError struct{ error }

func usage(cmd *cobra.Command, err error) error {
	path := strings.TrimPrefix(cmd.CommandPath(), "state")
	return usageError{fmt.Errorf("%w\nSee: %s%s --help", err, command, path)}
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

// open opens the store of the project in the working folder.
func open(ctx context.Context) (*state.Store, error) {
	s, err := project.LoadFile(".")
	if err != nil {
		return nil, err
	}
	return state.Open(ctx, s, advise)
}

// openStack opens the store and finds a stack in it.
func openStack(ctx context.Context, name string) (*state.Store, state.Stack, error) {
	store, err := open(ctx)
	if err != nil {
		return nil, state.Stack{}, err
	}
	return store, store.Stack(name), nil
}
