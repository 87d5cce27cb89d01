package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/rollout"
)

// where says which group the command is about.
type where struct{ group, region string }

func connect(ctx context.Context, at where) (*rollout.AWS, error) {
	if at.group == "" {
		return nil, usageError{errors.New("--group is missing: the name of the Auto Scaling group")}
	}
	if at.region == "" {
		var err error
		if at.region, err = project.Region("."); err != nil {
			return nil, usageError{err}
		}
	} else if rule := project.RegionRule(at.region); rule != "" {
		return nil, usageError{fmt.Errorf("--region: %q: %s", at.region, rule)}
	}
	// Without a region, the SDK goes on looking for one.
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(at.region), config.WithLogger(logging.Nop{}))
	if err != nil {
		return nil, fmt.Errorf("reading the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		return nil, errors.New("no AWS region: set AWS_REGION, or a region in the AWS profile, or give --region")
	}
	return rollout.NewAWS(cfg, at.group), nil
}
