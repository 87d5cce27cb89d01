// Package identity is whose credentials a stack is deployed with: what its AWS provider
// says, for the commands that ask AWS about what the stack made.
package identity

import (
	"context"
	"fmt"
	"slices"
	"strings"

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

	AccountIDs []string // of which account the credentials may be; empty: of any
	SaidIn     string   // where a user finds AccountIDs
}

// Own tells whether the identity is that of whoever runs the command, in any account.
func (i Identity) Own() bool {
	return i.Profile == "" && i.RoleARN == "" && len(i.AccountIDs) == 0
}

// Config returns the AWS configuration of the identity in a region, or, where that is
// empty, in the one that the aws command would take. own are the credentials that all
// else follows from. Credentials of another account than AccountIDs are an error.
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
	if len(i.AccountIDs) == 0 || cfg.Region == "" { // without a region nobody can be asked, this or anything
		return cfg, own, nil
	}
	// To ask for that needs no permission.
	// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
	caller, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return cfg, nil, fmt.Errorf("asking AWS of which account the credentials are: %w", err)
	}
	return cfg, own, WrongAccount(aws.ToString(caller.Account), i.AccountIDs, i.SaidIn)
}

// WrongAccount is the error for credentials of an account that is none of those that are
// wanted; nil for one of them.
func WrongAccount(account string, wanted []string, saidIn string) error {
	if slices.Contains(wanted, account) {
		return nil
	}
	return fmt.Errorf("the AWS credentials are of account %s, and %s says %s", account, saidIn, strings.Join(wanted, ", "))
}
