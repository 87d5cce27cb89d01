// Command rollout brings the instances of an Auto Scaling group to its launch
// template version, waits until they serve, and rolls back if they do not.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"example.com/webserver-cluster/internal/rollout"
)

const about = `rollout makes an Auto Scaling group converge: every instance runs the launch
template version that the group asks for, is in service, and is healthy in the
group's target groups.

It follows an instance refresh that is under way, starts one if instances are on
another version and none is, and returns at once if there is nothing to do. If
the rollout fails (the refresh failed or was cancelled, new instances do not get
healthy, the time is up) it rolls back, with an instance refresh to the version
that the healthy instances run.

It can be stopped at any time: AWS goes on, and the next run takes over.

The region is that of --region, else the one in cdktf.json in the working folder,
else the one that the aws command would take. Credentials are found the way the
aws command finds them.

A refresh that rollout starts itself has the preferences of --preferences, as in
"aws autoscaling start-instance-refresh --preferences": MinHealthyPercentage,
MaxHealthyPercentage, InstanceWarmup, CheckpointPercentages, CheckpointDelay and
AlarmSpecification. What is left out is the group's: its instance maintenance
policy (without one: 100 and 150 %) and its default instance warmup. A rollback
has neither checkpoints nor alarms.

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

Permissions:
  autoscaling:DescribeAutoScalingGroups, DescribeInstanceRefreshes,
  DescribeScalingActivities, StartInstanceRefresh, CancelInstanceRefresh
  elasticloadbalancing:DescribeTargetHealth
  ec2:RunInstances and iam:PassRole, as for the group's launch template
  cloudwatch:DescribeAlarms (status only)`

const examples = `  rollout --group stage-web-20260102
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
		Long:          about,
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
	root.PersistentFlags().StringVar(&at.group, "group", "", "name of the Auto Scaling group (required)")
	root.PersistentFlags().StringVar(&at.region, "region", "", "AWS region of the group (default: the one in cdktf.json, else as the aws command finds it)")

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
	cloud, err := connect(cmd.Context(), at)
	if err != nil {
		return err
	}
	if term.IsTerminal(int(os.Stdout.Fd())) {
		screen := newLive(os.Stdout)
		defer screen.Close()
		return rollout.New(cloud, screen, opts).Run(cmd.Context())
	}
	return rollout.New(cloud, &lines{w: os.Stdout}, opts).Run(cmd.Context())
}

func status(ctx context.Context, at where) error {
	cloud, err := connect(ctx, at)
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
