package synth_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.com/webserver-cluster/stacks"
)

// TestOutputFolder: a deploy ends with a command of the project, wherever cdktf
// puts what is synthesized, and the state stack's local state lies in the project.
func TestOutputFolder(t *testing.T) {
	t.Setenv("STATE_BACKEND", "local")
	for _, test := range []struct{ name, output, want string }{
		{"the default", "project/cdktf.out", "../../.."},
		{"another name", "project/out2", "../../.."},
		{"deeper", "project/build/out", "../../../.."},
		{"outside", "elsewhere/out", "../../../../project"},
		{"reached by a link", "project/link", "../../../../project"},
	} {
		t.Run(test.name, func(t *testing.T) {
			top, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			project, output := filepath.Join(top, "project"), filepath.Join(top, test.output)
			for _, dir := range []string{project, filepath.Join(top, "elsewhere", "target"), filepath.Dir(output)} {
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Symlink(filepath.Join(top, "elsewhere", "target"), filepath.Join(project, "link")); err != nil {
				t.Fatal(err)
			}
			synthesizeFrom(project, output, synthesized.settings, stacks.Stage)
			rollout := readStack(t, output, "stage").get("terraform_data", "web_rollout")
			expect(t, rollout, "${path.root}/"+test.want, "provisioner", 0, "local-exec", "working_dir")
			expect(t, rollout, `${fileexists("${path.root}/`+test.want+`/cmd/rollout/main.go")}`, "lifecycle", "precondition", 0, "condition")
			expect(t, readStack(t, output, "state").json, test.want+"/terraform.state.tfstate", "terraform", "backend", "local", "path")
		})
	}
}

// TestAppliedFromElsewhere: where the command is not reached, the plan fails,
// before anything is changed.
func TestAppliedFromElsewhere(t *testing.T) {
	// The rollout alone needs no provider and no account.
	rollout := load(t, "stage").get("terraform_data", "web_rollout")
	rollout["triggers_replace"] = "something"
	for _, provisioner := range rollout["provisioner"].([]any) {
		provisioner.(object)["local-exec"].(object)["command"] = "true"
	}
	content, err := json.Marshal(object{"resource": object{"terraform_data": object{"rollout": rollout}}})
	if err != nil {
		t.Fatal(err)
	}
	top := t.TempDir()
	plan := func(t *testing.T, dir string) (string, error) {
		t.Helper()
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "cdk.tf.json"), content, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"init", "-input=false", "-no-color"}, {"plan", "-input=false", "-no-color"}} {
			cmd := exec.Command("terraform", args...)
			cmd.Dir = dir
			out, err := cmd.CombinedOutput()
			if args[0] == "plan" || err != nil {
				return strings.Join(strings.Fields(strings.ReplaceAll(string(out), "│", "")), " "), err
			}
		}
		return "", nil
	}
	command := filepath.Join(top, "project", "cmd", "rollout")
	if err := os.MkdirAll(command, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(command, "main.go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := plan(t, filepath.Join(top, "project", "cdktf.out", "stacks", "stage")); err != nil || !strings.Contains(out, "1 to add") {
		t.Errorf("in its place: %v\n%s", err, out)
	}
	elsewhere := filepath.Join(top, "copied", "to", "a", "runner")
	out, err := plan(t, elsewhere)
	if want := fmt.Sprintf("There is no cmd/rollout in %s,", filepath.Join(top, "copied")); err == nil || !strings.Contains(out, want) || !strings.Contains(out, "Resource precondition failed") {
		t.Errorf("elsewhere: %v\n%s\nwant %s", err, out, want)
	}
	if _, err := os.Stat(filepath.Join(elsewhere, "terraform.tfstate")); !os.IsNotExist(err) {
		t.Errorf("there is a state: %v", err)
	}
}
