package roles_test

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"example.com/webserver-cluster/internal/project"
)

// prod is what makeProd has made of it.
var prod struct{ subnet, instance, group, balancer, secret, key, certificate string }

// makeProd makes, as a person does, a little of prod: its state and lock, an instance, a
// security group, a load balancer, a secret, parameters, an application. And what has half of
// what would make it stage's: a key and a certificate with one of the two tags, a role with the
// name and without the boundary.
func (w *world) makeProd() {
	w.Helper()
	ctx, config := w.Context(), w.cloud.Config()
	must := func(err error) {
		w.Helper()
		if err != nil {
			w.Fatal(err)
		}
	}
	key := project.StateKey("prod")
	_, err := s3.NewFromConfig(config).PutObject(ctx, &s3.PutObjectInput{Bucket: &settings.StateBucket, Key: &key, Body: strings.NewReader("{}")})
	must(err)
	for _, id := range []string{project.LockID(settings.StateBucket, key), project.DigestID(settings.StateBucket, key)} {
		_, err = dynamodb.NewFromConfig(config).PutItem(ctx, &dynamodb.PutItemInput{TableName: &settings.LockTable, Item: item(id)})
		must(err)
	}
	tags := []ec2types.Tag{{Key: aws.String("Project"), Value: &settings.Project}, {Key: aws.String("Environment"), Value: aws.String("prod")}}
	client := ec2.NewFromConfig(config)
	vpc, err := client.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.20.0.0/16")})
	must(err)
	for i, zone := range []string{"a", "b"} {
		subnet, err := client.CreateSubnet(ctx, &ec2.CreateSubnetInput{
			VpcId: vpc.Vpc.VpcId, CidrBlock: aws.String(fmt.Sprintf("10.20.%d.0/24", i)), AvailabilityZone: aws.String(settings.Region + zone),
			TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSubnet, Tags: tags}},
		})
		must(err)
		prod.subnet += " " + *subnet.Subnet.SubnetId
	}
	group, err := client.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("prod"), Description: aws.String("prod"), VpcId: vpc.Vpc.VpcId,
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSecurityGroup, Tags: tags}},
	})
	must(err)
	prod.group = *group.GroupId
	images, err := client.DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{"amazon"}})
	must(err)
	instances, err := client.RunInstances(ctx, &ec2.RunInstancesInput{
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1), ImageId: images.Images[0].ImageId, SubnetId: aws.String(strings.Fields(prod.subnet)[0]), InstanceType: "t3.micro",
		TagSpecifications: []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeInstance, Tags: tags}},
	})
	must(err)
	prod.instance = *instances.Instances[0].InstanceId
	balancer, err := elb.NewFromConfig(config).CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: aws.String("webservers-prod"), Subnets: strings.Fields(prod.subnet)})
	must(err)
	prod.balancer = *balancer.LoadBalancers[0].LoadBalancerArn
	secret, err := secretsmanager.NewFromConfig(config).CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: aws.String("rds!db-prod"), SecretString: aws.String("secret")})
	must(err)
	prod.secret = *secret.ARN
	for _, name := range []string{"/webservers-prod/image/x86_64", "/webservers-prod/secret", "/webservers-stage/secret"} {
		_, err = ssm.NewFromConfig(config).PutParameter(ctx, &ssm.PutParameterInput{Name: &name, Value: aws.String("ami-1"), Type: ssmtypes.ParameterTypeString})
		must(err)
	}
	_, err = s3.NewFromConfig(config).CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket: aws.String("webservers-prod-app-1"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: s3types.BucketLocationConstraint(settings.Region)},
	})
	must(err)
	_, err = s3.NewFromConfig(config).PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("webservers-prod-app-1"), Key: aws.String("application.tar"), Body: strings.NewReader("x")})
	must(err)
	made, err := kms.NewFromConfig(config).CreateKey(ctx, &kms.CreateKeyInput{Tags: []kmstypes.Tag{{TagKey: aws.String("Project"), TagValue: &settings.Project}}})
	must(err)
	prod.key = *made.KeyMetadata.KeyId
	certificate, err := acm.NewFromConfig(config).RequestCertificate(ctx, &acm.RequestCertificateInput{
		DomainName: aws.String("www.example.com"), ValidationMethod: acmtypes.ValidationMethodDns, Tags: []acmtypes.Tag{{Key: aws.String("Environment"), Value: aws.String("stage")}},
	})
	must(err)
	prod.certificate = *certificate.CertificateArn
	_, err = iam.NewFromConfig(config).CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("webservers-stage-admin"), AssumeRolePolicyDocument: aws.String(trust)})
	must(err)
}
