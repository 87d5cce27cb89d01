package constructs

import (
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"example.com/webserver-cluster/internal/faults"
)

var (
	instanceTypeRule  = regexp.MustCompile(`^[a-z][a-z0-9-]*\.[a-z0-9-]+$`)
	instanceClassRule = regexp.MustCompile(`^db\.[a-z][a-z0-9-]*\.[a-z0-9-]+$`)
	// A family such as t4g or c7gn runs on Graviton: behind the number of its
	// generation, the processor's letter is g.
	// https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
	gravitonRule = regexp.MustCompile(`^(a1|[a-z]+\d+g[a-z-]*)\.`)
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-performance-instances.html
	burstableRule = regexp.MustCompile(`^t\d`)
)

// architecture is that of an instance type, as names of images have it.
func architecture(instanceType string) string {
	if gravitonRule.MatchString(instanceType) {
		return "arm64"
	}
	return "x86_64"
}

// burstable says whether all of the types earn CPU credits and spend them.
func burstable(instanceTypes []string) bool {
	return !slices.ContainsFunc(instanceTypes, func(t string) bool { return !burstableRule.MatchString(t) })
}

// instanceTypes are the EC2 instance types that the AWS SDK knows.
func instanceTypes() []string {
	var list []string
	for _, t := range types.InstanceType("").Values() {
		list = append(list, string(t))
	}
	return list
}

// mysqlClasses are the DB instance classes of RDS for MySQL 8.4, the sizes of each
// family.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html
var mysqlClasses = []struct{ families, sizes string }{
	{"t3 t4g", "micro small medium large xlarge 2xlarge"},
	{"m3", "medium large xlarge 2xlarge"},
	{"r3", "large xlarge 2xlarge 4xlarge 8xlarge"},
	{"m5 m5d r5 r5b r5d", "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge"},
	{"m6g m6gd r6g r6gd m7g r7g x2g", "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"},
	{"m6i m6id m6idn m6in r6i r6id r6in", "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge"},
	{"r6idn", "xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge"},
	{"m7i r7i m8g m8gd r8g r8gd", "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge"},
	{"x2idn", "16xlarge 24xlarge 32xlarge"},
	{"x2iedn", "xlarge 2xlarge 4xlarge 8xlarge 16xlarge 24xlarge 32xlarge"},
}

func instanceClasses() []string {
	var list []string
	for _, class := range mysqlClasses {
		for _, family := range strings.Fields(class.families) {
			for _, size := range strings.Fields(class.sizes) {
				list = append(list, "db."+family+"."+size)
			}
		}
	}
	return list
}

func checkInstanceType(f *faults.List, field, value string, allowUnknown bool) {
	switch known := instanceTypes(); {
	case isToken(value), slices.Contains(known, value):
	case !instanceTypeRule.MatchString(value):
		f.Add(field, value, "must be an EC2 instance type such as t3.micro%s", didYouMean(value, known))
	case !allowUnknown:
		f.Add(field, value, "is no EC2 instance type that the AWS SDK knows%s; AllowUnknownInstanceType lets a newer one pass", didYouMean(value, known))
	}
}

func checkInstanceClass(f *faults.List, value string, allowUnknown bool) {
	switch known := instanceClasses(); {
	case isToken(value), slices.Contains(known, value):
	case !instanceClassRule.MatchString(value):
		f.Add("InstanceClass", value, "must be a DB instance class such as db.t4g.micro%s", didYouMean(value, known))
	case !allowUnknown:
		f.Add("InstanceClass", value, "is no DB instance class that RDS for MySQL 8.4 is known to have%s; AllowUnknownInstanceClass lets a newer one pass", didYouMean(value, known))
	}
}

// didYouMean is a question about the known value that the fewest typing errors
// lead to from value; "" if there is no such one, or more.
func didYouMean(value string, known []string) string {
	const mostErrors = 3
	least, nearest := mostErrors+1, ""
	for _, k := range known {
		switch distance := levenshtein.ComputeDistance(strings.ToLower(value), k); {
		case distance < least:
			least, nearest = distance, k
		case distance == least:
			nearest = ""
		}
	}
	if nearest == "" {
		return ""
	}
	return " (did you mean " + nearest + "?)"
}
