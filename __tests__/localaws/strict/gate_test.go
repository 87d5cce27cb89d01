package strict_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"

	"example.com/webserver-cluster/tests/localaws/front"
	"example.com/webserver-cluster/tests/localaws/strict"
)

// models are those of the moto on the PATH.
var models = sync.OnceValues(func() (*strict.Models, error) {
	program, err := exec.LookPath("moto_server")
	if err != nil {
		return nil, err
	}
	return strict.FindModels(context.Background(), program)
})

// gated is an AWS that takes all that a gate lets pass, and answers "passed".
type gated struct {
	*httptest.Server
	refusals []strict.Refusal
}

func newGated(t *testing.T) *gated {
	t.Helper()
	m, err := models()
	if err != nil {
		t.Fatal(err)
	}
	return newGatedBy(t, m)
}

func newGatedBy(t *testing.T, m *strict.Models) *gated {
	t.Helper()
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "passed") }))
	t.Cleanup(behind.Close)
	target, err := url.Parse(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	g := &gated{}
	f := front.New(target, front.Transport())
	f.Gate(strict.New(m, func(r strict.Refusal) { g.refusals = append(g.refusals, r) }).Check)
	g.Server = httptest.NewServer(f)
	t.Cleanup(g.Close)
	return g
}

// request is a request to a service, in the protocol that its fields say.
type request struct {
	service, region string // region: default eu-central-1
	form            string // Query and EC2 protocol
	target, json    string // JSON protocols
	action          string // RPC v2 CBOR
	cbor            cbor.Map
	method, path    string // REST
	header, body    string
}

// send returns the answer's status and body.
func (g *gated) send(t *testing.T, r request) (int, string) {
	t.Helper()
	method, path, body := "POST", "/", []byte(r.form+r.json+r.body)
	header := http.Header{}
	switch {
	case r.form != "":
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	case r.target != "":
		header.Set("Content-Type", "application/x-amz-json-1.0")
		header.Set("X-Amz-Target", r.target)
	case r.action != "":
		path, body = "/service/X/operation/"+r.action, cbor.Encode(r.cbor)
		header.Set("Smithy-Protocol", "rpc-v2-cbor")
	default:
		method, path = r.method, r.path
	}
	if name, value, ok := strings.Cut(r.header, ": "); ok {
		header.Set(name, value)
	}
	region := r.region
	if region == "" {
		region = "eu-central-1"
	}
	header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=key/20260101/"+region+"/"+r.service+"/aws4_request, SignedHeaders=host, Signature=0")
	hr, err := http.NewRequestWithContext(t.Context(), method, g.URL+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	hr.Header = header
	resp, err := http.DefaultClient.Do(hr)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if r.action != "" && resp.StatusCode >= 300 {
		v, err := cbor.Decode(answer)
		if err != nil {
			t.Fatal(err)
		}
		m := v.(cbor.Map)
		answer, _ = json.Marshal(map[string]any{"__type": m["__type"], "message": m["message"]})
	}
	// Quotes as people read them.
	return resp.StatusCode, strings.NewReplacer("&#39;", "'", "&#34;", `"`, "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(string(answer))
}

// A test is a request and what its answer must hold; nothing for one that passes.
type test struct {
	name string
	request
	want []string
}

func run(t *testing.T, tests []test) {
	g := newGated(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := len(g.refusals)
			status, answer := g.send(t, tt.request)
			if len(tt.want) == 0 {
				if answer != "passed" || len(g.refusals) != before {
					t.Errorf("refused: %s", answer)
				}
				return
			}
			if status != http.StatusBadRequest {
				t.Errorf("status %d", status)
			}
			for _, want := range tt.want {
				if !strings.Contains(answer, want) {
					t.Errorf("got %s, want %q in it", answer, want)
				}
			}
			if len(g.refusals) != before+1 {
				t.Errorf("%d refusals told", len(g.refusals)-before)
			}
		})
	}
}

