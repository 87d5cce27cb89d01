package scaling

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/smithy-go"

	"example.com/webserver-cluster/tests/localaws/front"
)

// API is Auto Scaling in one region without HTTP. Its methods are those of the
// SDK's client, with the same errors and the same number of attempts.
type API struct {
	engine *Engine
	region string
}

// API returns the API of a region.
func (e *Engine) API(region string) *API { return &API{e, region} }

// call does what the SDK's client does around a request.
func call[In, Out any](ctx context.Context, a *API, action string, in *In, h func(context.Context, string, *In) (*Out, error)) (*Out, error) {
	retryable := retry.IsErrorRetryables(retry.DefaultRetryables)
	for attempt := 1; ; attempt++ {
		var out *Out
		err := a.engine.Throttled()
		if err == nil {
			out, err = h(ctx, a.region, in)
		}
		if err == nil {
			a.engine.done(action)
			return out, nil
		}
		err = &smithy.OperationError{ServiceID: autoscaling.ServiceID, OperationName: action, Err: modelled(err)}
		if attempt == retry.DefaultMaxAttempts || !retryable.IsErrorRetryable(err).Bool() {
			return nil, err
		}
		// The SDK takes a random part of it, which would make a test's failure
		// one that does not come again.
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Second << attempt / 2):
		}
	}
}

// modelled returns err as the SDK reads it from an answer.
func modelled(err error) error {
	var e *front.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case "InstanceRefreshInProgress":
		return &types.InstanceRefreshInProgressFault{Message: &e.Message}
	case "ActiveInstanceRefreshNotFound":
		return &types.ActiveInstanceRefreshNotFoundFault{Message: &e.Message}
	case "IrreversibleInstanceRefresh":
		return &types.IrreversibleInstanceRefreshFault{Message: &e.Message}
	case "ResourceInUse":
		return &types.ResourceInUseFault{Message: &e.Message}
	case "ScalingActivityInProgress":
		return &types.ScalingActivityInProgressFault{Message: &e.Message}
	case "InvalidNextToken":
		return &types.InvalidNextToken{Message: &e.Message}
	}
	return &smithy.GenericAPIError{Code: e.Code, Message: e.Message, Fault: smithy.FaultClient}
}
