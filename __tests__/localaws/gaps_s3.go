package localaws

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"example.com/webserver-cluster/tests/localaws/front"
)

// keepLifecycleRules: moto forgets NewerNoncurrentVersions of an expiration, so
// Terraform waits three minutes for the rules it set, then fails. AWS gives the
// rules back as they were put,
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html.
func keepLifecycleRules(f *front.Front) {
	keepDocument(f, "?lifecycle", func(rules []byte) ([]byte, error) { return rules, nil })
}

// keepPolicy: moto applies a statement of a bucket policy without looking at
// its condition, so that "deny what does not come by TLS" denies everything.
// AWS does look,
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html.
// Here the front stands for AWS's TLS end point, and moto gets to see the
// statements without a condition only; see WithoutTLS for the others.
func (a *AWS) keepPolicy() {
	a.policies = keepDocument(a.Front, "?policy", func(policy []byte) ([]byte, error) { return judgedBy(policy, true) })
}

// judgedBy returns a bucket policy as moto has to see it for a request that comes
// with TLS or without: the statements that have no condition, or whose condition
// that it comes without holds.
func judgedBy(policy []byte, tls bool) ([]byte, error) {
	var p map[string]any
	if err := json.Unmarshal(policy, &p); err != nil {
		return nil, front.Errorf("MalformedPolicy", "Policies must be valid JSON: %v", err)
	}
	statements, ok := p["Statement"].([]any)
	if !ok {
		return nil, front.Errorf("MalformedPolicy", "Statement is %T, not a list", p["Statement"])
	}
	p["Statement"] = slices.DeleteFunc(statements, func(s any) bool {
		statement, _ := s.(map[string]any)
		if !tls && reflect.DeepEqual(statement["Condition"], map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}) {
			delete(statement, "Condition")
		}
		return statement["Condition"] != nil
	})
	return json.Marshal(p)
}

// WithoutTLS is a way to this AWS for S3 requests that come without TLS, which a
// bucket's policy may deny. It takes one request at a time; others, with TLS, must
// not come at the same time.
func (a *AWS) WithoutTLS() http.Handler {
	var mu sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if policy, ok := a.policies.Load("/" + name); ok {
			judge := func(tls bool) error {
				document, err := judgedBy(policy.([]byte), tls)
				if err != nil {
					return err
				}
				return a.putPolicy(name, document)
			}
			if err := judge(false); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			defer judge(true)
		}
		a.Front.ServeHTTP(w, r)
	})
}

// putPolicy gives moto, past the front, a bucket's policy.
func (a *AWS) putPolicy(bucket string, policy []byte) error {
	r, err := http.NewRequest(http.MethodPut, "http://"+a.moto.addr+"/"+bucket+"?policy", bytes.NewReader(policy))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return fmt.Errorf("moto answers a policy for %s with %s", bucket, resp.Status)
	}
	return nil
}

// keepDocument has a bucket's document be read as it was put, whatever moto
// makes of it. What moto is given is what forMoto returns.
//
// It returns the documents, by the bucket's path.
func keepDocument(f *front.Front, subresource string, forMoto func([]byte) ([]byte, error)) *sync.Map {
	documents := &sync.Map{}
	f.Handle("s3", "PUT "+subresource, func(r *front.Request, next front.Next) (*front.Response, error) {
		document := r.Body
		var err error
		if r.Body, err = forMoto(document); err != nil {
			return nil, err
		}
		resp, err := next(r)
		if err == nil && resp.OK() {
			documents.Store(r.HTTP.URL.Path, document)
		}
		return resp, err
	})
	f.Handle("s3", "DELETE "+subresource, func(r *front.Request, next front.Next) (*front.Response, error) {
		resp, err := next(r)
		if err == nil && resp.OK() {
			documents.Delete(r.HTTP.URL.Path)
		}
		return resp, err
	})
	f.Handle("s3", "GET "+subresource, func(r *front.Request, next front.Next) (*front.Response, error) {
		resp, err := next(r)
		if err == nil && resp.OK() { // the bucket is there and has one
			if document, ok := documents.Load(r.HTTP.URL.Path); ok {
				resp.Body = document.([]byte)
			}
		}
		return resp, err
	})
	return documents
}
