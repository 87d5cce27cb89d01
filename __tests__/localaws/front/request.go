package front

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Request is an AWS request as it came over the wire.
type Request struct {
	HTTP      *http.Request // its Body has been read; use the fields below
	Service   string        // the name that signs: "autoscaling", "ec2", …; "" if the request is not signed
	Region    string        // the region it is signed for
	AccessKey string        // id of the key it is signed with
	Action    string        // "StartInstanceRefresh"; for REST "PUT ?lifecycle"
	Params    url.Values    // the Query protocol's parameters, nil for the others
	Body      []byte        // the body of the other protocols
}

// Token is the session token that the request is signed with; "" for none.
func (r *Request) Token() string {
	return cmp.Or(r.HTTP.Header.Get("X-Amz-Security-Token"), r.HTTP.URL.Query().Get("X-Amz-Security-Token"))
}

// scope is the end of a SigV4 credential: KEY/DATE/REGION/SERVICE/aws4_request,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
// It is in the header, or in the URL of a request that was signed beforehand.
var scope = regexp.MustCompile(`Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request`)

// readRequest recognises the request and reads its body. hr keeps a body that
// can be read again.
func readRequest(hr *http.Request) (*Request, error) {
	body, err := io.ReadAll(hr.Body)
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	hr.Body = io.NopCloser(bytes.NewReader(body))

	r := &Request{HTTP: hr, Body: body}
	signed := cmp.Or(hr.Header.Get("Authorization"), "Credential="+hr.URL.Query().Get("X-Amz-Credential"))
	if m := scope.FindStringSubmatch(signed); m != nil {
		r.AccessKey, r.Region, r.Service = m[1], m[2], m[3]
	}
	if mediaType, _, _ := mime.ParseMediaType(hr.Header.Get("Content-Type")); mediaType == "application/x-www-form-urlencoded" {
		if r.Params, err = url.ParseQuery(string(body)); err != nil {
			return nil, fmt.Errorf("read the form: %w", err)
		}
	}
	r.Action = r.action()
	return r, nil
}

func (r *Request) action() string {
	if action := r.Params.Get("Action"); action != "" {
		return action
	}
	if target := r.HTTP.Header.Get("X-Amz-Target"); target != "" {
		return target[strings.LastIndexByte(target, '.')+1:]
	}
	if _, action, ok := strings.Cut(r.HTTP.URL.Path, "/operation/"); ok {
		return action
	}
	query := r.HTTP.URL.Query()
	for _, key := range slices.Sorted(maps.Keys(query)) {
		if query.Get(key) == "" && !listing[key] {
			return r.HTTP.Method + " ?" + key // PUT /bucket?lifecycle
		}
	}
	return r.HTTP.Method
}

// listing holds the query keys that may be empty without being a subresource,
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html and its like.
var listing = map[string]bool{
	"continuation-token": true,
	"delimiter":          true,
	"encoding-type":      true,
	"key-marker":         true,
	"marker":             true,
	"prefix":             true,
	"start-after":        true,
	"upload-id-marker":   true,
	"version-id-marker":  true,
}

// encodeBody returns the body with the changes that handlers made to Params.
// The signature no longer fits it then; a local AWS does not check it.
func (r *Request) encodeBody() []byte {
	if r.Params != nil {
		return []byte(r.Params.Encode())
	}
	return r.Body
}
