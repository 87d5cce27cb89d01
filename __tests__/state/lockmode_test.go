package state_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/webserver-cluster/tests/usual"
)

// A project goes from DynamoDB's lock over both to S3's alone, and back. At each
// step deploys work, and one in the mode before keeps out one in the mode after.
func TestLockModes(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newProject(t, nil)
	p.setting("stateLock", "dynamodb")
	p.stack("prod", "dynamodb", data(1))
	p.init("prod")
	p.want(0)(p.apply("prod").result())
	p.want(2, `go to "both" first`)(p.state("lock-mode", "s3", "--yes"))
	colleague := p.checkout(nil)
	colleague.stack("prod", "dynamodb", data(1))
	colleague.init("prod")

	before := "dynamodb"
	for i, mode := range []string{"both", "s3", "both", "dynamodb"} {
		p.want(0, fmt.Sprintf("The lock mode is %q now", mode))(p.state("lock-mode", mode, "--yes"))

		// A checkout that has not heard of it, deploying, and one that has.
		old := p.checkout(map[string]block{})
		old.stack("stage", before, block{"terraform_data": block{fmt.Sprintf("step%d", i): slow()["terraform_data"].(block)["slow"]}})
		old.init("stage")
		holder := old.apply("stage")
		within(t, 30*time.Second, "the lock is taken", func() bool { return p.locks("stage") > 0 })
		p.stack("stage", mode, block{"terraform_data": block{"late": block{"input": i}}})
		p.want(0)(p.terraform("stage", "init", "-input=false", "-reconfigure"))
		p.want(1, sawLock, "Who: "+me())(p.apply("stage").result())
		if mode != "both" { // the next step wants this lock, too
			p.want(3, "stage is locked by "+me())(p.state("lock-mode", "both", "--yes"))
		}
		old.write(stackFolder("stage")+"/go", "")
		old.want(0)(holder.result())

		// A digest that lags behind, because the one before did not keep it up, or
		// is kept from before, is no obstacle for the lock's own users.
		output, status := p.apply("stage").result()
		if status != 0 && strings.Contains(strings.Join(strings.Fields(output), " "), sawDigest) {
			p.want(0, "repaired")(p.state("unlock", "stage", "--yes"))
			output, status = p.apply("stage").result()
		}
		p.want(0)(output, status)

		p.stack("prod", mode, data(i+2))
		p.want(0)(p.terraform("prod", "init", "-input=false"))
		p.want(0, "1 added")(p.apply("prod").result())
		p.want(0, "No changes.")(p.terraform("prod", "plan"))
		if want := map[string]bool{"both": true, "dynamodb": true}[mode]; (p.item(p.bucket+"/prod/terraform.tfstate-md5") != nil) != want {
			t.Errorf("in mode %s the table has a digest: %v, want %v", mode, !want, want)
		}
		before = mode
	}

	// Somebody pulls who deployed in another mode before.
	p.want(0)(p.state("lock-mode", "both", "--yes"))
	colleague.stack("prod", "both", data(5))
	p.want(1, "Backend configuration changed")(colleague.cdktf("deploy", "prod", "--auto-approve").result())
	must(t, os.Remove(filepath.Join(colleague.dir, stackFolder("prod"), ".terraform", "terraform.tfstate")))
	p.want(0, "No changes.")(colleague.cdktf("deploy", "prod", "--auto-approve").result())

	for _, stack := range []string{"stage", "prod"} {
		if n := p.locks(stack); n != 0 {
			t.Errorf("%s: there are %d locks", stack, n)
		}
	}
	figure(t, "dynamodb -> both -> s3 -> both -> dynamodb: a deploy from before each step kept out one from after it; serial of prod %d", p.newest("prod").Serial)
}
