package access

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"example.com/webserver-cluster/tests/localaws/front"
)

// needsS3 tells what a request to S3 needs to be allowed, its bucket being the
// first part of the path.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
func needsS3(r *front.Request) []question {
	query, method := r.HTTP.URL.Query(), r.HTTP.Method
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.HTTP.URL.Path, "/"), "/")
	if bucket == "" {
		return []question{{action: "s3:ListAllMyBuckets", resource: "*"}}
	}
	arn := "arn:aws:s3:::" + bucket
	if key == "" {
		values := map[string]string{"s3:prefix": query.Get("prefix"), "s3:delimiter": query.Get("delimiter")}
		if method == http.MethodPost && query.Has("delete") {
			action := "s3:DeleteObject"
			if strings.Contains(string(r.Body), "<VersionId>") {
				action += "Version"
			}
			return []question{{action: action, resource: arn + "/*"}}
		}
		return []question{{action: bucketAction(method, query), resource: arn, values: values}}
	}
	arn += "/" + key
	needs := []question{{action: objectAction(method, query), resource: arn, values: map[string]string{"s3:versionid": query.Get("versionId")}}}
	if r.HTTP.Header.Get("X-Amz-Tagging") != "" {
		needs = append(needs, question{action: "s3:PutObjectTagging", resource: arn})
	}
	if source := r.HTTP.Header.Get("X-Amz-Copy-Source"); source != "" {
		path, version, _ := strings.Cut(strings.TrimPrefix(source, "/"), "?versionId=")
		if decoded, err := url.PathUnescape(path); err == nil {
			path = decoded
		}
		read := "s3:GetObject"
		if version != "" {
			read = "s3:GetObjectVersion"
		}
		needs = append(needs, question{action: read, resource: "arn:aws:s3:::" + path})
	}
	return needs
}

// verbs are how the names of actions to subresources begin.
var verbs = map[string]string{http.MethodGet: "Get", http.MethodHead: "Get", http.MethodPut: "Put", http.MethodDelete: "Delete"}

func bucketAction(method string, query url.Values) string {
	switch {
	case query.Has("versions"):
		return "s3:ListBucketVersions"
	case query.Has("uploads"):
		return "s3:ListBucketMultipartUploads"
	}
	verb := verbs[method]
	if verb == "Delete" && !query.Has("policy") && !query.Has("website") {
		verb = "Put" // to take it away is to set it
	}
	for sub, name := range map[string]string{
		"accelerate": "AccelerateConfiguration", "encryption": "EncryptionConfiguration", "lifecycle": "LifecycleConfiguration",
		"object-lock": "BucketObjectLockConfiguration", "replication": "ReplicationConfiguration", "requestPayment": "BucketRequestPayment",
	} {
		if query.Has(sub) {
			return "s3:" + verb + name
		}
	}
	for _, sub := range []string{"Acl", "CORS", "Location", "Logging", "Notification", "OwnershipControls", "Policy", "PublicAccessBlock", "Tagging", "Versioning", "Website"} {
		if query.Has(strings.ToLower(sub)) || query.Has(strings.ToLower(sub[:1])+sub[1:]) {
			return "s3:" + verb + "Bucket" + sub
		}
	}
	switch method {
	case http.MethodPut:
		return "s3:CreateBucket"
	case http.MethodDelete:
		return "s3:DeleteBucket"
	}
	return "s3:ListBucket"
}

func objectAction(method string, query url.Values) string {
	version := ""
	if query.Has("versionId") {
		version = "Version"
	}
	for _, sub := range []string{"Acl", "Attributes", "Retention", "Tagging"} {
		if query.Has(strings.ToLower(sub)) {
			return "s3:" + verbs[method] + "Object" + version + sub
		}
	}
	switch method {
	case http.MethodGet, http.MethodHead:
		return "s3:GetObject" + version
	case http.MethodDelete:
		if query.Has("uploadId") {
			return "s3:AbortMultipartUpload"
		}
		return "s3:DeleteObject" + version
	}
	return "s3:PutObject"
}

// hidden tells why s may not even learn that an object is not there: who may not list a
// bucket is told that access is denied.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func (j *Judge) hidden(ctx context.Context, s *Session, r *front.Request) (reason string, err error) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.HTTP.URL.Path, "/"), "/")
	if r.Service != "s3" || key == "" || verbs[r.HTTP.Method] != "Get" {
		return "", nil
	}
	list := question{action: "s3:ListBucket", resource: "arn:aws:s3:::" + bucket, values: map[string]string{"s3:prefix": key}}
	if reason, err = j.may(ctx, s, r.Region, list); reason == "" || err != nil {
		return "", err
	}
	in := &s3.HeadObjectInput{Bucket: &bucket, Key: &key}
	if version := r.HTTP.URL.Query().Get("versionId"); version != "" {
		in.VersionId = &version
	}
	_, err = s3.NewFromConfig(j.config, func(o *s3.Options) { o.Region = r.Region }).HeadObject(ctx, in)
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() == http.StatusNotFound {
		return reason, nil
	}
	return "", nil // whatever else there is, S3 says
}
