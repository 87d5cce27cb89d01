package orphan

import (
	"regexp"
	"strings"
)

// braces are the parts of a Type's ImportID that are filled in, and brackets
// those that are left out where their argument is not set.
var (
	braces   = regexp.MustCompile(`\{([\w|]+)\}`)
	brackets = regexp.MustCompile(`\[([^\]]*\{(\w+)\})\]`)
)

// fromARN is the import id of a resource that has tags.
func (t Type) fromARN(arn string) string {
	id := ending(arn)
	name, scope := id, ""
	// arn:aws:wafv2:REGION:ACCOUNT:regional/webacl/NAME/ID
	if _, acl, ok := strings.Cut(arn, ":regional/webacl/"); ok {
		name, id, _ = strings.Cut(acl, "/")
		scope = "REGIONAL"
	}
	return braces.ReplaceAllStringFunc(t.ImportID, func(match string) string {
		switch match {
		case "{arn}":
			return arn
		case "{id}":
			return id
		case "{scope}":
			return scope
		}
		return name
	})
}

// ending is the name or the id at the end of an ARN, behind the kind of
// resource:
//
//	arn:aws:ec2:REGION:ACCOUNT:vpc/vpc-1234                       vpc-1234
//	arn:aws:logs:REGION:ACCOUNT:log-group:/vpc/stage              /vpc/stage
//	arn:aws:autoscaling:REGION:ACCOUNT:…:autoScalingGroupName/web web
//	arn:aws:s3:::bucket                                           bucket
func ending(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return arn
	}
	service, resource := parts[2], parts[5]
	switch service {
	case "autoscaling", "iam": // a path may stand before the name
		return resource[strings.LastIndexByte(resource, '/')+1:]
	}
	id := resource[strings.IndexAny(resource, ":/")+1:]
	if service == "ssm" && strings.Contains(id, "/") {
		return "/" + id // the ARN of a parameter in a folder lacks the name's first slash
	}
	return id
}

// fromArguments is the import id of a resource that has no tags; false if an
// argument that it takes is not set. value is an argument's value, "" if the code
// does not set it.
func (t Type) fromArguments(value func(argument string) string) (string, bool) {
	pattern := brackets.ReplaceAllStringFunc(t.ImportID, func(match string) string {
		m := brackets.FindStringSubmatch(match)
		if value(m[2]) == "" {
			return ""
		}
		return m[1]
	})
	complete := true
	id := braces.ReplaceAllStringFunc(pattern, func(match string) string {
		for argument := range strings.SplitSeq(strings.Trim(match, "{}"), "|") {
			if v := value(argument); v != "" {
				return v
			}
		}
		complete = false
		return ""
	})
	return id, complete
}
