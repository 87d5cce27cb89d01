package main

import (
	"fmt"

	"example.com/webserver-cluster/internal/state"
)

// command is how a user calls this command, in the project's folder.
const command = "go run ./cmd/state"

// advise says what to do about a failure of a stack's state, or of the store.
func advise(kind state.Kind, stack string) string {
	switch kind {
	case state.Unreachable:
		return "is the network up?"
	case state.NoCredentials:
		return "log in (aws sso login, aws configure) or set AWS_PROFILE"
	case state.ExpiredCredentials:
		return "log in again"
	case state.UnknownCredentials, state.WrongAccount:
		return "check AWS_PROFILE and the AWS_… variables"
	case state.NoPermission:
		return "ask who looks after the account's IAM policies and the bucket's policy"
	case state.NoBucket:
		return "check stateBucket in cdktf.json, or make it: " + command + " bootstrap"
	case state.WrongRegion:
		return "check region and stateBucket in cdktf.json"
	case state.BucketNotOpen:
		return "a policy denies it, or it belongs to another account (then choose another stateBucket in cdktf.json)"
	case state.ForeignBucket:
		return foreign("stateBucket")
	case state.NoTable:
		return "check lockTable and region in cdktf.json, or make it again: " + command + " bootstrap"
	case state.TableNotActive:
		return "wait"
	case state.NotALockTable:
		return "check lockTable in cdktf.json"
	case state.ForeignTable:
		return foreign("lockTable")
	case state.Drift:
		return "restore it with npx cdktf deploy state"
	case state.ForeignDrift:
		return "ask whoever looks after it to change that; this project did not make it"
	case state.Locked:
		return fmt.Sprintf("Wait until it is released. If its holder was killed: %s unlock %s", command, stack)
	case state.LockLeft, state.WrongDigest:
		return fmt.Sprintf("%s unlock %s", command, stack)
	case state.Unusable:
		return restore(stack)
	case state.Unfinished:
		return "npx cdktf deploy " + stack
	}
	return "what AWS says may tell why"
}

// foreign is what to do about a bucket or a table of somebody else.
func foreign(setting string) string {
	return fmt.Sprintf(`nothing was changed. Choose another %s in cdktf.json; or use it as it is: "A bucket and a table that exist" in docs/when-something-goes-wrong.md`, setting)
}

// restore is what to do about a state that is no good.
func restore(stack string) string {
	return fmt.Sprintf("restore an older version: %s versions %s, then %[1]s rollback %[2]s VERSION", command, stack)
}
