package state_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"example.com/webserver-cluster/internal/state"
	"example.com/webserver-cluster/internal/state/orphan"
)

// TestIdentity: what a stack of another account made is looked for as whoever made it.
func TestIdentity(t *testing.T) {
	var mu sync.Mutex
	var signed []string // the access keys of the requests, but for the one that assumes the role
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, key, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		key, _, _ = strings.Cut(key, "/")
		r.ParseForm()
		if r.Form.Get("Action") == "AssumeRole" {
			if key != "caller" || r.Form.Get("RoleArn") != "arn:aws:iam::111122223333:role/deploy" || r.Form.Get("ExternalId") != "42" {
				t.Errorf("%s assumes %v", key, r.Form)
			}
			fmt.Fprint(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>role</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
				<SessionToken>t</SessionToken><Expiration>2126-01-02T03:04:05Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		signed = append(signed, key)
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "caller")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	t.Setenv("AWS_ENDPOINT_URL", server.URL)

	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "cdk.tf.json"), []byte(`{"provider": {"aws": [{"default_tags": [{"tags": {"Project": "p"}}],
		"assume_role": [{"role_arn": "arn:aws:iam::111122223333:role/deploy", "external_id": "42"}]}]}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	cfg := aws.Config{Region: "eu-central-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("state", "s", "")}
	if _, _, err := orphan.Find(t.Context(), cfg, dir, state.New()); err == nil {
		t.Error("nothing was found, and nobody said why")
	}
	if len(signed) == 0 {
		t.Error("AWS was not asked")
	}
	for _, key := range signed {
		if key != "role" {
			t.Errorf("%s asked, want the role", key)
		}
	}
}
