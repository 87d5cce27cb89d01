package front_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/beevik/etree"

	"example.com/webserver-cluster/tests/localaws/front"
)

// start returns a front before an AWS made of backend, and a configuration for
// clients of it.
func start(t *testing.T, backend http.HandlerFunc) (*front.Front, aws.Config) {
	behind := httptest.NewServer(backend)
	t.Cleanup(behind.Close)
	target, err := url.Parse(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	f := front.New(target, front.Transport())
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, aws.Config{
		Region:           "eu-central-1",
		BaseEndpoint:     aws.String(server.URL),
		Credentials:      credentials.NewStaticCredentialsProvider("key", "secret", ""),
		RetryMaxAttempts: 1,
	}
}

func TestRecognises(t *testing.T) {
	ctx := t.Context()
	name := aws.String("x")
	tests := []struct {
		service, action string
		call            func(aws.Config) error
	}{
		{"autoscaling", "CancelInstanceRefresh", func(c aws.Config) error { // Query
			_, err := autoscaling.NewFromConfig(c).CancelInstanceRefresh(ctx, &autoscaling.CancelInstanceRefreshInput{AutoScalingGroupName: name})
			return err
		}},
		{"ec2", "DeleteVpc", func(c aws.Config) error { // EC2
			_, err := ec2.NewFromConfig(c).DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: name})
			return err
		}},
		{"dynamodb", "ListTables", func(c aws.Config) error { // JSON
			_, err := dynamodb.NewFromConfig(c).ListTables(ctx, &dynamodb.ListTablesInput{})
			return err
		}},
		{"monitoring", "DeleteAlarms", func(c aws.Config) error { // whichever the SDK prefers
			_, err := cloudwatch.NewFromConfig(c).DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"x"}})
			return err
		}},
		{"s3", "GET ?lifecycle", func(c aws.Config) error { // REST
			_, err := s3.NewFromConfig(c).GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: name})
			return err
		}},
		{"s3", "GET ?versions", func(c aws.Config) error { // with empty parameters beside the subresource
			_, err := s3.NewFromConfig(c).ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: name, Prefix: aws.String(""), KeyMarker: aws.String("")})
			return err
		}},
	}
	for _, test := range tests {
		t.Run(test.service+" "+test.action, func(t *testing.T) {
			f, config := start(t, func(w http.ResponseWriter, r *http.Request) { t.Errorf("passed on: %s %s", r.Method, r.URL) })
			f.Handle(test.service, test.action, func(r *front.Request, _ front.Next) (*front.Response, error) {
				if r.Region != "eu-central-1" {
					t.Errorf("region %q", r.Region)
				}
				return nil, front.Errorf("Caught", "%s %s", r.Service, r.Action)
			})
			var e smithy.APIError
			if err := test.call(config); !errors.As(err, &e) || e.ErrorCode() != "Caught" || e.ErrorMessage() != test.service+" "+test.action {
				t.Errorf("the client got %v", err)
			}
		})
	}
}

// TestDecodeAndRespond sends every kind of value there and back.
func TestDecodeAndRespond(t *testing.T) {
	f, config := start(t, nil)
	client := autoscaling.NewFromConfig(config)
	sent := &autoscaling.StartInstanceRefreshInput{
		AutoScalingGroupName: aws.String("group & co"),
		Strategy:             types.RefreshStrategyRolling,
		DesiredConfiguration: &types.DesiredConfiguration{LaunchTemplate: &types.LaunchTemplateSpecification{Version: aws.String("7")}},
		Preferences: &types.RefreshPreferences{
			AutoRollback:          aws.Bool(true),
			CheckpointPercentages: []int32{50, 100},
			MinHealthyPercentage:  aws.Int32(0),
			AlarmSpecification:    &types.AlarmSpecification{Alarms: []string{"a", "b"}},
		},
	}
	begun := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	answered := types.InstanceRefresh{
		InstanceRefreshId: aws.String("<id>"), PercentageComplete: aws.Int32(40), StartTime: &begun,
		Status: types.InstanceRefreshStatusInProgress, Preferences: sent.Preferences,
	}
	var received autoscaling.StartInstanceRefreshInput
	f.Handle("autoscaling", "StartInstanceRefresh", func(r *front.Request, _ front.Next) (*front.Response, error) {
		if err := r.DecodeQuery(&received); err != nil {
			return nil, err
		}
		return r.Respond(autoscaling.StartInstanceRefreshOutput{InstanceRefreshId: answered.InstanceRefreshId})
	})
	f.Handle("autoscaling", "DescribeInstanceRefreshes", func(r *front.Request, _ front.Next) (*front.Response, error) {
		return r.Respond(&autoscaling.DescribeInstanceRefreshesOutput{InstanceRefreshes: []types.InstanceRefresh{answered}})
	})

	started, err := client.StartInstanceRefresh(t.Context(), sent)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&received, sent) {
		t.Errorf("received %+v", received)
	}
	if *started.InstanceRefreshId != "<id>" {
		t.Errorf("answered %q", *started.InstanceRefreshId)
	}
	described, err := client.DescribeInstanceRefreshes(t.Context(), &autoscaling.DescribeInstanceRefreshesInput{AutoScalingGroupName: sent.AutoScalingGroupName})
	if err != nil {
		t.Fatal(err)
	}
	if got := described.InstanceRefreshes[0]; !reflect.DeepEqual(got, answered) {
		t.Errorf("described %+v", got)
	}
}

