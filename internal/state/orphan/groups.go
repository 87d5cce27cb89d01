package orphan

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	autoscalingtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"example.com/webserver-cluster/internal/project"
)

// groups finds Auto Scaling groups: the tagging API lists none.
// https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/supported-services.html
func (f *finder) groups(ctx context.Context) error {
	input := &autoscaling.DescribeAutoScalingGroupsInput{}
	for key, value := range f.config.tags() {
		input.Filters = append(input.Filters, autoscalingtypes.Filter{Name: aws.String("tag:" + key), Values: []string{value}})
	}
	pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(autoscaling.NewFromConfig(f.cfg), input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list Auto Scaling groups: %w", err)
		}
		for _, group := range page.AutoScalingGroups {
			for _, tag := range group.Tags {
				if *tag.Key == project.TerraformNameTag {
					f.add(*tag.Value, *group.AutoScalingGroupARN)
				}
			}
		}
	}
	return nil
}
