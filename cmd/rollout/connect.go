package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/pflag"

	"example.com/webserver-cluster/internal/identity"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/rollout"
)

// where says which group the command is about, and who asks: what Terraform's AWS
// provider is told, too.
type where struct {
	group, region string
	identity.Identity
}

func (w *where) add(flags *pflag.FlagSet) {
	flags.StringVar(&w.group, "group", "", "name of the Auto Scaling group (required)")
	flags.StringVar(&w.region, "region", "", "AWS region of the group (default: the one in cdktf.json, else as the aws command finds it)")
	flags.StringSliceVar(&w.AccountIDs, "account-id", nil, "AWS account that the group is in: another one is refused (default: any)")
	flags.StringVar(&w.Profile, "profile", "", "profile in the AWS configuration (default: as the aws command finds it)")
	flags.StringVar(&w.RoleARN, "role-arn", "", "IAM role to assume (default: none)")
	flags.StringVar(&w.ExternalID, "external-id", "", "external id that the role asks for (default: none)")
	flags.StringVar(&w.SessionName, "session-name", "", "name of the role's session, as CloudTrail shows it (default: the SDK's)")
}

var roleRule = regexp.MustCompile(`^arn:[a-z-]+:iam::\d{12}:role/.+$`)

// connect returns the group in AWS, and the credentials that everything else follows
// from.
func (w where) connect(ctx context.Context) (*rollout.AWS, aws.CredentialsProvider, error) {
	if w.group == "" {
		return nil, nil, usageError{errors.New("--group is missing: the name of the Auto Scaling group")}
	}
	for _, id := range w.AccountIDs {
		if rule := project.AccountRule(id); rule != "" {
			return nil, nil, usageError{fmt.Errorf("--account-id: %q: %s", id, rule)}
		}
	}
	w.SaidIn = "--account-id"
	if w.RoleARN != "" && !roleRule.MatchString(w.RoleARN) {
		return nil, nil, usageError{fmt.Errorf("--role-arn: %q: must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/deploy", w.RoleARN)}
	}
	if w.ExternalID != "" && w.RoleARN == "" {
		return nil, nil, usageError{fmt.Errorf("--external-id: %q: goes with --role-arn, which is missing", w.ExternalID)}
	}
	if w.SessionName != "" && w.RoleARN == "" {
		return nil, nil, usageError{fmt.Errorf("--session-name: %q: goes with --role-arn, which is missing", w.SessionName)}
	}
	if w.region == "" {
		var err error
		if w.region, err = project.Region("."); err != nil {
			return nil, nil, usageError{err}
		}
	} else if rule := project.RegionRule(w.region); rule != "" {
		return nil, nil, usageError{fmt.Errorf("--region: %q: %s", w.region, rule)}
	}
	cfg, own, err := w.Config(ctx, w.region)
	if err != nil {
		return nil, nil, err
	}
	if cfg.Region == "" {
		return nil, nil, errors.New("no AWS region: set AWS_REGION, or a region in the AWS profile, or give --region")
	}
	return rollout.NewAWS(cfg, w.group), own, nil
}