// TestModel: each protocol, each kind of constraint, in AWS's words.
func TestModel(t *testing.T) {
	const group = "Action=CreateAutoScalingGroup&Version=2011-01-01&AutoScalingGroupName=g&MinSize=1&MaxSize=2"
	run(t, []test{
		{"query: valid", request{service: "autoscaling", form: group}, nil},
		{"query: a required member is missing", request{service: "autoscaling", form: "Action=CreateAutoScalingGroup&Version=2011-01-01&AutoScalingGroupName=g&MinSize=1"}, []string{
			"<Code>ValidationError</Code>", "1 validation error detected: Value null at 'maxSize' failed to satisfy constraint: Member must not be null",
		}},
		{"query: all faults at once", request{service: "autoscaling", form: group + "&DeletionProtection=maybe&Tags.member.1.Key=" + strings.Repeat("k", 129) + "&DesiredCapacity=many"}, []string{
			"3 validation errors detected", "'maybe' at 'deletionProtection' failed to satisfy constraint: Member must satisfy enum value set: [none, prevent-force-deletion, prevent-all-deletion]",
			"at 'tags.1.member.key' failed to satisfy constraint: Member must have length less than or equal to 128", "Value 'many' at 'desiredCapacity' failed to satisfy constraint: Member must be an integer",
		}},
		{"query: a pattern", request{service: "iam", form: "Action=CreateRole&Version=2010-05-08&RoleName=a+b&AssumeRolePolicyDocument={\"Statement\":[]}"}, []string{
			"ValidationError", "Value 'a b' at 'roleName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+",
		}},
		{"query: a character above U+FFFF", request{service: "autoscaling", form: group + "&Tags.member.1.Key=%F0%9F%98%80"}, nil},
		{"query: a range", request{service: "elasticloadbalancing", form: "Action=CreateTargetGroup&Version=2015-12-01&Name=t&Port=0&HealthyThresholdCount=11"}, []string{
			"'0' at 'port' failed to satisfy constraint: Member must have value greater than or equal to 1", "'11' at 'healthyThresholdCount' failed to satisfy constraint: Member must have value less than or equal to 10",
		}},
		{"query: the size of a list", request{service: "monitoring", form: "Action=PutMetricAlarm&Version=2010-08-01&AlarmName=a&ComparisonOperator=GreaterThanThreshold&EvaluationPeriods=1&MetricName=m&Statistic=Sum&AlarmActions.member.1=arn:1&AlarmActions.member.2=arn:2&AlarmActions.member.3=arn:3&AlarmActions.member.4=arn:4&AlarmActions.member.5=arn:5&AlarmActions.member.6=arn:6"}, []string{
			"at 'alarmActions' failed to satisfy constraint: Member must have length less than or equal to 5",
		}},
		{"query: RDS has codes of its own", request{service: "rds", form: "Action=CreateDBParameterGroup&Version=2014-10-31&DBParameterGroupName=p&Description=d"}, []string{"MissingParameter", "dBParameterGroupFamily"}},
		{"query: Neptune signs as RDS does", request{service: "rds", form: "Action=DescribeDBInstances&Version=2014-10-31"}, nil},
		{"query: no such action", request{service: "sns", form: "Action=CreateTopics&Version=2010-03-31"}, []string{"InvalidAction", "Could not find operation CreateTopics for version 2010-03-31"}},
		{"query: a service of the same signing name", request{service: "elasticloadbalancing", form: "Action=DescribeLoadBalancers&Version=2012-06-01&LoadBalancerNames.member.1=n"}, nil},

		{"ec2: valid", request{service: "ec2", form: "Action=CreateVpc&Version=2016-11-15&CidrBlock=10.0.0.0/16&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=k"}, nil},
		{"ec2: missing", request{service: "ec2", form: "Action=CreateSubnet&Version=2016-11-15&CidrBlock=10.0.0.0/24"}, []string{"<Code>MissingParameter</Code>", "The request must contain the parameter VpcId"}},
		{"ec2: an enumeration", request{service: "ec2", form: "Action=RunInstances&Version=2016-11-15&ImageId=ami-1&MinCount=1&MaxCount=1&InstanceType=t9.huge"}, []string{"InvalidParameterValue", "Value (t9.huge) for parameter InstanceType is invalid"}},
		{"ec2: ill-typed", request{service: "ec2", form: "Action=RunInstances&Version=2016-11-15&ImageId=ami-1&MinCount=one&MaxCount=1"}, []string{"InvalidParameterValue", "Value (one) for parameter MinCount is invalid"}},
		{"ec2: unknown", request{service: "ec2", form: "Action=CreateVpc&Version=2016-11-15&CidrBlok=10.0.0.0/16"}, []string{"UnknownParameter", "The parameter CidrBlok is not recognized"}},
		{"ec2: no such action", request{service: "ec2", form: "Action=MakeVpc&Version=2016-11-15"}, []string{"InvalidAction", "The action MakeVpc is not valid for this web service."}},

		{"json: valid", request{service: "dynamodb", target: "DynamoDB_20120810.GetItem", json: `{"TableName":"table","Key":{"LockID":{"S":"x"}}}`}, nil},
		{"json: missing", request{service: "dynamodb", target: "DynamoDB_20120810.GetItem", json: `{"TableName":"table"}`}, []string{`"__type":"ValidationException"`, "Value null at 'key' failed to satisfy constraint: Member must not be null"}},
		{"json: a pattern and a length", request{service: "dynamodb", target: "DynamoDB_20120810.CreateTable", json: `{"TableName":"x!","AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"}],"KeySchema":[{"AttributeName":"a","KeyType":"HASH"}],"ProvisionedThroughput":{"ReadCapacityUnits":0,"WriteCapacityUnits":1}}`}, []string{
			"at 'provisionedThroughput.readCapacityUnits' failed to satisfy constraint: Member must have value greater than or equal to 1",
		}},
		{"json: the key of a map", request{service: "dynamodb", target: "DynamoDB_20120810.GetItem", json: `{"TableName":"table","Key":{"` + strings.Repeat("k", 65536) + `":{"S":"x"}}}`}, []string{"Member must have length less than or equal to 65535"}},
		{"json: ill-typed", request{service: "dynamodb", target: "DynamoDB_20120810.DescribeTable", json: `{"TableName":5}`}, []string{"SerializationException", "tableName", "Member must be a string"}},
		{"json: no JSON", request{service: "dynamodb", target: "DynamoDB_20120810.DescribeTable", json: `{"TableName":`}, []string{"SerializationException"}},
		{"json: no such action", request{service: "ssm", target: "AmazonSSM.FetchParameter", json: `{}`}, []string{"UnknownOperationException"}},
		{"json: a code of its own", request{service: "logs", target: "Logs_20140328.CreateLogGroup", json: `{"logGroupName":"a b"}`}, []string{"InvalidParameterException", "[\\\\.\\\\-_/#A-Za-z0-9]+"}},

		{"cbor: valid", request{service: "monitoring", action: "DeleteAlarms", cbor: cbor.Map{"AlarmNames": cbor.List{cbor.String("a")}}}, nil},
		{"cbor: missing", request{service: "monitoring", action: "DeleteAlarms", cbor: cbor.Map{}}, []string{"ValidationError", "Value null at 'alarmNames'"}},
		{"cbor: an enumeration and a range", request{service: "monitoring", action: "PutMetricAlarm", cbor: cbor.Map{
			"AlarmName": cbor.String("a"), "EvaluationPeriods": cbor.Uint(0), "ComparisonOperator": cbor.String("Above"), "MetricName": cbor.String("m"), "Statistic": cbor.String("Sum"), "Threshold": cbor.Float64(0.5),
		}}, []string{"2 validation errors detected", "'Above' at 'comparisonOperator'", "'0' at 'evaluationPeriods'"}},
		{"cbor: ill-typed", request{service: "monitoring", action: "DeleteAlarms", cbor: cbor.Map{"AlarmNames": cbor.String("a")}}, []string{"SerializationException", "alarmNames"}},

		{"s3: valid", request{service: "s3", method: "PUT", path: "/bucket/key?x-id=PutObject", body: "a=1&b"}, nil},
		{"s3: an enumeration in a header", request{service: "s3", method: "PUT", path: "/bucket/key", header: "x-amz-acl: public"}, []string{"<Code>InvalidArgument</Code>", "x-amz-acl", "[private, public-read,"}},
		{"s3: an enumeration in a body", request{service: "s3", method: "PUT", path: "/bucket?versioning", body: `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>On</Status></VersioningConfiguration>`}, []string{"MalformedXML", "Status", "[Enabled, Suspended]"}},
		{"s3: missing in a body", request{service: "s3", method: "PUT", path: "/bucket?lifecycle", body: `<LifecycleConfiguration><Rule><ID>r</ID></Rule></LifecycleConfiguration>`}, []string{"MalformedXML", "LifecycleConfiguration.Rule.1.Status"}},
		{"s3: unknown in a body", request{service: "s3", method: "PUT", path: "/bucket?versioning", body: `<VersioningConfiguration><State>Enabled</State></VersioningConfiguration>`}, []string{"MalformedXML", "State"}},
		{"s3: no XML", request{service: "s3", method: "PUT", path: "/bucket?versioning", body: `{}`}, []string{"MalformedXML"}},
		{"s3: the body is missing", request{service: "s3", method: "PUT", path: "/bucket?versioning"}, []string{"InvalidRequest", "VersioningConfiguration"}},
		{"s3: a number in the query", request{service: "s3", method: "GET", path: "/bucket?list-type=2&max-keys=all"}, []string{"InvalidArgument", "max-keys"}},
		{"s3: a part of an upload is no object", request{service: "s3", method: "PUT", path: "/bucket/key?partNumber=x&uploadId=u"}, []string{"InvalidArgument", "partNumber"}},
		{"rest-json", request{service: "lambda", method: "POST", path: "/2015-03-31/functions", body: `{"FunctionName":"f","Role":"r","Code":{}}`}, []string{"ValidationException", "'r' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern"}},

		{"no such service", request{service: "nothing", form: "Action=X"}, nil},
	})
}

