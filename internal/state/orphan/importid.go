package orphan

import (
	"strings"
)

// importID is what `terraform import` wants for a resource: its ARN or, for
// most types, the name or id at the ARN's end, behind the kind of resource:
//
//	arn:aws:ec2:REGION:ACCOUNT:vpc/vpc-1234                       vpc-1234
//	arn:aws:logs:REGION:ACCOUNT:log-group:/vpc/stage              /vpc/stage
//	arn:aws:autoscaling:REGION:ACCOUNT:…:autoScalingGroupName/web web
//	arn:aws:s3:::bucket                                           bucket
func importID(kind, arn string) string {
	switch kind {
	case "aws_lb", "aws_lb_listener", "aws_lb_target_group", "aws_sns_topic":
		return arn
	case "aws_autoscaling_group", roleType, profileType:
		return arn[strings.LastIndexByte(arn, '/')+1:]
	}
	parts := strings.SplitN(arn, ":", 6)
	resource := parts[len(parts)-1]
	i := strings.IndexAny(resource, ":/")
	id := resource[i+1:]
	if kind == "aws_ssm_parameter" && strings.Contains(id, "/") {
		return "/" + id // the ARN of a parameter in a folder lacks the name's first slash
	}
	return id
}
