// Package deploy_test deploys all three stacks onto a local AWS as a user
// does: the pinned cdktf CLI, the real Terraform, the real AWS provider.
package deploy_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/provider"
	"example.com/webserver-cluster/tests/workcopy"
)

// TestDeploy is one story: each part needs what the parts before have made.
func TestDeploy(t *testing.T) {
	ctx := t.Context()
	if err := localaws.CheckTools(ctx); err != nil {
		t.Fatal(err)
	}
	// A context that outlives the test's own, which ends before Cleanup.
	cloud, err := localaws.Start(context.Background(), localaws.Options{Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	// The provider is started each time, as it is for a user.
	p, err := workcopy.New(filepath.Join(t.TempDir(), "project"), append(cloud.Environ(), provider.LessGC))
	if err != nil {
		t.Fatal(err)
	}
	set, err := project.Load(p.Dir)
	if err != nil {
		t.Fatal(err)
	}
	config := cloud.Config()
	config.Region = set.Region
	s := story{T: t, cloud: cloud, project: p, settings: set, config: config}

	s.step("bootstrap makes the state store and moves its state there", s.bootstrap)
	s.step("bootstrap again changes nothing", s.bootstrapAgain)
	s.step("stage and prod deploy, each under its lock", s.deploy)
	s.step("a second deploy changes nothing", s.deployAgain)
	s.step("diff says so too", s.diff)
	s.step("output prints what others need", s.output)
	s.step("the states are in the bucket, versioned, without secrets", s.states)
	s.step("nobody reads them without TLS", s.tlsOnly)
	s.step("what a dead deploy makes can be found", s.findable)
	s.step("destroy leaves nothing of stage and all of prod", s.destroyStage)
	s.step("prod and the state store cannot be destroyed", s.destroyProtected)
	s.step("AWS would have refused nothing of it", s.refused)
}

// refused fails for each request that AWS refuses. Not all of them end a deploy:
// the provider asks for some things just to see.
func (s story) refused(t *testing.T) {
	for _, r := range s.cloud.Refused() {
		t.Error(r)
	}
}

func (s story) bootstrapCommand(t *testing.T) string {
	t.Helper()
	output, err := workcopy.Run(s.project.Command(t.Context(), "go", "run", "./cmd/state", "bootstrap", "--yes"), nil)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return output
}

func (s story) bootstrap(t *testing.T) {
	s.bootstrapCommand(t)
	if resources := s.resources(t, "state"); !resources["aws_s3_bucket.store_bucket"] || !resources["aws_dynamodb_table.store_locks"] {
		t.Errorf("the state in the bucket holds %v", resources)
	}
	if left, _ := filepath.Glob(filepath.Join(s.project.Dir, "terraform.*.tfstate*")); len(left) > 0 {
		t.Errorf("a local state is left: %v", left)
	}
}

func (s story) bootstrapAgain(t *testing.T) {
	before := s.versions(t, "state")
	output := s.bootstrapCommand(t)
	if !strings.Contains(output, "No changes.") {
		t.Errorf("the second bootstrap printed no \"No changes.\":\n%s", output)
	}
	if after := s.versions(t, "state"); after != before {
		t.Errorf("it wrote the state: %d versions, then %d", before, after)
	}
}

func (s story) deploy(t *testing.T) {
	locks := s.watchLocks(t)
	output := s.cdktf(t, "deploy", "stage", "prod", "--auto-approve")
	if n := strings.Count(output, "Apply complete!"); n != 2 {
		t.Errorf("%d stacks say \"Apply complete!\"\n%s", n, output)
	}
	seen := locks()
	for _, stack := range []string{"stage", "prod"} {
		for _, place := range []string{"table", "bucket"} {
			if !seen[place+" "+stack] {
				t.Errorf("no lock of %s was seen in the %s during the apply; seen: %v", stack, place, seen)
			}
		}
	}
	if strings.Contains(output, "end-of-life") {
		t.Errorf("Node.js's end-of-life banner is in the output")
	}
}

func (s story) deployAgain(t *testing.T) {
	// The state may be written all the same: reading everything anew fills in
	// what AWS had not known yet when it was made.
	output := s.cdktf(t, "deploy", "stage", "prod", "--auto-approve")
	if n := strings.Count(output, "No changes."); n != 2 {
		t.Errorf("%d of 2 stacks have no changes:\n%s", n, output)
	}
}

func (s story) diff(t *testing.T) {
	if output := s.cdktf(t, "diff", "stage"); !strings.Contains(output, "No changes.") {
		t.Errorf("cdktf diff stage printed\n%s", output)
	}
}

func (s story) output(t *testing.T) {
	s.cdktf(t, "output", "stage", "prod", "--outputs-file", "outputs.json")
	content, err := os.ReadFile(filepath.Join(s.project.Dir, "outputs.json"))
	if err != nil {
		t.Fatal(err)
	}
	var outputs map[string]map[string]string
	if err := json.Unmarshal(content, &outputs); err != nil {
		t.Fatal(err)
	}
	for _, stack := range []string{"stage", "prod"} {
		for name, rule := range map[string]string{
			"url":                             `^http://.+`,
			"load_balancer_dns_name":          `.+`,
			"load_balancer_security_group_id": `^sg-`,
			"instance_security_group_id":      `^sg-`,
			"database_security_group_id":      `^sg-`,
			"autoscaling_group_name":          `^` + s.settings.Project + `-` + stack + `-`,
			"target_group_arn":                `^arn:aws:elasticloadbalancing:`,
			"database_address":                `^` + s.settings.Project + `-` + stack + `\.`,
			"database_port":                   `^3306$`,
			"database_secret_arn":             `^arn:aws:secretsmanager:`,
			"vpc_id":                          `^vpc-`,
			"dashboard_url":                   `^https://console\.aws\.amazon\.com/cloudwatch/home\?region=` + s.settings.Region + `#dashboards/dashboard/` + s.settings.Project + `-` + stack + `$`,
		} {
			if value := outputs[stack][name]; !regexp.MustCompile(rule).MatchString(value) {
				t.Errorf("the output %s of %s is %q, want %s", name, stack, value, rule)
			}
		}
	}
}
