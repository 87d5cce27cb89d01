package state_test

import (
	"fmt"
	"hash/crc32"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// fault is something that somebody broke.
type fault struct {
	name     string
	make     func(p *project)
	deploy   string // what a deploy says; "" if it does not notice
	check    string // what "state check" says
	unlocked string // what "state unlock" says; "" if it works
}

// answer has AWS answer the calls that match with an error of its own, as its
// documentation gives it.
func answer(match func(call) bool, status int, code, message string) func(*project) {
	return func(p *project) {
		p.wire.watch(func(c call, w http.ResponseWriter, pass func()) {
			switch {
			case !match(c):
				pass()
			case c.Service == "dynamodb":
				body := fmt.Sprintf(`{"__type": "com.amazon.coral.service#%s", "message": %q}`, code, message)
				w.Header().Set("Content-Type", "application/x-amz-json-1.0")
				w.Header().Set("X-Amz-Crc32", fmt.Sprint(crc32.ChecksumIEEE([]byte(body))))
				w.WriteHeader(status)
				fmt.Fprint(w, body)
			case c.Service == "sts":
				w.Header().Set("Content-Type", "text/xml")
				w.WriteHeader(status)
				fmt.Fprintf(w, `<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, code, message)
			default:
				w.Header().Set("Content-Type", "application/xml")
				w.Header().Set("X-Amz-Bucket-Region", "us-west-2")
				w.WriteHeader(status)
				if c.Action != http.MethodHead {
					fmt.Fprintf(w, `<Error><Code>%s</Code><Message>%s</Message></Error>`, code, message)
				}
			}
		})
	}
}

func service(name string) func(call) bool { return func(c call) bool { return c.Service == name } }

var faults = []fault{
	{
		name: "lock table gone",
		make: func(p *project) {
			client := dynamodb.NewFromConfig(cloud.Config())
			_, err := client.UpdateTable(p.t.Context(), &dynamodb.UpdateTableInput{TableName: &p.table, DeletionProtectionEnabled: aws.Bool(false)})
			must(p.t, err)
			_, err = client.DeleteTable(p.t.Context(), &dynamodb.DeleteTableInput{TableName: &p.table})
			must(p.t, err)
		},
		deploy: "ResourceNotFoundException", check: "there is no table", unlocked: "make it again: state bootstrap",
	},
	{
		name:   "bucket policy denies everything",
		make:   func(p *project) { p.denyWithout("") },
		deploy: "403", check: "no permission", unlocked: "no permission to read the lock of stage",
	},
	{
		name:  "bucket policy allows access without TLS",
		make:  func(p *project) { p.denyWithout("aws:MultiFactorAuthPresent") },
		check: "the bucket can be read without TLS: restore it with cdktf deploy state",
	},
	{
		name:  "versioning suspended",
		make:  func(p *project) { p.versioning(s3types.BucketVersioningStatusSuspended) },
		check: "the bucket keeps no versions, so an overwritten state is lost: restore it with cdktf deploy state",
	},
	{
		name: "wrong region",
		make: answer(func(c call) bool { return c.Service == "s3" }, http.StatusMovedPermanently, "PermanentRedirect",
			"The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint."),
		deploy: "301", check: "is not in eu-central-1: check region and stateBucket in cdktf.json", unlocked: "is not in eu-central-1: check region and stateBucket in cdktf.json",
	},
	{
		name: "no credentials",
		make: func(p *project) {
			p.env = append(p.env, "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_PROFILE=")
		},
		deploy: "No valid credential sources found", check: "no AWS credentials: log in", unlocked: "no AWS credentials: log in",
	},
	{
		name: "expired credentials",
		make: answer(func(call) bool { return true }, http.StatusForbidden, "ExpiredToken",
			"The security token included in the request is expired"),
		deploy: "ExpiredToken", check: "the AWS credentials have expired: log in again", unlocked: "the AWS credentials have expired: log in again",
	},
	{
		name: "no permission to the lock table",
		make: answer(service("dynamodb"), http.StatusBadRequest, "AccessDeniedException",
			"User: arn:aws:iam::123456789012:user/alice is not authorized to perform this action on the lock table because no identity-based policy allows it"),
		deploy: "AccessDeniedException", check: "no permission to look at the lock table", unlocked: "no permission to read the lock of stage",
	},
	{
		name:   "bucket of someone else",
		make:   answer(service("s3"), http.StatusForbidden, "AccessDenied", "Access Denied"),
		deploy: "403", check: "it belongs to another account", unlocked: "no permission to read the lock of stage",
	},
}

// Whatever is lost or denied: a clear message within seconds, and nothing is
// touched.
func TestLost(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			p := newProject(t, map[string]block{"stage": data(1)})
			p.init("stage")
			p.want(0)(p.apply("stage").result())
			p.stack("stage", "both", data(2))
			p.wire.watch(nil)
			f.make(p)

			took := func(what string, limit time.Duration, run func()) {
				start := time.Now()
				run()
				if d := time.Since(start); d > limit {
					t.Errorf("%s took %v", what, d)
				} else {
					t.Logf("%s: %.1f s", what, d.Seconds())
				}
			}
			took("state check", 15*time.Second, func() {
				p.want(1, f.check)(p.state("check"))
			})
			if f.unlocked != "" {
				took("state unlock", 15*time.Second, func() {
					p.want(1, f.unlocked)(p.state("unlock", "stage"))
				})
			}
			if f.deploy != "" {
				took("deploy", 15*time.Second, func() {
					output, status := p.apply("stage").result()
					p.want(1, f.deploy)(output, status)
				})
			}
			for _, c := range p.wire.calls() {
				// The lock in the bucket is taken before that in the table is
				// found to fail, and given back.
				if c.writes() && !strings.HasSuffix(c.Object, ".tflock") {
					t.Errorf("it wrote: %v", c)
				}
			}
			p.wire.watch(nil)
			p.env = nil
		})
	}
}
