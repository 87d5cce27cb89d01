package state_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	rdstypes "github.com/aws/aws-sdk-go-v2/service/rds/types"

	"example.com/webserver-cluster/internal/state"
	"example.com/webserver-cluster/tests/usual"
)

// A deploy that replaces a resource is killed: the state knows the old one,
// AWS has the new one, too. The next deploy, which makes one, deletes both.
func TestKilledWhileReplacing(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newProject(t, nil)
	stack := func(version int) block {
		all := servers(p.name, version)
		return block{"aws_vpc": all["aws_vpc"], "aws_lb_target_group": all["aws_lb_target_group"]}
	}
	p.stack("stage", "both", stack(1))
	p.init("stage")
	p.want(0)(p.apply("stage").result())
	p.stack("stage", "both", stack(2))
	p.killedAt("stage", kill{name: "new target group made", at: is("CreateTargetGroup"), acted: true})
	if n := len(p.made("stage")); n != 3 {
		t.Fatalf("there are %d resources after the kill, want 3", n)
	}
	p.want(0, "aws_lb_target_group.web_targets", "Imported: 1 resource.")(p.state("unlock", "stage", "--yes"))
	p.want(1, "the last deploy did not finish aws_lb_target_group.web_targets: npx cdktf deploy stage")(p.state("check", "stage"))
	p.want(0, "(deposed object", "1 to add, 0 to change, 2 to destroy")(p.apply("stage").result())
	p.want(0, "state of stage")(p.state("check", "stage"))
	if a := p.accounted("stage"); a.there != 2 {
		t.Errorf("there are %d resources, want 2", a.there)
	}
}

// What cannot be imported is named and keeps the stack locked; the rest is imported.
func TestImportFails(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newProject(t, nil)
	p.stack("stage", "both", topics(p.name, "a", "b"))
	p.init("stage")
	p.killedAt("stage", kill{name: "state on its way", at: isPut("/terraform.tfstate")})
	p.wire.watch(func(c call, w http.ResponseWriter, pass func()) {
		if c.Action == "GetTopicAttributes" && strings.Contains(c.Body, p.name+"-b") {
			refuse(c, w, refusal{http.StatusForbidden, "AuthorizationError", "User: alice is not authorized to perform: SNS:GetTopicAttributes"})
			return
		}
		pass()
	})
	p.want(1, "aws_sns_topic.a imported", "aws_sns_topic.b cannot be imported", "import aws_sns_topic.b", "is not authorized",
		"Imported: 1 resource.", "To unlock stage without the import: --no-adopt", "stage stays locked; continue with: go run ./cmd/state unlock stage")(p.state("unlock", "stage", "--yes"))
	if n := p.locks("stage"); n != 2 {
		t.Errorf("there are %d locks, want 2", n)
	}
	p.want(0, "stage is unlocked")(p.state("unlock", "stage", "--yes", "--no-adopt"))
	if got := strings.Join(p.newest("stage").addresses(), " "); got != "aws_sns_topic.a" {
		t.Errorf("the state knows %s", got)
	}
	p.wire.watch(nil)
	p.want(0, "aws_sns_topic.b imported")(p.state("adopt", "stage", "--yes"))
	p.want(0)(p.apply("stage").result())
	if a := p.accounted("stage"); a.there != 2 {
		t.Errorf("there are %d resources, want 2", a.there)
	}
}

// AWS's list of tags does not know yet what the killed deploy made. The network, of
// which everything could be made twice, is found all the same.
func TestTagsLag(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newProject(t, nil)
	all := servers(p.name, 1)
	p.stack("stage", "both", block{"aws_vpc": all["aws_vpc"], "aws_subnet": all["aws_subnet"], "aws_sns_topic": all["aws_sns_topic"]})
	p.init("stage")
	p.killedAt("stage", kill{name: "state on its way", at: isPut("/terraform.tfstate")})
	p.wire.watch(func(c call, w http.ResponseWriter, pass func()) {
		if c.Action == "GetResources" {
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			fmt.Fprint(w, `{"ResourceTagMappingList": []}`)
			return
		}
		pass()
	})
	p.want(0, "aws_vpc.network_vpc", "aws_subnet.network_public_1", "Write 2 resources into the state?", "Imported: 2 resources.", "AWS lists new resources some minutes late")(p.start(".", "yes\nyes\n", stateAt, "unlock", "stage").result())
	p.wire.watch(nil) // the minutes are over
	p.want(0, "Imported: 1 resource.")(p.state("adopt", "stage", "--yes"))
	p.want(0)(p.apply("stage").result())
	if a := p.accounted("stage"); a.there != 3 {
		t.Errorf("there are %d resources, want 3", a.there)
	}
}

// RDS gives a restored database the tags of the one it was. It is not taken for
// that one, or the next deploy would destroy it.
func TestRestoredDatabase(t *testing.T) {
	t.Parallel()
	p := newProject(t, nil)
	p.stack("stage", "both", block{"aws_db_instance": block{"database": block{"identifier": p.name + "-stage", "tags": block{nameTag: "database"}}}})
	state, err := state.New().WithSerial(1)
	must(t, err)
	p.putState("stage", string(state.Bytes()))
	tags := []rdstypes.Tag{}
	for key, value := range map[string]string{"Project": p.name, "Environment": "stage", nameTag: "database"} {
		tags = append(tags, rdstypes.Tag{Key: &key, Value: &value})
	}
	_, err = rds.NewFromConfig(cloud.Config()).CreateDBInstance(t.Context(), &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String(p.name + "-stage-restored"), DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("mysql"),
		AllocatedStorage: aws.Int32(20), MasterUsername: aws.String("admin"), ManageMasterUserPassword: aws.Bool(true), Tags: tags,
	})
	must(t, err)
	p.want(0, ":db:"+p.name+"-stage-restored has the tags of aws_db_instance.database, but that is called "+p.name+"-stage: left alone",
		"Nothing that was made is missing")(p.state("adopt", "stage", "--yes"))
}
