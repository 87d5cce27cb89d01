package state_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"

	"example.com/webserver-cluster/tests/usual"
)

// A bad apply is taken back: the versions are listed, an older one comes back
// as a new one, and what leaves the state and comes back into it is shown before.
func TestRollback(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(2)})
	p.init("stage")
	p.want(0)(p.apply("stage").result()) // serial 1: p1, p2
	p.stack("stage", "both", block{"terraform_data": block{"p2": block{"input": 2}, "p3": block{"input": 3}}})
	p.want(0)(p.apply("stage").result()) // p2, p3
	before := p.newest("stage")

	output := p.want(0, "newest")(p.state("versions", "stage"))
	if rows := strings.Count(output, before.Lineage[:8]); rows != len(p.states("stage")) {
		t.Errorf("%d rows, %d versions:\n%s", rows, len(p.states("stage")), output)
	}
	newest := fmt.Sprintf(`│ +%d │ %s \d\d:\d\d:\d\d │ [\d.]+K?B +│ +2 │ %s │ \S+ │ newest │`, before.Serial, time.Now().Format(time.DateOnly), before.Lineage[:8])
	if !regexp.MustCompile(newest).MatchString(output) {
		t.Errorf("no row is like %s:\n%s", newest, output)
	}
	if short := p.want(0, "newest")(p.state("versions", "stage", "--limit", "1")); strings.Count(short, before.Lineage[:8]) != 1 {
		t.Errorf("with --limit 1:\n%s", short)
	}
	p.lockedBy("stage", "alice@laptop")
	p.want(3, "stage is locked by alice@laptop since ")(p.state("rollback", "stage", "1", "--yes"))
	p.want(0)(p.state("unlock", "stage", "--force", "--yes"))
	versions := len(p.states("stage"))
	p.want(4, "remove 1 resource from the state,", "- terraform_data.p3", "add 1 resource to the state,", "+ terraform_data.p1", "not confirmed")(p.state("rollback", "stage", "1"))
	if s := p.newest("stage"); s.Serial != before.Serial {
		t.Errorf("serial %d without a yes, want %d", s.Serial, before.Serial)
	}
	p.want(0, fmt.Sprintf("stage is back at serial 1, as serial %d", before.Serial+1))(p.state("rollback", "stage", "1", "--yes"))
	after := p.newest("stage")
	if n := len(p.states("stage")); n != versions+1 {
		t.Errorf("%d versions before, %d after", versions, n)
	}
	if after.Serial != before.Serial+1 || after.Lineage != before.Lineage || strings.Join(after.addresses(), " ") != "terraform_data.p1 terraform_data.p2" {
		t.Errorf("after the rollback: %+v", after)
	}
	// Terraform takes it: lock, digest and serial are in order.
	p.stack("stage", "both", data(2))
	p.want(0, "No changes.")(p.terraform("stage", "plan"))
}

// A rollback that waits for its answer while somebody deploys changes nothing.
func TestRollbackOvertaken(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(1)})
	p.init("stage")
	p.want(0)(p.apply("stage").result())
	p.stack("stage", "both", data(2))
	p.want(0)(p.apply("stage").result())
	p.stack("stage", "both", data(3))
	overtaken := false
	p.wire.watch(func(c call, _ http.ResponseWriter, pass func()) {
		if isPut(".tflock")(c) && strings.Contains(c.Body, "state rollback") && !overtaken {
			overtaken = true
			p.want(0)(p.apply("stage").result())
		}
		pass()
	})
	p.want(1, "the state of stage has changed in the meantime; nothing was written")(p.state("rollback", "stage", "1", "--yes"))
	if s := p.newest("stage"); len(s.addresses()) != 3 {
		t.Errorf("the newest state knows %v", s.addresses())
	}
	if n := p.locks("stage"); n != 0 {
		t.Errorf("there are %d locks", n)
	}
}

// A deleted state comes back, and until then nobody starts from nothing.
func TestDeletedState(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(2)})
	p.init("stage")
	p.want(0)(p.apply("stage").result())
	p.deleteState("stage")
	p.want(1, sawDigest)(p.apply("stage").result())
	p.want(1, "the state was deleted: restore an older version: go run ./cmd/state versions stage, then go run ./cmd/state rollback stage VERSION")(p.state("check", "stage"))
	p.want(1, "the state was deleted: restore an older version")(p.state("unlock", "stage"))
	p.want(0, "deleted here")(p.state("versions", "stage"))
	p.lockedBy("stage", me()) // and the deploy that deleted it was killed
	p.want(1, "state deleted", "stage is unlocked. state: the state was deleted: restore an older version")(p.state("unlock", "stage", "--yes"))
	p.want(4, "The state of stage is deleted", "remove no resource from the state")(p.state("rollback", "stage", "1"))
	p.want(0, "The state of stage is deleted", "stage is back at serial 1, as serial 2")(p.state("rollback", "stage", "1", "--yes"))
	p.want(0, "No changes.")(p.terraform("stage", "plan"))
}

