// Package deploy_test deploys all three stacks onto a local AWS as a user
// does: the pinned cdktf CLI, the real Terraform, the real AWS provider.
package deploy_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	taggingtypes "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/state"
	"example.com/webserver-cluster/internal/state/orphan"
	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/workcopy"
)

// TestDeploy is one story: each part needs what the parts before have made.
func TestDeploy(t *testing.T) {
	ctx := t.Context()
	if err := localaws.CheckTools(ctx); err != nil {
		t.Fatal(err)
	}
	// A context that outlives the test's own, which ends before Cleanup.
	cloud, err := localaws.Start(context.Background(), localaws.Options{Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	p, err := workcopy.New(filepath.Join(t.TempDir(), "project"), cloud.Environ())
	if err != nil {
		t.Fatal(err)
	}
	set, err := project.Load(p.Dir)
	if err != nil {
		t.Fatal(err)
	}
	config := cloud.Config()
	config.Region = set.Region
	s := story{T: t, cloud: cloud, project: p, settings: set, config: config}

	s.step("bootstrap makes the state store and moves its state there", s.bootstrap)
	s.step("bootstrap again changes nothing", s.bootstrapAgain)
	s.step("stage and prod deploy, each under its lock", s.deploy)
	s.step("a second deploy changes nothing", s.deployAgain)
	s.step("diff says so too", s.diff)
	s.step("output prints what others need", s.output)
	s.step("the states are in the bucket, versioned, without secrets", s.states)
	s.step("nobody reads them without TLS", s.tlsOnly)
	s.step("what a dead deploy makes can be found", s.findable)
	s.step("destroy leaves nothing of stage and all of prod", s.destroyStage)
	s.step("prod and the state store cannot be destroyed", s.destroyProtected)
	s.step("AWS would have refused nothing of it", s.refused)
}

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

// refused fails for each request that AWS refuses. Not all of them end a deploy:
// the provider asks for some things just to see.
func (s story) refused(t *testing.T) {
	for _, r := range s.cloud.Refused() {
		t.Error(r)
	}
}

func (s story) bootstrapCommand(t *testing.T) string {
	t.Helper()
	output, err := workcopy.Run(s.project.Command(t.Context(), "go", "run", "./cmd/state", "bootstrap", "--yes"), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return output
}

func (s story) bootstrap(t *testing.T) {
	s.bootstrapCommand(t)
	if resources := s.resources(t, "state"); !resources["aws_s3_bucket.store_bucket"] || !resources["aws_dynamodb_table.store_locks"] {
		t.Errorf("the state in the bucket holds %v", resources)
	}
	if left, _ := filepath.Glob(filepath.Join(s.project.Dir, "terraform.*.tfstate*")); len(left) > 0 {
		t.Errorf("a local state is left: %v", left)
	}
}

func (s story) bootstrapAgain(t *testing.T) {
	before := s.versions(t, "state")
	output := s.bootstrapCommand(t)
	if !strings.Contains(output, "No changes.") {
		t.Errorf("the second bootstrap printed no \"No changes.\":\n%s", output)
	}
	if after := s.versions(t, "state"); after != before {
		t.Errorf("it wrote the state: %d versions, then %d", before, after)
	}
}

func (s story) deploy(t *testing.T) {
	locks := s.watchLocks(t)
	output := s.cdktf(t, "deploy", "stage", "prod", "--auto-approve")
	if n := strings.Count(output, "Apply complete!"); n != 2 {
		t.Errorf("%d stacks say \"Apply complete!\"\n%s", n, output)
	}
	seen := locks()
	for _, stack := range []string{"stage", "prod"} {
		for _, place := range []string{"table", "bucket"} {
			if !seen[place+" "+stack] {
				t.Errorf("no lock of %s was seen in the %s during the apply; seen: %v", stack, place, seen)
			}
		}
	}
	if strings.Contains(output, "end-of-life") {
		t.Errorf("Node.js's end-of-life banner is in the output")
	}
}

// watchLocks looks for the locks of deploys until the returned function is
// called, which returns the places and stacks of those it saw, such as
// "table stage".
func (s story) watchLocks(t *testing.T) func() map[string]bool {
	ctx, cancel := context.WithCancel(t.Context())
	seen, done := map[string]bool{}, make(chan error)
	table, bucket := dynamodb.NewFromConfig(s.config), s3.NewFromConfig(s.config)
	go func() {
		for ctx.Err() == nil {
			for _, stack := range []string{"stage", "prod"} {
				key := stack + "/terraform.tfstate"
				item, err := table.GetItem(ctx, &dynamodb.GetItemInput{
					TableName: &s.settings.LockTable,
					Key: map[string]dynamodbtypes.AttributeValue{
						"LockID": &dynamodbtypes.AttributeValueMemberS{Value: s.settings.StateBucket + "/" + key},
					},
				})
				if err != nil && ctx.Err() == nil {
					done <- err
					return
				}
				if err == nil && item.Item["Info"] != nil {
					seen["table "+stack] = true
				}
				_, err = bucket.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.settings.StateBucket, Key: aws.String(key + ".tflock")})
				if err == nil {
					seen["bucket "+stack] = true
				}
			}
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
		done <- nil
	}()
	return func() map[string]bool {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("looking for locks: %v", err)
		}
		return seen
	}
}

func (s story) deployAgain(t *testing.T) {
	// The state may be written all the same: reading everything anew fills in
	// what AWS had not known yet when it was made.
	output := s.cdktf(t, "deploy", "stage", "prod", "--auto-approve")
	if n := strings.Count(output, "No changes."); n != 2 {
		t.Errorf("%d of 2 stacks have no changes:\n%s", n, output)
	}
}

func (s story) diff(t *testing.T) {
	if output := s.cdktf(t, "diff", "stage"); !strings.Contains(output, "No changes.") {
		t.Errorf("cdktf diff stage printed\n%s", output)
	}
}

func (s story) output(t *testing.T) {
	s.cdktf(t, "output", "stage", "prod", "--outputs-file", "outputs.json")
	content, err := os.ReadFile(filepath.Join(s.project.Dir, "outputs.json"))
	if err != nil {
		t.Fatal(err)
	}
	var outputs map[string]map[string]string
	if err := json.Unmarshal(content, &outputs); err != nil {
		t.Fatal(err)
	}
	for _, stack := range []string{"stage", "prod"} {
		for name, rule := range map[string]string{
			"url":                             `^http://.+`,
			"load_balancer_dns_name":          `.+`,
			"load_balancer_security_group_id": `^sg-`,
			"instance_security_group_id":      `^sg-`,
			"database_security_group_id":      `^sg-`,
			"autoscaling_group_name":          `^` + s.settings.Project + `-` + stack + `-`,
			"target_group_arn":                `^arn:aws:elasticloadbalancing:`,
			"database_address":                `^` + s.settings.Project + `-` + stack + `\.`,
			"database_port":                   `^3306$`,
			"database_secret_arn":             `^arn:aws:secretsmanager:`,
			"vpc_id":                          `^vpc-`,
		} {
			if value := outputs[stack][name]; !regexp.MustCompile(rule).MatchString(value) {
				t.Errorf("the output %s of %s is %q, want %s", name, stack, value, rule)
			}
		}
	}
}

func (s story) states(t *testing.T) {
	client := s3.NewFromConfig(s.config)
	versioning, err := client.GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: &s.settings.StateBucket})
	if err != nil {
		t.Fatal(err)
	}
	if versioning.Status != s3types.BucketVersioningStatusEnabled {
		t.Errorf("the bucket's versioning is %q", versioning.Status)
	}
	for _, stack := range []string{"state", "stage", "prod"} {
		if s.versions(t, stack) == 0 {
			t.Errorf("the state of %s has no version", stack)
		}
	}
	// The databases' passwords are searched for by themselves, in every version of
	// every state. That the search can find something, the ARN of the password shows.
	for _, stack := range []string{"stage", "prod"} {
		databases := must(rds.NewFromConfig(s.config).DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{
			DBInstanceIdentifier: aws.String(s.settings.Project + "-" + stack),
		}))(t)
		arn := *databases.DBInstances[0].MasterUserSecret.SecretArn
		value := must(secretsmanager.NewFromConfig(s.config).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &arn}))(t)
		var secret struct{ Password string }
		if err := json.Unmarshal([]byte(*value.SecretString), &secret); err != nil || secret.Password == "" {
			t.Fatalf("the secret of %s has no password: %v", stack, err)
		}
		if where := s.search(t, arn); len(where) == 0 {
			t.Errorf("no state holds %s: the search finds nothing", arn)
		}
		if where := s.search(t, secret.Password); len(where) > 0 {
			t.Errorf("the password of %s's database stands in %v", stack, where)
		}
	}
}

