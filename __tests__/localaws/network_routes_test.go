package localaws_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// TestRoutes: an instance reaches AWS's services as long as its subnet has a way out.
func TestRoutes(t *testing.T) {
	e, ctx := newEstate(t), t.Context()
	e.vpc = *must[*ec2.CreateVpcOutput](t)(e.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.7.0.0/16")})).Vpc.VpcId
	subnet := func(block string) string {
		return *must[*ec2.CreateSubnetOutput](t)(e.ec2.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &e.vpc, CidrBlock: &block})).Subnet.SubnetId
	}
	public := subnet("10.7.0.0/24")
	e.subnet = subnet("10.7.1.0/24")
	open := e.group("open")
	e.letOut(open, 443, "0.0.0.0/0")
	reach := func(name, want string) {
		t.Helper()
		time.Sleep(1100 * time.Millisecond) // routes are remembered for a second
		e.wantConsole(e.launch(name, "", open, `curl -s -o /dev/null --max-time 3 "$AWS_ENDPOINT_URL"; echo "services: $?"`), want)
	}

	table := must[*ec2.CreateRouteTableOutput](t)(e.ec2.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: &e.vpc})).RouteTable.RouteTableId
	_, err := e.ec2.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: table, SubnetId: &e.subnet})
	e.must(err)
	reach("without", "services: 28\n")

	address := must[*ec2.AllocateAddressOutput](t)(e.ec2.AllocateAddress(ctx, &ec2.AllocateAddressInput{Domain: "vpc"})).AllocationId
	gateway := must[*ec2.CreateNatGatewayOutput](t)(e.ec2.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{SubnetId: &public, AllocationId: address})).NatGateway.NatGatewayId
	_, err = e.ec2.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: table, DestinationCidrBlock: aws.String("0.0.0.0/0"), NatGatewayId: gateway})
	e.must(err)
	reach("with", "services: 0\n")

	_, err = e.ec2.DeleteNatGateway(ctx, &ec2.DeleteNatGatewayInput{NatGatewayId: gateway})
	e.must(err)
	reach("black-hole", "services: 28\n")
}
