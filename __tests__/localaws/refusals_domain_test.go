package localaws_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	acmtypes "github.com/aws/aws-sdk-go-v2/service/acm/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// TestFrontDoor: a certificate is issued once its records are there, and neither taken
// before nor deleted while it is in use; a load balancer's logs need a bucket that it
// may write to.
func TestFrontDoor(t *testing.T) {
	cloud := start(t)
	config := cloud.Config()
	n := makeNetwork(t, config)
	balancer := must[*elb.CreateLoadBalancerOutput](t)(elb.NewFromConfig(config).CreateLoadBalancer(t.Context(), &elb.CreateLoadBalancerInput{
		Name: aws.String("door"), Type: elbtypes.LoadBalancerTypeEnumApplication, Subnets: []string{n.subnets[0], n.subnets[2]}, SecurityGroups: []string{n.group},
	})).LoadBalancers[0].LoadBalancerArn
	t.Run("certificate", func(t *testing.T) { testCertificate(t, config, balancer) })
	t.Run("logs", func(t *testing.T) { testLogs(t, config, balancer) })
}

func testCertificate(t *testing.T, config aws.Config, balancer *string) {
	ctx, certificates, names, balancers := t.Context(), acm.NewFromConfig(config), route53.NewFromConfig(config), elb.NewFromConfig(config)
	zone := must[*route53.CreateHostedZoneOutput](t)(names.CreateHostedZone(ctx, &route53.CreateHostedZoneInput{Name: aws.String("example.com"), CallerReference: aws.String("test")})).HostedZone.Id
	arn := must[*acm.RequestCertificateOutput](t)(certificates.RequestCertificate(ctx, &acm.RequestCertificateInput{
		DomainName: aws.String("shop.example.com"), SubjectAlternativeNames: []string{"www.example.com"}, ValidationMethod: acmtypes.ValidationMethodDns,
	})).CertificateArn
	describe := func(status acmtypes.CertificateStatus) []acmtypes.DomainValidation {
		t.Helper()
		found := must[*acm.DescribeCertificateOutput](t)(certificates.DescribeCertificate(ctx, &acm.DescribeCertificateInput{CertificateArn: arn})).Certificate
		if found.Status != status {
			t.Errorf("the certificate is %s, want %s", found.Status, status)
		}
		return found.DomainValidationOptions
	}
	change := func(action route53types.ChangeAction, name, kind, value string) error {
		_, err := names.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: zone, ChangeBatch: &route53types.ChangeBatch{
			Changes: []route53types.Change{{Action: action, ResourceRecordSet: &route53types.ResourceRecordSet{
				Name: &name, Type: route53types.RRType(kind), TTL: aws.Int64(60), ResourceRecords: []route53types.ResourceRecord{{Value: &value}},
			}}},
		}})
		return err
	}
	listen := func() error {
		_, err := balancers.CreateListener(ctx, &elb.CreateListenerInput{
			LoadBalancerArn: balancer, Port: aws.Int32(443), Protocol: elbtypes.ProtocolEnumHttps, Certificates: []elbtypes.Certificate{{CertificateArn: arn}},
			DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumFixedResponse, FixedResponseConfig: &elbtypes.FixedResponseActionConfig{StatusCode: aws.String("200")}}},
		})
		return err
	}

	options := describe(acmtypes.CertificateStatusPendingValidation)
	refused(t, listen(), "UnsupportedCertificate", *arn)
	for i, option := range options {
		record := option.ResourceRecord
		refused(t, change(route53types.ChangeActionCreate, *record.Name, string(record.Type), *record.Value), "", "")
		status := acmtypes.CertificateStatusPendingValidation // until the last one is there
		if i == len(options)-1 {
			status = acmtypes.CertificateStatusIssued
		}
		describe(status)
	}
	record := options[0].ResourceRecord
	refused(t, change(route53types.ChangeActionCreate, *record.Name, string(record.Type), "another.example.com."), "InvalidChangeBatch", "already exists")
	refused(t, change(route53types.ChangeActionUpsert, *record.Name, string(record.Type), "another.example.com."), "", "")
	describe(acmtypes.CertificateStatusIssued) // as it stays
	refused(t, change(route53types.ChangeActionCreate, "an-example.com", "A", "192.0.2.1"), "InvalidChangeBatch", "not permitted in zone example.com.")

	refused(t, listen(), "", "")
	_, err := certificates.DeleteCertificate(ctx, &acm.DeleteCertificateInput{CertificateArn: arn})
	refused(t, err, "ResourceInUseException", *arn)
	for _, listener := range must[*elb.DescribeListenersOutput](t)(balancers.DescribeListeners(ctx, &elb.DescribeListenersInput{LoadBalancerArn: balancer})).Listeners {
		must[*elb.DeleteListenerOutput](t)(balancers.DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: listener.ListenerArn}))
	}
	_, err = certificates.DeleteCertificate(ctx, &acm.DeleteCertificateInput{CertificateArn: arn})
	refused(t, err, "", "")
}

