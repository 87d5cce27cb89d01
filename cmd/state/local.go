package main

import (
	"errors"
	"fmt"
	"os"

	"example.com/webserver-cluster/internal/state"
)

const (
	// localBackend has the app keep the state of project.StateStack in a file …
	localBackend = "STATE_BACKEND=local"
	// … of this name, in the project's folder.
	localState = "terraform.state.tfstate"
)

// readLocal reads the local state; nil if there is none.
func readLocal() (*state.File, error) {
	content, err := os.ReadFile(localState)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(content) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	file, err := state.Parse(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", localState, err)
	}
	return file, nil
}

// writeLocal writes the local state, whole or not at all: it may be the only one.
func writeLocal(file *state.File) error {
	whole := localState + ".new"
	if err := os.WriteFile(whole, file.Bytes(), 0o600); err != nil {
		return err
	}
	return os.Rename(whole, localState)
}

// checkLocal checks that the bucket holds all of the local state, if there is one.
func checkLocal(remote *state.Object) error {
	local, err := readLocal()
	if err != nil || local == nil {
		return err
	}
	if remote.Lineage != local.Lineage || remote.Serial < local.Serial {
		return fmt.Errorf("%s (lineage %s, serial %d) is not what the bucket holds (lineage %s, serial %d): see which of them knows your bucket and table, and move the other one away",
			localState, local.Lineage, local.Serial, remote.Lineage, remote.Serial)
	}
	return nil
}

// dropLocal removes the local state once the bucket holds all of it.
func dropLocal(remote *state.Object) error {
	if err := checkLocal(remote); err != nil {
		return err
	}
	for _, name := range []string{localState, localState + ".new", localState + ".backup", "." + localState + ".lock.info"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
