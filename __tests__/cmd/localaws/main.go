// Command localaws runs an AWS on this machine, to deploy onto without an
// account.
//
//	localaws serve             until Ctrl-C; prints what to export
//	localaws run -- CMD ARG…   for as long as one command takes
//	localaws check             names the missing tools
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"example.com/webserver-cluster/tests/localaws"
)

func main() {
	err := command().Execute()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit): // the command that was run has said why
		os.Exit(exitCode(exit))
	case err != nil:
		fmt.Fprintf(os.Stderr, "localaws: %v\n", err)
		os.Exit(1)
	}
}

func command() *cobra.Command {
	options := localaws.Options{Log: func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
	}}
	root := &cobra.Command{
		Use:           "localaws",
		Short:         "Run an AWS on this machine, to deploy onto without an account",
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return localaws.CheckTools(cmd.Context())
		},
	}
	flags := root.PersistentFlags()
	flags.IntVar(&options.Port, "port", 0, "port on 127.0.0.1; 0 takes a free one")
	flags.StringVar(&options.Region, "region", "", "region for commands that name none (default: the one in the project's cdktf.json, else us-east-1)")
	flags.BoolVar(&options.Servers, "servers", false, "run instances and load balancers for real (default no; for serve, yes)")
	flags.Float64Var(&options.TimeFactor, "time-factor", 1, "how fast AWS's time runs: at 10, its 60 s take 6 s")
	flags.StringVar(&options.BuildDir, "build-dir", "", "where moto is installed, if need be, and logs (default build/localaws in the project)")

	root.AddCommand(
		serveCommand(&options),
		runCommand(&options),
		&cobra.Command{
			Use:   "check",
			Short: "Name each tool that is missing, and how to get it",
			Args:  cobra.NoArgs,
			RunE:  func(*cobra.Command, []string) error { return nil }, // checked before every command
		},
	)
	return root
}

// start starts the local AWS, in the app's region unless o says another.
func start(ctx context.Context, o localaws.Options) (*localaws.AWS, error) {
	if o.Region == "" {
		var err error
		if o.Region, err = localaws.AppRegion(); err != nil {
			return nil, err
		}
	}
	return localaws.Start(ctx, o)
}

func runCommand(o *localaws.Options) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "run [flags] -- COMMAND [ARGUMENT]...",
		Short: "Run a command in its environment and pass on the exit status",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return run(cmd.Context(), *o, dir, args)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "folder to run it in (default this one)")
	cmd.Flags().SetInterspersed(false) // flags after COMMAND are its own
	return cmd
}

func run(ctx context.Context, o localaws.Options, dir string, args []string) error {
	// Ctrl-C reaches the command, too, from the terminal. It may need the local
	// AWS to end well, as Terraform does, so nothing stops before it has.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)

	cloud, err := start(ctx, o)
	if err != nil {
		return err
	}
	defer cloud.Stop()
	select {
	case s := <-signals:
		return fmt.Errorf("%s during the start", s)
	default:
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), cloud.Environ()...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			return err
		case s := <-signals:
			if s == syscall.SIGTERM { // comes to this process alone
				cmd.Process.Signal(s)
			}
		}
	}
}

// exitCode is the status a shell would report: 128 + N for signal N.
func exitCode(err *exec.ExitError) int {
	if status, ok := err.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return err.ExitCode()
}
