// Command rollout brings the instances of an Auto Scaling group to its launch
// template version, waits until they serve, and rolls back if they do not.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"example.com/webserver-cluster/internal/project"
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
  rollout --group prod-web-20260102 --checkpoints 50,100 --checkpoint-delay 10m --alarms prod-web-5xx
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

// usageError is a fault in how the command was called.
type usageError struct{ error }

func exitCode(err error) int {
	if errors.As(err, new(usageError)) {
		return rollout.ExitUsage
	}
	return rollout.ExitCode(err)
}

func command() *cobra.Command {
	var at where
	var opts rollout.Options
	root := &cobra.Command{
		Use:           "rollout --group NAME",
		Short:         "Roll an Auto Scaling group's launch template out to its instances",
		Long:          about,
		Example:       examples,
		Args:          usage(cobra.NoArgs),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), at, opts) },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentFlags().StringVar(&at.group, "group", "", "name of the Auto Scaling group (required)")
	root.PersistentFlags().StringVar(&at.region, "region", "", "AWS region of the group (default: the one in cdktf.json, else as the aws command finds it)")

	flags := root.Flags()
	flags.SortFlags = false
	flags.Int64Var(&opts.Version, "template-version", 0, "launch template version that the group is expected to ask for (default: whatever it asks for)")
	flags.DurationVar(&opts.Timeout, "timeout", time.Hour, "time for the rollout; its rollback gets as much again")
	flags.BoolVar(&opts.Rollback, "rollback", true, "after a failure go back to the version of the healthy instances")
	flags.IntVar(&opts.GiveUpAfter, "give-up-after", 3, "new instances in a row that may fail before the first gets healthy; 0: AWS's limit, an hour")
	flags.DurationVar(&opts.Poll, "poll", 5*time.Second, "pause between two looks at the group")
	flags.IntVar(&opts.MinHealthy, "min-healthy", 0, "least capacity during a refresh, in percent (default: the group's maintenance policy, else 100)")
	flags.IntVar(&opts.MaxHealthy, "max-healthy", 0, "most capacity during a refresh, in percent (default: the group's maintenance policy, else 150)")
	flags.DurationVar(&opts.Warmup, "warmup", -1, "time in service before a new instance counts (default: the group's instance warmup)")
	flags.IntSliceVar(&opts.Checkpoints, "checkpoints", nil, "percentages at which to pause, the last being 100 (default: none)")
	flags.DurationVar(&opts.CheckpointDelay, "checkpoint-delay", 0, "length of that pause")
	flags.StringSliceVar(&opts.Alarms, "alarms", nil, "names of CloudWatch alarms that fail the rollout")
	flags.Lookup("warmup").DefValue = "0s" // hides the -1 that stands for the group's own
	root.CompletionOptions.DisableDefaultCmd = true

	root.AddCommand(&cobra.Command{
		Use:   "status --group NAME",
		Short: "Show the group's versions, health, refreshes and alarms",
		Args:  usage(cobra.NoArgs),
		RunE:  func(cmd *cobra.Command, _ []string) error { return status(cmd.Context(), at) },
	})
	return root
}

func run(ctx context.Context, at where, opts rollout.Options) error {
	if err := opts.Validate(); err != nil {
		return usageError{err}
	}
	cloud, err := connect(ctx, at)
	if err != nil {
		return err
	}
	if term.IsTerminal(int(os.Stdout.Fd())) {
		live := rollout.NewLive(os.Stdout)
		defer live.Close()
		return rollout.New(cloud, live, opts).Run(ctx)
	}
	return rollout.New(cloud, rollout.NewLines(os.Stdout), opts).Run(ctx)
}

func status(ctx context.Context, at where) error {
	cloud, err := connect(ctx, at)
	if err != nil {
		return err
	}
	fleet, err := cloud.Look(ctx)
	if err != nil {
		return err
	}
	alarms, err := cloud.Alarms(ctx, fleet.AlarmNames())
	if err != nil {
		return err
	}
	rollout.WriteStatus(os.Stdout, fleet, alarms)
	return nil
}

// where says which group the command is about.
type where struct{ group, region string }

func connect(ctx context.Context, at where) (*rollout.AWS, error) {
	if at.group == "" {
		return nil, usageError{errors.New("--group is missing: the name of the Auto Scaling group")}
	}
	if at.region == "" {
		var err error
		if at.region, err = project.Region("."); err != nil {
			return nil, usageError{err}
		}
	} else if rule := project.RegionRule(at.region); rule != "" {
		return nil, usageError{fmt.Errorf("--region: %q: %s", at.region, rule)}
	}
	// Without a region, the SDK goes on looking for one.
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(at.region), config.WithLogger(logging.Nop{}))
	if err != nil {
		return nil, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return nil, errors.New("no AWS region: set AWS_REGION, or a region in the AWS profile, or give --region")
	}
	return rollout.NewAWS(cfg, at.group), nil
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
