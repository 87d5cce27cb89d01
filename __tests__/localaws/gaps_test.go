package localaws_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	autoscalingtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"example.com/webserver-cluster/tests/localaws"
)

// TestGaps sets what moto forgets, by AWS's own calls, and reads it back.
func TestGaps(t *testing.T) {
	cloud := start(t)
	config := cloud.Config()
	t.Run("bucket", func(t *testing.T) { testBucket(t, config) })
	t.Run("bucket without TLS", func(t *testing.T) { testWithoutTLS(t, cloud) })
	t.Run("database", func(t *testing.T) { testDatabase(t, config) })
	t.Run("launch template", func(t *testing.T) { testLaunchTemplate(t, config) })
	t.Run("group", func(t *testing.T) { testGroup(t, config) })
	t.Run("security group", func(t *testing.T) { testSecurityGroup(t, config) })
	t.Run("default security group", func(t *testing.T) { testDefaultGroup(t, config) })
}

func testSecurityGroup(t *testing.T, config aws.Config) {
	ctx, client := t.Context(), ec2.NewFromConfig(config)
	group := must[*ec2.CreateSecurityGroupOutput](t)(client.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("web"), Description: aws.String("test"),
	})).GroupId
	rule := must[*ec2.AuthorizeSecurityGroupIngressOutput](t)(client.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: group,
		IpPermissions: []ec2types.IpPermission{{
			IpProtocol: aws.String("tcp"), FromPort: aws.Int32(80), ToPort: aws.Int32(80),
			UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: group, Description: aws.String("from ourselves")}},
		}},
	})).SecurityGroupRules[0].SecurityGroupRuleId
	found := must[*ec2.DescribeSecurityGroupRulesOutput](t)(client.DescribeSecurityGroupRules(ctx, &ec2.DescribeSecurityGroupRulesInput{
		SecurityGroupRuleIds: []string{*rule},
	})).SecurityGroupRules
	if len(found) != 1 || aws.ToString(found[0].Description) != "from ourselves" {
		t.Errorf("rules: got %+v", found)
	}
}

// must fails the test where a call has failed.
func must[T any](t *testing.T) func(T, error) T {
	return func(output T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return output
	}
}

