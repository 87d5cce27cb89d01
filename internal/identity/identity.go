// Package identity is whose credentials a stack is deployed with: what its AWS provider
// says, for the commands that ask AWS about what the stack made.
package identity

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
)

// Identity has the AWS provider's words. The zero value is whoever runs the command, as
// the aws command finds them.
type Identity struct {
	Profile     string // in the AWS configuration
	RoleARN     string // to assume
	ExternalID  string // that the role asks for
	SessionName string // of the role, as CloudTrail shows it; empty: the SDK's
}

// Config returns the AWS configuration of the identity in a region, or, where that is
// empty, in the one that the aws command would take. own are the credentials that all
// else follows from.
func (i Identity) Config(ctx context.Context, region string) (cfg aws.Config, own aws.CredentialsProvider, err error) {
	cfg, err = config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithSharedConfigProfile(i.Profile), config.WithLogger(logging.Nop{}))
	if err != nil {
		return cfg, nil, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	own = cfg.Credentials
	if i.RoleARN != "" {
		cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), i.RoleARN, func(o *stscreds.AssumeRoleOptions) {
			if i.SessionName != "" {
				o.RoleSessionName = i.SessionName
			}
			if i.ExternalID != "" {
				o.ExternalID = &i.ExternalID
			}
		}))
	}
	return cfg, own, nil
}
