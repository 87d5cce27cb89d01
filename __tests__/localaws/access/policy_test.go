package access

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"example.com/webserver-cluster/tests/localaws/front"
)

const secretARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"

func TestJudge(t *testing.T) {
	get := question{action: "secretsmanager:GetSecretValue", resource: secretARN, values: map[string]string{
		"aws:securetransport": "true", "aws:principalaccount": "123456789012", "s3:prefix": "",
	}}
	for _, test := range []struct {
		name, policy string
		want         verdict
		notes        int
	}{
		{"nothing", `{"Statement": []}`, silent, 0},
		{"allowed", `{"Statement": {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "` + secretARN + `"}}`, allowed, 0},
		{"an action in another case", `{"Statement": {"Effect": "Allow", "Action": "SecretsManager:getsecretvalue", "Resource": "*"}}`, allowed, 0},
		{"wildcards", `{"Statement": [{"Effect": "Allow", "Action": ["s3:*", "secretsmanager:Get*"], "Resource": ["arn:aws:secretsmanager:*:*:secret:db-??????"]}]}`, allowed, 0},
		{"six characters, not five", `{"Statement": [{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "arn:aws:secretsmanager:*:*:secret:db-?????"}]}`, silent, 0},
		{"another action", `{"Statement": {"Effect": "Allow", "Action": "secretsmanager:DescribeSecret", "Resource": "*"}}`, silent, 0},
		{"another resource", `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::x"}}`, silent, 0},
		{"a resource in another case", `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:secretsmanager:*:secret:DB-*"}}`, silent, 0},
		{"a deny wins", `{"Statement": [{"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}, {"Effect": "Allow", "Action": "*", "Resource": "*"}]}`, denied, 0},
		{"not this action", `{"Statement": {"Effect": "Allow", "NotAction": "secretsmanager:*", "Resource": "*"}}`, silent, 0},
		{"not another action", `{"Statement": {"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}}`, allowed, 0},
		{"not this resource", `{"Statement": {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:secretsmanager:*"}}`, silent, 0},
		{"a condition holds", `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": true}}}}`, allowed, 0},
		{"a condition does not", `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": ["1", "2"]}}}}`, silent, 0},
		{"all conditions", `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"aws:PrincipalAccount": "1234*"}, "StringNotEquals": {"aws:PrincipalAccount": "123456789012"}}}}`, silent, 0},
		{"a value that the request has not", `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"s3:prefix": "*"}}}}`, silent, 0},
		{"if it exists", `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringLikeIfExists": {"s3:prefix": "x*"}}}}`, allowed, 0},
		{"an unknown operator", `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}}}`, silent, 1},
		{"an unknown key", `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"aws:PrincipalTag/a": "*"}}}}`, silent, 1},
		{"a deny with an unknown key", `{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"aws:SourceVpce": "*"}}}]}`, denied, 1},
		{"a variable", `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:secretsmanager:*:${aws:PrincipalAccount}:secret:*"}}`, allowed, 0},
		{"an unknown variable", `{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:secretsmanager:*:${aws:username}:secret:*"}}`, silent, 0},
	} {
		d, err := parse(test.policy)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		notes := 0
		if got := judge([]document{d}, get, func(string) { notes++ }); got != test.want || notes != test.notes {
			t.Errorf("%s: verdict %d with %d notes, want %d with %d", test.name, got, notes, test.want, test.notes)
		}
	}
}

func TestNeedsS3(t *testing.T) {
	for _, test := range []struct{ method, target, copy, action, resource string }{
		{"GET", "/b/dir/key", "", "s3:GetObject", "arn:aws:s3:::b/dir/key"},
		{"HEAD", "/b/key", "", "s3:GetObject", "arn:aws:s3:::b/key"},
		{"GET", "/b/key?versionId=1", "", "s3:GetObjectVersion", "arn:aws:s3:::b/key"},
		{"GET", "/b/key?versionId=1&tagging", "", "s3:GetObjectVersionTagging", "arn:aws:s3:::b/key"},
		{"PUT", "/b/key?partNumber=1&uploadId=2", "", "s3:PutObject", "arn:aws:s3:::b/key"},
		{"POST", "/b/key?uploads", "", "s3:PutObject", "arn:aws:s3:::b/key"},
		{"DELETE", "/b/key?uploadId=2", "", "s3:AbortMultipartUpload", "arn:aws:s3:::b/key"},
		{"DELETE", "/b/key?versionId=1", "", "s3:DeleteObjectVersion", "arn:aws:s3:::b/key"},
		{"GET", "/b?list-type=2&prefix=x", "", "s3:ListBucket", "arn:aws:s3:::b"},
		{"GET", "/b/?versions", "", "s3:ListBucketVersions", "arn:aws:s3:::b"},
		{"PUT", "/b?policy", "", "s3:PutBucketPolicy", "arn:aws:s3:::b"},
		{"GET", "/b?publicAccessBlock", "", "s3:GetBucketPublicAccessBlock", "arn:aws:s3:::b"},
		{"POST", "/b?delete", "", "s3:DeleteObject", "arn:aws:s3:::b/*"},
		{"DELETE", "/b", "", "s3:DeleteBucket", "arn:aws:s3:::b"},
		{"GET", "/b?object-lock", "", "s3:GetBucketObjectLockConfiguration", "arn:aws:s3:::b"},
		{"GET", "/b?accelerate", "", "s3:GetAccelerateConfiguration", "arn:aws:s3:::b"},
		{"DELETE", "/b?lifecycle", "", "s3:PutLifecycleConfiguration", "arn:aws:s3:::b"},
		{"DELETE", "/b?policy", "", "s3:DeleteBucketPolicy", "arn:aws:s3:::b"},
		{"GET", "/", "", "s3:ListAllMyBuckets", "*"},
	} {
		r := &front.Request{HTTP: httptest.NewRequest(test.method, test.target, nil), Service: "s3"}
		if got := needsS3(r); len(got) != 1 || got[0].action != test.action || got[0].resource != test.resource {
			t.Errorf("%s %s: %+v, want %s to %s", test.method, test.target, got, test.action, test.resource)
		}
	}
	r := &front.Request{HTTP: httptest.NewRequest("PUT", "/b/key", nil)}
	r.HTTP.Header = http.Header{"X-Amz-Copy-Source": {"/other/a%20key?versionId=3"}}
	if got := needsS3(r); len(got) != 2 || got[1].action != "s3:GetObjectVersion" || got[1].resource != "arn:aws:s3:::other/a key" {
		t.Errorf("a copy needs %+v", got)
	}
}
