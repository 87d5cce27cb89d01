// Command review says what users are going to feel of a change before it is deployed:
// what the working tree makes of each stack, compared with a commit, or what a plan of
// Terraform's or OpenTofu's does.
//
//	review                          the working tree, compared with the main branch
//	review --plan stage             as Terraform plans it, which takes credentials
//	review --plan-file stage.plan   a plan that was made before
//
// Run it in the project's folder.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"example.com/webserver-cluster/internal/environ"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/review"
)

const about = `review says what users are going to feel of a change before it is deployed: nothing,
rolling (instances are replaced, without an interruption), interruption, or data at
risk; refused, where Terraform or AWS refuses the change, and unknown, where no rule
knows it. Then why, what changes in each stack, what came or went of what tells
stage from prod, and what AWS charges for.

Without a plan it needs no credentials: it synthesizes the working tree as it is and
the commit that it is compared with, which is the last one that HEAD has in common
with the main branch, unless --base names another one. With a plan, it has what
Terraform itself is going to do, and what others have changed on AWS. Nothing is
changed, neither on AWS nor in this folder.

Run it in the project's folder.`

const exitHelp = `Exit status:
  0  done
  1  --fail-on: a stack reaches it, or is refused or unknown, which always do
  2  wrong command line, environment or input, or something failed

"go run" makes 1 of every status but 0. A script that tells them apart runs
make review ARGS='...', where make itself makes 2 of every status but 0, or, best:
  go build -o build/bin/review ./cmd/review && build/bin/review --fail-on interruption`

// errReached means that --fail-on was reached.
var errReached = errors.New("")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := root().ExecuteContext(ctx)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case errors.Is(err, errReached):
		os.Exit(1)
	case err != nil && interrupted:
		fmt.Fprintln(os.Stderr, "review: interrupted")
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "review:", err)
		os.Exit(2)
	}
}

// flags are those of the command line.
type flags struct {
	base      string
	plan      bool
	planFiles []string
	format    string
	failOn    string
	output    string
	verbose   bool
}

var (
	formats = []string{"text", "markdown", "json"}
	limits  = []string{review.Rolling.Word(), review.Interruption.Word(), review.DataAtRisk.Word()}
)

func root() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "review [STACK...]",
		Short: "Say what users are going to feel of a change before it is deployed",
		Long:  about + "\n\n" + exitHelp,
		Example: `  go run ./cmd/review
  go run ./cmd/review --plan stage
  go run ./cmd/review --plan-file stage=plan.json --base none
  go run ./cmd/review --format markdown --output build/review.md`,
		SilenceUsage: true, SilenceErrors: true,
		RunE: func(cmd *cobra.Command, stacks []string) error {
			return run(cmd.Context(), cmd.OutOrStdout(), stacks, f)
		},
	}
	cmd.CompletionOptions.DisableDefaultCmd = true
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return fmt.Errorf("%w; see: go run ./cmd/review --help", err)
	})
	cmd.Flags().StringVar(&f.base, "base", "", `commit to compare with, or "none" (default: where HEAD left the main branch)`)
	cmd.Flags().BoolVar(&f.plan, "plan", false, "have Terraform plan each stack; wants AWS credentials")
	cmd.Flags().StringArrayVar(&f.planFiles, "plan-file", nil, `[STACK=]FILE: a plan, as "plan -out" or "show -json" writes it; may be repeated`)
	cmd.Flags().StringVar(&f.format, "format", formats[0], strings.Join(formats, ", "))
	cmd.Flags().StringVar(&f.failOn, "fail-on", "", "exit with 1 where a stack reaches this: "+strings.Join(limits, ", "))
	cmd.Flags().StringVar(&f.output, "output", "", "file to write to (default: the standard output)")
	cmd.Flags().BoolVar(&f.verbose, "verbose", false, "everything, also what users do not notice (text)")
	return cmd
}

// check refuses values of flags that mean nothing.
func (f flags) check() error {
	switch {
	case !slices.Contains(formats, f.format):
		return fmt.Errorf("--format: %q: must be one of %s", f.format, strings.Join(formats, ", "))
	case f.failOn != "" && !slices.Contains(limits, f.failOn):
		return fmt.Errorf("--fail-on: %q: must be one of %s", f.failOn, strings.Join(limits, ", "))
	case f.base == noBase && !f.plan && len(f.planFiles) == 0:
		return errors.New("--base: none leaves nothing to compare with: give --plan or --plan-file, too")
	}
	return nil
}

func run(ctx context.Context, out io.Writer, stacks []string, f flags) error {
	if err := f.check(); err != nil {
		return err
	}
	if _, err := project.LoadFile("."); err != nil {
		return err
	}
	if err := environ.Check(os.Environ(), project.OutputFolder(".")); err != nil {
		return err
	}
	w, err := newWork(ctx)
	if err != nil {
		return err
	}
	defer w.clean()
	report, err := w.review(stacks, f)
	w.clean() // before anything is written: a pipe that nobody reads any more ends this program
	if err != nil {
		return err
	}
	if err := write(out, report, f); err != nil {
		return err
	}
	if f.failOn == "" {
		return nil
	}
	limit := review.Level(slices.Index(review.Levels, f.failOn))
	if slices.ContainsFunc(report.Stacks, func(v review.Verdict) bool { return v.Level.Reaches(limit) }) {
		return errReached
	}
	return nil
}

// write writes the report to a file, or to the standard output as that can show it.
func write(out io.Writer, report review.Report, f flags) (err error) {
	style := review.Style{Verbose: f.verbose}
	if f.output != "" {
		file, failed := os.Create(f.output)
		if failed != nil {
			return fmt.Errorf("--output: %w", failed)
		}
		defer func() { err = errors.Join(err, file.Close()) }()
		out = file
	} else if terminal := int(os.Stdout.Fd()); term.IsTerminal(terminal) {
		style.Width, _, _ = term.GetSize(terminal)
		// https://no-color.org
		style.Colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	switch f.format {
	case "markdown":
		return report.WriteMarkdown(out)
	case "json":
		return report.WriteJSON(out)
	}
	return report.WriteText(out, style)
}
