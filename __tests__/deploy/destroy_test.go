package deploy_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"example.com/webserver-cluster/tests/workcopy"
)

func (s story) destroyStage(t *testing.T) {
	if len(s.tagged(t, "stage")) == 0 {
		t.Fatal("nothing is tagged as stage's, so that this could not see what is left")
	}
	prod := s.tagged(t, "prod")
	s.cdktf(t, "destroy", "stage", "--auto-approve")
	if left := s.resources(t, "stage"); len(left) > 0 {
		t.Errorf("the state still holds %v", left)
	}
	if left := s.tagged(t, "stage"); len(left) > 0 {
		t.Errorf("still there: %v", left)
	}
	if after := s.tagged(t, "prod"); fmt.Sprint(after) != fmt.Sprint(prod) {
		t.Errorf("prod was %v and is %v", prod, after)
	}
}

func (s story) destroyProtected(t *testing.T) {
	for stack, protected := range map[string][]string{
		"prod":  {"aws_db_instance.mysql_instance", "aws_lb.web_lb", "aws_s3_bucket.web_logs_bucket"},
		"state": {"aws_s3_bucket.store_bucket", "aws_dynamodb_table.store_locks"},
	} {
		before, tagged := s.resources(t, stack), s.tagged(t, stack)
		if output, err := s.project.Cdktf(t.Context(), nil, "destroy", stack, "--auto-approve"); err == nil {
			t.Errorf("cdktf destroy %s ended well:\n%s", stack, output)
		}
		// Terraform is asked itself: cdktf 0.21 may end before it has printed what
		// Terraform says last.
		plan := s.project.Command(t.Context(), "terraform", "plan", "-destroy", "-no-color", "-input=false", "-lock=false")
		plan.Dir = filepath.Join(plan.Dir, "cdktf.out", "stacks", stack)
		output, err := workcopy.Run(plan, nil)
		if err == nil || !strings.Contains(output, "prevent_destroy") {
			t.Errorf("a plan to destroy %s ended with %v:\n%s", stack, err, output)
		}
		for _, address := range protected {
			if !strings.Contains(output, address) {
				t.Errorf("the plan to destroy %s does not name %s:\n%s", stack, address, output)
			}
		}
		// The plan said no: nothing has gone.
		if after := s.resources(t, stack); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("%s was %v and is %v", stack, before, after)
		}
		if after := s.tagged(t, stack); fmt.Sprint(after) != fmt.Sprint(tagged) {
			t.Errorf("%s was %v and is %v", stack, tagged, after)
		}
	}
	must(dynamodb.NewFromConfig(s.config).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &s.settings.LockTable}))(t)
}
