//go:build !windows

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/state"
)

// canRunUnderLock: it takes groups of processes and their signals.
const canRunUnderLock = true

// underLock is what a deploy has cdktf call in Terraform's place: Terraform, whose apply takes
// no lock of its own if this deploy holds the stack's. It returns the exit status.
func underLock(args []string) int {
	fail := func(err error) int {
		fmt.Fprintf(os.Stderr, "state: %v\n", err)
		return exitFailed
	}
	folder := filepath.Dir(os.Args[0])
	record, err := readRecord(folder)
	// What is left of an earlier deploy finds this one's folder in the same place.
	if err == nil && (record == nil || os.Getenv(state.DeployVariable) != record.Lock.ID) {
		err = fmt.Errorf("%s is for %s deploy to call", os.Args[0], command)
	}
	if err != nil {
		return fail(err)
	}
	if len(args) == 0 || args[0] != "apply" || !isWorkingFolder(record.Folder) {
		return fail(syscall.Exec(record.Terraform, append([]string{record.Terraform}, args...), os.Environ()))
	}
	if err := verify(filepath.Join(folder, "..", ".."), record); err != nil {
		return fail(err)
	}
	status, err := apply(folder, record.Terraform, append([]string{"apply", "-lock=false"}, args[1:]...))
	if err != nil {
		return fail(err)
	}
	return status
}

// isWorkingFolder tells whether a folder is the one that this process works in.
func isWorkingFolder(folder string) bool {
	here, err := os.Stat(".")
	there, thereErr := os.Stat(folder)
	return err == nil && thereErr == nil && os.SameFile(here, there)
}

// verify checks that the stack is locked by this deploy.
func verify(dir string, record *deployRecord) error {
	ctx := context.Background()
	s, err := project.LoadFile(dir)
	if err != nil {
		return err
	}
	store, err := state.Open(ctx, s, advise)
	if err != nil {
		return err
	}
	name := filepath.Base(record.Folder)
	holds, err := store.Stack(name).Holds(ctx, record.Lock.ID)
	if err == nil && !holds {
		err = fmt.Errorf("somebody has taken the lock of %s away from this deploy (lock %s): Terraform was not started", name, record.Lock.ID)
	}
	return err
}

// apply runs Terraform and writes down whether it ended by itself.
func apply(folder, terraform string, args []string) (status int, err error) {
	// From here on, an interrupt is not lost, even one that comes before Terraform has started.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	file, err := os.OpenFile(filepath.Join(folder, applyFile), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return 0, err
	}
	// Only now: whoever makes that file afterwards finds this process, and awaits or interrupts it.
	if exists(filepath.Join(folder, stopFile)) || len(signals) > 0 {
		return 0, errors.New("this deploy is to end: Terraform was not started")
	}
	if _, err := file.WriteAt([]byte(applyRuns), 0); err != nil {
		return 0, err
	}
	// cdktf stops Terraform by a Ctrl-C in the terminal that it has made for it, and takes
	// that terminal away when it ends itself. Both would reach Terraform besides what is passed
	// on here. So it gets a group of its own, to which a terminal sends nothing; and no
	// input, since a group in the background that reads a terminal is stopped.
	cmd := exec.Command(terraform, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		_, writeErr := file.WriteAt([]byte(applyEnded), 0)
		return 0, errors.Join(err, writeErr)
	}
	go func() {
		<-signals
		// The whole group, as from a terminal: a rollout that Terraform has started is told, too.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
	}()
	err = cmd.Wait()
	status = cmd.ProcessState.ExitCode()
	if status != 0 && status != 1 { // what an apply ends with; all else is a signal or a crash
		fmt.Fprintf(os.Stderr, "state: Terraform did not end by itself: %v\n", err)
		return exitFailed, nil
	}
	_, err = file.WriteAt([]byte(applyEnded), 0)
	return status, err
}

// awaitApply waits until no apply runs under the deploy's lock any more, and returns what
// applyFile then says: of one that was killed, that it runs; "" if none began.
func awaitApply(folder string) (string, error) {
	file, err := os.Open(filepath.Join(folder, applyFile))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_SH); err != nil {
		return "", err
	}
	content, err := os.ReadFile(file.Name())
	return string(content), err
}
