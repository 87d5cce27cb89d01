// Command rollout brings the instances of an Auto Scaling group to its launch
// template version, waits until they serve, and rolls back if they do not.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"example.com/webserver-cluster/internal/rollout"
)

const about = `rollout brings every instance of an Auto Scaling group to a launch template
version, whoever made the group: each one runs it, is in service, and is healthy
in the group's target groups.

The version is that of --template-version. AWS replaces the instances by an
instance refresh, and gives the group the new version when all of them serve.
Without the flag it is the group's own version, for a group that got its new
version before.

It follows an instance refresh that is under way, starts one if none is, and
returns at once if there is nothing to do. If the refresh fails or is cancelled,
new instances do not get healthy, or the time is up, the group goes back to the
version before: AWS rolls the refresh back, or rollout starts one that does.

It can be stopped at any time: AWS goes on, and the next run takes over.

The region is that of --region, else the one in cdktf.json in the working folder,
else the one that the aws command would take. Credentials are found the way the
aws command finds them; --profile and --role-arn are as in Terraform's AWS
provider.

A refresh has the preferences of --preferences, as in "aws autoscaling
start-instance-refresh --preferences": MinHealthyPercentage, MaxHealthyPercentage,
InstanceWarmup, CheckpointPercentages, CheckpointDelay and AlarmSpecification.
What is left out is the group's: its instance maintenance policy (without one: 100
and 150 %) and its default instance warmup. A rollback has neither checkpoints nor
alarms. An alarm that is on before the rollout, or has no data, does not stop it
unless it is OK first.

Each flag that is not given comes from the environment, if it is there: --poll
from ROLLOUT_POLL, --preferences from ROLLOUT_PREFERENCES.

Exit codes:
  0    every instance serves the wanted version
  1    AWS could not be asked, or refused
  2    a flag is missing or wrong, or cdktf.json is
  3    the rollout failed; the version before serves again
  4    the rollout failed; nothing was rolled back
  5    the rollout failed, and so did its rollback
  130  stopped by a signal; AWS goes on
"go run" turns each of them but 0 into 1.

Permissions (the last three for AWS's own check of the launch template):
  `

const examples = `  rollout --group stage-web-20260102
  rollout --group stage-web-20260102 --template lt-0123456789abcdef0 --template-version 7
  rollout --group prod-web-20260102 --preferences '{"CheckpointPercentages": [50, 100], "CheckpointDelay": 600}'
  rollout status --group stage-web-20260102`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it on the spot
	err := command().ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "rollout:", err)
	}
	os.Exit(exitCode(err))
}

func command() *cobra.Command {
	var at where
	var flags rolloutFlags
	root := &cobra.Command{
		Use:           "rollout --group NAME",
		Short:         "Roll an Auto Scaling group's launch template out to its instances",
		Long:          about + strings.Join(rollout.Permissions, "\n  "),
		Example:       examples,
		Args:          usage(cobra.NoArgs),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return run(cmd, at, &flags) },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return fromEnvironment(cmd.Flags())
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	at.add(root.PersistentFlags())
	flags.add(root.Flags())
	root.CompletionOptions.DisableDefaultCmd = true

	root.AddCommand(&cobra.Command{
		Use:   "status --group NAME",
		Short: "Show the group's versions, health, refreshes and alarms",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return status(cmd.Context(), at) },
	})
	return root
}

func run(cmd *cobra.Command, at where, flags *rolloutFlags) error {
	opts, err := flags.options(cmd.Flags())
	if err != nil {
		return usageError{err}
	}
	cloud, own, err := at.connect(cmd.Context())
	if err != nil {
		return err
	}
	var report rollout.Reporter = &lines{w: os.Stdout}
	if term.IsTerminal(int(os.Stdout.Fd())) {
		screen := newLive(os.Stdout)
		defer screen.Close()
		report = screen
	}
	if text := expiring(cmd.Context(), own, opts.Timeout+opts.Preferences.Pauses()); text != "" {
		if opts.Rollback && opts.Version != 0 {
			text += ", and goes back by itself if the refresh fails"
		}
		report.Say("! %s; run it again with new ones to see", text)
	}
	return rollout.New(cloud, report, opts).Run(cmd.Context())
}

func status(ctx context.Context, at where) error {
	cloud, _, err := at.connect(ctx)
	if err != nil {
		return err
	}
	fleet, err := cloud.Describe(ctx)
	if err != nil {
		return err
	}
	alarms, err := cloud.Alarms(ctx, fleet.AlarmNames())
	if err != nil {
		return err
	}
	writeStatus(os.Stdout, fleet, alarms)
	return nil
}
