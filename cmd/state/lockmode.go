package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/tidwall/pretty"
	"github.com/tidwall/sjson"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/state"
)

func lockModeCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:       "lock-mode dynamodb|both|s3",
		Short:     "Move the locks from DynamoDB to S3 or back",
		ValidArgs: []string{string(project.LockDynamoDB), string(project.LockBoth), string(project.LockS3)},
		Long: `Move the locks of all stacks from DynamoDB to S3 or back:

  dynamodb  the lock is in the table
  both      it is in the table and in the bucket; whoever wants it takes both
  s3        it is in the bucket; the table is not used

A step goes to a neighbour only: "dynamodb" and "s3" do not see each other's locks, "both" sees
either. Before the second step, everyone must have the first one in their checkout.

It takes the locks of all stacks, brings the digests in the table in order (without the table nobody
keeps them up), writes the mode into cdktf.json as "stateLock" and releases the locks. Commit cdktf.json.
` + exitHelp,
		Example: "  go run ./cmd/state lock-mode both",
		Args: arguments(func(cmd *cobra.Command, args []string) error {
			if err := cobra.ExactArgs(1)(cmd, args); err != nil {
				return err
			}
			if !slices.Contains(project.LockModes, project.LockMode(args[0])) {
				return fmt.Errorf("%q: must be one of %q", args[0], project.LockModes)
			}
			return nil
		}),
		RunE: func(cmd *cobra.Command, args []string) error {
			return lockMode(cmd, project.LockMode(args[0]), yes)
		},
	}
	yesFlag(cmd, &yes)
	return cmd
}

func lockMode(cmd *cobra.Command, to project.LockMode, yes bool) (err error) {
	ctx, out := cmd.Context(), cmd.OutOrStdout()
	s, err := project.LoadFile(".")
	if err != nil {
		return err
	}
	from := s.StateLock
	if from == to {
		fmt.Fprintf(out, "The lock mode is %q already.\n", to)
		return nil
	}
	if step := slices.Index(project.LockModes, to) - slices.Index(project.LockModes, from); step < -1 || step > 1 {
		return usage(cmd, fmt.Errorf("from %q to %q nobody would see the other's lock: go to %q first, and on when everyone has that", from, to, project.LockBoth))
	}

	// Of every two neighbours one is "both": its locks keep out everybody.
	s.StateLock = project.LockBoth
	store, err := state.Open(ctx, s, advise)
	if err != nil {
		return err
	}
	names, err := store.Stacks(ctx)
	if err != nil {
		return err
	}
	if err := confirm(cmd, yes, fmt.Sprintf("Move the locks of %s from %q to %q?", strings.Join(names, ", "), from, to)); err != nil {
		return err
	}
	for _, name := range names {
		lock, lockErr := store.Stack(name).Lock(ctx, "state lock-mode", nil)
		if lockErr != nil {
			return lockErr
		}
		defer func() { err = errors.Join(err, lock.Release(ctx)) }()
	}
	for _, name := range names {
		if to == project.LockS3 {
			err = store.Stack(name).RemoveDigest(ctx)
		} else {
			_, err = store.Stack(name).RepairDigest(ctx)
		}
		if err != nil {
			return err
		}
	}
	if err := setMode(to); err != nil {
		return err
	}
	fmt.Fprintf(out, `The lock mode is %q now. Commit %s, and have everyone pull before they deploy.
Where a deploy then says "Backend configuration changed": rm %s
`, to, project.File, filepath.Join(stackDir("*"), ".terraform", "terraform.tfstate"))
	return nil
}

// setMode writes the mode into the settings, and has Terraform forget the
// backends that deploys from this folder recorded: they are no longer the right ones.
func setMode(mode project.LockMode) error {
	content, err := os.ReadFile(project.File)
	if err != nil {
		return err
	}
	if content, err = sjson.SetBytes(content, "context.stateLock", mode); err != nil {
		return fmt.Errorf("%s: %w", project.File, err)
	}
	content = pretty.PrettyOptions(content, &pretty.Options{Width: 80, Indent: "  "})
	if err := os.WriteFile(project.File, content, 0o644); err != nil {
		return err
	}
	records, err := filepath.Glob(filepath.Join(stackDir("*"), ".terraform", "terraform.tfstate"))
	for _, record := range records {
		err = errors.Join(err, os.Remove(record))
	}
	return err
}