func testLogs(t *testing.T, config aws.Config, balancer *string) {
	ctx, client, bucket := t.Context(), s3.NewFromConfig(config), aws.String("logs-of-door")
	log := func(kind, prefix string) error {
		_, err := elb.NewFromConfig(config).ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: balancer, Attributes: []elbtypes.LoadBalancerAttribute{
			{Key: aws.String(kind + ".s3.enabled"), Value: aws.String("true")},
			{Key: aws.String(kind + ".s3.bucket"), Value: bucket},
			{Key: aws.String(kind + ".s3.prefix"), Value: aws.String(prefix)},
		}})
		return err
	}
	allow := func(statement string) {
		t.Helper()
		must[*s3.PutBucketPolicyOutput](t)(client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` + statement + `}]}`)}))
	}
	const denied = "Access Denied for bucket: logs-of-door. Please check S3bucket permission"
	refused(t, log("access_logs", "a"), "InvalidConfigurationRequest", denied) // no such bucket
	must[*s3.CreateBucketOutput](t)(client.CreateBucket(ctx, &s3.CreateBucketInput{
		Bucket: bucket, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: "eu-central-1"},
	}))
	refused(t, log("access_logs", "a"), "InvalidConfigurationRequest", denied)
	for _, wrong := range []string{
		`"Principal":{"Service":"delivery.logs.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs-of-door/*"`,
		`"Principal":{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::logs-of-door/*"`,
		`"Principal":{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs-of-door/b/AWSLogs/123456789012/*"`,
		`"Principal":{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs-of-door/a/AWSLogs/210987654321/*"`,
	} {
		allow(wrong)
		refused(t, log("access_logs", "a"), "InvalidConfigurationRequest", denied)
	}
	allow(`"Principal":{"Service":["logdelivery.elasticloadbalancing.amazonaws.com"]},"Action":"s3:PutObject","Resource":["arn:aws:s3:::logs-of-door/?/AWSLogs/123456789012/*"]`)
	refused(t, log("access_logs", "a"), "", "")
	refused(t, log("connection_logs", "c"), "", "")
	var keys []string
	for _, object := range must[*s3.ListObjectsV2Output](t)(client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket})).Contents {
		keys = append(keys, *object.Key)
	}
	if len(keys) != 2 || keys[0] != "a/AWSLogs/123456789012/ELBAccessLogTestFile" || keys[1] != "c/AWSLogs/123456789012/ELBConnectionLogTestFile" {
		t.Errorf("the load balancer has written %v", keys)
	}
	must[*s3.PutBucketEncryptionOutput](t)(client.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: bucket, ServerSideEncryptionConfiguration: &s3types.ServerSideEncryptionConfiguration{
		Rules: []s3types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &s3types.ServerSideEncryptionByDefault{SSEAlgorithm: s3types.ServerSideEncryptionAwsKms}}},
	}}))
	refused(t, log("access_logs", "a"), "InvalidConfigurationRequest", denied)
}
