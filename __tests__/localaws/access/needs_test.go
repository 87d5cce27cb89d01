package access

import (
	"encoding/base64"
	"net/http/httptest"
	"slices"
	"testing"

	"example.com/webserver-cluster/tests/localaws/front"
)

// TestNeeds has what requests ask for: each action on each resource.
func TestNeeds(t *testing.T) {
	type object = map[string]any
	tags := []any{object{"Key": "Project", "Value": "web"}}
	const here = ":eu-west-1:123456789012:"
	for _, test := range []struct {
		service, operation string
		input              object
		want               []string
	}{
		{"ec2", "DescribeVpcs", object{"VpcIds": []any{"vpc-1"}}, []string{"ec2:DescribeVpcs *"}},
		{"ec2", "DeleteVpc", object{"VpcId": "vpc-1"}, []string{"ec2:DeleteVpc arn:aws:ec2" + here + "vpc/vpc-1"}},
		{"ec2", "CreateSubnet", object{"VpcId": "vpc-1", "TagSpecifications": []any{object{"ResourceType": "subnet", "Tags": tags}}}, []string{
			"ec2:CreateSubnet arn:aws:ec2" + here + "subnet/*", "ec2:CreateSubnet arn:aws:ec2" + here + "vpc/vpc-1", "ec2:CreateTags arn:aws:ec2" + here + "subnet/*",
		}},
		{"ec2", "CreateTags", object{"Resources": []any{"vpc-1", "sg-2"}, "Tags": tags}, []string{
			"ec2:CreateTags arn:aws:ec2" + here + "security-group/sg-2", "ec2:CreateTags arn:aws:ec2" + here + "vpc/vpc-1",
		}},
		{"ec2", "TerminateInstances", object{"InstanceIds": []any{"i-1", "i-2"}}, []string{
			"ec2:TerminateInstances arn:aws:ec2" + here + "instance/i-1", "ec2:TerminateInstances arn:aws:ec2" + here + "instance/i-2",
		}},
		{"ec2", "NoSuchAction", object{}, []string{"ec2:NoSuchAction *"}},
		{"monitoring", "DeleteAlarms", object{"AlarmNames": []any{"a", "b"}}, []string{
			"cloudwatch:DeleteAlarms arn:aws:cloudwatch" + here + "alarm:a", "cloudwatch:DeleteAlarms arn:aws:cloudwatch" + here + "alarm:b",
		}},
		{"monitoring", "PutDashboard", object{"DashboardName": "d"}, []string{"cloudwatch:PutDashboard arn:aws:cloudwatch::123456789012:dashboard/d"}},
		{"elasticloadbalancing", "CreateLoadBalancer", object{"Name": "web", "Tags": tags}, []string{
			"elasticloadbalancing:AddTags arn:aws:elasticloadbalancing" + here + "loadbalancer/app/web/*",
			"elasticloadbalancing:CreateLoadBalancer arn:aws:elasticloadbalancing" + here + "loadbalancer/app/web/*",
		}},
		{"elasticloadbalancing", "DeleteTargetGroup", object{"TargetGroupArn": "arn:aws:elasticloadbalancing" + here + "targetgroup/t/1"}, []string{
			"elasticloadbalancing:DeleteTargetGroup arn:aws:elasticloadbalancing" + here + "targetgroup/t/1",
		}},
		{"autoscaling", "PutScalingPolicy", object{"AutoScalingGroupName": "g"}, []string{"autoscaling:PutScalingPolicy arn:aws:autoscaling" + here + "autoScalingGroup:*:autoScalingGroupName/g"}},
		{"rds", "DeleteDBInstance", object{"DBInstanceIdentifier": "d"}, []string{"rds:DeleteDBInstance arn:aws:rds" + here + "db:d"}},
		{"iam", "CreateRole", object{"RoleName": "r", "Path": "/team/", "Tags": tags}, []string{
			"iam:CreateRole arn:aws:iam::123456789012:role/team/r", "iam:TagRole arn:aws:iam::123456789012:role/team/r",
		}},
		{"logs", "PutRetentionPolicy", object{"logGroupName": "/vpc/x"}, []string{"logs:PutRetentionPolicy arn:aws:logs" + here + "log-group:/vpc/x"}},
		{"dynamodb", "PutItem", object{"TableName": "locks"}, []string{"dynamodb:PutItem arn:aws:dynamodb" + here + "table/locks"}},
		{"ssm", "GetParameter", object{"Name": "/aws/service/x"}, []string{"ssm:GetParameter arn:aws:ssm:eu-west-1::parameter/aws/service/x"}},
		{"ssm", "GetParameters", object{"Names": []any{"/a/b", "c"}}, []string{"ssm:GetParameters arn:aws:ssm" + here + "parameter/a/b", "ssm:GetParameters arn:aws:ssm" + here + "parameter/c"}},
		{"sns", "CreateTopic", object{"Name": "t"}, []string{"sns:CreateTopic arn:aws:sns" + here + "t"}},
		{"kms", "CreateKey", object{"Tags": []any{object{"TagKey": "k", "TagValue": "v"}}}, []string{"kms:CreateKey *", "kms:TagResource arn:aws:kms" + here + "key/*"}},
		{"ec2", "CreateFlowLogs", object{"ResourceIds": []any{"vpc-1"}, "DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/r", "TagSpecifications": []any{object{"ResourceType": "vpc-flow-log", "Tags": tags}}}, []string{
			"ec2:CreateFlowLogs arn:aws:ec2" + here + "vpc-flow-log/*", "ec2:CreateFlowLogs arn:aws:ec2" + here + "vpc/vpc-1",
			"ec2:CreateTags arn:aws:ec2" + here + "vpc-flow-log/*", "iam:PassRole arn:aws:iam::123456789012:role/r",
		}},
		{"route53", "ChangeResourceRecordSets", object{"HostedZoneId": "/hostedzone/Z1", "ChangeBatch": object{"AliasTarget": object{"HostedZoneId": "Z2"}}}, []string{"route53:ChangeResourceRecordSets arn:aws:route53:::hostedzone/Z1"}},
	} {
		j := &Judge{input: func(*front.Request) (string, map[string]any, error) { return test.operation, test.input, nil }}
		r := &front.Request{HTTP: httptest.NewRequest("POST", "/", nil), Service: test.service, Region: "eu-west-1", Action: test.operation}
		asked, err := j.needs(t.Context(), &Session{roleARN: "arn:aws:iam::123456789012:role/r"}, r)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, q := range asked {
			got = append(got, q.action+" "+q.resource)
		}
		slices.Sort(got)
		slices.Sort(test.want)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s:%s %v asks for\n%q, want\n%q", test.service, test.operation, test.input, got, test.want)
		}
	}
}

