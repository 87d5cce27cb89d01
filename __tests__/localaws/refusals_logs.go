package localaws

import (
	"context"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"example.com/webserver-cluster/tests/localaws/access"
	"example.com/webserver-cluster/tests/localaws/strict"
)

// logDelivery is who writes a load balancer's logs, in every region.
const logDelivery = "logdelivery.elasticloadbalancing.amazonaws.com"

// logTests are the objects by which a load balancer finds out whether it may write its
// logs.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-connection-logging.html
var logTests = map[string]string{"access_logs": "ELBAccessLogTestFile", "connection_logs": "ELBConnectionLogTestFile"}

// logsWritable: a load balancer that is to write logs writes an object at once, so that
// their bucket is never empty, and AWS refuses the logs if it cannot: the bucket's policy
// has to let it, and the bucket to have no encryption but S3's own. moto takes any name
// of a bucket. The older policy, which names an account of AWS's for each region, is
// unknown here, and a statement with a condition lets nobody write.
func (a *AWS) logsWritable(call strict.Call) []strict.Fault {
	attributes := map[string]string{}
	for _, attribute := range call.Structures("Attributes") {
		c := strict.Call{Input: attribute}
		attributes[c.Text("Key")] = c.Text("Value")
	}
	ctx, config := a.lookup(call)
	client := s3.NewFromConfig(config)
	var faults []strict.Fault
	for kind, test := range logTests {
		bucket := attributes[kind+".s3.bucket"]
		if attributes[kind+".s3.enabled"] != "true" || bucket == "" {
			continue
		}
		key := path.Join(attributes[kind+".s3.prefix"], "AWSLogs", motoAccount, test)
		if !a.mayDeliver(bucket, key) || !encryptedByS3(ctx, client, bucket) {
			faults = append(faults, strict.Faultf("InvalidConfigurationRequest", "Access Denied for bucket: %s. Please check S3bucket permission", bucket))
			continue
		}
		if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("Enable AWS load balancer logs")}); err != nil {
			faults = append(faults, strict.Faultf("InvalidConfigurationRequest", "%v", err))
		}
	}
	return faults
}

// mayDeliver says whether a bucket's policy lets the load balancer put the object.
func (a *AWS) mayDeliver(bucket, key string) bool {
	document, ok := a.policies.Load("/" + bucket)
	if !ok {
		return false
	}
	var policy struct {
		Statement []struct {
			Effect           string
			Principal        any
			Action, Resource any
			Condition        map[string]any
		}
	}
	if json.Unmarshal(document.([]byte), &policy) != nil {
		return false
	}
	for _, s := range policy.Statement {
		who, _ := s.Principal.(map[string]any)
		if s.Effect == "Allow" && s.Condition == nil && slices.Contains(oneOrMany(who["Service"]), logDelivery) &&
			slices.ContainsFunc(oneOrMany(s.Action), func(action string) bool { return access.Matches(strings.ToLower(action), "s3:putobject") }) &&
			slices.ContainsFunc(oneOrMany(s.Resource), func(arn string) bool { return access.Matches(arn, "arn:aws:s3:::"+bucket+"/"+key) }) {
			return true
		}
	}
	return false
}

// oneOrMany are the texts in a policy where there may be a list or one of them.
func oneOrMany(v any) (texts []string) {
	list, many := v.([]any)
	if !many {
		list = []any{v}
	}
	for _, item := range list {
		if text, ok := item.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// encryptedByS3 says whether a bucket is there and encrypts with S3's own keys.
func encryptedByS3(ctx context.Context, client *s3.Client, bucket string) bool {
	if _, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket}); err != nil {
		return false
	}
	found, err := client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &bucket})
	if err != nil { // S3's default
		return true
	}
	return !slices.ContainsFunc(found.ServerSideEncryptionConfiguration.Rules, func(rule s3types.ServerSideEncryptionRule) bool {
		by := rule.ApplyServerSideEncryptionByDefault
		return by != nil && by.SSEAlgorithm != s3types.ServerSideEncryptionAes256
	})
}