// TestUnsigned: a request that no service's name signs passes.
func TestUnsigned(t *testing.T) {
	g := newGated(t)
	resp, err := http.Get(g.URL + "/moto-api/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); string(body) != "passed" {
		t.Errorf("got %s", body)
	}
}

// BenchmarkCheck is what the gate adds to a request: a large one of EC2.
func BenchmarkCheck(b *testing.B) {
	m, err := models()
	if err != nil {
		b.Fatal(err)
	}
	gate := strict.New(m, nil)
	params := url.Values{}
	for _, p := range []string{"ImageId=ami-1", "MinCount=1", "MaxCount=1", "InstanceType=t3.micro", "SubnetId=subnet-1"} {
		name, value, _ := strings.Cut(p, "=")
		params.Set(name, value)
	}
	for i := range 50 {
		params.Set(fmt.Sprintf("TagSpecification.1.Tag.%d.Key", i+1), fmt.Sprint("key", i))
	}
	params.Set("TagSpecification.1.ResourceType", "instance")
	r := &front.Request{HTTP: httptest.NewRequest("POST", "/", nil), Service: "ec2", Action: "RunInstances", Params: params}
	params.Set("Action", r.Action)
	for b.Loop() {
		if err := gate.Check(r); err != nil {
			b.Fatal(err)
		}
	}
}
