package localaws

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"example.com/webserver-cluster/tests/localaws/servers"
)

// routesMemory is how long a subnet's way out is remembered, in real time.
const routesMemory = time.Second

// routes tell which subnets have a way out of their VPC, to the public addresses of AWS's
// services. VPC endpoints, which are another way there, are not known here.
// https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
type routes struct {
	config aws.Config

	mu   sync.Mutex
	ways map[string]way // by subnet
}

type way struct {
	read time.Time
	out  bool
}

// leadOut tells whether a server's subnet has a route to the internet: through a NAT
// gateway that is there, or an internet gateway. Instances in a default VPC have one, and
// a public address.
// https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html
func (r *routes) leadOut(ctx context.Context, s servers.Server) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.ways[s.Subnet]; time.Since(known.read) < routesMemory {
		return known.out, nil
	}
	client := ec2.NewFromConfig(r.config, func(o *ec2.Options) { o.Region = s.Region })
	out, err := read(ctx, client, s)
	if err != nil {
		return false, fmt.Errorf("the routes of subnet %s: %w", s.Subnet, err)
	}
	r.ways[s.Subnet] = way{time.Now(), out}
	return out, nil
}

func read(ctx context.Context, client *ec2.Client, s servers.Server) (bool, error) {
	vpcs, err := client.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{s.VPC}})
	if err != nil || len(vpcs.Vpcs) == 1 && aws.ToBool(vpcs.Vpcs[0].IsDefault) {
		return err == nil, err
	}
	filter := func(name, value string) []types.Filter {
		return []types.Filter{{Name: &name, Values: []string{value}}, {Name: aws.String("vpc-id"), Values: []string{s.VPC}}}
	}
	tables, err := client.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: filter("association.subnet-id", s.Subnet)})
	if err == nil && len(tables.RouteTables) == 0 { // the main one is for subnets that have none
		tables, err = client.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: filter("association.main", "true")})
	}
	if err != nil || len(tables.RouteTables) == 0 {
		return false, err
	}
	routes := tables.RouteTables[0].Routes
	i := slices.IndexFunc(routes, func(r types.Route) bool { return aws.ToString(r.DestinationCidrBlock) == "0.0.0.0/0" })
	if i < 0 {
		return false, nil
	}
	if routes[i].NatGatewayId == nil {
		return routes[i].GatewayId != nil, nil
	}
	// A route whose gateway is deleted stays, as a black hole.
	gateways, err := client.DescribeNatGateways(ctx, &ec2.DescribeNatGatewaysInput{NatGatewayIds: []string{*routes[i].NatGatewayId}})
	if err != nil {
		return false, err
	}
	return len(gateways.NatGateways) == 1 && gateways.NatGateways[0].State == types.NatGatewayStateAvailable, nil
}
