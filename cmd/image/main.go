// Command image looks after what the environments' instances run: their images, and the
// applications on them.
//
//	image show ENVIRONMENT...      what is pinned, and what runs
//	image history ENVIRONMENT      what was pinned or deployed before, when, by whom
//	image set ENVIRONMENT AMI      pins an image
//	image promote FROM TO          pins what all instances of another environment run
//	image back ENVIRONMENT         pins what was pinned before
//
// Nothing reaches an instance before the environment's next deploy. Run it in the
// project's folder.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"example.com/webserver-cluster/internal/identity"
	"example.com/webserver-cluster/internal/image"
	"example.com/webserver-cluster/internal/project"
)

const about = `image looks after what the instances of an environment run: their image, and the
application on it. What is pinned (PinAMI, Application.Pin) stands in SSM
parameters, which keep their history. Nothing reaches an instance before the
environment's next deploy.

Run it in the project's folder. The region is that of cdktf.json; credentials are
found the way the aws command finds them. Where an environment has a profile or a
role of its own (Profile, AssumeRoleARN), it is taken from what was synthesized
last, in cdktf.out.

Exit status:
  0  done, or nothing to do
  1  AWS could not be asked or refused, or the rule that the message names
  2  wrong command line, or wrong cdktf.json`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		if errors.As(err, new(usageError)) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

// usageError is a fault of the command line, or of cdktf.json.
type usageError struct{ error }

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use: "image", Short: "Look after what the environments' instances run", Long: about,
		SilenceUsage: true, SilenceErrors: true,
		Args: arguments(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.CompletionOptions.DisableDefaultCmd = true
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	cmd.AddCommand(showCommand(), historyCommand(), setCommand(), promoteCommand(), backCommand())
	return cmd
}

func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%w; see: go run ./cmd/image %s --help", err, cmd.Name())}
		}
		return nil
	}
}

// on is a command's work on the environments that its first arguments name, as many as
// it takes; rest are the other arguments.
func on(n int, work func(cmd *cobra.Command, environments []*image.Environment, rest []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if n > len(args) {
			n = len(args)
		}
		var environments []*image.Environment
		settings, err := project.Load(".")
		if err != nil {
			return usageError{err}
		}
		for _, name := range args[:n] {
			e, err := open(cmd.Context(), settings, name)
			if err != nil {
				return err
			}
			environments = append(environments, e)
		}
		return work(cmd, environments, args[n:])
	}
}

var environmentRule = regexp.MustCompile(`^[a-z][a-z0-9]*$`)

func open(ctx context.Context, settings project.Settings, name string) (*image.Environment, error) {
	if !environmentRule.MatchString(name) || name == project.StateStack {
		return nil, usageError{fmt.Errorf("environment: %q: must be the name of an environment, such as stage", name)}
	}
	who, err := identity.OfEnvironment(settings, name)
	if err != nil {
		return nil, err
	}
	cfg, _, err := who.Config(ctx, settings.Region)
	if err != nil {
		return nil, err
	}
	return image.Open(cfg, settings, name), nil
}

func setCommand() *cobra.Command {
	return &cobra.Command{
		Use: "set ENVIRONMENT AMI", Short: "Pin an image",
		Example: "  go run ./cmd/image set prod ami-0123456789abcdef0",
		Args:    arguments(cobra.ExactArgs(2)),
		RunE: on(1, func(cmd *cobra.Command, e []*image.Environment, rest []string) error {
			if !amiRule.MatchString(rest[0]) {
				return usageError{fmt.Errorf("AMI: %q: must be an id: ami- and 8 or 17 hexadecimal digits", rest[0])}
			}
			c, err := e[0].Set(cmd.Context(), rest[0])
			return report(cmd, e[0], err, c)
		}),
	}
}

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
var amiRule = regexp.MustCompile(`^ami-([0-9a-f]{8}|[0-9a-f]{17})$`)

func promoteCommand() *cobra.Command {
	return &cobra.Command{
		Use: "promote FROM TO", Short: "Pin what all instances of another environment run",
		Long: `Pin, in the environment TO, what all instances of the environment FROM run: the
image, and the application, which is copied and checked by its digest. All of
them have to be in service, healthy and of one version, with no instance refresh
under way.`,
		Example: "  go run ./cmd/image promote stage prod",
		Args:    arguments(cobra.ExactArgs(2)),
		RunE: on(2, func(cmd *cobra.Command, e []*image.Environment, _ []string) error {
			if e[0].Name == e[1].Name {
				return usageError{fmt.Errorf("TO: %q: is FROM, too", e[1].Name)}
			}
			changes, err := e[0].Promote(cmd.Context(), e[1])
			return report(cmd, e[1], err, changes...)
		}),
	}
}

func backCommand() *cobra.Command {
	var application bool
	var architecture string
	cmd := &cobra.Command{
		Use: "back ENVIRONMENT", Short: "Pin what was pinned before",
		Example: "  go run ./cmd/image back prod\n  go run ./cmd/image back prod --application",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: on(1, func(cmd *cobra.Command, e []*image.Environment, _ []string) error {
			kind := image.Image
			if application {
				kind = image.Application
			}
			c, err := e[0].Back(cmd.Context(), kind, architecture)
			return report(cmd, e[0], err, c)
		}),
	}
	cmd.Flags().BoolVar(&application, "application", false, "the application (default: the image)")
	cmd.Flags().StringVar(&architecture, "architecture", "", "of the image, where there are several: x86_64 or arm64")
	return cmd
}

// report says what has changed, also where something failed afterwards.
func report(cmd *cobra.Command, e *image.Environment, err error, changes ...image.Change) error {
	if err != nil && len(changes) == 1 && changes[0] == (image.Change{}) {
		return err
	}
	changed := false
	for _, c := range changes {
		if c.From == c.To {
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s is pinned already\n", c.Parameter, short(c.Kind, c.To))
			continue
		}
		changed = true
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, was %s\n", c.Parameter, short(c.Kind, c.To), short(c.Kind, c.From))
	}
	if changed {
		fmt.Fprintf(cmd.OutOrStdout(), "It comes with the next deploy: npx cdktf deploy %s\n", e.Name)
	}
	return err
}

// short is an image's id, or as much of a digest as tells one from others.
func short(kind image.Kind, runs string) string {
	if kind != image.Image && len(runs) == 64 {
		return runs[:12]
	}
	return strings.TrimSpace(runs)
}
