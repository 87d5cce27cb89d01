package front_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/webserver-cluster/tests/localaws/front"
)

// TestReads asks an AWS that counts what it is asked.
func TestReads(t *testing.T) {
	var asked int
	var during func() // called while a request is being answered
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		answer := fmt.Sprint("answer ", asked)
		if during != nil {
			during()
		}
		io.WriteString(w, answer)
	}))
	t.Cleanup(behind.Close)
	client := &http.Client{Transport: front.NewReads(front.Transport(), map[string][]string{"ec2": {"DescribeInstances"}, "secretsmanager": {"GetSecretValue", "DescribeSecret"}})}
	ask := func(service, method, body string, header ...string) string {
		t.Helper()
		r, err := http.NewRequest(method, behind.URL, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=key/20260101/eu-central-1/"+service+"/aws4_request")
		if strings.HasPrefix(body, "Action=") {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		}
		for _, target := range header {
			r.Header.Set("X-Amz-Target", target)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		content, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	read := func() string { return ask("ec2", "POST", "Action=DescribeInstances") }
	want := func(what, got string, wanted int) {
		t.Helper()
		if got != fmt.Sprint("answer ", wanted) {
			t.Errorf("%s: %s, want answer %d", what, got, wanted)
		}
	}
	want("the first", read(), 1)
	want("the same again", read(), 1)
	want("of other instances", ask("ec2", "POST", "Action=DescribeInstances&InstanceId.1=i-1"), 2)
	want("what is not always the same", ask("ec2", "POST", "Action=DescribeImages"), 3)
	want("that again", ask("ec2", "POST", "Action=DescribeImages"), 4)
	want("a secret", ask("secretsmanager", "POST", "{}", "secretsmanager.GetSecretValue"), 5)
	want("something else of it", ask("secretsmanager", "POST", "{}", "secretsmanager.DescribeSecret"), 6)
	want("the secret again", ask("secretsmanager", "POST", "{}", "secretsmanager.GetSecretValue"), 5)
	ask("s3", "PUT", "content")
	ask("s3", "GET", "")
	ask("dynamodb", "POST", "{}", "DynamoDB_20120810.PutItem")
	ask("iam", "POST", "Action=GetRole")
	want("after an object, a lock and a read", read(), 1)
	for i, write := range []func() string{
		func() string { return ask("ec2", "POST", "Action=RunInstances") },
		func() string { return ask("ssm", "POST", "{}", "AmazonSSM.PutParameter") },
		func() string { return ask("iam", "POST", "Action=CreateRole") },
		func() string { return ask("lambda", "PUT", "{}") },
	} {
		write()
		was := asked
		want(fmt.Sprint("after write ", i), read(), was+1)
		want("the same again", read(), was+1)
	}
	ask("ec2", "POST", "Action=RunInstances")
	was := asked
	during = func() { during = nil; ask("ec2", "POST", "Action=TerminateInstances") }
	want("while something is written", read(), was+1)
	want("afterwards", read(), was+3)
}
