package deploy_test

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	taggingtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/workcopy"
)

type story struct {
	*testing.T
	cloud    *localaws.AWS
	project  *workcopy.Copy
	settings project.Settings
	config   aws.Config
}

// step runs a part of the story; the parts after a failed one make no sense.
func (s story) step(name string, part func(*testing.T)) {
	s.Helper()
	start := time.Now()
	if !s.Run(name, part) {
		s.FailNow()
	}
	s.Logf("%s: %v", name, time.Since(start).Round(time.Second))
}

// cdktf runs the CLI and fails the test if that fails.
func (s story) cdktf(t *testing.T, args ...string) string {
	t.Helper()
	output, err := s.project.Cdktf(t.Context(), nil, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return output
}

// search finds a text in any version of any state.
func (s story) search(t *testing.T, text string) (where []string) {
	t.Helper()
	client := s3.NewFromConfig(s.config)
	list := must(client.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &s.settings.StateBucket}))(t)
	for _, version := range list.Versions {
		object := must(client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &s.settings.StateBucket, Key: version.Key, VersionId: version.VersionId}))(t)
		content := must(io.ReadAll(object.Body))(t)
		object.Body.Close()
		if strings.Contains(string(content), text) {
			where = append(where, *version.Key+" "+*version.VersionId)
		}
	}
	return where
}

// state is a stack's state, as it lies in the bucket.
func (s story) state(t *testing.T, stack string) string {
	t.Helper()
	object := must(s3.NewFromConfig(s.config).GetObject(t.Context(), &s3.GetObjectInput{
		Bucket: &s.settings.StateBucket, Key: aws.String(stack + "/terraform.tfstate"),
	}))(t)
	defer object.Body.Close()
	return string(must(io.ReadAll(object.Body))(t))
}

// resources are the addresses of what Terraform manages in a stack.
func (s story) resources(t *testing.T, stack string) map[string]bool {
	t.Helper()
	var state struct {
		Resources []struct{ Mode, Type, Name string }
	}
	if err := json.Unmarshal([]byte(s.state(t, stack)), &state); err != nil {
		t.Fatal(err)
	}
	addresses := map[string]bool{}
	for _, r := range state.Resources {
		if r.Mode == "managed" {
			addresses[r.Type+"."+r.Name] = true
		}
	}
	return addresses
}

// versions is the number of versions of a stack's state in the bucket.
func (s story) versions(t *testing.T, stack string) int {
	t.Helper()
	list := must(s3.NewFromConfig(s.config).ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{
		Bucket: &s.settings.StateBucket, Prefix: aws.String(stack + "/terraform.tfstate"),
	}))(t)
	n := 0
	for _, version := range list.Versions {
		if *version.Key == stack+"/terraform.tfstate" {
			n++
		}
	}
	return n
}

// tagged are the ids of everything in the local AWS that carries the tag of an
// environment and still exists.
func (s story) tagged(t *testing.T, environment string) []string {
	t.Helper()
	var ids []string
	pages := resourcegroupstaggingapi.NewGetResourcesPaginator(resourcegroupstaggingapi.NewFromConfig(s.config), &resourcegroupstaggingapi.GetResourcesInput{
		TagFilters: []taggingtypes.TagFilter{{Key: aws.String("Environment"), Values: []string{environment}}},
	})
	for pages.HasMorePages() {
		page := must(pages.NextPage(t.Context()))(t)
		for _, resource := range page.ResourceTagMappingList {
			// Tags outlive what they were on in EC2, which is asked below, and a
			// key is kept for a month after its end.
			arn := *resource.ResourceARN
			if !strings.HasPrefix(arn, "arn:aws:ec2:") && !s.deletedKey(t, arn) {
				ids = append(ids, arn)
			}
		}
	}

	client, ctx := ec2.NewFromConfig(s.config), t.Context()
	filters := []ec2types.Filter{{Name: aws.String("tag:Environment"), Values: []string{environment}}}
	for _, vpc := range must(client.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: filters}))(t).Vpcs {
		ids = append(ids, *vpc.VpcId)
	}
	for _, subnet := range must(client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: filters}))(t).Subnets {
		ids = append(ids, *subnet.SubnetId)
	}
	for _, group := range must(client.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: filters}))(t).SecurityGroups {
		ids = append(ids, *group.GroupId)
	}
	for _, gateway := range must(client.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{Filters: filters}))(t).InternetGateways {
		ids = append(ids, *gateway.InternetGatewayId)
	}
	for _, address := range must(client.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{Filters: filters}))(t).Addresses {
		ids = append(ids, *address.AllocationId)
	}
	for _, template := range must(client.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{Filters: filters}))(t).LaunchTemplates {
		ids = append(ids, *template.LaunchTemplateId)
	}
	alive := ec2types.Filter{Name: aws.String("instance-state-name"), Values: []string{"pending", "running", "stopping", "stopped"}}
	for _, r := range must(client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{Filters: append(filters, alive)}))(t).Reservations {
		for _, instance := range r.Instances {
			ids = append(ids, *instance.InstanceId)
		}
	}
	// What the tagging API does not list.
	identities, start := iam.NewFromConfig(s.config), s.settings.Project+"-"+environment+"-"
	for _, role := range must(identities.ListRoles(ctx, &iam.ListRolesInput{}))(t).Roles {
		if strings.HasPrefix(*role.RoleName, start) {
			ids = append(ids, *role.Arn)
		}
	}
	for _, profile := range must(identities.ListInstanceProfiles(ctx, &iam.ListInstanceProfilesInput{}))(t).InstanceProfiles {
		if strings.HasPrefix(*profile.InstanceProfileName, start) {
			ids = append(ids, *profile.Arn)
		}
	}
	for _, group := range must(autoscaling.NewFromConfig(s.config).DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{}))(t).AutoScalingGroups {
		if strings.HasPrefix(*group.AutoScalingGroupName, start) {
			ids = append(ids, *group.AutoScalingGroupARN)
		}
	}
	slices.Sort(ids)
	return ids
}

// deletedKey tells whether an ARN is that of a KMS key that waits for its deletion.
func (s story) deletedKey(t *testing.T, arn string) bool {
	t.Helper()
	if !strings.HasPrefix(arn, "arn:aws:kms:") {
		return false
	}
	key := must(kms.NewFromConfig(s.config).DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &arn}))(t)
	return key.KeyMetadata.KeyState == kmstypes.KeyStatePendingDeletion
}

// must returns a function that returns the value, or ends the test on an error.
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
