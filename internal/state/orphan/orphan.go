// Package orphan finds what a killed apply made on AWS and did not live to
// write into the state, and reads it in, so that the next apply neither makes
// it twice nor stumbles over it.
//
// Terraform writes the state at most every 20 seconds while it applies, and a
// resource only when it is complete (ten minutes for a database). What is lost
// with a killed process is therefore no rarity.
//
// Orphans are found by their tags: the provider's default_tags say which stack
// a resource belongs to, and project.TerraformNameTag which block of its configuration made it.
package orphan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	autoscalingtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	taggingtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/state"
)

// Orphan is a resource on AWS that the state does not know.
type Orphan struct {
	Address string // in Terraform, such as aws_vpc.network_vpc
	ID      string // what `terraform import` knows it by
	Surplus bool   // the state has another one with that address: the next apply destroys this one
}

// Stray is a resource with the stack's tags that Terraform cannot take over.
type Stray struct{ ARN, Why string }

const (
	roleType    = "aws_iam_role"
	profileType = "aws_iam_instance_profile"
)

// Find returns the orphans of the stack whose synthesized configuration is in
// dir, sorted by address, and what else has the stack's tags but is not in file.
func Find(ctx context.Context, cfg aws.Config, dir string, file *state.File) ([]Orphan, []Stray, error) {
	c, err := readConfig(dir)
	if err != nil || len(c.Provider.AWS) == 0 { // a stack with nothing on AWS
		return nil, nil, err
	}
	f := finder{store: state.On(cfg, project.Settings{}), cfg: cfg, config: c, file: file}
	// routes comes last: it looks into the route tables found before.
	for _, find := range []func(context.Context) error{f.tagged, f.tagsOfEC2, f.groups, f.identities, f.named, f.routes} {
		if err := find(ctx); err != nil {
			return nil, nil, err
		}
	}
	slices.SortFunc(f.found, func(a, b Orphan) int { return strings.Compare(a.Address+a.ID, b.Address+b.ID) })
	return f.found, f.strays, nil
}

// finder gathers orphans from where AWS lists resources.
type finder struct {
	store  *state.Store // for its looks at any bucket and table
	cfg    aws.Config
	config config
	file   *state.File
	found  []Orphan
	strays []Stray
}

// add notes a resource by its name in the configuration, unless the state
// knows it.
func (f *finder) add(name, arn string) {
	kind := f.config.kind(name)
	id := importID(kind, arn)
	if f.knows(kind, id, arn) {
		return
	}
	// RDS gives a database that is restored the tags of the one it was. Whoever
	// restored it would not want the next deploy to destroy it.
	identifier := f.config.argument(kind, name, "identifier")
	switch {
	case kind == "":
		f.strays = append(f.strays, Stray{arn, "is not in the code: check out the code that made it and run this again, or delete it by hand"})
	case identifier != "" && identifier != id:
		f.strays = append(f.strays, Stray{arn, fmt.Sprintf("has the tags of %s.%s, but that is called %s: left alone", kind, name, identifier)})
	default:
		f.note(kind, name, id)
	}
}

// knows tells whether the state knows a resource; one of any type for kind "".
func (f *finder) knows(kind, id, arn string) bool {
	return slices.ContainsFunc(f.file.Resources, func(r state.Resource) bool {
		return arn != "" && r.ARN == arn || r.ID == id && (r.Type == kind || kind == "")
	})
}

// note adds an orphan that was not found before.
func (f *finder) note(kind, name, id string) {
	orphan := Orphan{Address: kind + "." + name, ID: id}
	orphan.Surplus = slices.ContainsFunc(f.file.Resources, func(r state.Resource) bool {
		return r.Address == orphan.Address && r.Deposed == ""
	})
	if !slices.Contains(f.found, orphan) {
		f.found = append(f.found, orphan)
	}
}

