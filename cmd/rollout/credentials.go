package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// expiring warns of credentials that nobody renews and that may end before that much
// time is over: temporary ones in the environment, as CI runners have them. It
// returns "" for others: the SDK renews them.
func expiring(ctx context.Context, provider aws.CredentialsProvider, within time.Duration) string {
	credentials, err := provider.Retrieve(ctx)
	if err != nil || credentials.SessionToken == "" || credentials.Source != config.CredentialsSourceName {
		return "" // without credentials, the first call says so
	}
	until := "at a time not known here"
	// "aws configure export-credentials --format env" sets it.
	if end, err := time.Parse(time.RFC3339, os.Getenv("AWS_CREDENTIAL_EXPIRATION")); err == nil {
		if end.After(time.Now().Add(within)) {
			return ""
		}
		until = "at " + end.Local().Format(time.TimeOnly)
	}
	return fmt.Sprintf("the credentials in the environment end %s and are not renewed: if that is before the rollout's end, AWS goes on", until)
}
