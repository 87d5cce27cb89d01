package rollout

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	scaling "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/smithy-go"
)

// explain turns an error of the SDK into an *AWSError, or into one of those that a
// Cloud returns. nil stays nil.
func (a *AWS) explain(err error) error {
	if err == nil {
		return nil
	}
	var busy *scaling.InstanceRefreshInProgressFault
	var idle *scaling.ActiveInstanceRefreshNotFoundFault
	var irreversible *scaling.IrreversibleInstanceRefreshFault
	switch {
	case errors.As(err, &busy):
		return ErrInProgress
	case errors.As(err, &idle):
		return ErrNotInProgress
	case errors.As(err, &irreversible):
		return ErrIrreversible
	}

	failed := &AWSError{
		Call: "AWS", Group: a.group, Message: err.Error(), Err: err,
		Transient: retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err).Bool(),
	}
	var call *smithy.OperationError
	if errors.As(err, &call) {
		failed.Call, failed.Message = call.Operation(), call.Unwrap().Error()
	}
	var pending *scaling.ResourceContentionFault // AWS is busy with the group
	if errors.As(err, &pending) {
		failed.Transient = true
	}
	var answer smithy.APIError
	var unreachable *url.Error
	var garbled *awshttp.ResponseError
	switch {
	case errors.As(err, &answer):
		switch {
		case unknownVersion(answer):
			return fmt.Errorf("%w: %s", ErrUnknownVersion, answer.ErrorMessage())
		case answer.ErrorCode() == "ValidationError" && strings.Contains(strings.ToLower(answer.ErrorMessage()), "alarm"):
			return fmt.Errorf("%w: %s", ErrAlarm, answer.ErrorMessage())
		}
		failed.Message = answer.ErrorCode() + ": " + answer.ErrorMessage()
		failed.Hint = hints[answer.ErrorCode()]
	case errors.As(err, &unreachable):
		failed.Message = "cannot reach " + unreachable.URL + ": " + unreachable.Err.Error()
	case errors.As(err, &garbled):
		failed.Message = fmt.Sprintf("AWS answered HTTP %d and no reason", garbled.HTTPStatusCode())
	case strings.Contains(failed.Message, "get credentials"):
		// What follows the first reason is the search for an EC2 instance's role.
		_, failed.Message, _ = strings.Cut(failed.Message, "get credentials: ")
		failed.Message, _, _ = strings.Cut(failed.Message, ", operation error")
		failed.Hint = "sign in (aws sso login), or set AWS_PROFILE"
	}
	return failed
}

// unknownVersion tells whether AWS does not know a launch template or a version of it.
// A version that was just made may be unknown for a moment ("eventual consistency",
// https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html).
func unknownVersion(err smithy.APIError) bool {
	message := strings.ToLower(err.ErrorMessage())
	return err.ErrorCode() == "ValidationError" && strings.Contains(message, "launch template") &&
		(strings.Contains(message, "not exist") || strings.Contains(message, "not found") || strings.Contains(message, "could not find") || strings.Contains(message, "notfound"))
}

// hints say what to do about an error that is not this group's.
var hints = map[string]string{
	"AccessDenied":          "see rollout --help for the permissions it needs",
	"UnauthorizedOperation": "see rollout --help for the permissions it needs",
	"ExpiredToken":          "sign in again and run it again: AWS goes on meanwhile",
	"ExpiredTokenException": "sign in again and run it again: AWS goes on meanwhile",
	"InvalidClientTokenId":  "these credentials are not known to AWS: check AWS_PROFILE",
	"RequestExpired":        "sign in again, or check this machine's clock",
	"SignatureDoesNotMatch": "check the secret key and this machine's clock",
}