func testBucket(t *testing.T, config aws.Config) {
	ctx, client, bucket := t.Context(), s3.NewFromConfig(config), aws.String("bucket")
	must[*s3.CreateBucketOutput](t)(client.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket:                    bucket,
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "eu-central-1"},
	}))

	rules := []s3types.LifecycleRule{{
		ID: aws.String("old versions"), Status: s3types.ExpirationStatusEnabled,
		Filter:                      &s3types.LifecycleRuleFilter{Prefix: aws.String("")},
		NoncurrentVersionExpiration: &s3types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(90), NewerNoncurrentVersions: aws.Int32(10)},
	}}
	must[*s3.PutBucketLifecycleConfigurationOutput](t)(client.PutBucketLifecycleConfiguration(ctx, &s3.PutBucketLifecycleConfigurationInput{
		Bucket: bucket, LifecycleConfiguration: &s3types.BucketLifecycleConfiguration{Rules: rules},
	}))
	got := must[*s3.GetBucketLifecycleConfigurationOutput](t)(client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: bucket}))
	if !reflect.DeepEqual(got.Rules, rules) {
		t.Errorf("lifecycle rules: got %+v", got.Rules)
	}

	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::bucket","arn:aws:s3:::bucket/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`
	must[*s3.PutBucketPolicyOutput](t)(client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: aws.String(policy)}))
	must[*s3.PutObjectOutput](t)(client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("k"), Body: strings.NewReader("v")}))
	if got := must[*s3.GetBucketPolicyOutput](t)(client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: bucket})); *got.Policy != policy {
		t.Errorf("policy: got %s", *got.Policy)
	}
	var e smithy.APIError
	if _, err := client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: aws.String("no policy")}); !errors.As(err, &e) || e.ErrorCode() != "MalformedPolicy" {
		t.Errorf("an ill-formed policy: %v", err)
	}
}

// The policy that testBucket has put holds for what comes without TLS, and for
// nothing else.
func testWithoutTLS(t *testing.T, cloud *localaws.AWS) {
	plain := httptest.NewServer(cloud.WithoutTLS())
	defer plain.Close()
	config := cloud.Config()
	input := &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("k")}
	get := func() error {
		_, err := s3.NewFromConfig(config).GetObject(t.Context(), input)
		return err
	}
	secure := get()
	config.BaseEndpoint = &plain.URL
	var refused *awshttp.ResponseError
	if err := get(); secure != nil || !errors.As(err, &refused) || refused.HTTPStatusCode() != http.StatusForbidden {
		t.Errorf("with TLS: %v, without: %v", secure, err)
	}
	must[*s3.DeleteBucketPolicyOutput](t)(s3.NewFromConfig(cloud.Config()).DeleteBucketPolicy(t.Context(), &s3.DeleteBucketPolicyInput{Bucket: input.Bucket}))
	if err := get(); err != nil {
		t.Errorf("without TLS, and without a policy: %v", err)
	}
}

func testDatabase(t *testing.T, config aws.Config) {
	ctx, client := t.Context(), rds.NewFromConfig(config)
	group := aws.String("parameters")
	must[*rds.CreateDBParameterGroupOutput](t)(client.CreateDBParameterGroup(ctx, &rds.CreateDBParameterGroupInput{
		DBParameterGroupName: group, DBParameterGroupFamily: aws.String("mysql8.4"), Description: aws.String("test"),
	}))
	must[*rds.ModifyDBParameterGroupOutput](t)(client.ModifyDBParameterGroup(ctx, &rds.ModifyDBParameterGroupInput{
		DBParameterGroupName: group,
		Parameters:           []rdstypes.Parameter{{ParameterName: aws.String("require_secure_transport"), ParameterValue: aws.String("1"), ApplyMethod: rdstypes.ApplyMethodImmediate}},
	}))
	parameters := must[*rds.DescribeDBParametersOutput](t)(client.DescribeDBParameters(ctx, &rds.DescribeDBParametersInput{DBParameterGroupName: group})).Parameters
	if len(parameters) != 1 || aws.ToString(parameters[0].Source) != "user" {
		t.Errorf("parameters: got %+v", parameters)
	}

	testSubnetGroup(t, config)

	name, role := aws.String("db"), aws.String("arn:aws:iam::123456789012:role/monitoring")
	must[*rds.CreateDBInstanceOutput](t)(client.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: name, DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("mysql"), AllocatedStorage: aws.Int32(20),
		MasterUsername: aws.String("admin"), ManageMasterUserPassword: aws.Bool(true),
	}))
	monitoring := func() (int32, *string) {
		found := must[*rds.DescribeDBInstancesOutput](t)(client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: name})).DBInstances[0]
		return aws.ToInt32(found.MonitoringInterval), found.MonitoringRoleArn
	}
	if interval, arn := monitoring(); interval != 0 || arn != nil {
		t.Errorf("monitoring never set: got %d s, role %s", interval, aws.ToString(arn))
	}
	must[*rds.ModifyDBInstanceOutput](t)(client.ModifyDBInstance(ctx, &rds.ModifyDBInstanceInput{DBInstanceIdentifier: name, MonitoringInterval: aws.Int32(60), MonitoringRoleArn: role}))
	if interval, arn := monitoring(); interval != 60 || aws.ToString(arn) != *role {
		t.Errorf("monitoring set: got %d s, role %s", interval, aws.ToString(arn))
	}

	// Terraform finds an instance by its resource id.
	second := must[*rds.CreateDBInstanceOutput](t)(client.CreateDBInstance(ctx, &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("db2"), DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("mysql"), AllocatedStorage: aws.Int32(20),
		MasterUsername: aws.String("admin"), ManageMasterUserPassword: aws.Bool(true),
	})).DBInstance
	found := must[*rds.DescribeDBInstancesOutput](t)(client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{
		Filters: []rdstypes.Filter{{Name: aws.String("dbi-resource-id"), Values: []string{*second.DbiResourceId}}},
	})).DBInstances
	if len(found) != 1 || *found[0].DBInstanceIdentifier != "db2" {
		t.Errorf("by the resource id %s: got %d instances, %+v", *second.DbiResourceId, len(found), found)
	}
}

// testSubnetGroup: it is there after a change of its subnets, with its tags.
func testSubnetGroup(t *testing.T, config aws.Config) {
	ctx, client := t.Context(), rds.NewFromConfig(config)
	found := must[*ec2.DescribeSubnetsOutput](t)(ec2.NewFromConfig(config).DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{}))
	var subnets []string
	for _, s := range found.Subnets {
		if *s.VpcId == *found.Subnets[0].VpcId {
			subnets = append(subnets, *s.SubnetId)
		}
	}
	name := aws.String("subnets")
	must[*rds.CreateDBSubnetGroupOutput](t)(client.CreateDBSubnetGroup(ctx, &rds.CreateDBSubnetGroupInput{
		DBSubnetGroupName: name, DBSubnetGroupDescription: aws.String("test"), SubnetIds: subnets[:2], Tags: []rdstypes.Tag{{Key: aws.String("Team"), Value: aws.String("web")}},
	}))
	must[*rds.ModifyDBSubnetGroupOutput](t)(client.ModifyDBSubnetGroup(ctx, &rds.ModifyDBSubnetGroupInput{DBSubnetGroupName: name, SubnetIds: subnets[:3]}))
	group := must[*rds.DescribeDBSubnetGroupsOutput](t)(client.DescribeDBSubnetGroups(ctx, &rds.DescribeDBSubnetGroupsInput{DBSubnetGroupName: name})).DBSubnetGroups[0]
	tags := must[*rds.ListTagsForResourceOutput](t)(client.ListTagsForResource(ctx, &rds.ListTagsForResourceInput{ResourceName: group.DBSubnetGroupArn})).TagList
	if len(group.Subnets) != 3 || *group.DBSubnetGroupDescription != "test" || len(tags) != 1 || *tags[0].Value != "web" {
		t.Errorf("got %+v with tags %+v", group, tags)
	}
}

// encoded is user data as the API takes it.
func encoded(script string) *string {
	return aws.String(base64.StdEncoding.EncodeToString([]byte(script)))
}

func testLaunchTemplate(t *testing.T, config aws.Config) {
	ctx, client := t.Context(), ec2.NewFromConfig(config)
	template := must[*ec2.CreateLaunchTemplateOutput](t)(client.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("template"),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{UserData: encoded("one")},
		TagSpecifications:  []ec2types.TagSpecification{{ResourceType: "launch-template", Tags: []ec2types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}},
	})).LaunchTemplate
	created := must[*ec2.CreateLaunchTemplateVersionOutput](t)(client.CreateLaunchTemplateVersion(ctx, &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId:   template.LaunchTemplateId,
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{UserData: encoded("two")},
	})).LaunchTemplateVersion
	if got := aws.ToString(created.LaunchTemplateData.UserData); got != *encoded("two") {
		t.Errorf("user data of the version created: got %q", got)
	}

	versions := must[*ec2.DescribeLaunchTemplateVersionsOutput](t)(client.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: template.LaunchTemplateId})).LaunchTemplateVersions
	if len(versions) != 2 {
		t.Fatalf("%d versions", len(versions))
	}
	for _, v := range versions {
		want := map[int64]string{1: "one", 2: "two"}[*v.VersionNumber]
		if got := aws.ToString(v.LaunchTemplateData.UserData); got != *encoded(want) {
			t.Errorf("user data of version %d: got %q", *v.VersionNumber, got)
		}
		if tags := v.LaunchTemplateData.TagSpecifications; len(tags) != 0 {
			t.Errorf("version %d hands on the template's own tags: %+v", *v.VersionNumber, tags)
		}
	}
	described := must[*ec2.DescribeLaunchTemplatesOutput](t)(client.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{})).LaunchTemplates[0]
	if len(described.Tags) != 1 {
		t.Errorf("tags of the template: got %+v", described.Tags)
	}
	must[*ec2.CreateTagsOutput](t)(client.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{*template.LaunchTemplateId}, Tags: []ec2types.Tag{{Key: aws.String("later"), Value: aws.String("w")}}}))
	must[*ec2.DeleteTagsOutput](t)(client.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{*template.LaunchTemplateId}, Tags: []ec2types.Tag{{Key: aws.String("k")}}}))
	described = must[*ec2.DescribeLaunchTemplatesOutput](t)(client.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{})).LaunchTemplates[0]
	if len(described.Tags) != 1 || *described.Tags[0].Key != "later" {
		t.Errorf("tags of the template, changed later: got %+v", described.Tags)
	}
}

func testGroup(t *testing.T, config aws.Config) {
	ctx, client := t.Context(), autoscaling.NewFromConfig(config)
	template := must[*ec2.CreateLaunchTemplateOutput](t)(ec2.NewFromConfig(config).CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("group"),
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: aws.String("ami-12345678"), InstanceType: "t3.micro"},
	})).LaunchTemplate
	name := aws.String("group")
	policy := &autoscalingtypes.InstanceMaintenancePolicy{MinHealthyPercentage: aws.Int32(100), MaxHealthyPercentage: aws.Int32(150)}
	must[*autoscaling.CreateAutoScalingGroupOutput](t)(client.CreateAutoScalingGroup(ctx, &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: name, MinSize: aws.Int32(0), MaxSize: aws.Int32(2), AvailabilityZones: []string{"eu-central-1a"},
		LaunchTemplate:        &autoscalingtypes.LaunchTemplateSpecification{LaunchTemplateId: template.LaunchTemplateId, Version: aws.String("1")},
		DefaultInstanceWarmup: aws.Int32(120), MaxInstanceLifetime: aws.Int32(86400), InstanceMaintenancePolicy: policy,
	}))
	describe := func() autoscalingtypes.AutoScalingGroup {
		t.Helper()
		return must[*autoscaling.DescribeAutoScalingGroupsOutput](t)(client.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{})).AutoScalingGroups[0]
	}
	if g := describe(); aws.ToInt32(g.DefaultInstanceWarmup) != 120 || aws.ToInt32(g.MaxInstanceLifetime) != 86400 || !reflect.DeepEqual(g.InstanceMaintenancePolicy, policy) {
		t.Errorf("after creation: %+v", g)
	}
	unset := &autoscalingtypes.InstanceMaintenancePolicy{MinHealthyPercentage: aws.Int32(-1), MaxHealthyPercentage: aws.Int32(-1)}
	must[*autoscaling.UpdateAutoScalingGroupOutput](t)(client.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: name, DefaultInstanceWarmup: aws.Int32(-1), InstanceMaintenancePolicy: unset, TerminationPolicies: []string{"NewestInstance", "Default"},
	}))
	if g := describe(); g.DefaultInstanceWarmup != nil || g.InstanceMaintenancePolicy != nil || aws.ToInt32(g.MaxInstanceLifetime) != 86400 {
		t.Errorf("after two settings were unset: %+v", g)
	} else if !slices.Equal(g.TerminationPolicies, []string{"NewestInstance", "Default"}) {
		t.Errorf("after new termination policies: %v", g.TerminationPolicies)
	}

	must[*autoscaling.PutScalingPolicyOutput](t)(client.PutScalingPolicy(ctx, &autoscaling.PutScalingPolicyInput{
		AutoScalingGroupName: name, PolicyName: aws.String("cpu"), PolicyType: aws.String("TargetTrackingScaling"),
		TargetTrackingConfiguration: &autoscalingtypes.TargetTrackingConfiguration{
			TargetValue:                   aws.Float64(50),
			PredefinedMetricSpecification: &autoscalingtypes.PredefinedMetricSpecification{PredefinedMetricType: "ASGAverageCPUUtilization"},
		},
	}))
	if p := must[*autoscaling.DescribePoliciesOutput](t)(client.DescribePolicies(ctx, &autoscaling.DescribePoliciesInput{})).ScalingPolicies[0]; !aws.ToBool(p.Enabled) || p.PredictiveScalingConfiguration != nil {
		t.Errorf("policy: %+v", p)
	}
	must[*autoscaling.PutLifecycleHookOutput](t)(client.PutLifecycleHook(ctx, &autoscaling.PutLifecycleHookInput{
		AutoScalingGroupName: name, LifecycleHookName: aws.String("hook"), LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_TERMINATING"),
	}))
	if h := must[*autoscaling.DescribeLifecycleHooksOutput](t)(client.DescribeLifecycleHooks(ctx, &autoscaling.DescribeLifecycleHooksInput{AutoScalingGroupName: name})).LifecycleHooks[0]; h.NotificationTargetARN != nil || h.RoleARN != nil {
		t.Errorf("hook: %+v", h)
	}
}
