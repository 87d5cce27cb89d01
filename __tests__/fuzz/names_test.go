package fuzz_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// suffix is what Terraform appends to a name_prefix.
const suffix = 26

// nameRule is AWS's rule for a name.
type nameRule struct {
	min, max int
	pattern  *regexp.Regexp
	reserved *regexp.Regexp // beginnings that AWS keeps for itself, or nil
	within   string         // argument whose referent no two of one name may share; "" for the whole stack
}

// nameRules are by type and argument. A name_prefix need not be unique.
var nameRules = map[string]nameRule{
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
	"aws_lb.name": {max: 32, pattern: regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`), reserved: regexp.MustCompile(`^internal-`)},
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
	"aws_cloudwatch_dashboard.dashboard_name": {max: 255, pattern: regexp.MustCompile(`^[A-Za-z0-9_-]+$`)},
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
	"aws_lb_target_group.name_prefix": {max: 32 - suffix, pattern: regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*$`)},
	// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html
	"aws_autoscaling_group.name_prefix": {max: 255 - suffix, pattern: regexp.MustCompile(`^[^:]+$`)},
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html
	// The provider wants 3 characters of a prefix, although it appends to it.
	"aws_launch_template.name_prefix": {min: 3, max: 128 - suffix, pattern: regexp.MustCompile(`^[A-Za-z0-9().\-/_]+$`)},
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
	"aws_iam_role.name_prefix": {max: 64 - suffix, pattern: regexp.MustCompile(`^[\w+=,.@-]+$`)},
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html
	"aws_iam_instance_profile.name_prefix": {max: 128 - suffix, pattern: regexp.MustCompile(`^[\w+=,.@-]+$`)},
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html
	"aws_iam_role_policy.name": {max: 128, pattern: regexp.MustCompile(`^[\w+=,.@-]+$`), within: "role"},
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
	"aws_security_group.name_prefix": {max: 255 - suffix, pattern: securityGroupText, reserved: regexp.MustCompile(`^sg-`)},
	"aws_security_group.description": {max: 255, pattern: securityGroupText, within: "description"},
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
	"aws_vpc_security_group_ingress_rule.description": {max: 255, pattern: securityGroupText, within: "description"},
	"aws_vpc_security_group_egress_rule.description":  {max: 255, pattern: securityGroupText, within: "description"},
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
	"aws_db_instance.identifier": {max: 63, pattern: regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$`)},
	"aws_db_instance.db_name":    {max: 64, pattern: regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`), within: "identifier"},
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html
	"aws_db_subnet_group.name_prefix": {max: 255 - suffix, pattern: regexp.MustCompile(`^[a-z0-9._ -]+$`)},
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBParameterGroup.html
	"aws_db_parameter_group.name_prefix": {max: 255 - suffix, pattern: regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*-?$`)},
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
	"aws_cloudwatch_metric_alarm.alarm_name": {max: 255, pattern: regexp.MustCompile(`^[^\pC]+$`)},
	// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
	"aws_cloudwatch_log_group.name": {max: 512, pattern: regexp.MustCompile(`^[.\-_/#A-Za-z0-9]+$`), reserved: regexp.MustCompile(`^aws/`)},
	// https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
	"aws_sns_topic.name": {max: 256, pattern: regexp.MustCompile(`^[A-Za-z0-9_-]+$`)},
	// https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
	"aws_ssm_parameter.name": {max: 1011, pattern: regexp.MustCompile(`^[A-Za-z0-9_.\-/]+$`), reserved: regexp.MustCompile(`(?i)^/?(aws|ssm)`)},
	// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html
	"aws_autoscaling_policy.name": {max: 255, pattern: anyText, within: "autoscaling_group_name"},
	// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScheduledUpdateGroupAction.html
	"aws_autoscaling_schedule.scheduled_action_name": {max: 255, pattern: anyText, within: "autoscaling_group_name"},
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
	"aws_s3_bucket.bucket":        {max: 63, pattern: regexp.MustCompile(`^[a-z0-9][a-z0-9.-]+[a-z0-9]$`), reserved: regexp.MustCompile(`^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|--x-s3|--table-s3)$`)},
	"aws_s3_bucket.bucket_prefix": {max: 63 - suffix, pattern: regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`), reserved: regexp.MustCompile(`^(xn--|sthree-|amzn-s3-demo-)`)},
	// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
	"aws_dynamodb_table.name": {max: 255, pattern: regexp.MustCompile(`^[A-Za-z0-9_.-]{3,}$`)},
}

var (
	securityGroupText = regexp.MustCompile(`^[A-Za-z0-9. _\-:/()#,@[\]+=&;{}!$*]+$`)
	// The characters of the pattern of names in the API of Auto Scaling.
	anyText = regexp.MustCompile(`^[\x{20}-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}\r\n\t]+$`)
)

// checkNames checks the names that Terraform knows before it makes anything.
func (s *stack) checkNames() {
	taken := map[string]string{}
	for _, e := range s.elements {
		for _, argument := range slices.Sorted(maps.Keys(e.texts())) {
			rule, ok := nameRules[e.kind+"."+argument]
			name := e.texts()[argument]
			if !ok || e.section != "resource" {
				continue
			}
			switch {
			case utf8.RuneCountInString(name) > rule.max:
				s.fault(e.address(), "%s %q has %d characters, and may have %d", argument, name, utf8.RuneCountInString(name), rule.max)
			case utf8.RuneCountInString(name) < rule.min:
				s.fault(e.address(), "%s %q has %d characters, and must have %d", argument, name, utf8.RuneCountInString(name), rule.min)
			case !rule.pattern.MatchString(name):
				s.fault(e.address(), "%s %q must match %v", argument, name, rule.pattern)
			case rule.reserved != nil && rule.reserved.MatchString(name):
				s.fault(e.address(), "%s %q must not match %v", argument, name, rule.reserved)
			}
			if argument == "name_prefix" || argument == "bucket_prefix" || rule.within == "identifier" || rule.within == "description" {
				continue
			}
			key := strings.Join([]string{e.kind, s.referent(e, rule.within), name}, "\x00")
			if other, ok := taken[key]; ok {
				s.fault(e.address(), "%s has the %s %q, too", other, argument, name)
			}
			taken[key] = e.address()
		}
	}
}

// texts are an element's arguments that are texts and known.
func (e *element) texts() map[string]string {
	texts := map[string]string{}
	if e.value == cty.NilVal || !e.value.IsKnown() || e.value.IsNull() {
		return texts
	}
	for argument := range e.value.Type().AttributeTypes() {
		if v := e.value.GetAttr(argument); v.Type() == cty.String && v.IsKnown() && !v.IsNull() {
			texts[argument] = v.AsString()
		}
	}
	return texts
}

// referent is the element that an argument refers to.
func (s *stack) referent(e *element, argument string) string {
	if argument == "" {
		return ""
	}
	content, _, _ := e.body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: argument}}})
	if a := content.Attributes[argument]; a != nil {
		for _, traversal := range a.Expr.Variables() {
			if len(traversal) > 1 {
				if step, ok := traversal[1].(hcl.TraverseAttr); ok {
					return traversal.RootName() + "." + step.Name
				}
			}
		}
	}
	return ""
}

