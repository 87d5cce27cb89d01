package rollout

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
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
		if answer.ErrorCode() == "ValidationError" && unknownVersion.MatchString(answer.ErrorMessage()) {
			return fmt.Errorf("%w: %s", ErrUnknownVersion, answer.ErrorMessage())
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

// unknownVersion is what AWS says where it does not know a launch template or a version
// of it. One that was just made may be unknown for a moment ("eventual consistency",
// https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html). EC2's
// codes and words: https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html
var unknownVersion = regexp.MustCompile(`(?i)InvalidLaunchTemplate(Id|Name)?\.|specified (launch template )?version|(specified launch template|launch template version|version .* of launch template)[^.]*(not exist|not found)`)

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
