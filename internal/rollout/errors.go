package rollout

import (
	"errors"
	"fmt"
	"strings"
)

// Outcome is where a rollout that failed has left the group.
type Outcome int

const (
	NotRolledBack  Outcome = iota // as the failure left it
	RolledBack                    // the version before serves again
	RollbackFailed                // the rollback failed, too
)

// FailedError says that the rollout failed and what state the group is in.
type FailedError struct {
	Reason  string // why it failed, in AWS's words where it has any
	After   string // what became of the group since
	Next    string // what to do
	Outcome Outcome
}

func (e *FailedError) Error() string {
	return fmt.Sprintf("the rollout failed: %s\n%s\n%s", e.Reason, e.After, e.Next)
}

// InterruptedError says that the run was stopped; AWS goes on.
type InterruptedError struct{ Message string }

func (e *InterruptedError) Error() string { return e.Message }

// AWSError is a call to AWS that failed, told in one line.
type AWSError struct {
	Call      string // the API's action, such as StartInstanceRefresh
	Group     string
	Message   string // AWS's
	Hint      string // what to do, may be empty
	Transient bool   // the same call may well succeed in a moment
	Err       error
}

func (e *AWSError) Error() string {
	parts := []string{fmt.Sprintf("%s for group %s: %s", e.Call, e.Group, e.Message)}
	if e.Hint != "" {
		parts = append(parts, e.Hint)
	}
	return strings.Join(parts, "; ")
}

func (e *AWSError) Unwrap() error { return e.Err }

// Returned by a Cloud.
var (
	// ErrInProgress: another refresh of the group is under way.
	ErrInProgress = errors.New("an instance refresh is already under way")
	// ErrNotInProgress: there is no refresh to cancel or to roll back any more.
	ErrNotInProgress = errors.New("no instance refresh is under way")
	// ErrIrreversible: AWS cannot roll this refresh back; it can be cancelled.
	ErrIrreversible = errors.New("the instance refresh cannot be rolled back")
	// ErrAlarm: AWS starts no refresh with one of its alarms.
	ErrAlarm = errors.New("AWS starts no instance refresh with this alarm")
	// ErrUnknownVersion: AWS does not know the wanted version, perhaps not yet.
	ErrUnknownVersion = errors.New("the launch template version is not known")
)
