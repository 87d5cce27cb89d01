package localaws_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"example.com/webserver-cluster/tests/localaws"
)

// start starts a local AWS for a test.
func start(t *testing.T) *localaws.AWS {
	t.Helper()
	cloud, err := localaws.Start(context.Background(), localaws.Options{BuildDir: t.TempDir(), Region: "eu-central-1", Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	return cloud
}

// TestEnviron: whatever the user's environment says, a client with Environ
// added reaches the local AWS, and as nobody else.
func TestEnviron(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_PROFILE":                         "prod",
		"AWS_SESSION_TOKEN":                   "token",
		"AWS_ENDPOINT_URL_S3":                 "http://127.0.0.1:1",
		"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
		"AWS_USE_FIPS_ENDPOINT":               "true",
		"AWS_USE_DUALSTACK_ENDPOINT":          "true",
	} {
		t.Setenv(name, value)
	}
	cloud := start(t)
	for _, entry := range cloud.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		t.Setenv(name, value)
	}

	loaded, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := loaded.Credentials.Retrieve(t.Context())
	if err != nil || credentials.AccessKeyID != "local" || credentials.SessionToken != "" {
		t.Errorf("credentials %+v, %v", credentials, err)
	}
	if loaded.Region != "eu-central-1" {
		t.Errorf("region %q", loaded.Region)
	}
	if _, err := s3.NewFromConfig(loaded).CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket:                    aws.String("here"),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-central-1"},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := s3.NewFromConfig(cloud.Config()).HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("here")}); err != nil {
		t.Errorf("the bucket was made elsewhere: %v", err)
	}
}

// TestProxy: where a proxy is set, in whatever variable, the local AWS is reached
// past it, and the user's own exceptions stay.
func TestProxy(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.URL.String())
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer proxy.Close()
	// Python's way with proxies is that of the aws CLI, which is written in it.
	call := func(env ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "python3", "-c", `
import os, urllib.request
urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/moto-api/").read()`)
		cmd.Env = append(os.Environ(), env...)
		output, err := cmd.CombinedOutput()
		return string(output), err
	}
	cloud := start(t)
	for name, test := range map[string]struct{ upper, lower, want string }{
		"no exception":          {"", "", "127.0.0.1,localhost,::1"},
		"an exception":          {"example.com", "", "example.com,127.0.0.1,localhost,::1"},
		"one in lower case":     {"", ".corp, 10.0.0.0/8", ".corp,10.0.0.0/8,127.0.0.1,localhost,::1"},
		"one in each":           {"a.example", "b.example", "a.example,b.example,127.0.0.1,localhost,::1"},
		"some of it there":      {"localhost", "localhost", "localhost,127.0.0.1,::1"},
		"everything":            {"*", "", "*"},
		"everything, among all": {"a.example,*", "", "*"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"} {
				t.Setenv(variable, proxy.URL)
			}
			t.Setenv("NO_PROXY", test.upper)
			t.Setenv("no_proxy", test.lower)
			for _, variable := range []string{"NO_PROXY", "no_proxy"} {
				if got := last(cloud.Environ(), variable); got != test.want {
					t.Errorf("%s is %q, want %q", variable, got, test.want)
				}
			}
			asked = nil
			if output, err := call(cloud.Environ()...); err != nil {
				t.Errorf("a call of the local AWS: %v\n%s", err, output)
			}
			if len(asked) > 0 {
				t.Errorf("the proxy was asked for %v", asked)
			}
		})
	}
	t.Run("the proxy records", func(t *testing.T) {
		t.Setenv("no_proxy", "")
		t.Setenv("NO_PROXY", "")
		t.Setenv("http_proxy", proxy.URL)
		asked = nil
		if _, err := call("AWS_ENDPOINT_URL=" + cloud.Endpoint()); err == nil || len(asked) != 1 {
			t.Errorf("without the exceptions the call ended with %v, the proxy was asked for %v", err, asked)
		}
	})
}

// last is the value that os/exec takes of several.
func last(env []string, name string) string {
	value := "unset"
	for _, entry := range env {
		if rest, ok := strings.CutPrefix(entry, name+"="); ok {
			value = rest
		}
	}
	return value
}
