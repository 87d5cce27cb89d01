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
	Kind   Kind
	Stack  string // "" for one of the store
	What   string // is wrong
	Advice string // what to do about it; "" for none
	Err    error  // what it was seen by; nil for what is seen at once
}

func (f *Failure) Error() string {
	text := f.What
	if f.Advice != "" {
		text += ": " + f.Advice
	}
	if f.Err != nil {
		text += fmt.Sprintf("\n  %v", f.Err)
	}
	return text
}

func (f *Failure) Unwrap() error { return f.Err }

// Kind is what kind of failure it is, by what can be done about it.
type Kind int

const (
	Unexplained        Kind = iota // what AWS says may tell why
	Unreachable                    // no answer from AWS
	NoCredentials                  // none is set
	ExpiredCredentials             // they were good
	UnknownCredentials             // AWS does not know them
	WrongAccount                   // they are of another than the settings say
	NoPermission                   // AWS refuses it
	NoBucket                       // it does not exist
	WrongRegion                    // the bucket is in another one
	BucketNotOpen                  // to this account
	ForeignBucket                  // it exists, and is not this project's
	NoTable                        // it does not exist
	TableNotActive                 // it is being made or changed
	NotALockTable                  // it has another key
	ForeignTable                   // it exists, and is not this project's
	Drift                          // somebody changed a setting of the store, which works
	ForeignDrift                   // the same of a store that is not this project's
	Locked                         // somebody holds the stack's lock
	LockLeft                       // its holder no longer runs
	WrongDigest                    // it is not that of the newest state
	Unusable                       // the newest state is deleted, broken or overwritten
	Unfinished                     // a deploy did not finish
)

// Adviser says what to do about a failure of a kind; of a stack, or of the
// store for "".
type Adviser func(kind Kind, stack string) string

// fail is a failure with the store's advice.
func (s *Store) fail(kind Kind, stack, what string, err error) *Failure {
	return &Failure{Kind: kind, Stack: stack, What: what, Advice: s.advice(kind, stack), Err: err}
}

func (s *Store) advice(kind Kind, stack string) string {
	if s.advise == nil {
		return ""
	}
	return s.advise(kind, stack)
}

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
			return s.fail(Unreachable, "", "cannot "+doing, call.Err)
		}
		return err
	}
	answer := fmt.Errorf("AWS says %s: %s", api.ErrorCode(), api.ErrorMessage())
	bucket, table, region := s.Settings.StateBucket, s.Settings.LockTable, s.Settings.Region
	switch api.ErrorCode() {
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
		return s.fail(ExpiredCredentials, "", "the AWS credentials have expired", answer)
	case "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException":
		return s.fail(UnknownCredentials, "", "AWS does not know these credentials", answer)
	case "NoSuchBucket":
		return s.fail(NoBucket, "", "there is no bucket "+bucket, answer)
	case "ResourceNotFoundException":
		return s.fail(NoTable, "", fmt.Sprintf("there is no table %s in %s", table, region), answer)
	case "AccessDenied", "AccessDeniedException", "Forbidden":
		return s.fail(NoPermission, "", "no permission to "+doing, answer)
	}
	if status(err) == http.StatusMovedPermanently || api.ErrorCode() == "AuthorizationHeaderMalformed" {
		return s.fail(WrongRegion, "", fmt.Sprintf("the bucket %s is not in %s", bucket, region), answer)
	}
	return s.fail(Unexplained, "", "cannot "+doing, answer)
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
