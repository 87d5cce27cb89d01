package localaws

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/rds"

	"example.com/webserver-cluster/tests/localaws/front"
)

const subnetParameter = "SubnetIds.SubnetIdentifier.%d"

// keepSubnetGroups: moto forgets a DB subnet group whose subnets are changed. On AWS it
// stays, with its tags.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSubnetGroup.html
func (a *AWS) keepSubnetGroups() {
	a.Front.Handle("rds", "ModifyDBSubnetGroup", func(r *front.Request, next front.Next) (*front.Response, error) {
		ctx := r.HTTP.Context()
		client := rds.NewFromConfig(a.MotoConfig(), func(o *rds.Options) { o.Region = r.Region })
		again, err := subnetGroup(ctx, client, r.Params.Get("DBSubnetGroupName"))
		if err != nil {
			return next(r) // moto knows why
		}
		resp, err := next(r)
		if err != nil || !resp.OK() {
			return resp, err
		}
		for i := 1; r.Params.Has(fmt.Sprintf(subnetParameter, i)); i++ {
			again.SubnetIds = append(again.SubnetIds, r.Params.Get(fmt.Sprintf(subnetParameter, i)))
		}
		if text := r.Params.Get("DBSubnetGroupDescription"); text != "" {
			again.DBSubnetGroupDescription = &text
		}
		_, err = client.CreateDBSubnetGroup(ctx, again)
		return resp, err
	})
}

// subnetGroup is what makes a DB subnet group as it is.
func subnetGroup(ctx context.Context, client *rds.Client, name string) (*rds.CreateDBSubnetGroupInput, error) {
	found, err := client.DescribeDBSubnetGroups(ctx, &rds.DescribeDBSubnetGroupsInput{DBSubnetGroupName: &name})
	if err != nil {
		return nil, err
	}
	group := found.DBSubnetGroups[0]
	tags, err := client.ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: group.DBSubnetGroupArn})
	if err != nil {
		return nil, err
	}
	return &rds.CreateDBSubnetGroupInput{
		DBSubnetGroupName: &name, DBSubnetGroupDescription: group.DBSubnetGroupDescription, Tags: tags.TagList,
	}, nil
}
