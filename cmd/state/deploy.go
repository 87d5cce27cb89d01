package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/state"
)

func deployCommand() *cobra.Command {
	var how deploying
	cmd := &cobra.Command{
		Use:   "deploy STACK",
		Short: "Deploy under a lock that can be told from any other",
		Long: `Deploy a stack with cdktf, without a question, under a lock that this command takes itself:
what a job of a CI system runs.

The id of Terraform's own lock is known to nobody before Terraform ends, and its "Who" is the
same on many runners. So this command chooses the id, writes it down, and takes the lock; Terraform
works under it, and does not start if it is not there any more. When Terraform has ended,
the lock is released. When it was killed, or could not write its state, the lock stays.

If this command is killed, "unlock STACK --own" in the same folder ends what still runs of the
deploy, and unlocks what this deploy has locked, and nothing else.
` + exitHelp,
		Example: "  go run ./cmd/state deploy stage --why https://github.com/acme/shop/actions/runs/123",
		Args: arguments(func(cmd *cobra.Command, args []string) error {
			return errors.Join(cobra.ExactArgs(1)(cmd, args), how.check(args))
		}),
		RunE: func(cmd *cobra.Command, args []string) error { return deployLocked(cmd, args[0], how) },
	}
	cmd.Flags().StringVar(&how.why, "why", "", "what whoever finds the stack locked is told, such as the address of the run")
	cmd.Flags().DurationVar(&how.wait, "wait", 0, "how long to wait for somebody else's lock, such as 10m")
	return cmd
}

// deploying is what the command line says to deploy.
type deploying struct {
	why  string
	wait time.Duration
}

func (d deploying) check(args []string) error {
	var errs []error
	// It is a part of a folder's name.
	if len(args) > 0 && (args[0] == "" || args[0] != filepath.Base(args[0])) {
		errs = append(errs, fmt.Errorf("%q is no name of a stack", args[0]))
	}
	if strings.ContainsFunc(d.why, unicode.IsControl) {
		errs = append(errs, fmt.Errorf("--why: %q: must be one line", d.why))
	}
	if d.wait < 0 {
		errs = append(errs, fmt.Errorf("--wait: %s: must not be negative", d.wait))
	}
	return errors.Join(errs...)
}

// A deployRecord is what a deploy writes down before it takes its lock.
type deployRecord struct {
	Lock      state.LockInfo
	Folder    string // the stack's, where Terraform runs
	Terraform string // the real one
}

// Files in a deploy's folder.
const (
	recordFile = "lock.json"
	// applyFile says how far Terraform's apply is. Whoever runs Terraform has it locked.
	applyFile  = "apply"
	applyRuns  = "runs"
	applyEnded = "ended"
	// stopFile is there when no apply may begin any more.
	stopFile = "stop"
)

