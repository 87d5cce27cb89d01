package access

import (
	"context"
	"maps"
	"strings"

	"example.com/webserver-cluster/tests/localaws/access/reference"
	"example.com/webserver-cluster/tests/localaws/front"
)

// prefixes are services whose actions have another prefix than their requests'
// signature.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
var prefixes = map[string]string{"monitoring": "cloudwatch", "tagging": "tag"}

// call is a request as IAM sees it.
type call struct {
	judge   *Judge
	ctx     context.Context
	prefix  string // of the service's actions
	name    string // the operation
	region  string
	account string
	input   map[string]any
	more    map[string]string // values of the session, such as the version of a secret
}

// needs tells what a request of a session needs to be allowed: the action on each resource
// that it names, and what else AWS asks for, such as the permission to tag what is made with
// tags.
func (j *Judge) needs(ctx context.Context, s *Session, r *front.Request) ([]question, error) {
	if r.Service == "s3" {
		return needsS3(r), nil
	}
	name, input, err := j.input(r)
	if err != nil {
		return nil, err
	}
	if name == "" { // no model: only who may do the action to everything may do this
		name = r.Action
	}
	prefix := r.Service
	if p := prefixes[prefix]; p != "" {
		prefix = p
	}
	c := call{judge: j, ctx: ctx, prefix: prefix, name: name, region: r.Region, account: s.account(), input: input}
	made := c.questions(name, c.resources(name))
	return append(made, c.besides(made)...), nil
}

// questions asks for an action on each of some resources; on none: on "*".
func (c call) questions(action string, resources []resource) []question {
	action = c.prefix + ":" + action
	known := reference.Load().Find(action)
	if known == nil {
		return []question{{action: action, resource: "*"}}
	}
	if len(resources) == 0 {
		return []question{c.question(known, action, resource{arn: "*"})}
	}
	var all []question
	for _, r := range resources {
		all = append(all, c.question(known, action, r))
	}
	return all
}

// question asks for an action on a resource. Of the condition keys it knows those that the
// reference has for them: another one, IAM does not fill in for this action.
func (c call) question(action *reference.Action, name string, r resource) question {
	q := question{
		action: name, resource: r.arn,
		values: map[string]string{}, many: map[string][]string{},
		look: map[string]func() (string, error){}, tags: map[string]func() (map[string]string, error){},
	}
	maps.Copy(q.values, r.values)
	for _, key := range append(append([]string{}, action.Keys...), r.keys...) {
		key = strings.ToLower(key)
		switch kind, _, _ := strings.Cut(key, "/"); {
		case kind == "aws:resourcetag":
			q.tags[kind] = func() (map[string]string, error) { return c.tagsOf(r) }
		case kind == "aws:requesttag":
			q.tags[kind] = func() (map[string]string, error) { return c.requestTags(r.kind), nil }
		case key == "iam:permissionsboundary":
			q.look[key] = func() (string, error) { return c.boundary(r) }
		case key == "iam:awsservicename":
			q.values[key] = c.text("AWSServiceName")
		case key == "iam:policyarn":
			q.values[key] = c.text("PolicyArn")
		case key == "autoscaling:launchtemplateversionspecified":
			q.values[key] = c.versionSpecified()
		case key == "cloudwatch:alarmactions":
			// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-alarm-actions.html
			q.many[key] = nil // known, also where there is none
			for _, member := range []string{"AlarmActions", "OKActions", "InsufficientDataActions"} {
				walk(c.input[member], "", func(_, text string) { q.many[key] = append(q.many[key], text) })
			}
		case key == "dynamodb:leadingkeys":
			q.many[key] = c.leadingKeys()
		case key == "route53:changeresourcerecordsetsnormalizedrecordnames":
			for _, name := range c.texts("Name") {
				q.many[key] = append(q.many[key], strings.TrimSuffix(strings.ToLower(name), "."))
			}
		case key == "secretsmanager:versionstage":
			q.values[key] = c.text("VersionStage")
			if q.values[key] == "" && c.name == "GetSecretValue" {
				q.values[key] = "AWSCURRENT"
			}
		case key == "secretsmanager:secretid":
			q.values[key] = r.arn
		}
	}
	return q
}

// text is a member of the request that is a string.
func (c call) text(member string) string {
	text, _ := c.input[member].(string)
	return text
}

// leadingKeys are the partition keys of the items that a request to DynamoDB names.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
func (c call) leadingKeys() []string {
	var keys []string
	for _, member := range []string{"Key", "Item"} {
		item, _ := c.input[member].(map[string]any)
		for _, value := range item { // the lock table's items have one key; what else is in them does no harm here
			walk(value, "", func(_, text string) { keys = append(keys, text) })
		}
		if id, ok := item["LockID"]; ok {
			keys = nil
			walk(id, "", func(_, text string) { keys = append(keys, text) })
		}
	}
	return keys
}

// boundary is the permissions boundary that a request is about: that in it, or the role's.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#ck_PermissionsBoundary
func (c call) boundary(r resource) (string, error) {
	if given := c.text("PermissionsBoundary"); given != "" || c.name == "CreateRole" {
		return given, nil
	}
	role, err := c.judge.roles.get(c.ctx, r.arn[strings.LastIndexByte(r.arn, '/')+1:])
	return role.boundaryARN, err
}
