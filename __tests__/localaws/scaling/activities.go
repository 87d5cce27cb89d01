package scaling

import (
	"context"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"example.com/webserver-cluster/tests/localaws/front"
)

func (e *Engine) describeActivities(_ context.Context, region string, in *autoscaling.DescribeScalingActivitiesInput) (*autoscaling.DescribeScalingActivitiesOutput, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var found []types.Activity
	for k, g := range e.groups {
		if k.region == region && (in.AutoScalingGroupName == nil || *in.AutoScalingGroupName == g.name) {
			p, _ := g.shown()
			found = append(found, p.activities...)
		}
	}
	if len(in.ActivityIds) > 0 {
		found = slices.DeleteFunc(found, func(a types.Activity) bool { return !slices.Contains(in.ActivityIds, *a.ActivityId) })
	}
	out := &autoscaling.DescribeScalingActivitiesOutput{}
	var err error
	out.Activities, out.NextToken, err = page(found, in.NextToken, in.MaxRecords, 100)
	return out, err
}

// page returns the part of all that a request asks for. A token is the index of
// the next item.
func page[T any](all []T, token *string, records *int32, most int) ([]T, *string, error) {
	start := 0
	if token != nil {
		var err error
		if start, err = strconv.Atoi(*token); err != nil || start < 0 || start > len(all) {
			return nil, nil, front.Errorf("InvalidNextToken", "The token '%s' is invalid.", *token)
		}
	}
	n := most
	if records != nil && *records > 0 {
		n = min(int(*records), 100)
	}
	end := min(start+n, len(all))
	if end == len(all) {
		return all[start:], nil, nil
	}
	return all[start:end], aws.String(strconv.Itoa(end)), nil
}