// noMoreApplies lets none begin any more by a deploy's folder. Without the folder, none can.
func noMoreApplies(folder string) error {
	err := os.WriteFile(filepath.Join(folder, stopFile), nil, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// deployFolder is where a deploy of a stack keeps its record, as long as it runs.
func deployFolder(stack string) string { return filepath.Join("build", "deploy-"+stack) }

// readRecord reads the record in a deploy's folder; nil if there is none.
func readRecord(folder string) (*deployRecord, error) {
	content, err := os.ReadFile(filepath.Join(folder, recordFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var record deployRecord
	if err := json.Unmarshal(content, &record); err != nil || record.Lock.ID == "" {
		return nil, fmt.Errorf("%s is no record of a deploy: remove the folder", filepath.Join(folder, recordFile))
	}
	return &record, nil
}

// newRecord makes a deploy's folder, with its record and what it calls in Terraform's place.
func newRecord(stack state.Stack, why string) (*deployRecord, error) {
	terraform, err := exec.LookPath(cmp.Or(os.Getenv(project.BinaryVariable), "terraform"))
	if err == nil {
		terraform, err = filepath.Abs(terraform)
	}
	if err != nil {
		return nil, fmt.Errorf("Terraform is missing: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	stackFolder, err := filepath.Abs(stackDir(stack.Name))
	if err != nil {
		return nil, err
	}
	record := &deployRecord{Lock: stack.NewLock(state.DeployOperation, why), Folder: stackFolder, Terraform: terraform}
	content, err := json.MarshalIndent(record, "", "  ")
	if err != nil {
		return nil, err
	}

	// Made aside: the folder is there with all that is in it, or not at all.
	folder := deployFolder(stack.Name)
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return nil, err
	}
	aside, err := os.MkdirTemp(filepath.Dir(folder), "deploy-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(aside)
	err = errors.Join(
		os.WriteFile(filepath.Join(aside, recordFile), append(content, '\n'), 0o600),
		os.Symlink(self, filepath.Join(aside, state.DeployTerraform)),
	)
	if err != nil {
		return nil, err
	}
	if err := os.Rename(aside, folder); err != nil {
		if _, there := os.Stat(folder); there == nil {
			return nil, fmt.Errorf("a deploy of %s from this folder runs, or was killed: if it was: %s unlock %[1]s --own", stack.Name, command)
		}
		return nil, err
	}
	return record, nil
}

func deployLocked(cmd *cobra.Command, name string, how deploying) error {
	ctx := cmd.Context()
	if !canRunUnderLock {
		return errors.New("a deploy under a lock of its own runs on Linux and macOS only: npx cdktf deploy " + name)
	}
	_, stack, err := openStack(ctx, name)
	if err != nil {
		return err
	}
	if exists(erroredPath(stack)) {
		return fmt.Errorf("%s is what an earlier deploy could not write: %s unlock %s", erroredPath(stack), command, name)
	}
	record, err := newRecord(stack, how.why)
	if err != nil {
		return err
	}
	folder := deployFolder(name)
	lock, err := takeLock(cmd, stack, record.Lock, how.wait)
	if err != nil {
		if ctx.Err() != nil {
			time.Sleep(onItsWay) // what was sent before the interrupt
		}
		// Only if nothing of the lock can be left.
		if held, readErr := stack.Held(context.WithoutCancel(ctx)); readErr == nil && !holds(held, record.Lock.ID) {
			err = errors.Join(err, os.RemoveAll(folder))
		}
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s is locked by this deploy: lock %s\n", name, record.Lock.ID)

	terraform, err := filepath.Abs(filepath.Join(folder, state.DeployTerraform))
	if err != nil {
		return errors.Join(err, lock.Release(ctx), os.RemoveAll(folder))
	}
	failed := cdktf(ctx, []string{
		state.DeployVariable + "=" + record.Lock.ID, project.BinaryVariable + "=" + terraform,
		project.RealBinaryVariable + "=" + record.Terraform,
	}, deployArguments(name)...)
	if failed == nil && ctx.Err() != nil {
		failed = errors.New("interrupted") // cdktf calls that a success
	}
	// Interrupted or killed, cdktf may have ended before Terraform, or before Terraform began.
	err = noMoreApplies(folder)
	applied := ""
	if err == nil {
		applied, err = awaitApply(folder)
	}
	switch {
	case err != nil:
		return errors.Join(failed, err, staysLocked(name))
	case strings.HasPrefix(applied, applyRuns):
		return errors.Join(failed, errors.New("Terraform was killed"), staysLocked(name))
	case exists(erroredPath(stack)):
		return errors.Join(failed, fmt.Errorf("Terraform could not write its state: it is in %s", erroredPath(stack)), staysLocked(name))
	}
	if failed == nil && applied == "" {
		failed = errors.New("Terraform was killed before it began") // that, too, cdktf calls a success
	}
	if err := lock.Release(ctx); err != nil {
		return errors.Join(failed, err)
	}
	return errors.Join(failed, os.RemoveAll(folder))
}

func staysLocked(stack string) error {
	return fmt.Errorf("%s stays locked; what was made and is not recorded is imported by: %s unlock %[1]s --own", stack, command)
}

// deployArguments are the arguments for cdktf.
func deployArguments(stack string) []string { return []string{"deploy", stack, "--auto-approve"} }

// takeLock takes the stack's lock. While somebody else has it, it waits.
func takeLock(cmd *cobra.Command, stack state.Stack, as state.LockInfo, wait time.Duration) (*state.Lock, error) {
	ctx, deadline, told := cmd.Context(), time.Now().Add(wait), false
	for {
		lock, err := stack.Take(ctx, as, nil)
		var locked *state.LockedError
		if !errors.As(err, &locked) || time.Now().After(deadline) {
			return lock, err
		}
		if !told {
			locked.Advice = ""
			fmt.Fprintf(cmd.OutOrStdout(), "%v\nWaiting up to %s.\n", locked, wait)
			told = true
		}
		// To look does not get in anybody's way; to try would: it takes the first of two places.
		for held := []state.Held{{}}; len(held) > 0 && time.Now().Before(deadline); {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(lookForLock):
			}
			if held, err = stack.Held(ctx); err != nil {
				return nil, err
			}
		}
	}
}

// lookForLock is how long a deploy waits before it looks again whether the stack is
// still locked.
const lookForLock = 2 * time.Second

// holds tells whether one of the locks has that id.
func holds(held []state.Held, id string) bool {
	mine, _ := split(held, id)
	return len(mine) > 0
}
