package strict

import (
	"cmp"
	"strings"
)

// AWSItself is the application id (aws.Config.AppID) of the local AWS's own
// calls, which may do what AWS keeps for itself.
const AWSItself = "autoscaling.amazonaws.com"

// maxTags is how many tags a resource may have,
// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html#id_tags_naming_best_practices.
const maxTags = 50

// tagFaults judges the tags of any request, wherever in it they stand: lists of
// structures with a Key and a Value below a member Tags, TagSet, TagList or
// AddTags. The rules are every service's:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions.
func tagFaults(call Call) []Fault {
	var faults []Fault
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for _, name := range sortedKeys(v) {
				switch strings.ToLower(name) {
				case "tags", "tagset", "taglist", "addtags":
					faults = append(faults, tagListFaults(call, structures(v[name]))...)
				}
				walk(v[name])
			}
		case []any:
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(call.Input)
	return faults
}

// tagCodes are the services' own codes for a tag that they refuse.
var tagCodes = map[string]string{
	"ec2":                  "InvalidParameterValue", // https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
	"iam":                  "InvalidInput",          // https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagRole.html
	"rds":                  "InvalidParameterValue",
	"s3":                   "InvalidTag", // https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html
	"elasticloadbalancing": "ValidationError",
	"autoscaling":          "ValidationError",
	"sns":                  "InvalidParameter",
}

func tagListFaults(call Call, tags []map[string]any) []Fault {
	code := tagCodes[call.Request.Service]
	if code == "" {
		code = "ValidationException"
	}
	// Auto Scaling itself tags what it launches.
	// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html
	byAWS := strings.Contains(call.Request.HTTP.UserAgent(), "app/"+AWSItself)
	// A list of what to delete names keys only.
	deletes := strings.HasPrefix(call.Action, "Delete")
	var faults []Fault
	seen := map[string]bool{}
	resources := map[string]int{} // Auto Scaling tags several at once
	for _, tag := range tags {
		// KMS calls them TagKey and TagValue.
		// https://docs.aws.amazon.com/kms/latest/APIReference/API_Tag.html
		key, of := cmp.Or(text(tag["Key"]), text(tag["TagKey"])), text(tag["ResourceId"])
		resources[of]++
		if strings.HasPrefix(strings.ToLower(key), "aws:") && !deletes && !byAWS {
			faults = append(faults, Faultf(code, "Tag keys starting with 'aws:' are reserved for internal use: %s", shorten(key)))
		}
		if seen[of+"\x00"+key] {
			faults = append(faults, Faultf(code, "Duplicate tag key '%s' specified.", shorten(key)))
		}
		seen[of+"\x00"+key] = true
	}
	for _, of := range sortedKeys(resources) {
		if resources[of] > maxTags {
			faults = append(faults, Faultf(code, "The maximum number of tags per resource is %d; the request has %d.", maxTags, resources[of]))
		}
	}
	return faults
}