// tagged finds what AWS's list of all tags has. New resources appear there
// some minutes late.
func (f *finder) tagged(ctx context.Context) error {
	input := &tagging.GetResourcesInput{TagFilters: []taggingtypes.TagFilter{{Key: aws.String(project.TerraformNameTag)}}}
	for key, value := range f.config.tags() {
		input.TagFilters = append(input.TagFilters, taggingtypes.TagFilter{Key: &key, Values: []string{value}})
	}
	pages := tagging.NewGetResourcesPaginator(tagging.NewFromConfig(f.cfg), input)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list resources by their tags: %w", err)
		}
		for _, r := range page.ResourceTagMappingList {
			if strings.Contains(*r.ResourceARN, ":snapshot:") {
				continue // RDS copies a database's tags to those it makes of it
			}
			if deleted, err := f.deletedKey(ctx, *r.ResourceARN); err != nil {
				return err
			} else if deleted {
				continue
			}
			for _, tag := range r.Tags {
				if *tag.Key == project.TerraformNameTag {
					f.add(*tag.Value, *r.ResourceARN)
				}
			}
		}
	}
	return nil
}

// deletedKey tells whether an ARN is that of a KMS key that waits for its deletion,
// which takes a week at the least. Terraform counts it as gone.
// https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
func (f *finder) deletedKey(ctx context.Context, arn string) (bool, error) {
	if !strings.Contains(arn, ":kms:") {
		return false, nil
	}
	key, err := kms.NewFromConfig(f.cfg).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &arn})
	if err != nil {
		return false, fmt.Errorf("look at the key %s: %w", arn, err)
	}
	return key.KeyMetadata.KeyState == kmstypes.KeyStatePendingDeletion, nil
}

// tagsOfEC2 finds what belongs to EC2, the network above all, by EC2's own list of
// tags, which is up to date at once. Nothing in it is unique by name, so what is
// missed is made twice.
func (f *finder) tagsOfEC2(ctx context.Context) error {
	filter := ec2types.Filter{Name: aws.String("key"), Values: []string{project.TerraformNameTag}}
	for key := range f.config.tags() {
		filter.Values = append(filter.Values, key)
	}
	resources := map[string]map[string]string{} // id to tags
	pages := ec2.NewDescribeTagsPaginator(ec2.NewFromConfig(f.cfg), &ec2.DescribeTagsInput{Filters: []ec2types.Filter{filter}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("list the tags of EC2's resources: %w", err)
		}
		for _, tag := range page.Tags {
			if resources[*tag.ResourceId] == nil {
				resources[*tag.ResourceId] = map[string]string{}
			}
			resources[*tag.ResourceId][*tag.Key] = *tag.Value
		}
	}
	for id, tags := range resources {
		name := tags[project.TerraformNameTag]
		kind := f.config.kind(name)
		if kind != "" && f.config.owns(tags) && !f.knows(kind, id, "") {
			f.note(kind, name, id)
		}
	}
	return nil
}

// importID is what `terraform import` wants for a resource: its ARN or, for
// most types, the name or id at the ARN's end, behind the kind of resource:
//
//	arn:aws:ec2:REGION:ACCOUNT:vpc/vpc-1234                       vpc-1234
//	arn:aws:logs:REGION:ACCOUNT:log-group:/vpc/stage              /vpc/stage
//	arn:aws:autoscaling:REGION:ACCOUNT:…:autoScalingGroupName/web web
//	arn:aws:s3:::bucket                                           bucket
func importID(kind, arn string) string {
	switch kind {
	case "aws_lb", "aws_lb_listener", "aws_lb_target_group", "aws_sns_topic":
		return arn
	case "aws_autoscaling_group", roleType, profileType:
		return arn[strings.LastIndexByte(arn, '/')+1:]
	}
	parts := strings.SplitN(arn, ":", 6)
	resource := parts[len(parts)-1]
	i := strings.IndexAny(resource, ":/")
	id := resource[i+1:]
	if kind == "aws_ssm_parameter" && strings.Contains(id, "/") {
		return "/" + id // the ARN of a parameter in a folder lacks the name's first slash
	}
	return id
}

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

