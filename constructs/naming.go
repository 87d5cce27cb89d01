package constructs

import (
	"regexp"

	"example.com/webserver-cluster/internal/faults"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsiampolicydocument"
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

// nameRule is what AWS takes as the name of a load balancer, the tightest of
// all names that start with a part's Name: letters, digits and single hyphens
// inside, 32 characters at the most; lower case and a letter first, because a
// DB instance's name wants that.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
var nameRule = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

const maxName = 32

// checkName checks a part's Name by nameRule.
func checkName(f *faults.List, field, name string) {
	if !nameRule.MatchString(name) {
		f.Add(field, name, "must be lower-case letters, digits and single hyphens inside, a letter first")
	}
	if len(name) > maxName {
		f.Add(field, name, "has %d characters; a load balancer's name can have %d", len(name), maxName)
	}
}

// logRetentions are the days that CloudWatch Logs can keep a log group.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
var logRetentions = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

func checkLogRetention(f *faults.List, field string, days int) {
	for _, d := range logRetentions {
		if d == days {
			return
		}
	}
	f.Add(field, days, "is no number of days that CloudWatch Logs can keep logs: %v", logRetentions)
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