func TestIllFormedValue(t *testing.T) {
	r := front.Request{Params: url.Values{"Preferences.MinHealthyPercentage": {"most"}}}
	err := r.DecodeQuery(&autoscaling.StartInstanceRefreshInput{})
	var e *front.Error
	if !errors.As(err, &e) || e.Code != "ValidationError" {
		t.Errorf("%v", err)
	}
}

func TestParamElement(t *testing.T) {
	r := front.Request{Params: url.Values{
		"Policy.Min":            {"1"},
		"Policy.Names.member.1": {"a"},
		"Policy.Names.member.2": {"b"},
		"PolicyName":            {"not below Policy"},
	}}
	doc := etree.NewDocumentWithRoot(r.ParamElement("Policy"))
	got, err := doc.WriteToString()
	if want := "<Policy><Min>1</Min><Names><member>a</member><member>b</member></Names></Policy>"; err != nil || got != want {
		t.Errorf("got %s, %v", got, err)
	}
	if e := r.ParamElement("Pol"); e != nil {
		t.Errorf("a part of a name is taken for it: %v", e)
	}
}

// TestStack: the handler registered last is asked first, each can change the
// request and amend the answer.
func TestStack(t *testing.T) {
	f, config := start(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		params, _ := url.ParseQuery(string(body))
		fmt.Fprintf(w, `<CreateVpcResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><vpc><cidrBlock>%s</cidrBlock></vpc></CreateVpcResponse>`, params.Get("CidrBlock"))
	})
	for _, mark := range []string{"first", "second"} {
		f.Handle("ec2", "CreateVpc", func(r *front.Request, next front.Next) (*front.Response, error) {
			r.Params.Set("CidrBlock", r.Params.Get("CidrBlock")+" >"+mark)
			resp, err := next(r)
			if err != nil {
				return nil, err
			}
			return resp, resp.UpdateXML(func(root *etree.Element) {
				e := root.FindElement("./vpc/cidrBlock")
				e.SetText(e.Text() + " <" + mark)
			})
		})
	}
	output, err := ec2.NewFromConfig(config).CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("block")})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := *output.Vpc.CidrBlock, "block >second >first <first <second"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestGate: what the gate refuses gets neither to a handler nor to the AWS behind.
func TestGate(t *testing.T) {
	f, config := start(t, func(w http.ResponseWriter, r *http.Request) { t.Errorf("passed on: %s", r.URL) })
	f.Handle("ec2", "DeleteVpc", func(r *front.Request, _ front.Next) (*front.Response, error) {
		t.Error("handled")
		return nil, nil
	})
	f.Gate(func(r *front.Request) error { return front.Errorf("Refused", "%s", r.Action) })
	client := ec2.NewFromConfig(config)
	for name, call := range map[string]func() error{
		"DeleteVpc": func() error {
			_, err := client.DeleteVpc(t.Context(), &ec2.DeleteVpcInput{VpcId: aws.String("v")})
			return err
		},
		"DescribeVpcs": func() error {
			_, err := client.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{})
			return err
		},
	} {
		var e smithy.APIError
		if err := call(); !errors.As(err, &e) || e.ErrorCode() != "Refused" || e.ErrorMessage() != name {
			t.Errorf("%s: the client got %v", name, err)
		}
	}
}
