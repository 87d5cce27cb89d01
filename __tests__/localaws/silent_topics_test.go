package localaws_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"example.com/webserver-cluster/tests/localaws"
)

// TestSilentTopics: alarms to a topic that CloudWatch cannot encrypt for are told
// of, alarms to others are not.
func TestSilentTopics(t *testing.T) {
	var mu sync.Mutex
	var lines []string
	cloud, err := localaws.Start(context.Background(), localaws.Options{BuildDir: t.TempDir(), Log: func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, fmt.Sprintf(format, args...))
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	send := func(service, version, action string, params ...string) {
		t.Helper()
		form := url.Values{"Action": {action}, "Version": {version}}
		for _, p := range params {
			name, value, _ := strings.Cut(p, "=")
			form.Set(name, value)
		}
		r, err := http.NewRequestWithContext(t.Context(), "POST", cloud.Endpoint(), strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", action, resp.Status)
		}
	}
	const key, arn = "Attributes.entry.1.key=KmsMasterKeyId", "arn:aws:sns:us-east-1:123456789012:"
	send("sns", "2010-03-31", "CreateTopic", "Name=plain")
	send("sns", "2010-03-31", "CreateTopic", "Name=managed", key, "Attributes.entry.1.value=alias/aws/sns")
	send("sns", "2010-03-31", "CreateTopic", "Name=own", key, "Attributes.entry.1.value=alias/alarms")
	send("sns", "2010-03-31", "CreateTopic", "Name=mended", key, "Attributes.entry.1.value=alias/aws/sns")
	send("sns", "2010-03-31", "SetTopicAttributes", "TopicArn="+arn+"mended", "AttributeName=KmsMasterKeyId", "AttributeValue=alias/alarms")
	for _, name := range []string{"plain", "managed", "own", "mended"} {
		send("monitoring", "2010-08-01", "PutMetricAlarm", "AlarmName=a-"+name, "Namespace=n", "MetricName=m", "Statistic=Sum", "Period=60", "EvaluationPeriods=1",
			"Threshold=1", "ComparisonOperator=GreaterThanThreshold", "AlarmActions.member.1="+arn+name)
	}
	mu.Lock()
	defer mu.Unlock()
	if said := strings.Join(lines, "\n"); len(lines) != 1 || !strings.Contains(said, "the alarm a-managed does not reach "+arn+"managed") {
		t.Errorf("said: %s", said)
	}
}
