package roles_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/state"
)

// unrecorded are resources of stage that each way to find some has to find: by all tags, by
// EC2's, among IAM's roles and instance profiles, and without tags.
var unrecorded = []string{
	"aws_kms_key.alerts_key", "aws_ssm_parameter.web_image",
	"aws_subnet.network_public_1", "aws_vpc_security_group_ingress_rule.mysql_from_web",
	"aws_iam_role.web_role", "aws_iam_instance_profile.web_profile",
	"aws_route_table_association.network_public_1_association", "aws_iam_role_policy_attachment.web_session_manager",
}

// checkout is a folder in which a job runs the command "state".
type checkout struct {
	*worker
	folder string
}

// checkout makes one with the test's settings, whose app synthesizes what is in the folder
// synthesized now.
func (j *worker) checkout(synthesized string) checkout {
	j.Helper()
	c := checkout{j, j.TempDir()}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err == nil {
		err = os.CopyFS(filepath.Join(c.folder, "app"), os.DirFS(synthesized))
	}
	if err == nil {
		err = os.Symlink(filepath.Join(root, "node_modules"), filepath.Join(c.folder, "node_modules"))
	}
	if err != nil {
		j.Fatal(err)
	}
	c.write(project.File, map[string]any{
		"language": "go", "app": "sh -c 'mkdir -p $CDKTF_OUTDIR && cp -R app/. $CDKTF_OUTDIR'", "projectId": "test", "sendCrashReports": "false", "context": settings,
	})
	build := exec.Command("go", "build", "-o", filepath.Join(c.folder, "state"), "./cmd/state")
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		j.Fatalf("%v: %v\n%s", build.Args, err, output)
	}
	return c
}

// write writes a file of JSON.
func (c checkout) write(name string, value any) {
	c.Helper()
	content, err := json.Marshal(value)
	path := filepath.Join(c.folder, name)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		c.Fatal(err)
	}
}

// state runs the command, which has to succeed, and returns what it says.
func (c checkout) state(args ...string) string {
	c.Helper()
	command := exec.Command(filepath.Join(c.folder, "state"), args...)
	command.Dir, command.Env = c.folder, append(slices.Clone(c.env), "TF_REATTACH_PROVIDERS=") // which the command refuses
	output, err := command.CombinedOutput()
	if err != nil {
		c.Fatalf("state %v: %v\n%s\n%s", args, err, output, strings.Join(c.refusals(), "\n"))
	}
	c.Logf("state %v:\n%s", args, output)
	return string(output)
}

// killed leaves behind what "state deploy stage" does in this folder when it and all that it
// has started are killed: its record, and its lock.
func (c checkout) killed() {
	c.Helper()
	ended := exec.Command("true")
	if err := ended.Run(); err != nil {
		c.Fatal(err)
	}
	stage := state.On(c.config, settings).Stack("stage")
	lock := stage.NewLock(state.DeployOperation, "")
	lock.Info = fmt.Sprintf("process %d", ended.Process.Pid)
	c.write(filepath.Join("build", "deploy-stage", "lock.json"), map[string]any{"Lock": lock})
	if _, err := stage.Take(c.Context(), lock, nil); err != nil {
		c.Fatal(err)
	}
}
