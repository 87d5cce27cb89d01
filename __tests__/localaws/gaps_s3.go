package localaws

import (
	"encoding/json"
	"slices"
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
// statements without a condition only.
func keepPolicy(f *front.Front) {
	keepDocument(f, "?policy", func(policy []byte) ([]byte, error) {
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
			return statement["Condition"] != nil
		})
		return json.Marshal(p)
	})
}

// keepDocument has a bucket's document be read as it was put, whatever moto
// makes of it. What moto is given is what forMoto returns.
func keepDocument(f *front.Front, subresource string, forMoto func([]byte) ([]byte, error)) {
	var documents sync.Map // the bucket's path to the document
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
	f.Handle("s3", "GET "+subresource, func(r *front.Request, next front.Next) (*front.Response, error) {
		resp, err := next(r)
		if err == nil && resp.OK() { // the bucket is there and has one
			if document, ok := documents.Load(r.HTTP.URL.Path); ok {
				resp.Body = document.([]byte)
			}
		}
		return resp, err
	})
}
