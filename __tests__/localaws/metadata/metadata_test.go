package metadata

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// client asks a service.
type client struct {
	*testing.T
	service *Service
	hops    int // that the last answer was allowed
}

func newClient(t *testing.T, options *types.InstanceMetadataOptionsResponse) *client {
	c := &client{T: t}
	c.service = New(Config{
		Credentials: func(context.Context, Instance) (*Credentials, error) {
			return &Credentials{Role: "web", AccessKeyID: "ASIAX", Token: "t", Expires: time.Unix(0, 0)}, nil
		},
		SetHopLimit: func(_ *http.Request, hops int) { c.hops = hops },
	}, Instance{Region: "eu-west-1", UserData: "#!/bin/sh\n", Instance: types.Instance{
		InstanceId: aws.String("i-1"), MetadataOptions: options, PrivateIpAddress: aws.String("10.0.0.5"),
		Placement:          &types.Placement{AvailabilityZone: aws.String("eu-west-1a")},
		IamInstanceProfile: &types.IamInstanceProfile{Arn: aws.String("arn:aws:iam::1:instance-profile/p")},
		Tags:               []types.Tag{{Key: aws.String("Name"), Value: aws.String("web-1")}},
	}})
	return c
}

// ask returns status and body; headers are name and value, in turn.
func (c *client) ask(method, path string, headers ...string) (int, string) {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	c.service.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func (c *client) want(status int, method, path string, headers ...string) string {
	c.Helper()
	got, body := c.ask(method, path, headers...)
	if got != status {
		c.Errorf("%s %s %q: status %d, want %d", method, path, headers, got, status)
	}
	return body
}

const tokenHeader = "X-aws-ec2-metadata-token"

func TestTokens(t *testing.T) {
	c := newClient(t, &types.InstanceMetadataOptionsResponse{HttpTokens: types.HttpTokensStateRequired, HttpPutResponseHopLimit: aws.Int32(2)})
	const id = "/latest/meta-data/instance-id"
	c.want(401, "GET", id)
	c.want(401, "GET", id, tokenHeader, "made-up")
	c.want(400, "PUT", tokenPath)
	c.want(400, "PUT", tokenPath, ttlHeader, "0")
	c.want(400, "PUT", tokenPath, ttlHeader, "21601")
	c.want(403, "PUT", tokenPath, ttlHeader, "60", "X-Forwarded-For", "10.0.0.9")
	c.want(405, "GET", tokenPath)
	token := c.want(200, "PUT", tokenPath, ttlHeader, "60")
	if c.hops != 2 {
		t.Errorf("a token may travel %d hops, want 2", c.hops)
	}
	if got := c.want(200, "GET", id, tokenHeader, token); got != "i-1" {
		t.Errorf("instance-id %q", got)
	}
	if c.hops != hops {
		t.Errorf("an item may travel %d hops, want %d", c.hops, hops)
	}
	c.service.tokens[token] = time.Now() // a minute later
	c.want(401, "GET", id, tokenHeader, token)
	if another := newClient(t, nil); true {
		another.want(401, "GET", id, tokenHeader, c.want(200, "PUT", tokenPath, ttlHeader, "60"))
	}
}

func TestOptions(t *testing.T) {
	c := newClient(t, &types.InstanceMetadataOptionsResponse{HttpTokens: types.HttpTokensStateOptional})
	c.want(200, "GET", "/latest/meta-data/instance-id")
	c.want(404, "GET", "/latest/meta-data/tags/instance/Name")
	c = newClient(t, &types.InstanceMetadataOptionsResponse{InstanceMetadataTags: types.InstanceMetadataTagsStateEnabled})
	if got := c.want(200, "GET", "/latest/meta-data/tags/instance/Name"); got != "web-1" {
		t.Errorf("tag Name %q", got)
	}
	c = newClient(t, &types.InstanceMetadataOptionsResponse{HttpEndpoint: types.InstanceMetadataEndpointStateDisabled})
	c.want(403, "GET", "/latest/meta-data/instance-id")
	c.want(403, "PUT", tokenPath, ttlHeader, "60")
}

func TestItems(t *testing.T) {
	c := newClient(t, nil)
	for path, want := range map[string]string{
		"/latest/meta-data/placement/availability-zone":  "eu-west-1a",
		"/latest/meta-data/placement/":                   "availability-zone\nregion",
		"/latest/meta-data/local-ipv4":                   "10.0.0.5",
		"/latest/meta-data/iam/security-credentials/":    "web",
		"/latest/meta-data/iam/security-credentials/web": `"Expiration": "1970-01-01T00:00:00Z"`,
		"/latest/meta-data/iam/info":                     "arn:aws:iam::1:instance-profile/p",
		"/latest/meta-data/":                             "\niam/\n",
		"/latest/user-data":                              "#!/bin/sh\n",
		"/latest/dynamic/instance-identity/document":     `"region": "eu-west-1"`,
		"/latest/dynamic/":                               "instance-identity/",
	} {
		if got := c.want(200, "GET", path); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q in it", path, got, want)
		}
	}
	c.want(404, "GET", "/latest/meta-data/nosuch")
	c.want(404, "GET", "/latest/meta-data/iam/security-credentials/other")

	c.service.config.Credentials = func(context.Context, Instance) (*Credentials, error) { return nil, errors.New("no trust") }
	c.want(404, "GET", "/latest/meta-data/iam/security-credentials/web")
	if got := c.want(200, "GET", "/latest/meta-data/iam/info"); !strings.Contains(got, "AssumeRoleUnauthorizedAccess") {
		t.Errorf("iam/info of a role that EC2 may not assume: %s", got)
	}
	c.service.instance.IamInstanceProfile = nil
	c.want(404, "GET", "/latest/meta-data/iam/info")
}