// With locks in S3 alone there is no digest that would keep Terraform from starting
// from nothing; the check tells.
func TestDeletedStateWithoutDigest(t *testing.T) {
	t.Parallel()
	p := newProject(t, nil)
	p.setting("stateLock", "s3")
	p.stack("stage", "s3", data(2))
	p.init("stage")
	p.want(0)(p.apply("stage").result())
	p.deleteState("stage")
	p.want(0, "2 to add")(p.terraform("stage", "plan"))
	p.want(1, "the state was deleted")(p.state("check"))
	p.want(0, "as serial 2")(p.state("rollback", "stage", "1", "--yes"))
	p.want(0, "No changes.")(p.terraform("stage", "plan"))
}

// What a rollback forgets is still on AWS, and is imported again: nothing is made
// twice.
func TestRollbackAndAdopt(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newProject(t, nil)
	all := servers(p.name, 1)
	topic, logs := all["aws_sns_topic"], all["aws_cloudwatch_log_group"]
	p.stack("stage", "both", block{"aws_sns_topic": topic})
	p.init("stage")
	p.want(0)(p.apply("stage").result())
	p.stack("stage", "both", block{"aws_sns_topic": topic, "aws_cloudwatch_log_group": logs})
	p.want(0)(p.apply("stage").result())
	p.want(0, "remove 1 resource from the state, still on AWS", "- aws_cloudwatch_log_group.network_flow_logs", "add no resource to the state", "Restore it?", "Import what it removed and AWS still has: go run ./cmd/state adopt stage")(p.start(".", "yes\n", stateAt, "rollback", "stage", "1").result())
	p.want(1, "already exists")(p.apply("stage").result())
	p.want(0, "Made but not in the state: 1 resource:", "aws_cloudwatch_log_group.network_flow_logs", "Imported: 1 resource.")(p.start(".", "yes\n", stateAt, "adopt", "stage").result())
	p.want(0, "Nothing that was made is missing")(p.state("adopt", "stage"))
	p.want(0, "0 added")(p.apply("stage").result())
	if a := p.accounted("stage"); a.there != 2 {
		t.Errorf("there are %d resources, want 2", a.there)
	}
}

// A deleted state is judged by what it was last: what a version from before it
// forgets, and whether it is of the same history.
func TestDeletedStateIsCompared(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(1)})
	p.init("stage")
	p.want(0)(p.apply("stage").result())
	p.stack("stage", "both", data(2))
	p.want(0)(p.apply("stage").result())
	p.deleteState("stage")
	p.want(4, "remove 1 resource from the state,", "- terraform_data.p2")(p.state("rollback", "stage", "1"))
	p.putState("stage", `{"version": 4, "terraform_version": "1.10.0", "serial": 7, "lineage": "another", "outputs": {}, "resources": []}`)
	p.deleteState("stage")
	p.want(1, "the lineages differ: the newest state is another", "--other-lineage")(p.state("rollback", "stage", "1", "--yes"))
}

// Somebody copies an old state over the new one, past the lock and the digest: that
// is not taken for a digest which lags.
func TestOverwrittenState(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(1)})
	p.init("stage")
	p.want(0)(p.apply("stage").result())
	old := p.content("stage")
	p.stack("stage", "both", data(2))
	p.want(0)(p.apply("stage").result())
	p.putState("stage", old)
	p.want(1, "an older state was put over a newer one: serial 1 over 2: restore an older version: ")(p.state("check", "stage"))
	p.want(1, "an older state was put over a newer one: serial 1 over 2: restore an older version: ")(p.state("unlock", "stage", "--yes"))
	p.want(1, sawDigest)(p.apply("stage").result())
	p.want(0, "as serial 3")(p.state("rollback", "stage", "2", "--yes"))
	p.want(0, "No changes.")(p.terraform("stage", "plan"))
	if n := p.locks("stage"); n != 0 {
		t.Errorf("there are %d locks", n)
	}

	// Or the old one is what is meant.
	p.putState("stage", old)
	newest, _, _ := strings.Cut(p.versionID("stage"), "-")
	p.want(0, "as serial 4")(p.state("rollback", "stage", newest, "--yes"))
	p.want(0, "1 to add")(p.terraform("stage", "plan"))
}

