package rollout

import (
	"errors"
	"fmt"
	"strings"
)

// Exit codes of the command, by what the caller has to do next.
const (
	ExitConverged      = 0   // every instance serves the wanted version
	ExitError          = 1   // no verdict: AWS could not be asked, or refused
	ExitUsage          = 2   // a flag is missing or wrong
	ExitRolledBack     = 3   // the rollout failed, the version before serves again
	ExitNotRolledBack  = 4   // the rollout failed, the fleet is as the failure left it
	ExitRollbackFailed = 5   // the rollout failed, and so did its rollback
	ExitInterrupted    = 130 // stopped by a signal; AWS goes on by itself
)

// FailedError says that the rollout failed and what state the group is in.
type FailedError struct {
	Reason string // why it failed, in AWS's words where it has any
	After  string // what became of the group since
	Next   string // what to do
	Code   int    // ExitRolledBack, ExitNotRolledBack or ExitRollbackFailed
}

func (e *FailedError) Error() string {
	return fmt.Sprintf("the rollout failed: %s\n%s\n%s", e.Reason, e.After, e.Next)
}

// InterruptedError says that this command was stopped; AWS goes on.
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

// ExitCode maps what Run returned to the command's exit code.
func ExitCode(err error) int {
	var failed *FailedError
	var interrupted *InterruptedError
	switch {
	case err == nil:
		return ExitConverged
	case errors.As(err, &failed):
		return failed.Code
	case errors.As(err, &interrupted):
		return ExitInterrupted
	}
	return ExitError
}

// Raised by a Cloud that lost a race.
var (
	// ErrInProgress: another refresh of the group is under way.
	ErrInProgress = errors.New("an instance refresh is already under way")
	// ErrNotInProgress: there is no refresh to cancel any more.
	ErrNotInProgress = errors.New("no instance refresh is under way")
)
