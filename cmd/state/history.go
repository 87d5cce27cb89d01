package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"example.com/webserver-cluster/internal/state"
)

func versionsCommand() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:     "versions STACK",
		Short:   "List the versions of a state, newest first",
		Example: "  go run ./cmd/state versions stage\n  go run ./cmd/state versions prod --limit 100",
		Args:    arguments(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if limit < 1 {
				return usage(cmd, fmt.Errorf("--limit: %d: must be 1 or more", limit))
			}
			_, stack, err := openStack(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			versions, err := stack.Versions(cmd.Context(), limit)
			if err != nil {
				return err
			}
			printVersions(cmd.OutOrStdout(), versions)
			return nil
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 20, "how many versions")
	return cmd
}

func printVersions(out io.Writer, versions []state.Version) {
	t := table.NewWriter()
	t.SetOutputMirror(out)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"serial", "written", "size", "resources", "lineage", "version id", ""})
	for _, v := range versions {
		note := ""
		if v.Latest {
			note = "newest"
		}
		written := v.Time.Local().Format(time.DateTime)
		switch {
		case v.Deleted:
			t.AppendRow(table.Row{"", written, "", "", "", v.ID, "deleted here"})
		case v.Err != nil:
			t.AppendRow(table.Row{"?", written, progress.FormatBytes(int64(v.Object.Size())), "?", "?", v.ID, "no state"})
		default:
			t.AppendRow(table.Row{v.Object.Serial, written, progress.FormatBytes(int64(v.Object.Size())), len(v.Object.Resources), v.Object.Lineage[:min(8, len(v.Object.Lineage))], v.ID, note})
		}
	}
	t.Render()
}

func rollbackCommand() *cobra.Command {
	var yes, otherLineage bool
	cmd := &cobra.Command{
		Use:   "rollback STACK VERSION",
		Short: "Make an older version of a state the newest one",
		Long: `Make an older version of a state the newest one. VERSION is a serial or a version id
(or its first letters) from "versions". This also restores a deleted state.

It shows which resources leave the state and which come back into it, asks, and writes
the old content as a new version with a new serial, under the lock. The versions in between stay.
Nothing on AWS is changed: "npx cdktf diff STACK" afterwards shows what the next deploy would do.
` + exitHelp,
		Example: "  go run ./cmd/state versions stage\n  go run ./cmd/state rollback stage 41",
		Args:    arguments(cobra.ExactArgs(2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return rollback(cmd, args[0], args[1], otherLineage, yes)
		},
	}
	yesFlag(cmd, &yes)
	cmd.Flags().BoolVar(&otherLineage, "other-lineage", false, "accept a version from before a new state was begun")
	return cmd
}

func rollback(cmd *cobra.Command, name, version string, otherLineage, yes bool) (err error) {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	store, stack, err := openStack(ctx, name)
	if err != nil {
		return err
	}
	versions, target, err := stack.Search(ctx, version)
	if err != nil {
		return err
	}
	// Without versions, what is written here may take the place of the only copy.
	if err := store.CheckVersioning(ctx); err != nil {
		return err
	}
	plan, err := stack.PlanRollback(ctx, versions, target)
	if errors.Is(err, state.ErrOtherLineage) {
		if !otherLineage {
			return fmt.Errorf("%w\nThey are two histories: going back forgets all that was made since the newer one began. If that is meant: --other-lineage", err)
		}
	} else if err != nil {
		return err
	}
	digest, err := stack.Digest(ctx)
	if err != nil {
		return err
	}
	if plan.Current != nil && plan.Current.VersionID == target.ID && (digest == "" || digest == plan.Current.Digest()) {
		fmt.Fprintf(out, "Serial %d is the newest version already.\n", target.Object.Serial)
		return nil
	}
	printRollback(out, name, plan)
	if err := confirm(cmd, yes, "Restore it?"); err != nil {
		return err
	}

	lock, err := stack.Lock(ctx, "state rollback", nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release(ctx)) }()
	// Save writes only if the newest version is still the one that was shown.
	if err := stack.Save(ctx, plan.File, plan.Current); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s is back at serial %d, as serial %d. See what a deploy would do: npx cdktf diff %[1]s\n", name, plan.Target.Serial, plan.File.Serial)
	if len(plan.Forgotten) > 0 {
		fmt.Fprintf(out, "Import what it removed and AWS still has: %s adopt %s\n", command, name)
	}
	return nil
}

func printRollback(out io.Writer, name string, plan *state.Rollback) {
	now := "deleted"
	switch {
	case plan.Current == nil:
	case plan.Current.Lineage == "":
		now = "broken"
	default:
		now = fmt.Sprintf("at serial %d", plan.Current.Serial)
	}
	fmt.Fprintf(out, "The state of %s is %s. Going back to serial %d would\n", name, now, plan.Target.Serial)
	list := func(sign, does, note string, resources []state.Resource) {
		if len(resources) == 0 {
			note = ""
		}
		fmt.Fprintf(out, "  "+does+"%s\n", count(len(resources)), note)
		for _, r := range resources {
			fmt.Fprintf(out, "    %s %v\n", sign, r)
		}
	}
	list("-", "remove %s from the state", ", still on AWS", plan.Forgotten)
	list("+", "add %s to the state", ", if still on AWS", plan.Resurrected)
}

// count is a number of resources in words.
func count(n int) string {
	switch n {
	case 0:
		return "no resource"
	case 1:
		return "1 resource"
	}
	return fmt.Sprintf("%d resources", n)
}
