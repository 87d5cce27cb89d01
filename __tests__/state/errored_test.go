package state_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.com/webserver-cluster/tests/usual"
)

// The credentials expire in the middle of an apply: Terraform can neither write
// the state nor release the lock. What it left in a file is not lost.
func TestExpiredMeanwhile(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newProject(t, nil)
	p.stack("stage", "both", servers(p.name, 1))
	p.init("stage")
	var expired atomic.Bool
	p.wire.watch(func(c call, w http.ResponseWriter, pass func()) {
		if expired.Load() {
			refuse(c, w, expiredToken)
			return
		}
		if is("CreateAutoScalingGroup")(c) {
			expired.Store(true)
		}
		pass()
	})
	p.want(1, "ExpiredToken", "Failed to persist state to backend", "errored.tfstate")(p.cdktf("deploy", "stage", "--auto-approve").result())
	p.want(1, "the AWS credentials have expired: log in again")(p.state("unlock", "stage", "--yes"))
	p.wire.watch(nil)
	p.want(1, sawLock)(p.apply("stage").result())
	p.want(4, "errored.tfstate is what a deploy from here could not write: serial 1", "not confirmed", "stage stays locked")(p.start(".", "yes\nno\n", stateAt, "unlock", "stage").result())
	if n := p.locks("stage"); n != 2 {
		t.Errorf("there are %d locks, want 2", n)
	}
	p.want(0, "Write it to the bucket?", "Written: the state has serial 1", "stage is unlocked")(p.start(".", strings.Repeat("yes\n", 3), stateAt, "unlock", "stage").result())
	p.want(0)(p.apply("stage").result())
	p.complete("stage")
	if files, _ := filepath.Glob(filepath.Join(p.dir, stackFolder("stage"), "errored*")); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

// The state alone cannot be written: no lock is left, but the next deploy
// must not go on without it.
func TestStateNotWritten(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newProject(t, map[string]block{"stage": data(2)})
	p.init("stage")
	denied := answer(isPut("/terraform.tfstate"), accessDenied)
	denied(p)
	p.want(1, "AccessDenied", "errored.tfstate")(p.apply("stage").result())
	p.wire.watch(nil)
	p.want(4, "Write it to the bucket?", "not confirmed")(p.start(".", "no\n", stateAt, "unlock", "stage").result())
	if n := p.locks("stage"); n != 0 {
		t.Errorf("there are %d locks, where none was before", n)
	}
	p.want(0, "stage is not locked", "Written: the state has serial 1 now and 2 resources")(p.state("unlock", "stage", "--yes"))
	p.want(0, "No changes.")(p.terraform("stage", "plan"))

	// Somebody else has deployed since: theirs stays.
	p.stack("stage", "both", data(3))
	denied(p)
	p.want(1, "errored.tfstate")(p.apply("stage").result())
	p.wire.watch(nil)
	time.Sleep(time.Second) // S3 tells times to the second
	p.want(0)(p.apply("stage").result())
	serial := p.newest("stage").Serial
	p.want(0, "does not follow the state in the bucket", "not written, kept as errored.")(p.state("unlock", "stage", "--yes"))

	// Even if Terraform tried again and again before it gave up, which raises the serial.
	path := filepath.Join(p.dir, stackFolder("stage"), "errored.tfstate")
	kept, err := filepath.Glob(filepath.Join(filepath.Dir(path), "errored.*Z.tfstate"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept: %v, %v", kept, err)
	}
	must(t, os.Rename(kept[0], path))
	info, err := os.Stat(path)
	must(t, err)
	content, err := os.ReadFile(path)
	must(t, err)
	higher := strings.Replace(string(content), `"serial": 2`, `"serial": 9`, 1)
	if higher == string(content) {
		t.Fatalf("no serial 2:\n%s", content)
	}
	must(t, os.WriteFile(path, []byte(higher), 0o600))
	must(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
	p.want(0, "serial 9) does not follow the state in the bucket", "not written, kept as errored.")(p.state("unlock", "stage", "--yes"))
	if s := p.newest("stage"); s.Serial != serial {
		t.Errorf("serial %d, want %d", s.Serial, serial)
	}
}
