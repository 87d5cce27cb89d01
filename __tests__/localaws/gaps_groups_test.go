package localaws_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// testDefaultGroup has the default groups of the default VPC and of a new one let their
// members in, until that is revoked.
func testDefaultGroup(t *testing.T, config aws.Config) {
	ctx, client := t.Context(), ec2.NewFromConfig(config)
	vpc := must[*ec2.CreateVpcOutput](t)(client.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")})).Vpc.VpcId
	describe := func() map[string]ec2types.SecurityGroup {
		found := map[string]ec2types.SecurityGroup{}
		out := must[*ec2.DescribeSecurityGroupsOutput](t)(client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{
			Filters: []ec2types.Filter{{Name: aws.String("group-name"), Values: []string{"default"}}},
		}))
		for _, g := range out.SecurityGroups {
			found[aws.ToString(g.VpcId)] = g
		}
		return found
	}
	groups := describe()
	if len(groups) != 2 {
		t.Errorf("%d default groups, want the default VPC's and the new one's", len(groups))
	}
	for id, g := range groups {
		if len(g.IpPermissions) != 1 || len(g.IpPermissions[0].UserIdGroupPairs) != 1 || aws.ToString(g.IpPermissions[0].UserIdGroupPairs[0].GroupId) != aws.ToString(g.GroupId) {
			t.Errorf("the default group of %s lets in: %+v", id, g.IpPermissions)
		}
	}
	own := groups[*vpc]
	must[*ec2.RevokeSecurityGroupIngressOutput](t)(client.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: own.GroupId, IpPermissions: own.IpPermissions}))
	if left := describe()[*vpc].IpPermissions; len(left) != 0 {
		t.Errorf("what was revoked is there: %+v", left)
	}
	must[*ec2.DeleteVpcOutput](t)(client.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: vpc}))
	other := must[*ec2.CreateVpcOutput](t)(client.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.9.0.0/16")})).Vpc.VpcId
	must[*ec2.DeleteVpcOutput](t)(client.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: other})) // its own rule holds nothing up
}