// identities finds IAM roles and instance profiles. The tagging API lists no
// roles, and what belongs to no region in one region only; IAM lists both without
// their tags. Only those with a name from the configuration are asked for them.
func (f *finder) identities(ctx context.Context) error {
	client := iam.NewFromConfig(f.cfg)
	if f.config.Resource[roleType] != nil {
		pages := iam.NewListRolesPaginator(client, &iam.ListRolesInput{})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return fmt.Errorf("list IAM roles: %w", err)
			}
			for _, role := range page.Roles {
				if err := f.identity(roleType, *role.RoleName, *role.Arn, func() ([]iamtypes.Tag, error) {
					output, err := client.ListRoleTags(ctx, &iam.ListRoleTagsInput{RoleName: role.RoleName})
					if err != nil {
						return nil, err
					}
					return output.Tags, nil
				}); err != nil {
					return err
				}
			}
		}
	}
	if f.config.Resource[profileType] != nil {
		pages := iam.NewListInstanceProfilesPaginator(client, &iam.ListInstanceProfilesInput{})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return fmt.Errorf("list IAM instance profiles: %w", err)
			}
			for _, profile := range page.InstanceProfiles {
				if err := f.identity(profileType, *profile.InstanceProfileName, *profile.Arn, func() ([]iamtypes.Tag, error) {
					output, err := client.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: profile.InstanceProfileName})
					if err != nil {
						return nil, err
					}
					return output.InstanceProfile.Tags, nil
				}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// identity notes a role or an instance profile if it is one of the stack's. list
// asks for its tags.
func (f *finder) identity(kind, name, arn string, list func() ([]iamtypes.Tag, error)) error {
	ours := false
	for block := range f.config.Resource[kind] {
		start := f.config.argument(kind, block, "name_prefix") + f.config.argument(kind, block, "name")
		ours = ours || strings.HasPrefix(name, start)
	}
	if !ours {
		return nil
	}
	output, err := list()
	if err != nil {
		return fmt.Errorf("list the tags of %s: %w", arn, err)
	}
	tags := map[string]string{}
	for _, tag := range output {
		tags[*tag.Key] = *tag.Value
	}
	if block := tags[project.TerraformNameTag]; block != "" && f.config.owns(tags) {
		f.add(block, arn)
	}
	return nil
}

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

// named finds buckets and tables by the name that the configuration gives
// them: the list of tags has them late, and a bucket gets its tags only after it was
// made. One that belongs to somebody else is left alone.
func (f *finder) named(ctx context.Context) error {
	buckets, tables := s3.NewFromConfig(f.cfg), dynamodb.NewFromConfig(f.cfg)
	for kind, look := range map[string]struct {
		argument string
		exists   func(name string) error
		ours     func(name string) (bool, error)
	}{
		"aws_s3_bucket": {"bucket", func(name string) error {
			_, err := buckets.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
			return err
		}, func(name string) (bool, error) {
			tags, err := f.store.BucketTags(ctx, name)
			if err != nil || f.config.owns(tags) {
				return err == nil, err
			}
			return f.store.Untouched(ctx, name)
		}},
		"aws_dynamodb_table": {"name", func(name string) error {
			_, err := tables.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
			return err
		}, func(name string) (bool, error) {
			tags, err := f.store.TableTags(ctx, name)
			return f.config.owns(tags), err
		}},
	} {
		for name := range f.config.Resource[kind] {
			id, address := f.config.argument(kind, name, look.argument), kind+"."+name
			// What answers with an error is not there, or not ours.
			if id == "" || f.id(address) != "" || look.exists(id) != nil {
				continue
			}
			ours, err := look.ours(id)
			if err != nil {
				return err
			}
			if ours {
				f.note(kind, name, id)
			} else {
				f.strays = append(f.strays, Stray{id, fmt.Sprintf("exists, but without the tags of %s: left alone", address)})
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
