package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/localaws/clock"
)

// cloud is AWS in one account and region.
type cloud struct {
	config     aws.Config
	account    string
	groups     *autoscaling.Client
	compute    *ec2.Client
	alarms     *cloudwatch.Client
	parameters *ssm.Client
	time       *clock.Clock
	options
}

// Attempts of a call: a refusal for too many calls is no answer.
const attempts = 10

func (o options) connect(ctx context.Context, time *clock.Clock) (*cloud, error) {
	app, err := localaws.AppRegion()
	if err != nil {
		return nil, usageError{err}
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(cmp.Or(o.region, app)), config.WithSharedConfigProfile(o.profile), config.WithLogger(logging.Nop{}),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(r *retry.StandardOptions) {
				r.MaxAttempts, r.MaxBackoff = attempts, time.Real(retry.DefaultMaxBackoff)
			})
		}))
	if err != nil {
		return nil, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return nil, usageError{errors.New("no AWS region: set AWS_REGION, or a region in the AWS profile, or give --region")}
	}
	caller, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, fmt.Errorf("AWS does not say whose credentials these are (sign in, or set AWS_PROFILE or --profile): %s", words(err))
	}
	return &cloud{
		config:  cfg,
		account: aws.ToString(caller.Account),
		groups:  autoscaling.NewFromConfig(cfg),
		compute: ec2.NewFromConfig(cfg),
		alarms: cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
			o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801) // moto does not know CBOR
		}),
		parameters: ssm.NewFromConfig(cfg),
		time:       time,
		options:    o,
	}, nil
}

// where is the account and the region.
func (c *cloud) where() string {
	return fmt.Sprintf("account %s, region %s", c.account, c.config.Region)
}

// code is the code of AWS's refusal, "" if err is none.
func code(err error) string {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return answer.ErrorCode()
	}
	return ""
}

// noAnswer tells whether err says nothing about what was asked: who asks is refused,
// or AWS was not reached.
func noAnswer(err error) bool {
	switch code(err) {
	case "", "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "ExpiredToken", "ExpiredTokenException", "RequestExpired", "Throttling", "ResourceContention":
		return true
	}
	return false
}

// words are AWS's own words in err.
func words(err error) string {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return answer.ErrorCode() + ": " + answer.ErrorMessage()
	}
	return err.Error()
}
