package roles_test

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	autoscalingtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"example.com/webserver-cluster/internal/project"
)

func item(id string) map[string]dbtypes.AttributeValue {
	return map[string]dbtypes.AttributeValue{project.LockKey: &dbtypes.AttributeValueMemberS{Value: id}}
}

// attempt is what a role must not be able to do.
type attempt struct {
	what string
	try  func(context.Context, aws.Config) error
}

// must fails the test for each attempt that is not refused by IAM.
func (j *worker) mustNot(attempts []attempt) {
	j.Helper()
	for _, a := range attempts {
		before := len(j.refusals())
		err := a.try(j.Context(), j.config)
		if err == nil || len(j.refusals()) == before {
			j.Errorf("%s: %v, want IAM to refuse it", a.what, err)
		}
	}
}

// others are what is refused to deploys of stage and to reviews.
func others() []attempt {
	key := project.StateKey("prod")
	return []attempt{
		{"write prod's state", func(ctx context.Context, c aws.Config) error {
			_, err := s3.NewFromConfig(c).PutObject(ctx, &s3.PutObjectInput{Bucket: &settings.StateBucket, Key: &key, Body: strings.NewReader("{}")})
			return err
		}},
		{"take prod's lock in the bucket", func(ctx context.Context, c aws.Config) error {
			_, err := s3.NewFromConfig(c).PutObject(ctx, &s3.PutObjectInput{Bucket: &settings.StateBucket, Key: aws.String(key + project.LockSuffix), Body: strings.NewReader("{}")})
			return err
		}},
		{"take prod's lock in the table", func(ctx context.Context, c aws.Config) error {
			_, err := dynamodb.NewFromConfig(c).PutItem(ctx, &dynamodb.PutItemInput{TableName: &settings.LockTable, Item: item(project.LockID(settings.StateBucket, key))})
			return err
		}},
		{"release prod's lock", func(ctx context.Context, c aws.Config) error {
			_, err := dynamodb.NewFromConfig(c).DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &settings.LockTable, Key: item(project.LockID(settings.StateBucket, key))})
			return err
		}},
		{"read all locks", func(ctx context.Context, c aws.Config) error {
			_, err := dynamodb.NewFromConfig(c).Scan(ctx, &dynamodb.ScanInput{TableName: &settings.LockTable})
			return err
		}},
		{"end an instance of prod", func(ctx context.Context, c aws.Config) error {
			_, err := ec2.NewFromConfig(c).TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{prod.instance}})
			return err
		}},
		{"delete a security group of prod", func(ctx context.Context, c aws.Config) error {
			_, err := ec2.NewFromConfig(c).DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &prod.group})
			return err
		}},
		{"make prod's security group one of stage", func(ctx context.Context, c aws.Config) error {
			_, err := ec2.NewFromConfig(c).CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{prod.group}, Tags: []ec2types.Tag{
				{Key: aws.String("Environment"), Value: aws.String("stage")}, {Key: aws.String("Project"), Value: &settings.Project},
			}})
			return err
		}},
		{"make a subnet of prod one without tags", func(ctx context.Context, c aws.Config) error {
			_, err := ec2.NewFromConfig(c).DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: strings.Fields(prod.subnet), Tags: []ec2types.Tag{{Key: aws.String("Environment")}}})
			return err
		}},
		{"delete prod's load balancer", func(ctx context.Context, c aws.Config) error {
			_, err := elb.NewFromConfig(c).DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: &prod.balancer})
			return err
		}},
		{"read a secret of prod", func(ctx context.Context, c aws.Config) error {
			_, err := secretsmanager.NewFromConfig(c).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &prod.secret})
			return err
		}},
		{"change prod's image", func(ctx context.Context, c aws.Config) error {
			_, err := ssm.NewFromConfig(c).PutParameter(ctx, &ssm.PutParameterInput{Name: aws.String("/webservers-prod/image/x86_64"), Value: aws.String("ami-2"), Overwrite: aws.Bool(true)})
			return err
		}},
		{"make an alarm that ends an instance of prod", func(ctx context.Context, c aws.Config) error {
			_, err := cloudwatch.NewFromConfig(c, func(o *cloudwatch.Options) {
				o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801) // moto does not know CBOR
			}).PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
				AlarmName: aws.String("webservers-stage-end"), Namespace: aws.String("AWS/EC2"), MetricName: aws.String("CPUUtilization"),
				Dimensions:         []cloudwatchtypes.Dimension{{Name: aws.String("InstanceId"), Value: &prod.instance}},
				ComparisonOperator: cloudwatchtypes.ComparisonOperatorGreaterThanThreshold, Threshold: aws.Float64(0), EvaluationPeriods: aws.Int32(1),
				Period: aws.Int32(60), Statistic: cloudwatchtypes.StatisticAverage, AlarmActions: []string{"arn:aws:automate:" + settings.Region + ":ec2:terminate"},
			})
			return err
		}},
		{"make a role without the boundary", func(ctx context.Context, c aws.Config) error {
			_, err := iam.NewFromConfig(c).CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("webservers-stage-free"), AssumeRolePolicyDocument: aws.String(trust)})
			return err
		}},
		{"widen its own role", func(ctx context.Context, c aws.Config) error {
			_, err := iam.NewFromConfig(c).PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: aws.String("webservers-deploy-stage"), PolicyName: aws.String("all"), PolicyDocument: aws.String(everything)})
			return err
		}},
		{"trust somebody else with its own role", func(ctx context.Context, c aws.Config) error {
			_, err := iam.NewFromConfig(c).UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("webservers-deploy-stage"), PolicyDocument: aws.String(trust)})
			return err
		}},
		{"trust somebody else with a role that has no boundary", func(ctx context.Context, c aws.Config) error {
			_, err := iam.NewFromConfig(c).UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("webservers-stage-admin"), PolicyDocument: aws.String(trust)})
			return err
		}},
		{"change a role that has no boundary", func(ctx context.Context, c aws.Config) error {
			_, err := iam.NewFromConfig(c).UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: aws.String("webservers-stage-admin"), MaxSessionDuration: aws.Int32(12 * 3600)})
			return err
		}},
		{"delete a role that has no boundary", func(ctx context.Context, c aws.Config) error {
			_, err := iam.NewFromConfig(c).DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String("webservers-stage-admin")})
			return err
		}},
		{"make a key with the tag Project one of stage", func(ctx context.Context, c aws.Config) error {
			_, err := kms.NewFromConfig(c).TagResource(ctx, &kms.TagResourceInput{KeyId: &prod.key, Tags: []kmstypes.Tag{
				{TagKey: aws.String("Environment"), TagValue: aws.String("stage")}, {TagKey: aws.String("Project"), TagValue: &settings.Project},
			}})
			return err
		}},
		{"make a certificate with the tag Environment one of stage", func(ctx context.Context, c aws.Config) error {
			_, err := acm.NewFromConfig(c).AddTagsToCertificate(ctx, &acm.AddTagsToCertificateInput{CertificateArn: &prod.certificate, Tags: []acmtypes.Tag{
				{Key: aws.String("Environment"), Value: aws.String("stage")}, {Key: aws.String("Project"), Value: &settings.Project},
			}})
			return err
		}},
		readParameter("/webservers-prod/secret"),
		readParameter("/webservers-stage/secret"),
		{"widen the boundary", func(ctx context.Context, c aws.Config) error {
			_, err := iam.NewFromConfig(c).CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: aws.String(boundary), PolicyDocument: aws.String(everything), SetAsDefault: true})
			return err
		}},
		{"make a user", func(ctx context.Context, c aws.Config) error {
			_, err := iam.NewFromConfig(c).CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("me")})
			return err
		}},
	}
}

