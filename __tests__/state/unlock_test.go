package state_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"example.com/webserver-cluster/tests/usual"
)

// A lock is not taken from somebody whose deploy may still be running.
func TestUnlockRefuses(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": slow(), "prod": data(1)})
	p.init("stage")
	holder := p.apply("stage")
	within(t, 30*time.Second, "the lock is taken", func() bool { return p.locks("stage") == 2 })
	p.want(3, "stage is locked: by "+me(), "may still be running: terraform has been running", "state unlock stage --force")(p.state("unlock", "stage", "--yes"))
	// Not even if its data folder was cleared away.
	data := filepath.Join(p.dir, stackFolder("stage"), ".terraform")
	must(t, os.Rename(data, data+".away"))
	p.want(3, "may still be running: terraform has been running")(p.state("unlock", "stage", "--yes"))
	must(t, os.Rename(data+".away", data))
	// Nor if, moving a state, it works in a folder whose record names another backend.
	record, err := os.ReadFile(filepath.Join(data, "terraform.tfstate"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(data, "terraform.tfstate"), bytes.ReplaceAll(record, []byte(p.bucket), []byte("elsewhere")), 0o600))
	p.lockedFor("prod", me(), "migration destination state", time.Now().UTC())
	p.want(3, "may still be running: terraform has been running")(p.state("unlock", "prod", "--yes"))
	must(t, os.WriteFile(filepath.Join(data, "terraform.tfstate"), record, 0o600))
	p.want(0, "prod is unlocked")(p.state("unlock", "prod", "--force", "--yes"))
	p.write(stackFolder("stage")+"/go", "")
	p.want(0)(holder.result())

	p.lockedBy("stage", "alice@laptop")
	p.want(3, "by alice@laptop", "cannot be seen from here", "Ask alice@laptop")(p.state("unlock", "stage", "--yes"))
	p.want(4, "Take the lock away?", "not confirmed")(p.state("unlock", "stage", "--force"))
	if n := p.locks("stage"); n != 1 {
		t.Errorf("there are %d locks, want alice's", n)
	}
	p.want(0, "stage is unlocked")(p.state("unlock", "stage", "--force", "--yes"))
	p.want(0, "stage is not locked")(p.state("unlock", "stage"))
	p.want(1, "prod: no state in bucket")(p.state("unlock", "prod"))
}

// What the page tells a user to type.
func TestMakeUnlock(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newProject(t, map[string]block{"stage": data(1)})
	for _, name := range []string{"Makefile", "go.mod", "go.sum", "cmd", "internal"} {
		must(t, os.Symlink(filepath.Join(root, name), filepath.Join(p.dir, name)))
	}
	p.lockedBy("stage", me())
	p.want(0, "stage is locked", "Take the lock away?", "stage is unlocked.")(p.start(".", "yes\n", "make", "-o", "node_modules/.package-lock.json", "unlock", "ENV=stage").result())
	if n := p.locks("stage"); n != 0 {
		t.Errorf("there are %d locks", n)
	}
}

// aliceLock is the id of the lock that lockedBy lays.
const aliceLock = "11111111-2222-3333-4444-555555555555"

// lockedBy lays a lock of an apply, an hour old, into the table as Terraform does,
// and returns since when it is there.
func (p *project) lockedBy(stack, who string) time.Time {
	since := time.Now().Add(-time.Hour).UTC()
	p.lockedFor(stack, who, "OperationTypeApply", since)
	return since
}

// lockedFor lays a lock of an operation.
func (p *project) lockedFor(stack, who, operation string, created time.Time) {
	info, err := json.Marshal(block{
		"ID": aliceLock, "Operation": operation, "Info": "", "Who": who,
		"Version": "1.11.4", "Created": created, "Path": p.bucket + "/" + stack + "/terraform.tfstate",
	})
	must(p.t, err)
	_, err = dynamodb.NewFromConfig(cloud.Config()).PutItem(p.t.Context(), &dynamodb.PutItemInput{
		TableName: &p.table,
		Item: map[string]dbtypes.AttributeValue{
			"LockID": &dbtypes.AttributeValueMemberS{Value: p.bucket + "/" + stack + "/terraform.tfstate"},
			"Info":   &dbtypes.AttributeValueMemberS{Value: string(info)},
		},
	})
	must(p.t, err)
}

// Ctrl-C at a question ends the command.
func TestInterruptedAtQuestion(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(1)})
	p.lockedBy("stage", me())
	input, answers, err := os.Pipe()
	must(t, err)
	defer answers.Close()
	proc := p.startWith(".", input, stateAt, "unlock", "stage")
	within(t, 30*time.Second, "it asks", func() bool { return strings.Contains(proc.said(), "Take the lock away?") })
	must(t, proc.Process.Signal(os.Interrupt))
	within(t, 30*time.Second, "it ends", func() bool {
		select {
		case <-proc.ended:
			return true
		default:
			return false
		}
	})
	p.want(4, "not confirmed")(proc.result())
	if n := p.locks("stage"); n != 1 {
		t.Errorf("there are %d locks, want the one that was there", n)
	}
}