// TestConditionKeys: a key that AWS does not fill in for an action is not known.
func TestConditionKeys(t *testing.T) {
	c := call{prefix: "ec2", name: "CreateVpc", region: "eu-west-1", account: "123456789012", input: map[string]any{
		"TagSpecifications": []any{map[string]any{"ResourceType": "vpc", "Tags": []any{map[string]any{"Key": "Project", "Value": "web"}}}},
	}}
	q := c.questions("CreateVpc", c.resources("CreateVpc"))[0]
	for _, test := range []struct {
		condition string
		want      verdict
		notes     int
	}{
		{`{"StringEquals": {"aws:RequestTag/Project": "web"}}`, allowed, 0},
		{`{"StringEquals": {"aws:RequestTag/project": "web"}}`, allowed, 0},
		{`{"StringEquals": {"aws:RequestTag/Project": "other"}}`, silent, 0},
		{`{"StringEquals": {"aws:RequestTag/Environment": "web"}}`, silent, 0},
		{`{"Null": {"aws:RequestTag/Environment": "true"}}`, allowed, 0},
		{`{"Null": {"aws:RequestTag/Project": "true"}}`, silent, 0},
		{`{"StringEquals": {"aws:ResourceTag/Project": "web"}}`, silent, 1},
		{`{"StringEquals": {"iam:PermissionsBoundary": "x"}}`, silent, 1},
	} {
		d, err := parse(`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": ` + test.condition + `}}`)
		if err != nil {
			t.Fatal(err)
		}
		notes := 0
		if got := judge([]document{d}, q, func(string) { notes++ }); got != test.want || notes != test.notes {
			t.Errorf("%s: verdict %d with %d notes, want %d with %d", test.condition, got, notes, test.want, test.notes)
		}
	}
}

