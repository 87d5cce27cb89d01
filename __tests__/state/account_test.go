package state_test

import (
	"cmp"
	"fmt"
	"strings"

	"example.com/webserver-cluster/internal/state/orphan"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	taggingtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
)

// made are the resources of a stack that exist on AWS: by ARN, each one's name
// in the configuration. Routes and associations, which have no tags, are there under
// names of their own.
func (p *project) made(stack string) map[string]string {
	ctx, t := p.t.Context(), p.t
	t.Helper()
	found := map[string]string{}
	pages := tagging.NewGetResourcesPaginator(tagging.NewFromConfig(cloud.Config()), &tagging.GetResourcesInput{TagFilters: []taggingtypes.TagFilter{
		{Key: aws.String("Project"), Values: []string{p.name}}, {Key: aws.String("Environment"), Values: []string{stack}}, {Key: aws.String(nameTag)},
	}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		must(t, err)
		for _, r := range page.ResourceTagMappingList {
			for _, tag := range r.Tags {
				// RDS copies a database's tags to its snapshots.
				if *tag.Key == nameTag && !strings.Contains(*r.ResourceARN, ":snapshot:") {
					found[*r.ResourceARN] = *tag.Value
				}
			}
		}
	}
	groups, err := autoscaling.NewFromConfig(cloud.Config()).DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{})
	must(t, err)
	for _, g := range groups.AutoScalingGroups {
		if strings.HasPrefix(*g.AutoScalingGroupName, p.name+"-") {
			found[*g.AutoScalingGroupARN] = "the group"
		}
	}
	client := iam.NewFromConfig(cloud.Config())
	roles, err := client.ListRoles(ctx, &iam.ListRolesInput{})
	must(t, err)
	for _, r := range roles.Roles {
		if strings.HasPrefix(*r.RoleName, p.name+"-") {
			tags, err := client.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: r.RoleName})
			must(t, err)
			for _, tag := range tags.Tags {
				if *tag.Key == nameTag {
					found[*r.Arn] = *tag.Value
				}
			}
		}
	}
	profiles, err := client.ListInstanceProfiles(ctx, &iam.ListInstanceProfilesInput{})
	must(t, err)
	for _, profile := range profiles.InstanceProfiles {
		if strings.HasPrefix(*profile.InstanceProfileName, p.name+"-") {
			found[*profile.Arn] = "the instance profile"
		}
	}
	tables, err := ec2.NewFromConfig(cloud.Config()).DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []ec2types.Filter{
		{Name: aws.String("tag:Project"), Values: []string{p.name}},
	}})
	must(t, err)
	for _, table := range tables.RouteTables {
		for _, r := range table.Routes {
			if aws.ToString(r.GatewayId) != "local" {
				found["route/"+*table.RouteTableId+" "+*r.DestinationCidrBlock] = "route " + *table.RouteTableId + *r.DestinationCidrBlock
			}
		}
		for _, a := range table.Associations {
			if a.SubnetId != nil {
				found["association/"+*a.RouteTableAssociationId] = "association of " + *a.SubnetId
			}
		}
	}
	return found
}

// account is how what exists on AWS fits a state.
type account struct {
	there   int // resources on AWS
	unknown int // of these, those that the state does not know
	twice   int // of these, those of which there is another one
}

func (a account) String() string {
	return fmt.Sprintf("%d there, unknown to the state: %d, made twice: %d", a.there, a.unknown, a.twice)
}

// accounted checks that the state and AWS have the same resources, each of
// them once.
func (p *project) accounted(stack string) account {
	p.t.Helper()
	known := map[string]string{} // what a resource may be known by, to its address
	missing := map[string]bool{}
	for _, r := range p.newest(stack).Resources {
		if r.Mode != "managed" || orphan.Types[r.Type].Repeatable && orphan.Types[r.Type].Untagged { // which AWS lists nowhere
			continue
		}
		address := r.Type + "." + r.Name
		missing[address] = true
		for _, i := range r.Instances {
			for _, key := range []string{"arn", "id"} {
				if s, ok := i.Attributes[key].(string); ok {
					known[s] = address
				}
			}
			if r.Type == "aws_route" {
				known[fmt.Sprint(i.Attributes["route_table_id"], " ", i.Attributes["destination_cidr_block"])] = address
			}
		}
	}
	names := map[string]string{}
	made := p.made(stack)
	a := account{there: len(made)}
	for arn, name := range made {
		address := cmp.Or(known[arn], known[arn[strings.LastIndexAny(arn, "/:")+1:]], known[strings.TrimPrefix(arn, "route/")])
		if address == "" {
			p.t.Errorf("the state does not know %s %s", name, arn)
			a.unknown++
		}
		delete(missing, address)
		if other := names[name]; other != "" {
			p.t.Errorf("%s was made twice: %s and %s", name, arn, other)
			a.twice++
		}
		names[name] = arn
	}
	for address := range missing {
		p.t.Errorf("the state knows %s, AWS does not", address)
	}
	return a
}

// complete checks that all of a stack of servers is there, once, and known.
func (p *project) complete(stack string) account {
	p.t.Helper()
	a := p.accounted(stack)
	if a.there != 15 {
		p.t.Errorf("there are %d resources, want 15", a.there)
	}
	return a
}