// tagText is what a tag may be made of, and maxTags how many a resource can have.
// https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
var tagText = regexp.MustCompile(`^[\pL\pZ\pN_.:/=+@-]*$`)

const maxTags = 50

// checkTags checks the tags that each resource gets, the provider's included.
func (s *stack) checkTags() {
	defaults := s.defaultTags()
	for _, e := range s.elements {
		if e.section != "resource" || e.value == cty.NilVal || !e.value.IsKnown() || e.value.IsNull() {
			continue
		}
		if e.value.Type().HasAttribute("tags") {
			tags := maps.Clone(defaults)
			maps.Copy(tags, known(e.value.GetAttr("tags")))
			s.checkTagsOf(e.address(), tags)
		}
		if e.value.Type().HasAttribute("tag_specifications") {
			for _, specification := range e.value.GetAttr("tag_specifications").AsValueSlice() {
				s.checkTagsOf(e.address()+".tag_specifications", known(specification.GetAttr("tags")))
			}
		}
		if e.kind == "aws_autoscaling_group" {
			tags := map[string]string{}
			for _, tag := range e.value.GetAttr("tag").AsValueSlice() {
				tags[text(tag.GetAttr("key"))] = text(tag.GetAttr("value"))
			}
			s.checkTagsOf(e.address()+".tag", tags)
		}
	}
}

func (s *stack) checkTagsOf(where string, tags map[string]string) {
	if len(tags) > maxTags {
		s.fault(where, "%d tags, and may have %d", len(tags), maxTags)
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value := tags[key]
		if key == "" || utf8.RuneCountInString(key) > 128 || !tagText.MatchString(key) || strings.HasPrefix(strings.ToLower(key), "aws:") {
			s.fault(where, "%q is no key of a tag", key)
		}
		if utf8.RuneCountInString(value) > 256 || !tagText.MatchString(value) {
			s.fault(where, "%q is no value of a tag", value)
		}
	}
}

// defaultTags are the tags that the provider gives everything.
func (s *stack) defaultTags() map[string]string {
	tags := map[string]string{}
	if s.provider == nil {
		return tags
	}
	content, _, found := s.provider.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "default_tags"}}})
	s.diagnose("provider", found)
	for _, b := range content.Blocks {
		attributes, found := b.Body.JustAttributes()
		s.diagnose("provider", found)
		if a := attributes["tags"]; a != nil {
			value, found := a.Expr.Value(s.context)
			s.diagnose("provider", found)
			maps.Copy(tags, known(value))
		}
	}
	return tags
}

// known is a map of texts, with "" for what is not known yet.
func known(v cty.Value) map[string]string {
	texts := map[string]string{}
	if v.IsKnown() && !v.IsNull() {
		for key, value := range v.AsValueMap() {
			texts[key] = text(value)
		}
	}
	return texts
}

func text(v cty.Value) string {
	if !v.IsKnown() || v.IsNull() || v.Type() != cty.String {
		return ""
	}
	return v.AsString()
}