// content is a stack's newest state as it is in the bucket.
func (p *project) content(stack string) string {
	object, err := s3.NewFromConfig(cloud.Config()).GetObject(p.t.Context(), &s3.GetObjectInput{Bucket: &p.bucket, Key: aws.String(stack + "/terraform.tfstate")})
	must(p.t, err)
	defer object.Body.Close()
	content, err := io.ReadAll(object.Body)
	must(p.t, err)
	return string(content)
}

// versionID is the id of a stack's newest state.
func (p *project) versionID(stack string) string {
	object, err := s3.NewFromConfig(cloud.Config()).HeadObject(p.t.Context(), &s3.HeadObjectInput{Bucket: &p.bucket, Key: aws.String(stack + "/terraform.tfstate")})
	must(p.t, err)
	return *object.VersionId
}

// A name that no stack has leaves nothing behind.
func TestUnknownStack(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(1)})
	p.wire.watch(nil)
	p.want(1, `the code has no stack "stgae": there are stage`)(p.state("adopt", "stgae"))
	for _, c := range p.wire.calls() {
		if c.writes() {
			t.Errorf("it wrote: %v", c)
		}
	}
}

// Without versions, a rollback would overwrite what cannot be brought back.
func TestRollbackNeedsVersions(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(1)})
	p.init("stage")
	p.want(0)(p.apply("stage").result())
	p.stack("stage", "both", data(2))
	p.want(0)(p.apply("stage").result())
	p.versioning(s3types.BucketVersioningStatusSuspended)
	p.want(1, "the bucket keeps no versions", "npx cdktf deploy state")(p.state("rollback", "stage", "1", "--yes"))
	if s := p.newest("stage"); s.Serial != 2 {
		t.Errorf("serial %d, want 2", s.Serial)
	}
}

// Bytes that are no state are found and an older version brought back.
func TestBrokenState(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(2)})
	p.init("stage")
	p.want(0)(p.apply("stage").result())
	p.putState("stage", `{"version": 4, "serial": 2, "lin`)
	p.want(1, "are no Terraform state", "restore an older version: go run ./cmd/state versions stage")(p.state("check", "stage"))
	p.lockedBy("stage", me()) // and the deploy that broke it was killed
	p.want(1, "state broken", "stage is unlocked.", "restore an older version")(p.state("unlock", "stage", "--yes"))
	p.want(0, "no state")(p.state("versions", "stage"))
	p.want(0, "The state of stage is broken")(p.state("rollback", "stage", "1", "--yes"))
	p.want(0, "No changes.")(p.terraform("stage", "plan"))
}

// Somebody lost the state and began anew. The old history comes back only if
// that is meant.
func TestOtherLineage(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(1)})
	p.init("stage")
	p.want(0)(p.apply("stage").result())
	old := p.newest("stage")
	p.putState("stage", `{"version": 4, "terraform_version": "1.10.0", "serial": 7, "lineage": "another", "outputs": {}, "resources": []}`)
	p.want(1, "the lineages differ: the newest state is another, version", "--other-lineage")(p.state("rollback", "stage", "1", "--yes"))
	p.want(0, "as serial 8")(p.state("rollback", "stage", "1", "--yes", "--other-lineage"))
	if s := p.newest("stage"); s.Lineage != old.Lineage || s.Serial != 8 {
		t.Errorf("after the rollback: %+v", s)
	}
	p.want(0, "No changes.")(p.terraform("stage", "plan"))
}

// Wrong command lines end with 2 and say what is right.
func TestUsage(t *testing.T) {
	t.Parallel()
	p := newProject(t, nil)
	for _, args := range [][]string{{"unlock"}, {"versions", "a", "b"}, {"versions", "a", "--limit", "-1"}, {"rollback", "stage"}, {"lock-mode", "none"}, {"check", "--what"}, {"nothing"}, {"bootstrap"}} {
		p.want(2, "See: go run ./cmd/state")(p.state(args...))
	}
	p.want(1, "stage: no state in bucket "+p.bucket)(p.state("versions", "stage"))
	must(t, os.Remove(filepath.Join(p.dir, "cdktf.json")))
	p.want(1, "this runs in the project's folder only")(p.state("check"))
}

func (p *project) deleteState(stack string) {
	_, err := s3.NewFromConfig(cloud.Config()).DeleteObject(p.t.Context(), &s3.DeleteObjectInput{
		Bucket: &p.bucket, Key: aws.String(stack + "/terraform.tfstate"),
	})
	must(p.t, err)
}

func (p *project) putState(stack, content string) {
	_, err := s3.NewFromConfig(cloud.Config()).PutObject(p.t.Context(), &s3.PutObjectInput{
		Bucket: &p.bucket, Key: aws.String(stack + "/terraform.tfstate"), Body: strings.NewReader(content),
	})
	must(p.t, err)
}
