package state_test

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"net/http"
	"os"
	"regexp"
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
	check    string // what "state check" says: what is wrong, and what to do
	unlocked string // what "state unlock" says; "" if it works
	cli      bool   // the deploy is the CLI's; else Terraform's, whose words the CLI prints: see kill
}

// refusal is an error that AWS answers with, as its documentation gives it.
type refusal struct {
	status        int
	code, message string
}

var (
	expiredToken = refusal{http.StatusForbidden, "ExpiredToken", "The security token included in the request is expired"}
	accessDenied = refusal{http.StatusForbidden, "AccessDenied", "Access Denied"}
)

// refuse answers a call in AWS's place, in the format of the call's service.
func refuse(c call, w http.ResponseWriter, r refusal) {
	kind, body := "text/xml", fmt.Sprintf(`<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>`, r.code, r.message)
	switch c.Service {
	case "dynamodb":
		kind, body = "application/x-amz-json-1.0", fmt.Sprintf(`{"__type": "com.amazon.coral.service#%s", "message": %q}`, r.code, r.message)
		w.Header().Set("X-Amz-Crc32", fmt.Sprint(crc32.ChecksumIEEE([]byte(body))))
	case "s3":
		kind, body = "application/xml", fmt.Sprintf(`<Error><Code>%s</Code><Message>%s</Message></Error>`, r.code, r.message)
		w.Header().Set("X-Amz-Bucket-Region", "us-west-2")
		if c.Action == http.MethodHead {
			body = ""
		}
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(r.status)
	fmt.Fprint(w, body)
}

// answer has AWS refuse the calls that match.
func answer(match func(call) bool, r refusal) func(*project) {
	return func(p *project) {
		p.wire.watch(func(c call, w http.ResponseWriter, pass func()) {
			if match(c) {
				refuse(c, w, r)
				return
			}
			pass()
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
		deploy: "ResourceNotFoundException: Requested resource not found", cli: true,
		check: "there is no table acme-terraform-locks in eu-central-1", unlocked: "make it again: go run ./cmd/state bootstrap",
	},
	{
		name:   "bucket gone",
		make:   func(p *project) { p.deleteBucket() },
		deploy: `S3 bucket "acme-terraform-state" does not exist`, cli: true,
		check: "there is no bucket acme-terraform-state", unlocked: "make it: go run ./cmd/state bootstrap",
	},
	{
		name: "bucket policy denies everything",
		make: func(p *project) {
			p.denyWithout("")
			// moto asks the policy about objects only.
			answer(func(c call) bool {
				return c.Service == "s3" && c.Action == http.MethodHead && strings.Count(c.Object, "/") == 1
			}, accessDenied)(p)
		},
		deploy: "api error Forbidden", check: "the bucket acme-terraform-state is not open to account 123456789012", unlocked: "no permission to read the lock of stage",
	},
	{
		name:  "bucket policy allows access without TLS",
		make:  func(p *project) { p.denyWithout("aws:MultiFactorAuthPresent") },
		check: "the bucket can be read without TLS: restore it with npx cdktf deploy state",
	},
	{
		name:  "versioning suspended",
		make:  func(p *project) { p.versioning(s3types.BucketVersioningStatusSuspended) },
		check: "the bucket keeps no versions, so an overwritten state is lost: restore it with npx cdktf deploy state",
	},
	{
		name: "wrong region",
		make: answer(service("s3"), refusal{http.StatusMovedPermanently, "PermanentRedirect",
			"The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint."}),
		deploy: `requested bucket from "eu-central-1", actual location "us-west-2"`, check: "is not in eu-central-1: check region and stateBucket in cdktf.json", unlocked: "is not in eu-central-1: check region and stateBucket in cdktf.json",
	},
	{
		name: "no credentials",
		make: func(p *project) {
			p.env = append(p.env, "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_PROFILE=")
		},
		deploy: "No valid credential sources found", check: "no AWS credentials: log in", unlocked: "no AWS credentials: log in",
	},
	{
		name:   "expired credentials",
		make:   answer(func(call) bool { return true }, expiredToken),
		deploy: "api error ExpiredToken", check: "the AWS credentials have expired: log in again", unlocked: "the AWS credentials have expired: log in again",
	},
	{
		name: "no permission to the lock table",
		make: answer(service("dynamodb"), refusal{http.StatusBadRequest, "AccessDeniedException",
			"User: arn:aws:iam::123456789012:user/alice is not authorized to perform this action on the lock table because no identity-based policy allows it"}),
		deploy: "AccessDeniedException: User: ", check: "no permission to look at the lock table", unlocked: "no permission to read the lock of stage",
	},
	{
		name:   "bucket of someone else",
		make:   answer(service("s3"), accessDenied),
		deploy: "api error Forbidden", check: "the bucket acme-terraform-state is not open to account 123456789012: a policy denies it, or it belongs to another account", unlocked: "no permission to read the lock of stage",
	},
}

// Whatever is lost or denied: a clear message within seconds, and nothing is
// touched.
func TestLost(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(page)
	must(t, err)
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			wrong, _, _ := strings.Cut(f.check, ": ")
			row := regexp.MustCompile(`(?m)^\| ` + f.name + ` \|.*$`).FindString(string(content))
			if !strings.Contains(row, cmp.Or(f.deploy, "nothing")) || !strings.Contains(row, wrong) {
				t.Errorf("the page's row of it does not quote %q and %q: %s", f.deploy, wrong, row)
			}

			p := newProject(t, map[string]block{"stage": data(1)})
			ours := strings.NewReplacer("acme-terraform-state", p.bucket, "acme-terraform-locks", p.table)
			// What two commands of Terraform take here and now, while other tests run.
			// A deploy by cdktf is half a dozen.
			start := time.Now()
			p.init("stage")
			p.want(0)(p.apply("stage").result())
			works := time.Since(start)
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
				p.want(1, ours.Replace(f.check))(p.state("check"))
			})
			if f.unlocked != "" {
				took("state unlock", 15*time.Second, func() {
					p.want(1, ours.Replace(f.unlocked))(p.state("unlock", "stage"))
				})
			}
			// In a checkout where nothing was deployed before, as of a colleague or CI,
			// and with something on AWS to make.
			colleague := p.checkout(map[string]block{"stage": topics(p.name, "a")})
			if f.deploy != "" {
				took("deploy", max(30*time.Second, 6*works), func() {
					p.want(1, ours.Replace(f.deploy))(colleague.deploys("stage", f.cli))
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
			if f.deploy == "" { // Terraform notices nothing: that is what the check is for
				p.want(0)(p.apply("stage").result())
			}
			if n := p.locksInBucket("stage"); n != 0 {
				t.Error("the lock in the bucket was not given back")
			}
		})
	}
}

// A policy counts only if it denies everybody everything without TLS.
func TestPolicy(t *testing.T) {
	t.Parallel()
	p := newProject(t, nil)
	with := func(key string, value any) block {
		statement := p.deny("aws:SecureTransport")
		statement[key] = value
		return statement
	}
	condition := func(value any) block { return block{"Bool": block{"aws:SecureTransport": value}} }
	for name, statement := range map[string]block{
		"as the project makes it": with("Principal", block{"AWS": "*"}),
		"lists":                   with("Action", []string{"s3:*"}),
		"a boolean":               with("Condition", condition([]bool{false})),
	} {
		p.putPolicy(statement)
		if output := p.want(0)(p.state("check")); !strings.Contains(output, "TLS only") {
			t.Errorf("%s:\n%s", name, output)
		}
	}
	for name, statement := range map[string]block{
		"reading alone":  with("Action", "s3:GetObject"),
		"one person":     with("Principal", block{"AWS": "arn:aws:iam::123456789012:user/alice"}),
		"objects alone":  with("Resource", "arn:aws:s3:::"+p.bucket+"/*"),
		"another bucket": with("Resource", []string{"arn:aws:s3:::other", "arn:aws:s3:::other/*"}),
		"with TLS":       with("Condition", condition("true")),
		"a condition more": with("Condition", block{
			"Bool": block{"aws:SecureTransport": "false"}, "StringEquals": block{"aws:PrincipalTag/team": "web"},
		}),
	} {
		p.putPolicy(statement)
		if output, status := p.state("check"); status != 1 || !strings.Contains(output, "no statement of the bucket policy denies it to everybody") {
			t.Errorf("%s: exit status %d:\n%s", name, status, output)
		}
	}
}

// The bucket is gone with all that was in it, and a new one made. What the
// lost state knew is found on AWS.
func TestBucketGone(t *testing.T) {
	if !*long {
		t.Skip("with -long only: it takes a minute")
	}
	t.Parallel()
	p := newProject(t, nil)
	p.stack("stage", "both", servers(p.name, 1))
	p.stack("prod", "both", data(1)) // with nothing on AWS
	for _, stack := range []string{"stage", "prod"} {
		p.init(stack)
		p.want(0)(p.apply(stack).result())
	}
	p.deleteBucket()
	p.want(1, "there is no bucket", "make it: go run ./cmd/state bootstrap")(p.state("check"))
	p.makeBucket()
	for _, stack := range []string{"stage", "prod"} {
		p.want(1, sawDigest)(p.apply(stack).result())
	}
	p.want(0, "Imported: 15 resources.")(p.state("adopt", "stage", "--yes"))
	if diff := p.want(0)(p.terraform("stage", "plan")); !strings.Contains(diff, "No changes.") && !strings.Contains(diff, "0 to add, ") {
		t.Errorf("the next deploy would make something anew:\n%s", diff)
	}
	p.want(0)(p.apply("stage").result())
	p.complete("stage")
	p.want(0, "repaired", "Nothing that was made is missing")(p.state("unlock", "prod", "--yes"))
	p.want(0, "1 added")(p.apply("prod").result())
}
