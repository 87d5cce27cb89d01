// Command rollout-check-aws asks a real AWS account what AWS's pages leave open
// about instance refreshes, on an Auto Scaling group that it makes and removes, and
// compares the answers with what this project assumes. Without --run it makes
// nothing, and says what it would make.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"example.com/webserver-cluster/internal/faults"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/tests/localaws/clock"
)

const about = `rollout-check-aws asks AWS what its pages leave open about instance refreshes. It
makes an Auto Scaling group of two of the smallest instances, sends it through
refreshes, cancels and rollbacks, and compares what it sees with what rollout and
the local AWS assume (docs/rollout.md). Then it removes all of it, also after an
error or Ctrl-C.

Without --run it makes nothing and says what it would make and what that costs.

Exit codes:
  0    nothing was to be asked, or every answer is as assumed
  1    an answer is not as assumed, or there is none; or something failed
  2    a flag is wrong
  130  stopped by a signal; what was made is removed`

// options are the flags.
type options struct {
	region, profile, instanceType, remove string
	subnets                               []string
	run, json                             bool
	timeout, poll                         time.Duration
	factor                                float64
}

// usageError is a fault in how the command was called.
type usageError struct{ error }

// errInterrupted is returned after a signal.
var errInterrupted = errors.New("interrupted")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it on the spot
	err := command().ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "rollout-check-aws:", err)
	}
	switch {
	case err == nil:
		os.Exit(0)
	case errors.As(err, new(usageError)):
		os.Exit(2)
	case errors.Is(err, errInterrupted):
		os.Exit(130) // 128 + SIGINT, as shells have it
	}
	os.Exit(1)
}

func command() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:           "rollout-check-aws",
		Short:         "Ask a real AWS account what AWS's pages leave open about instance refreshes",
		Long:          about,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("%q: it takes flags only", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return o.do(cmd.Context(), cmd.OutOrStdout()) },
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&o.run, "run", false, "make the group, ask, and remove it")
	flags.StringVar(&o.remove, "remove", "", "remove what a killed run of that name left, and do nothing else")
	flags.StringVar(&o.region, "region", "", "AWS region (default: the one in cdktf.json, else as the aws command finds it)")
	flags.StringVar(&o.profile, "profile", "", "profile in the AWS configuration (default: as the aws command finds it)")
	flags.StringVar(&o.instanceType, "instance-type", "t4g.nano", "t4g.nano, or t3.nano where there is none")
	flags.StringSliceVar(&o.subnets, "subnets", nil, "two subnets in different zones (default: two of the default VPC)")
	flags.DurationVar(&o.timeout, "timeout", 90*time.Minute, "time for all questions; the removal comes after it")
	flags.DurationVar(&o.poll, "poll", 2*time.Second, "pause between two looks")
	flags.BoolVar(&o.json, "json", false, "print the answers as JSON")
	flags.Float64Var(&o.factor, "time-factor", 1, "how fast the time of a local AWS runs")
	flags.MarkHidden("time-factor")
	return cmd
}

// namePrefix starts the names of everything that is made.
const namePrefix = "rollout-check-"

var (
	nameRule   = regexp.MustCompile(`^` + namePrefix + `[0-9a-f]{8}$`)
	subnetRule = regexp.MustCompile(`^subnet-[0-9a-f]+$`)

	// architectures are those of the instance types, as Amazon Linux's SSM
	// parameters have them.
	architectures = map[string]string{"t4g.nano": "arm64", "t3.nano": "x86_64"}
)

// validate returns every fault of the flags.
func (o options) validate() error {
	var f faults.List
	if o.region != "" {
		if rule := project.RegionRule(o.region); rule != "" {
			f.Add("--region", o.region, "%s", rule)
		}
	}
	if architectures[o.instanceType] == "" {
		f.Add("--instance-type", o.instanceType, "must be t4g.nano or t3.nano")
	}
	if n := len(o.subnets); n != 0 && n != 2 {
		f.Add("--subnets", strings.Join(o.subnets, ","), "must be two")
	}
	for _, id := range o.subnets {
		if !subnetRule.MatchString(id) {
			f.Add("--subnets", id, "must be the id of a subnet, such as subnet-0123456789abcdef0")
		}
	}
	if o.remove != "" && !nameRule.MatchString(o.remove) {
		f.Add("--remove", o.remove, "must be a name that a run printed, such as rollout-check-0a1b2c3d")
	}
	if o.remove != "" && o.run {
		f.Add("--remove", o.remove, "does not go with --run")
	}
	for flag, d := range map[string]time.Duration{"--timeout": o.timeout, "--poll": o.poll} {
		if d <= 0 {
			f.Add(flag, d, "must be above 0")
		}
	}
	return f.Err()
}

func (o options) do(ctx context.Context, out io.Writer) error {
	if err := o.validate(); err != nil {
		return usageError{err}
	}
	c, err := o.connect(ctx, clock.New(o.factor))
	if err != nil {
		return err
	}
	say := func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
	if o.remove != "" {
		return c.removeLeft(ctx, o.remove, say)
	}
	p, err := o.plan(ctx, c)
	if err != nil {
		return err
	}
	if !o.run {
		fmt.Fprintln(out, p)
		return nil
	}
	say("%s", p.what())
	l := newLab(c, p, say)
	asked, err := l.run(ctx)
	if asked {
		err = errors.Join(err, l.report(out, o.json))
	}
	switch {
	case err != nil && !errors.Is(err, context.Canceled):
		return err
	case ctx.Err() != nil:
		return errInterrupted
	}
	return l.verdict()
}
