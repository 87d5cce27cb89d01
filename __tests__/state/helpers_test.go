package state_test

import (
	"fmt"
	"os"
	"os/user"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// figures is the file that figure appends to.
const figures = "TEST_FIGURES"

// figure prints a figure that the tests measured: in the test's log, which go test
// shows only with -v, and in the file that TEST_FIGURES names, for make test.
func figure(t *testing.T, format string, args ...any) {
	t.Helper()
	line := fmt.Sprintf(format, args...)
	t.Log(line)
	name := os.Getenv(figures)
	if name == "" {
		return
	}
	file, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	must(t, err)
	defer file.Close()
	_, err = fmt.Fprintln(file, line)
	must(t, err)
}

// me is who this process is in a lock.
func me() string {
	u, err := user.Current()
	if err != nil {
		panic(err)
	}
	host, err := os.Hostname()
	if err != nil {
		panic(err)
	}
	return u.Username + "@" + host
}

// locks counts the places that have a lock of the stack.
func (p *project) locks(stack string) int {
	n := p.locksInBucket(stack)
	if p.item(p.bucket+"/"+stack+"/terraform.tfstate") != nil {
		n++
	}
	return n
}

// locksInBucket counts the stack's locks in the bucket: one or none.
func (p *project) locksInBucket(stack string) int {
	file := stack + "/terraform.tfstate.tflock"
	if _, err := s3.NewFromConfig(cloud.Config()).HeadObject(p.t.Context(), &s3.HeadObjectInput{Bucket: &p.bucket, Key: &file}); err != nil {
		return 0
	}
	return 1
}

// item is an item of the lock table, nil if there is none.
func (p *project) item(id string) map[string]dbtypes.AttributeValue {
	output, err := dynamodb.NewFromConfig(cloud.Config()).GetItem(p.t.Context(), &dynamodb.GetItemInput{
		TableName: &p.table, Key: map[string]dbtypes.AttributeValue{"LockID": &dbtypes.AttributeValueMemberS{Value: id}},
	})
	must(p.t, err)
	return output.Item
}