// tlsOnly: the policy of the deployed bucket lets nobody read, write or delete a state
// without TLS. (Of what is done to a bucket itself, moto asks no policy.)
func (s story) tlsOnly(t *testing.T) {
	plain := httptest.NewServer(s.cloud.WithoutTLS())
	defer plain.Close()
	config := s.config.Copy()
	config.BaseEndpoint = &plain.URL
	withTLS, withoutTLS := s3.NewFromConfig(s.config), s3.NewFromConfig(config)
	bucket, key := &s.settings.StateBucket, aws.String("stage/terraform.tfstate")
	for call, do := range map[string]func(*s3.Client) error{
		"GetObject": func(client *s3.Client) error {
			_, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key})
			return err
		},
		"PutObject": func(client *s3.Client) error {
			_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("other")})
			return err
		},
		"DeleteObject": func(client *s3.Client) error {
			_, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("other")})
			return err
		},
	} {
		var refused *awshttp.ResponseError
		if err := do(withoutTLS); !errors.As(err, &refused) || refused.HTTPStatusCode() != http.StatusForbidden {
			t.Errorf("%s without TLS: %v", call, err)
		}
		if err := do(withTLS); err != nil {
			t.Errorf("%s with TLS: %v", call, err)
		}
	}
}

// findable: if a deploy had died before it wrote any state, "state unlock"
// would find all that it made, by the id that Terraform imports it by.
func (s story) findable(t *testing.T) {
	for _, stack := range []string{"stage", "prod", "state"} {
		dir := filepath.Join(s.project.Dir, "cdktf.out", "stacks", stack)
		orphans, strays, err := orphan.Find(t.Context(), s.config, dir, state.New())
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		for _, o := range orphans {
			if found[o.Address] != "" {
				t.Errorf("%s: %s was found twice", stack, o.Address)
			}
			found[o.Address] = o.ID
		}
		for _, r := range must(state.Parse([]byte(s.state(t, stack))))(t).Resources {
			typ := orphan.Types[r.Type]
			// Without tags, and an RDS instance, is imported by something else than its id.
			otherID := typ.Untagged || r.Type == "aws_db_instance"
			switch id := found[r.Address]; {
			case id == "" && typ.ImportID != "":
				t.Errorf("%s: %s was not found", stack, r)
			case id != "" && id != r.ID && !otherID:
				t.Errorf("%s: %s was found as %s", stack, r, id)
			}
			delete(found, r.Address)
		}
		if len(found) > 0 || len(strays) > 0 {
			t.Errorf("%s: found what is not in the state: %v, %v", stack, found, strays)
		}
	}
}

