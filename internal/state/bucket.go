package state

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"example.com/webserver-cluster/internal/project"
)

// BucketExists tells whether the bucket exists in the account. One of another
// account, or in another region, is an error.
func (s *Store) BucketExists(ctx context.Context, account string) (bool, error) {
	input := &s3.HeadBucketInput{Bucket: &s.Settings.StateBucket}
	for range 2 {
		_, err := s.s3.HeadBucket(ctx, input)
		switch {
		case NotFound(err):
			return false, nil
		case status(err) == http.StatusForbidden:
			// A HEAD has no message: it cannot say which of these it is.
			return false, s.fail(BucketNotOpen, "", fmt.Sprintf("the bucket %s is not open to account %s", s.Settings.StateBucket, account), errors.New("AWS says 403 Forbidden"))
		case err != nil:
			return false, s.explain("look at the bucket", err)
		}
		// It is there. Is it ours?
		input.ExpectedBucketOwner = &account
	}
	return true, nil
}

// CheckVersioning checks that the bucket keeps versions.
func (s *Store) CheckVersioning(ctx context.Context) error {
	output, err := s.s3.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &s.Settings.StateBucket})
	if err != nil {
		return s.explain("see whether the bucket keeps versions", err)
	}
	if output.Status != types.BucketVersioningStatusEnabled {
		return s.drifted(ctx, s.ourBucket, "the bucket keeps no versions, so an overwritten state is lost", fmt.Sprintf("its versioning is %q", output.Status))
	}
	return nil
}

func (s *Store) checkPublicAccess(ctx context.Context) error {
	const wrong = "the bucket could be made public"
	output, err := s.s3.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &s.Settings.StateBucket})
	if says(err, "NoSuchPublicAccessBlockConfiguration") {
		return s.drifted(ctx, s.ourBucket, wrong, "public access is not blocked")
	}
	if err != nil {
		return s.explain("see whether public access is blocked", err)
	}
	block := output.PublicAccessBlockConfiguration
	for _, on := range []*bool{block.BlockPublicAcls, block.BlockPublicPolicy, block.IgnorePublicAcls, block.RestrictPublicBuckets} {
		if !aws.ToBool(on) {
			return s.drifted(ctx, s.ourBucket, wrong, "public access is blocked in part")
		}
	}
	return nil
}

// mayWriteBucket writes what never happens: it is conditional on what is there, but AWS
// checks the permission first.
func (s *Store) mayWriteBucket(ctx context.Context) error {
	nothing := aws.String(`"none"`)
	_, err := s.s3.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &s.Settings.StateBucket, Key: aws.String(project.ProbeKey), Body: strings.NewReader(""), IfMatch: nothing,
	})
	if !conditionFailed(err) {
		return s.explain("write to the bucket", err)
	}
	if !s.usesFile() {
		return nil
	}
	_, err = s.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.Settings.StateBucket, Key: aws.String(project.ProbeKey), IfMatch: nothing})
	if !conditionFailed(err) {
		return s.explain("delete from the bucket, which is how a lock is released", err)
	}
	return nil
}
