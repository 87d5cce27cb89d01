package constructs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"example.com/webserver-cluster/internal/faults"
)

// What exists already has ids of these forms: 8 hexadecimal digits, or 17 for what
// is younger than 2018.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
var (
	vpcRule           = idRule("vpc")
	subnetRule        = idRule("subnet")
	securityGroupRule = idRule("sg")
	amiRule           = idRule("ami")
)

func idRule(prefix string) *regexp.Regexp {
	return regexp.MustCompile(`^` + prefix + `-([0-9a-f]{8}|[0-9a-f]{17})$`)
}

// checkID checks the id of a resource that exists already; what says what it is.
func checkID(f *faults.List, field, id string, rule *regexp.Regexp, what string) {
	prefix, _, _ := strings.Cut(strings.TrimPrefix(rule.String(), "^"), "-")
	switch {
	case id == "":
		f.Missing(field, what)
	case !rule.MatchString(id) && !isToken(id):
		f.Add(field, id, "must be an id: %s- and 8 or 17 hexadecimal digits", prefix)
	}
}

// isListToken says whether a list is a reference of CDKTF to a whole list.
func isListToken(list []string) bool {
	return len(list) == 1 && strings.HasPrefix(list[0], "#{TfToken[")
}

// checkSubnets checks that a load balancer, a group or a database can stand in
// subnets: two at least, for two zones.
func checkSubnets(f *faults.List, field string, ids []string) {
	if isListToken(ids) {
		return
	}
	if len(ids) < minZones {
		f.Add(field, ids, "must be %d or more, each in a zone of its own", minZones)
	}
	for i, id := range ids {
		checkID(f, fmt.Sprintf("%s[%d]", field, i), id, subnetRule, "a subnet")
		if id != "" && slices.Contains(ids[:i], id) {
			f.Add(field, id, "is named twice")
		}
	}
}

// A cluster's alarms notify an SNS topic in their own region.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
var topicRule = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}$`)

// A listener takes certificates of ACM and, where a region has no ACM, of IAM.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/https-listener-certificates.html
var certificateRule = regexp.MustCompile(`^arn:aws[a-z-]*:(acm:[a-z0-9-]+:\d{12}:certificate/[0-9A-Za-z-]+|iam::\d{12}:server-certificate/[A-Za-z0-9_.,+=@/-]+)$`)
