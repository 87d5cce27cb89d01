package databases

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
)

const (
	testEndpoint = "book.aaaaaaaaaa.eu-central-1.rds.amazonaws.com:3306"
	testRegion   = "eu-central-1"
)

// testToken is one that AWS's SDK makes, now.
func testToken(t *testing.T, endpoint, region, user string, c aws.Credentials) string {
	t.Helper()
	token, err := auth.BuildAuthToken(t.Context(), endpoint, region, user, credentials.StaticCredentialsProvider{Value: c})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// with sets a parameter of a token, without signing it anew.
func with(t *testing.T, token, name, value string) string {
	t.Helper()
	u, err := url.Parse("https://" + token)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return strings.TrimPrefix(u.String(), "https://")
}

func TestToken(t *testing.T) {
	key := aws.Credentials{AccessKeyID: "AKIATEST", SecretAccessKey: "secret/+"}
	session := key
	session.SessionToken = "a session/token=="
	wrong := key
	wrong.SecretAccessKey = "other"
	unknown := key
	unknown.AccessKeyID = "AKIAELSE"
	good := testToken(t, testEndpoint, testRegion, "app", key)
	temporary := testToken(t, testEndpoint, testRegion, "app", session)
	for name, test := range map[string]struct {
		token string
		after time.Duration
		err   string // part of it; "" for none
	}{
		"good":                   {token: good},
		"good for 15 minutes":    {token: good, after: 15*time.Minute - 2*time.Second},
		"no longer":              {good, 15*time.Minute + 2*time.Second, "it is valid for 15m0s"},
		"of the future":          {good, -10 * time.Minute, "it is valid for"},
		"temporary credentials":  {token: temporary},
		"without its session":    {with(t, temporary, "X-Amz-Security-Token", ""), 0, "signature is wrong"},
		"another session":        {with(t, temporary, "X-Amz-Security-Token", "b"), 0, "signature is wrong"},
		"another endpoint":       {testToken(t, "else."+testEndpoint, testRegion, "app", key), 0, "it is for else."},
		"another port":           {testToken(t, strings.Replace(testEndpoint, "3306", "3307", 1), testRegion, "app", key), 0, ":3307"},
		"another user":           {testToken(t, testEndpoint, testRegion, "root", key), 0, `the user "root"`},
		"renamed user":           {with(t, testToken(t, testEndpoint, testRegion, "root", key), "DBUser", "app"), 0, "signature is wrong"},
		"another action":         {with(t, good, "Action", "dance"), 0, `the action "dance"`},
		"another region":         {testToken(t, testEndpoint, "eu-west-1", "app", key), 0, "its credential is"},
		"another secret":         {testToken(t, testEndpoint, testRegion, "app", wrong), 0, "signature is wrong"},
		"an unknown access key":  {testToken(t, testEndpoint, testRegion, "app", unknown), 0, "no access key AKIAELSE"},
		"a longer life":          {with(t, good, "X-Amz-Expires", "90000"), 0, "X-Amz-Expires"},
		"a shorter life":         {with(t, good, "X-Amz-Expires", "800"), 0, "signature is wrong"},
		"no date":                {with(t, good, "X-Amz-Date", ""), 0, "X-Amz-Date"},
		"a signature of nothing": {with(t, good, "X-Amz-Signature", ""), 0, "signature is wrong"},
		"a password":             {"secret", 0, "it is for secret"},
		"nonsense":               {"\x7f%", 0, "not a URL"},
		"nothing":                {"", 0, "it is for "},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := verifyToken(t.Context(), test.token, testEndpoint, testRegion, "app", time.Now().Add(test.after), func(id string) (string, bool) {
				return key.SecretAccessKey, id == key.AccessKeyID
			})
			switch {
			case test.err == "" && err != nil:
				t.Error(err)
			case test.err == "" && c.AccessKeyID != key.AccessKeyID:
				t.Errorf("access key: got %q", c.AccessKeyID)
			case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
				t.Errorf("got %v, want an error with %q", err, test.err)
			}
		})
	}
}