func readParameter(name string) attempt {
	return attempt{"read the parameter " + name, func(ctx context.Context, c aws.Config) error {
		_, err := ssm.NewFromConfig(c).GetParameter(ctx, &ssm.GetParameterInput{Name: &name})
		return err
	}}
}

const (
	boundary   = "arn:aws:iam::" + account + ":policy/github/webservers-stage-boundary"
	trust      = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}}`
	everything = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`
)

// refuse has the role for deploys of stage try what it must not be able to do, while stage is
// there, and tokens that it is not for.
func (w *world) refuse(deploy *worker) {
	w.Helper()
	roles, err := iam.NewFromConfig(w.cloud.Config()).ListRoles(w.Context(), &iam.ListRolesInput{})
	if err != nil {
		w.Fatal(err)
	}
	var instances string
	for _, role := range roles.Roles {
		if name := *role.RoleName; strings.HasPrefix(name, "webservers-stage-") && !strings.Contains(name, "flow") && name != "webservers-stage-admin" {
			instances = name
		}
	}
	if instances == "" {
		w.Fatal("stage has no role")
	}
	groups, err := autoscaling.NewFromConfig(w.cloud.Config()).DescribeAutoScalingGroups(w.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
	if err != nil || len(groups.AutoScalingGroups) != 1 {
		w.Fatalf("%v, and %d groups, want stage's", err, len(groups.AutoScalingGroups))
	}
	group := groups.AutoScalingGroups[0]
	key := project.StateKey("prod")
	deploy.mustNot(append(others(),
		readParameter("/webservers-prod/image/x86_64"),
		attempt{"read prod's application", func(ctx context.Context, c aws.Config) error {
			_, err := s3.NewFromConfig(c).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("webservers-prod-app-1"), Key: aws.String("application.tar")})
			return err
		}},
		attempt{"have the group launch any version that comes", func(ctx context.Context, c aws.Config) error {
			_, err := autoscaling.NewFromConfig(c).UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
				AutoScalingGroupName: group.AutoScalingGroupName,
				LaunchTemplate:       &autoscalingtypes.LaunchTemplateSpecification{LaunchTemplateId: group.LaunchTemplate.LaunchTemplateId, Version: aws.String("$Latest")},
			})
			return err
		}},
		attempt{"read prod's state", func(ctx context.Context, c aws.Config) error {
			_, err := s3.NewFromConfig(c).GetObject(ctx, &s3.GetObjectInput{Bucket: &settings.StateBucket, Key: &key})
			return err
		}},
		attempt{"read prod's digest", func(ctx context.Context, c aws.Config) error {
			_, err := dynamodb.NewFromConfig(c).GetItem(ctx, &dynamodb.GetItemInput{TableName: &settings.LockTable, Key: item(project.DigestID(settings.StateBucket, key))})
			return err
		}},
		attempt{"take the boundary off", func(ctx context.Context, c aws.Config) error {
			_, err := iam.NewFromConfig(c).DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: &instances})
			return err
		}},
		attempt{"put another boundary on", func(ctx context.Context, c aws.Config) error {
			_, err := iam.NewFromConfig(c).PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{RoleName: &instances, PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")})
			return err
		}},
	))
	for _, role := range roles.Roles {
		if strings.HasPrefix(*role.RoleName, "webservers-stage-") && *role.RoleName != "webservers-stage-admin" {
			got, err := iam.NewFromConfig(w.cloud.Config()).GetRole(w.Context(), &iam.GetRoleInput{RoleName: role.RoleName})
			if err != nil || got.Role.PermissionsBoundary == nil || aws.ToString(got.Role.PermissionsBoundary.PermissionsBoundaryArn) != boundary {
				w.Errorf("%s has the boundary %+v (%v)", *role.RoleName, got.Role.PermissionsBoundary, err)
			}
		}
	}
	for _, t := range []struct {
		role, subject, branch string
		seconds               int32
	}{
		{"webservers-deploy-stage", "repo:" + repository + ":pull_request", "main", 3600},
		{"webservers-deploy-stage", "repo:" + repository + ":ref:refs/heads/main", "main", 3600},
		{"webservers-deploy-stage", "repo:" + repository + ":environment:prod", "main", 3600},
		{"webservers-deploy-stage", "repo:" + repository + ":environment:stage2", "main", 3600},
		{"webservers-deploy-stage", "repo:evil/webservers:environment:stage", "main", 3600},
		{"webservers-review", "repo:evil/webservers:pull_request", "main", 3600},
		{"webservers-review", "repo:" + repository + ":environment:stage", "main", 3600},
		{"webservers-deploy-stage", "repo:" + repository + ":environment:stage", "main", 4*3600 + 1},
		{"webservers-deploy-stage", "repo:" + repository + ":environment:stage", "evil", 3600},
		{"webservers-deploy-stage", "repo:" + repository + ":environment:stage", "main/evil", 3600},
	} {
		if _, err := w.assume(t.role, t.subject, t.branch, t.seconds); err == nil {
			w.Errorf("%s of branch %s gets %s for %d s", t.subject, t.branch, t.role, t.seconds)
		}
	}
}

// refuseReview has the role for reviews try to write.
func (w *world) refuseReview(review *worker) {
	w.Helper()
	stage := project.StateKey("stage")
	review.mustNot(append(others(),
		attempt{"write stage's state", func(ctx context.Context, c aws.Config) error {
			_, err := s3.NewFromConfig(c).PutObject(ctx, &s3.PutObjectInput{Bucket: &settings.StateBucket, Key: &stage, Body: strings.NewReader("{}")})
			return err
		}},
		attempt{"make a VPC", func(ctx context.Context, c aws.Config) error {
			_, err := ec2.NewFromConfig(c).CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.30.0.0/16")})
			return err
		}},
	))
}