func (s story) destroyStage(t *testing.T) {
	if len(s.tagged(t, "stage")) == 0 {
		t.Fatal("nothing is tagged as stage's, so that this could not see what is left")
	}
	prod := s.tagged(t, "prod")
	s.cdktf(t, "destroy", "stage", "--auto-approve")
	if left := s.resources(t, "stage"); len(left) > 0 {
		t.Errorf("the state still holds %v", left)
	}
	if left := s.tagged(t, "stage"); len(left) > 0 {
		t.Errorf("still there: %v", left)
	}
	if after := s.tagged(t, "prod"); fmt.Sprint(after) != fmt.Sprint(prod) {
		t.Errorf("prod was %v and is %v", prod, after)
	}
}

func (s story) destroyProtected(t *testing.T) {
	for stack, protected := range map[string][]string{
		"prod":  {"aws_db_instance.mysql_instance", "aws_lb.web_lb"},
		"state": {"aws_s3_bucket.store_bucket", "aws_dynamodb_table.store_locks"},
	} {
		before, tagged := s.resources(t, stack), s.tagged(t, stack)
		output, err := s.project.Cdktf(t.Context(), nil, "destroy", stack, "--auto-approve")
		if err == nil || !strings.Contains(output, "prevent_destroy") {
			t.Errorf("cdktf destroy %s ended with %v:\n%s", stack, err, output)
		}
		for _, address := range protected {
			if !strings.Contains(output, address) {
				t.Errorf("cdktf destroy %s does not name %s:\n%s", stack, address, output)
			}
		}
		// The plan said no: nothing has gone.
		if after := s.resources(t, stack); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("%s was %v and is %v", stack, before, after)
		}
		if after := s.tagged(t, stack); fmt.Sprint(after) != fmt.Sprint(tagged) {
			t.Errorf("%s was %v and is %v", stack, tagged, after)
		}
	}
	must(dynamodb.NewFromConfig(s.config).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &s.settings.LockTable}))(t)
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
