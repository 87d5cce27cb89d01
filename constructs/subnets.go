package constructs

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/eip"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/natgateway"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/route"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/routetable"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/routetableassociation"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/subnet"
	"github.com/hashicorp/terraform-cdk-go/cdktf"
)

// tier is a row of subnets; its number is its place in the VPC's block.
type tier int

const (
	publicTier tier = iota
	privateTier
	databaseTier
)

func (t tier) String() string { return [...]string{"public", "private", "database"}[t] }

// subnetCIDR is the block of the tier's subnet in the zone (0 to 7) of a VPC
// whose block is /16 to /22.
func subnetCIDR(block netip.Prefix, t tier, zone int) string {
	bits := block.Bits() + subnetBits
	octets := block.Addr().As4()
	address := uint32(octets[0])<<24 | uint32(octets[1])<<16 | uint32(octets[2])<<8 | uint32(octets[3])
	address |= uint32(int(t)<<zoneBits|zone) << (32 - bits)
	octets = [4]byte{byte(address >> 24), byte(address >> 16), byte(address >> 8), byte(address)}
	return netip.PrefixFrom(netip.AddrFrom4(octets), bits).String()
}

// subnets makes the tier's subnets, one in each zone.
func (n *network) subnets(t tier) []subnet.Subnet {
	block := netip.MustParsePrefix(n.props.CIDR)
	list := make([]subnet.Subnet, len(n.zones))
	for i, zone := range n.zones {
		lifecycle := fixed("availability_zone", zone, "The Availability Zone of a subnet")
		list[i] = add(n.scope, fmt.Sprintf("%s_%d", t, i+1), subnet.NewSubnet, &subnet.SubnetConfig{
			VpcId:            n.vpcID,
			AvailabilityZone: jsii.String(zone),
			CidrBlock:        jsii.String(subnetCIDR(block, t, i)),
			// What stands in a public subnet (load balancer, NAT gateways)
			// brings its own public address.
			MapPublicIpOnLaunch: jsii.Bool(false),
			Tags:                nameTag(fmt.Sprintf("%s-%s-%d", n.props.Name, t, i+1)),
			Lifecycle:           lifecycle,
		})
	}
	return list
}

// routes is a route table, and the route out of the VPC in it, if there is one.
type routes struct {
	tableID *string
	out     []cdktf.ITerraformDependable
}

// routes makes a route table; out says where its route to the internet leads,
// nil for none.
func (n *network) routes(role string, out *route.RouteConfig) routes {
	made := routes{tableID: add(n.scope, role+"_routes", routetable.NewRouteTable, &routetable.RouteTableConfig{
		VpcId: n.vpcID,
		Tags:  nameTag(n.props.Name + "-" + strings.ReplaceAll(role, "_", "-")),
	}).Id()}
	if out != nil {
		out.RouteTableId = made.tableID
		out.DestinationCidrBlock = jsii.String("0.0.0.0/0")
		made.out = append(made.out, add(n.scope, role+"_to_internet", route.NewRoute, out))
	}
	return made
}

// associate gives the subnets their route tables, one each or one for all, and
// returns the subnets' ids. The ids are the associations' attributes, not the
// subnets', so that Terraform puts nothing into a subnet before its routes
// work: a load balancer or NAT gateway before the internet gateway is refused,
// and an instance before its NAT gateway boots without a network.
func (n *network) associate(t tier, subnets []subnet.Subnet, tables ...routes) []string {
	ids := make([]string, len(subnets))
	for i, sn := range subnets {
		table := tables[i%len(tables)]
		config := &routetableassociation.RouteTableAssociationConfig{SubnetId: sn.Id(), RouteTableId: table.tableID}
		if table.out != nil {
			config.DependsOn = &table.out
		}
		ids[i] = *add(n.scope, fmt.Sprintf("%s_%d_association", t, i+1), routetableassociation.NewRouteTableAssociation, config).SubnetId()
	}
	return ids
}

// natGateways makes none, one, or one in each public subnet.
func (n *network) natGateways(publicSubnetIDs []string) []*string {
	count := map[NAT]int{NATNone: 0, NATSingle: 1, NATPerZone: len(publicSubnetIDs)}[n.props.NAT]
	gateways := make([]*string, count)
	for i := range gateways {
		role := fmt.Sprintf("nat_%d", i+1)
		name := nameTag(fmt.Sprintf("%s-nat-%d", n.props.Name, i+1))
		address := add(n.scope, role+"_address", eip.NewEip, &eip.EipConfig{Domain: jsii.String("vpc"), Tags: name})
		gateways[i] = add(n.scope, role, natgateway.NewNatGateway, &natgateway.NatGatewayConfig{
			AllocationId: address.AllocationId(),
			SubnetId:     jsii.String(publicSubnetIDs[i]),
			Tags:         name,
		}).Id()
	}
	return gateways
}
