package localaws_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"example.com/webserver-cluster/tests/localaws"
)

// start starts a local AWS for a test.
func start(t *testing.T) *localaws.AWS {
	t.Helper()
	cloud, err := localaws.Start(context.Background(), localaws.Options{BuildDir: t.TempDir(), Region: "eu-central-1", Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	return cloud
}

// TestEnviron: whatever the user's environment says, a client with Environ
// added reaches the local AWS, and as nobody else.
func TestEnviron(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_PROFILE":                         "prod",
		"AWS_SESSION_TOKEN":                   "token",
		"AWS_ENDPOINT_URL_S3":                 "http://127.0.0.1:1",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
		"AWS_USE_FIPS_ENDPOINT":               "true",
		"AWS_USE_DUALSTACK_ENDPOINT":          "true",
	} {
		t.Setenv(name, value)
	}
	cloud := start(t)
	for _, entry := range cloud.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}

	loaded, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := loaded.Credentials.Retrieve(t.Context())
	if err != nil || credentials.AccessKeyID != "local" || credentials.SessionToken != "" {
		t.Errorf("credentials %+v, %v", credentials, err)
	}
	if loaded.Region != "eu-central-1" {
		t.Errorf("region %q", loaded.Region)
	}
	if _, err := s3.NewFromConfig(loaded).CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket:                    aws.String("here"),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-central-1"},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s3.NewFromConfig(cloud.Config()).HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("here")}); err != nil {
		t.Errorf("the bucket was made elsewhere: %v", err)
	}
}