// TestVersionSpecified: a group's launch template by the number of its version, or not.
func TestVersionSpecified(t *testing.T) {
	type object = map[string]any
	d, err := parse(`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"BoolIfExists": {"autoscaling:LaunchTemplateVersionSpecified": "true"}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	template := func(version string) object {
		return object{"LaunchTemplate": object{"LaunchTemplateId": "lt-1", "Version": version}}
	}
	for _, test := range []struct {
		operation string
		input     object
		want      verdict
		notes     int
	}{
		{"UpdateAutoScalingGroup", template("3"), allowed, 0},
		{"CreateAutoScalingGroup", template("$Latest"), silent, 0},
		{"UpdateAutoScalingGroup", template("$Default"), silent, 0},
		{"UpdateAutoScalingGroup", object{"LaunchTemplate": object{"LaunchTemplateName": "web"}}, silent, 0},
		{"UpdateAutoScalingGroup", object{"MixedInstancesPolicy": object{"LaunchTemplate": object{"LaunchTemplateSpecification": object{"LaunchTemplateId": "lt-1", "Version": "$Latest"}}}}, silent, 0},
		{"UpdateAutoScalingGroup", object{"MinSize": 2}, allowed, 0},
		{"StartInstanceRefresh", object{"DesiredConfiguration": template("3")}, silent, 1}, // knows no such key
	} {
		test.input["AutoScalingGroupName"] = "g"
		c, notes := call{prefix: "autoscaling", name: test.operation, input: test.input}, 0
		if got := judge([]document{d}, c.questions(test.operation, nil)[0], func(string) { notes++ }); got != test.want || notes != test.notes {
			t.Errorf("%s %v: verdict %d with %d notes, want %d with %d", test.operation, test.input, got, notes, test.want, test.notes)
		}
	}
}

// TestAlarmActions: what an alarm does, whatever it becomes, has to be allowed.
func TestAlarmActions(t *testing.T) {
	d, err := parse(`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"cloudwatch:AlarmActions": "topic"}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		member string
		do     []any
		want   verdict
	}{
		{"AlarmActions", []any{"topic"}, allowed}, {"AlarmActions", nil, allowed}, {"AlarmActions", []any{"topic", "terminate"}, silent},
		{"OKActions", []any{"terminate"}, silent}, {"InsufficientDataActions", []any{"terminate"}, silent},
	} {
		c := call{prefix: "cloudwatch", name: "PutMetricAlarm", input: map[string]any{"AlarmName": "a", test.member: test.do}}
		if got := judge([]document{d}, c.questions("PutMetricAlarm", nil)[0], func(string) {}); got != test.want {
			t.Errorf("%s %v: verdict %d, want %d", test.member, test.do, got, test.want)
		}
	}
}

// TestLeadingKeys: each item that is named has to be one of those allowed.
func TestLeadingKeys(t *testing.T) {
	d, err := parse(`{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["a", "b"]}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]verdict{"a": allowed, "b": allowed, "c": silent} {
		for _, member := range []string{"Key", "Item"} {
			c := call{prefix: "dynamodb", name: "PutItem", input: map[string]any{"TableName": "t", member: map[string]any{
				"LockID": map[string]any{"S": id}, "Info": map[string]any{"S": "whatever"},
			}}}
			if got := judge([]document{d}, c.questions("PutItem", nil)[0], func(string) {}); got != want {
				t.Errorf("%s %s: verdict %d, want %d", member, id, got, want)
			}
		}
	}
}

func TestToken(t *testing.T) {
	encode := base64.RawURLEncoding.EncodeToString
	c, err := readToken("x." + encode([]byte(`{"iss": "https://example.com", "aud": "a", "sub": "s", "exp": 7}`)) + ".x")
	if err != nil || c.Issuer != "https://example.com" || c.Audience != "a" || c.Subject != "s" || c.Expires != 7 || c.all["sub"] != "s" {
		t.Errorf("%+v, %v", c, err)
	}
	for _, bad := range []string{"", "a.b", "a.?.c", "a." + encode([]byte("[")) + ".c"} {
		if _, err := readToken(bad); err == nil {
			t.Errorf("%q is a token", bad)
		}
	}
}

// TestTrust asks a role's trust policy.
func TestTrust(t *testing.T) {
	trust, err := parse(`{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity", "Principal": {"Federated": "provider"},
		"Condition": {"StringEquals": {"x:aud": "sts.amazonaws.com", "x:sub": "repo:a/b:pull_request"}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		provider, audience, subject string
		want                        bool
	}{
		{"provider", "sts.amazonaws.com", "repo:a/b:pull_request", true},
		{"other", "sts.amazonaws.com", "repo:a/b:pull_request", false},
		{"provider", "other", "repo:a/b:pull_request", false},
		{"provider", "sts.amazonaws.com", "repo:a/c:pull_request", false},
	} {
		q := question{action: "sts:AssumeRoleWithWebIdentity", resource: "r", values: map[string]string{"x:aud": test.audience, "x:sub": test.subject}}
		is := func(p principals) bool {
			return p.has("Federated", func(name string) bool { return name == test.provider })
		}
		if got := (role{trust: trust}).trusts(q, is, func(string) {}); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}
