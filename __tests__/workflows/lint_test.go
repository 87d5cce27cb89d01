// Package workflows_test shows that the workflows for GitHub Actions are sound, and do what they say:
// their steps are run as they stand there, in order, against the local AWS. Only
// GitHub itself is a stand-in.
package workflows_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
)

// root is the project's top folder.
var root, _ = filepath.Abs("../..")

// workflow reads a workflow.
func workflow(t *testing.T, name string) *actionlint.Workflow {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, ".github", "workflows", name))
	must(t, err)
	w, faults := actionlint.Parse(content)
	for _, fault := range faults {
		t.Error(fault)
	}
	return w
}

// job is a job of a workflow.
func job(t *testing.T, w *actionlint.Workflow, id string) *actionlint.Job {
	t.Helper()
	j := w.Jobs[id]
	if j == nil {
		t.Fatalf("there is no job %s", id)
	}
	return j
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestActionlint(t *testing.T) {
	shellcheck, _ := exec.LookPath("shellcheck") // where it is, it reads the scripts as well
	var output bytes.Buffer
	linter, err := actionlint.NewLinter(&output, &actionlint.LinterOptions{Shellcheck: shellcheck})
	must(t, err)
	files, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	must(t, err)
	if len(files) != 3 {
		t.Errorf("there are %d workflows, want 3: %v", len(files), files)
	}
	faults, err := linter.LintFiles(files, nil)
	must(t, err)
	if len(faults) > 0 {
		t.Errorf("%d faults:\n%s", len(faults), &output)
	}
	scripts, err := filepath.Glob(filepath.Join(root, ".github", "scripts", "*.sh"))
	must(t, err)
	for _, script := range scripts {
		check := exec.Command("bash", "-n", script)
		if shellcheck != "" {
			check = exec.Command(shellcheck, script)
		}
		if said, err := check.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", check, err, said)
		}
	}
}

// What may never stand in one, whatever else it says.
func TestNoKeysNoTags(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, ".github", "*", "*.yml"))
	must(t, err)
	more, err := filepath.Glob(filepath.Join(root, ".github", "actions", "*", "action.yml"))
	must(t, err)
	uses := regexp.MustCompile(`^\s*(?:- )?uses: (.*)$`)
	// A commit, and the version that it is, for whoever reads it.
	pinned := regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	pins := map[string]string{}
	for _, file := range append(files, more...) {
		content, err := os.ReadFile(file)
		must(t, err)
		for _, never := range []string{"secrets.", "access-key", "write-all"} {
			if strings.Contains(string(content), never) {
				t.Errorf("%s has %q", filepath.Base(file), never)
			}
		}
		for line := range strings.Lines(string(content)) {
			m := uses.FindStringSubmatch(strings.TrimRight(line, "\n"))
			if m == nil || strings.HasPrefix(m[1], "./") {
				continue
			}
			if !pinned.MatchString(m[1]) {
				t.Errorf("%s: %s: not pinned to a commit, with its version behind it", filepath.Base(file), m[1])
			}
			name, pin, _ := strings.Cut(m[1], "@")
			if other := pins[name]; other != "" && other != pin {
				t.Errorf("%s is pinned twice: %s and %s", name, other, pin)
			}
			pins[name] = pin
		}
	}
	if len(pins) < 4 {
		t.Errorf("only %d actions were found: %v", len(pins), pins)
	}
}

// Each job has the rights that it needs, and no others.
func TestPermissions(t *testing.T) {
	deploy := []string{"contents: read", "deployments: read", "id-token: write"}
	for name, want := range map[string]map[string][]string{
		"review.yml":             {"review": {"contents: read", "id-token: write"}, "comment": {"contents: read", "pull-requests: write"}},
		"deploy.yml":             {"not-set-up": nil, "stage": deploy, "prod": deploy},
		"deploy-environment.yml": {"deploy": deploy},
	} {
		w := workflow(t, name)
		if len(w.Jobs) != len(want) {
			t.Errorf("%s has %d jobs, want %d", name, len(w.Jobs), len(want))
		}
		for _, event := range w.On {
			if event.EventName() == "pull_request_target" {
				t.Errorf("%s gives a stranger's pull request this repository's rights", name)
			}
		}
		// Else a job without rights of its own has those of the repository's settings.
		if _, called := w.FindWorkflowCallEvent(); !called && (w.Permissions == nil || w.Permissions.All != nil || len(w.Permissions.Scopes) > 0) {
			t.Errorf("%s does not begin with no permissions", name)
		}
		for id, scopes := range want {
			var got []string
			if p := job(t, w, id).Permissions; p != nil {
				for scope, s := range p.Scopes {
					got = append(got, scope+": "+s.Value.Value)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, scopes) {
				t.Errorf("%s, job %s: permissions %v, want %v", name, id, got, scopes)
			}
		}
	}
}

// Prod comes after stage, in the same run and so of the same commit, behind its environment's
// approval; two deploys of one environment never meet; and what a deploy has locked is
// unlocked however it ends.
func TestDeployWorkflow(t *testing.T) {
	w := workflow(t, "deploy.yml")
	prod := job(t, w, "prod")
	if len(prod.Needs) != 1 || prod.Needs[0].Value != "stage" {
		t.Errorf("prod does not need stage")
	}
	for _, id := range []string{"stage", "prod"} {
		call := job(t, w, id).WorkflowCall
		if call == nil || call.Uses.Value != "./.github/workflows/deploy-environment.yml" || call.Inputs["environment"].Value.Value != id {
			t.Errorf("%s does not deploy the environment %[1]s", id)
		} else if role := call.Inputs["role"].Value.Value; role != "${{ vars.AWS_DEPLOY_ROLE_"+strings.ToUpper(id)+" }}" {
			t.Errorf("%s deploys as %s", id, role)
		}
	}
	if after := prod.WorkflowCall.Inputs["after"]; after == nil || after.Value.Value != "stage" {
		t.Errorf("prod does not check that stage runs its commit")
	}
	if !strings.Contains(job(t, w, "stage").If.Value, "github.ref == 'refs/heads/main'") {
		t.Errorf("stage can be deployed from another branch")
	}

	deploy := job(t, workflow(t, "deploy-environment.yml"), "deploy")
	if deploy.Environment == nil || deploy.Environment.Name.Value != "${{ inputs.environment }}" {
		t.Errorf("the deploy has no environment: %v", deploy.Environment)
	}
	c := deploy.Concurrency
	if c == nil || c.Group.Value != "deploy-${{ inputs.environment }}" || c.CancelInProgress == nil || c.CancelInProgress.Value {
		t.Errorf("two deploys of one environment may meet, or cancel each other: %+v", c)
	}
	begins, ends := -1, -1
	for i, step := range deploy.Steps {
		run, ok := step.Exec.(*actionlint.ExecRun)
		if !ok {
			continue
		}
		switch {
		case strings.HasPrefix(run.Run.Value, `exec build/state deploy "$STACK"`):
			begins = i
			if step.TimeoutMinutes == nil || deploy.TimeoutMinutes == nil || step.TimeoutMinutes.Value+20 > deploy.TimeoutMinutes.Value {
				t.Errorf("a deploy that takes too long leaves no time for the steps after it")
			}
		case run.Run.Value == `build/state unlock "$STACK" --own`:
			ends = i
			if step.If == nil || !strings.HasPrefix(step.If.Value, "always()") {
				t.Errorf("the last step does not always run: %v", step.If)
			}
		}
	}
	if begins < 0 || ends < begins {
		t.Errorf("the steps do not deploy and then unlock: %d, %d", begins, ends)
	}
}
