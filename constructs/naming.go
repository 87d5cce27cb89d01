package constructs

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsiampolicydocument"

	"example.com/webserver-cluster/internal/faults"
)

// Terraform appends 26 characters to a name_prefix, and the provider refuses a
// prefix that leaves no room for them within AWS's limit of the name. A
// resource that Terraform may have to replace while its successor stands has
// a prefix instead of a name, or the two would collide.
const (
	maxRoleNamePrefix = 64 - 26
	// A target group's name has 32 characters at the most.
	maxTargetGroupNamePrefix = 32 - 26
)

// namePrefix is name followed by "-", cut to max characters.
func namePrefix(name string, max int) string {
	return name[:min(len(name), max-1)] + "-"
}

// nameRule is the narrowest rule of AWS for what a construct's Name becomes: that of
// a DB instance, and a load balancer's no underscore.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
var nameRule = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// The most characters that a Name may have as what it becomes.
const (
	maxLoadBalancerName = 32
	maxDBInstanceName   = 63
	// 256 for a tag or a topic, less what is appended.
	maxOtherName = 200
)

// checkName checks a construct's Name; what says what AWS resource has the limit.
func checkName(f *faults.List, name string, max int, what string) {
	if !nameRule.MatchString(name) {
		f.Add("Name", name, "must be lower-case letters, digits and single hyphens inside, a letter first")
	}
	if len(name) > max {
		f.Add("Name", name, "has %d characters; %s can have %d", len(name), what, max)
	}
}

// checkGroupName checks a Name that begins the name of a security group.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
func checkGroupName(f *faults.List, name string) {
	if strings.HasPrefix(name, "sg-") {
		f.Add("Name", name, "must not begin with sg-, which AWS keeps for the ids of security groups")
	}
}

// checkParameterName checks a Name that begins the name of an SSM parameter, which
// field has made.
// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
func checkParameterName(f *faults.List, name, field string) {
	for _, prefix := range []string{"aws", "ssm"} {
		if strings.HasPrefix(name, prefix) {
			f.Add("Name", name, "must not begin with %s, which AWS keeps for its own SSM parameters, when %s makes one", prefix, field)
		}
	}
}

// checkBucketPrefix checks a Name that begins the name of an S3 bucket.
func checkBucketPrefix(f *faults.List, name string) {
	for _, prefix := range bucketPrefixes {
		if strings.HasPrefix(name, prefix) {
			f.Add("Name", name, "must not begin with %s, which S3 keeps for itself, when Application or LogRetentionDays makes a bucket", prefix)
		}
	}
}

// logRetentions are the days that CloudWatch Logs can keep a log group.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
var logRetentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

func checkLogRetention(f *faults.List, field string, days int) {
	if !slices.Contains(logRetentions, days) {
		f.Add(field, days, "is no number of days that CloudWatch Logs can keep logs: %v", logRetentions)
	}
}

// assumableBy is the trust policy of a role that an AWS service takes on.
func assumableBy(s scope, role, service string) *string {
	return add(s, role, dataawsiampolicydocument.NewDataAwsIamPolicyDocument, &dataawsiampolicydocument.DataAwsIamPolicyDocumentConfig{
		Statement: []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatement{{
			Actions: jsii.Strings("sts:AssumeRole"),
			Principals: []*dataawsiampolicydocument.DataAwsIamPolicyDocumentStatementPrincipals{{
				Type: jsii.String("Service"), Identifiers: jsii.Strings(service),
			}},
		}},
	}).Json()
}
