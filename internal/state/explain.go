package state

import (
	"errors"
	"fmt"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

// Failure is an error in a user's words.
type Failure struct {
	What   string // what is wrong
	Advice string // what to do about it
	Err    error  // what it was seen by
}

func (f *Failure) Error() string { return fmt.Sprintf("%s: %s\n  %v", f.What, f.Advice, f.Err) }

func (f *Failure) Unwrap() error { return f.Err }

// Drift is a Failure of a store that works, but of which somebody has changed a
// setting.
type Drift struct{ Failure }

// explain puts an error of an S3 or DynamoDB call into a user's words. Errors
// that are plain already, and nil, stay as they are.
//
// The codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html,
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html.
func (s *Store) explain(doing string, err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		var call *smithy.OperationError
		if errors.As(err, &call) {
			return &Failure{"cannot " + doing, "is the network up?", call.Err}
		}
		return err
	}
	said := fmt.Errorf("AWS says %s: %s", api.ErrorCode(), api.ErrorMessage())
	bucket, table, region := s.Settings.StateBucket, s.Settings.LockTable, s.Settings.Region
	switch api.ErrorCode() {
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
		return &Failure{"the AWS credentials have expired", "log in again", said}
	case "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException":
		return &Failure{"AWS does not know these credentials", "check AWS_PROFILE and the AWS_… variables", said}
	case "NoSuchBucket":
		return &Failure{fmt.Sprintf("there is no bucket %s", bucket), "check stateBucket in cdktf.json, or make it: " + Command + " bootstrap", said}
	case "ResourceNotFoundException":
		return &Failure{fmt.Sprintf("there is no table %s in %s", table, region), "check lockTable and region in cdktf.json, or make it again: " + Command + " bootstrap", said}
	case "AccessDenied", "AccessDeniedException", "Forbidden":
		return &Failure{"no permission to " + doing, "ask who looks after the account's IAM policies and the bucket's policy", said}
	}
	if status(err) == http.StatusMovedPermanently || api.ErrorCode() == "AuthorizationHeaderMalformed" {
		return &Failure{fmt.Sprintf("the bucket %s is not in %s", bucket, region), "check region and stateBucket in cdktf.json", said}
	}
	return &Failure{"cannot " + doing, "what AWS says may tell why", said}
}

// status is the HTTP status of an error that AWS answered, else 0.
func status(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// NotFound tells whether AWS answered that what was asked for does not exist. No
// other answer says so: not "forbidden", and not a network that is down.
func NotFound(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode() {
	case "ResourceNotFoundException", // DynamoDB
		"NotFoundException",        // KMS
		"NoSuchEntity",             // IAM
		"NoSuchBucket", "NotFound": // S3, which answers HEAD without a code
		return true
	}
	return false
}

// conditionFailed tells whether a conditional write or delete found something
// else than what it was conditional on. S3 answers a missing object with
// NoSuchKey, and two writes at the same moment with ConditionalRequestConflict.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
func conditionFailed(err error) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode() {
	case "PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "ConditionalCheckFailedException":
		return true
	}
	return false
}
