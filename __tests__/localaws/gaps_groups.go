package localaws

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/beevik/etree"

	"example.com/webserver-cluster/tests/localaws/front"
)

// letMembersIn: moto's default security groups let nobody in. On AWS they are made
// with a rule for "traffic from all resources that are assigned to the security group",
// https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html.
// The default VPC's gets it before anybody looks, that of another VPC with the VPC.
func (a *AWS) letMembersIn() {
	var regions sync.Map // *sync.Once by region: the default VPC's is done
	for _, action := range []string{"DescribeSecurityGroups", "DescribeSecurityGroupRules", "RunInstances"} {
		a.Front.Handle("ec2", action, func(r *front.Request, next front.Next) (*front.Response, error) {
			once, _ := regions.LoadOrStore(r.Region, &sync.Once{})
			var err error
			once.(*sync.Once).Do(func() {
				err = a.letMembersOf(r, types.Filter{Name: aws.String("is-default"), Values: []string{"true"}})
			})
			if err != nil {
				return nil, err
			}
			return next(r)
		})
	}
	a.Front.Handle("ec2", "CreateVpc", func(r *front.Request, next front.Next) (*front.Response, error) {
		resp, err := next(r)
		if err != nil {
			return nil, err
		}
		var failed error
		err = resp.UpdateXML(func(root *etree.Element) {
			if vpc := root.SelectElement("vpc"); vpc != nil {
				failed = a.letMembersOf(r, types.Filter{Name: aws.String("vpc-id"), Values: []string{childText(vpc, "vpcId")}})
			}
		})
		if err == nil {
			err = failed
		}
		return resp, err
	})
}

// letMembersOf adds the rule to the default groups of the VPCs that the filter
// finds.
func (a *AWS) letMembersOf(r *front.Request, vpcs types.Filter) error {
	ctx := context.WithoutCancel(r.HTTP.Context())
	client := ec2.NewFromConfig(a.MotoConfig(), func(o *ec2.Options) { o.Region = r.Region })
	found, err := client.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: []types.Filter{vpcs}})
	if err != nil {
		return err
	}
	for _, vpc := range found.Vpcs {
		groups, err := client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: []types.Filter{
			{Name: aws.String("vpc-id"), Values: []string{aws.ToString(vpc.VpcId)}},
			{Name: aws.String("group-name"), Values: []string{"default"}},
		}})
		if err != nil {
			return err
		}
		for _, g := range groups.SecurityGroups {
			_, err := client.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
				GroupId:       g.GroupId,
				IpPermissions: []types.IpPermission{{IpProtocol: aws.String("-1"), UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: g.GroupId}}}},
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
