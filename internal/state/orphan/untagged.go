package orphan

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// routes finds routes, and associations of route tables with subnets, which
// cannot have tags, in the route tables that the state knows or that were
// found before.
func (f *finder) routes(ctx context.Context) error {
	const routeType, associationType = "aws_route", "aws_route_table_association"
	// What is there: the import ids of all routes and associations.
	there := map[string]bool{}
	pages := ec2.NewDescribeRouteTablesPaginator(ec2.NewFromConfig(f.cfg), &ec2.DescribeRouteTablesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list route tables: %w", err)
		}
		for _, table := range page.RouteTables {
			for _, route := range table.Routes {
				there[*table.RouteTableId+"_"+aws.ToString(route.DestinationCidrBlock)] = true
			}
			for _, a := range table.Associations {
				there[aws.ToString(a.SubnetId)+"/"+*table.RouteTableId] = true
			}
		}
	}
	for kind, id := range map[string]func(name string) string{
		routeType: func(name string) string {
			return f.refers(routeType, name, "route_table_id") + "_" + f.config.argument(routeType, name, "destination_cidr_block")
		},
		associationType: func(name string) string {
			return f.refers(associationType, name, "subnet_id") + "/" + f.refers(associationType, name, "route_table_id")
		},
	} {
		for name := range f.config.Resource[kind] {
			if address := kind + "." + name; f.id(address) == "" && there[id(name)] {
				f.note(kind, name, id(name))
			}
		}
	}
	return nil
}

// refers is the id of the resource that an argument refers to, "" if that is
// not known.
func (f *finder) refers(kind, name, argument string) string {
	if m := reference.FindStringSubmatch(f.config.argument(kind, name, argument)); m != nil {
		return f.id(m[1])
	}
	return ""
}

// id is the id of the resource with that address, in the state or among what
// was found; "" if there is none.
func (f *finder) id(address string) string {
	for _, r := range f.file.Resources {
		if r.Address == address && r.Deposed == "" {
			return r.ID
		}
	}
	for _, o := range f.found {
		if o.Address == address {
			return o.ID
		}
	}
	return ""
}
