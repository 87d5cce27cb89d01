package constructs

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/jsii-runtime-go"
	"github.com/cdktf/cdktf-provider-aws-go/aws/v19/dataawsiampolicydocument"

	"example.com/webserver-cluster/internal/faults"
	"example.com/webserver-cluster/internal/project"
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

// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html#id_tags_naming_best_practices
var tagRule = regexp.MustCompile(`^[\pL\pZ\pN_.:/=+@-]*$`)

// maxTags leaves room for what is added to a resource's tags: its name, its
// Terraform name, and the provider's default_tags. AWS takes 50 in all.
const maxTags = 40

// checkTags checks tags that a caller gives.
func checkTags(f *faults.List, field string, tags map[string]string) {
	if len(tags) > maxTags {
		f.Add(field, len(tags), "is their number; a resource can have %d besides those that it gets anyway", maxTags)
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value := tags[key]
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128 || !tagRule.MatchString(key):
			f.Add(field, key, "is no key of a tag: 1 to 128 letters, digits, spaces and _ . : / = + - @")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			f.Add(field, key, "must not begin with aws:, which AWS keeps for itself")
		case key == nameTagKey || key == project.TerraformNameTag:
			f.Add(field, key, "is a tag that every resource gets anyway")
		}
		if !isToken(value) && (utf8.RuneCountInString(value) > 256 || !tagRule.MatchString(value)) {
			f.Add(field+"["+key+"]", value, "is no value of a tag: at most 256 letters, digits, spaces and _ . : / = + - @")
		}
	}
}

// checkSubnets checks that a load balancer, a group or a database can stand in
// subnets: two at least, for two zones.
func checkSubnets(f *faults.List, field string, ids []string) {
	if len(ids) < minZones {
		f.Add(field, ids, "must be %d or more, each in a zone of its own", minZones)
	}
	for i, id := range ids {
		if id == "" {
			f.Add(fmt.Sprintf("%s[%d]", field, i), id, "must be the id of a subnet")
		} else if slices.Contains(ids[:i], id) {
			f.Add(field, id, "is named twice")
		}
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
