package constructs

import (
	"math"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawscalleridentity"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsiampolicydocument"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/lb"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/internal/faults"
)

// The logs' places in the bucket.
const (
	accessLogs     = "access"
	connectionLogs = "connection"
)

func (p WebserverClusterProps) checkLogs(f *faults.List) {
	if rule := bucketFault(p.AccessLogsBucket); p.AccessLogsBucket != "" && rule != "" && !isToken(p.AccessLogsBucket) {
		f.Add("AccessLogsBucket", p.AccessLogsBucket, "%s", rule)
	}
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleExpiration.html
	if p.LogRetentionDays < 0 || p.LogRetentionDays > math.MaxInt32 {
		f.Add("LogRetentionDays", p.LogRetentionDays, "must be a number of days, at most %d, or 0 for no logs", math.MaxInt32)
	}
	if p.LogRetentionDays != 0 && p.AccessLogsBucket != "" {
		f.Add("AccessLogsBucket", p.AccessLogsBucket, "contradicts LogRetentionDays (%d), which makes a bucket for the logs: give one of the two", p.LogRetentionDays)
	}
}

// logs has the load balancer write its logs, and returns the bucket of the cluster's
// own, if there is one.
func (c *cluster) logs(config *lb.LbConfig) (bucket string) {
	p := c.props
	if p.AccessLogsBucket != "" {
		config.AccessLogs = &lb.LbAccessLogs{
			Bucket: jsii.String(p.AccessLogsBucket), Prefix: jsii.String(p.Name), Enabled: jsii.Bool(true),
		}
	}
	if p.LogRetentionDays == 0 {
		return ""
	}
	logs := privateBucket{
		namePrefix: namePrefix(p.Name, maxBucketNamePrefix-len("logs-")) + "logs-",
		expireDays: p.LogRetentionDays,
		// An expired log becomes an old version first.
		oldVersionDays: 1,
		statements:     c.mayWriteLogs,
	}
	if p.DeletionProtection {
		// Logs tell what happened to what is gone. The way down is that of the load
		// balancer: without the protection, a deploy lets the bucket go with its logs.
		logs.lifecycle = &cdktf.TerraformResourceLifecycle{PreventDestroy: jsii.Bool(true)}
	} else {
		logs.forceDestroy = true
	}
	made := c.privateBucket("logs_", logs)
	// The load balancer tries to write at once, and AWS refuses the logs if it cannot.
	config.DependsOn = &made.ready
	config.AccessLogs = &lb.LbAccessLogs{Bucket: made.bucket.Id(), Prefix: jsii.String(accessLogs), Enabled: jsii.Bool(true)}
	config.ConnectionLogs = &lb.LbConnectionLogs{Bucket: made.bucket.Id(), Prefix: jsii.String(connectionLogs), Enabled: jsii.Bool(true)}
	return *made.bucket.Id()
}

// mayWriteLogs lets the load balancers of this account write their logs. Every region
// has had this form of the policy since September 2025, those with AWS's account ids in
// theirs before, too.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html#attach-bucket-policy
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-connection-logging.html#attach-bucket-policy-connection
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/DocumentHistory.html
func (c *cluster) mayWriteLogs(bucket string) []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatement {
	account := *add(c.scope, "account", dataawscalleridentity.NewDataAwsCallerIdentity, &dataawscalleridentity.DataAwsCallerIdentityConfig{}).AccountId()
	var places []string
	for _, logs := range []string{accessLogs, connectionLogs} {
		places = append(places, bucket+"/"+logs+"/AWSLogs/"+account+"/*")
	}
	return []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatement{{
		Sid:       jsii.String("LoadBalancerLogs"),
		Actions:   jsii.Strings("s3:PutObject"),
		Resources: jsii.Strings(places...),
		Principals: []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatementPrincipals{{
			Type: jsii.String("Service"), Identifiers: jsii.Strings("logdelivery.elasticloadbalancing.amazonaws.com"),
		}},
	}}
}
