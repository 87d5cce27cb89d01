package review_test

import (
	"strings"
	"testing"
)

func TestRights(t *testing.T) {
	const role, policy, attachment, profile = "aws_iam_role.r", "aws_iam_role_policy.p", "aws_iam_role_policy_attachment.a", "aws_iam_instance_profile.i"
	inline := func(name, role string, actions ...string) string {
		return `{"name": "` + name + `", "role": "` + role + `", "policy": "{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": [\"` + strings.Join(actions, `\", \"`) + `\"], \"Resource\": \"*\"}]}"}`
	}
	const made = "${aws_iam_role.r.id}"
	was, becomes := map[string]string{role: `{"name_prefix": "a"}`}, map[string]string{role: `{"name_prefix": "b"}`}
	check(t, []row{
		{address: role, before: `{"name_prefix": "a"}`, after: `{"name_prefix": "a", "permissions_boundary": "b"}`, level: unknown, word: "permissions boundary"},
		{address: role, before: `{"permissions_boundary": "a"}`, after: `{"permissions_boundary": "b"}`, level: unknown, word: "permissions boundary"},
		{address: role, before: `{"name_prefix": "a", "permissions_boundary": "b"}`, after: `{"name_prefix": "a"}`, level: nothing, word: "no permissions boundary"},
		{address: policy, before: `{"policy": "${file(\"a\")}"}`, after: `{"policy": "${file(\"b\")}"}`, level: unknown, word: "no rule can read"},
		{address: policy, before: inline("a", "r", "a:b", "a:c"), after: inline("b", "r", "a:b"), level: unknown, word: "IAM narrowed: the role may no longer, at once: a:c"},
		{address: policy, before: inline("a", "r", "a:b"), after: inline("b", "r", "a:b", "a:c"), level: nothing, word: "IAM widened"},
		{address: policy, before: inline("a", "r", "a:b"), after: inline("b", "r", "a:b")},
		{address: policy, before: inline("a", "r", "a:b"), after: inline("a", "s", "a:b"), level: unknown, word: "another role has the policy"},
		{address: attachment, before: `{"role": "r", "policy_arn": "a"}`, after: `{"role": "r", "policy_arn": "b"}`, level: unknown, word: "only the former one allowed"},
		{address: attachment, before: `{"role": "r", "policy_arn": "a"}`, after: `{"role": "s", "policy_arn": "a"}`, level: unknown, word: "another role has the policy"},
		{address: attachment, before: `{"role": "` + made + `", "policy_arn": "a"}`, after: `{"role": "` + made + `", "policy_arn": "a"}`, was: was, becomes: becomes, level: interruption, word: "because of name_prefix"},
		{address: profile, before: `{"role": "r"}`, after: `{"role": "s"}`, level: unknown, word: "of those that run"},
	})
}

func TestBucketPolicy(t *testing.T) {
	const bucket = "aws_s3_bucket_policy.p"
	policy := func(statements ...string) string {
		return `{"bucket": "b", "policy": "{\"Statement\": [` + strings.ReplaceAll(strings.Join(statements, ", "), `"`, `\"`) + `]}"}`
	}
	const (
		tls   = `{"Effect": "Deny", "Action": "s3:*", "Principal": "*"}`
		read  = `{"Effect": "Allow", "Action": "s3:GetObject", "Principal": "*"}`
		write = `{"Effect": "Allow", "Action": "s3:PutObject", "Principal": "*"}`
	)
	check(t, []row{
		{address: bucket, before: policy(tls, read), after: policy(tls), level: unknown, word: "let in no longer, or refused from now on: s3:GetObject"},
		{address: bucket, before: policy(read), after: policy(read, tls), level: unknown, word: "refused from now on: denied: s3:*"},
		{address: bucket, before: policy(read), after: policy(write), level: unknown, word: "and let in no longer"},
		{address: bucket, before: policy(tls, read), after: policy(write), level: atRisk, word: "let in no longer"},
		{address: bucket, before: policy(tls), after: policy(tls, read), level: nothing, word: "more is let into"},
		{address: bucket, before: `{"policy": "${file(\"a\")}"}`, after: `{"policy": "${file(\"b\")}"}`, level: unknown, word: "read the difference"},
	})
}
