package synth_test

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const (
	withoutGo = "rollout needs Go on this machine, or rolloutPlatforms in cdktf.json; it has not started, and the instances are as they were"
	notBuilt  = "rollout was not built for linux/riscv64: add it to rolloutPlatforms in cdktf.json; it has not started, and the instances are as they were"
)

// TestRolloutWithoutGo: the deploy says what is missing.
func TestRolloutWithoutGo(t *testing.T) {
	command := at(load(t, "stage").get("terraform_data", "web_rollout"), "provisioner", "local-exec", "command").(string)
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Env = []string{"PATH=" + t.TempDir()}
	out, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 127 || !strings.Contains(string(out), withoutGo) {
		t.Errorf("%s\n%v: %s", command, err, out)
	}
}

// TestRolloutPlatforms: with the setting, the stack's folder has what the deploy runs.
func TestRolloutPlatforms(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	settings := synthesized.settings
	settings.RolloutPlatforms = []string{runtime.GOOS + "/" + runtime.GOARCH}
	synthesizeFrom(root, dir, settings, trial)
	s := readStack(t, dir, trial.Name)
	rollout := s.get("terraform_data", "web_rollout")
	const script = "assets/web_rollout/rollout.sh"
	expect(t, rollout, "${path.root}", "provisioner", "local-exec", "working_dir")
	expect(t, rollout, `${fileexists("${path.root}/`+script+`")}`, "lifecycle", "precondition", 0, "condition")
	command, ok := strings.CutPrefix(at(rollout, "provisioner", "local-exec", "command").(string), "sh "+script+" --region ")
	if !ok {
		t.Errorf("the command is %s", command)
	}
	// The output is for the project's folder.
	project, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	byHand := strings.Fields(at(s.json, "output", "rollout_command", "value").(string))
	if got, want := filepath.Join(project, byHand[1]), filepath.Join(dir, "stacks", trial.Name, script); byHand[0] != "sh" || got != want {
		t.Errorf("the output is %s, which is %s, want %s", byHand, got, want)
	}

	// Away from the project, and from Go.
	folder := filepath.Join(t.TempDir(), "stage")
	if err := os.CopyFS(folder, os.DirFS(filepath.Join(dir, "stacks", trial.Name))); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(folder, "assets", "web_rollout", runtime.GOOS+"_"+runtime.GOARCH, "rollout")
	if err := os.Chmod(binary, 0o644); err != nil { // as CI's artifacts come back
		t.Fatal(err)
	}
	run := func(path string, args ...string) (string, error) {
		cmd := exec.Command("/bin/sh", append([]string{script}, args...)...)
		cmd.Dir, cmd.Env = folder, []string{"PATH=" + path, "HOME=" + folder}
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run("/usr/bin:/bin", "--help"); err != nil || !strings.Contains(out, "--template-version") {
		t.Errorf("%v: %s", err, out)
	}
	// The region comes by its flag: there is no cdktf.json. AWS is not asked before the group is known.
	if out, err := run("/usr/bin:/bin", "--region", "eu-central-1"); err == nil || !strings.Contains(out, "--group is missing") {
		t.Errorf("%v: %s", err, out)
	}

	// Another machine.
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "uname"), []byte("#!/bin/sh\n[ $1 = -s ] && echo Linux || echo riscv64\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := run(other+":/usr/bin:/bin", "--help")
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 127 || strings.TrimSpace(out) != notBuilt {
		t.Errorf("%v: %s", err, out)
	}
}

// TestRolloutPlatformsSameBytes runs the app twice. What is built has nothing of this
// machine and of this commit.
func TestRolloutPlatformsSameBytes(t *testing.T) {
	app := filepath.Join(t.TempDir(), "app")
	build := exec.Command("go", "build", "-o", app, ".")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	context := `{"project": "webservers", "region": "eu-central-1", "stateBucket": "b-b", "lockTable": "locks", "rolloutPlatforms": ["` + runtime.GOOS + "/" + runtime.GOARCH + `"]}`
	project, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	var trees []map[string]string
	for range 2 {
		dir := t.TempDir()
		cmd := exec.Command(app)
		cmd.Dir, cmd.Env = root, append(os.Environ(), "CDKTF_OUTDIR="+dir, "CDKTF_CONTEXT_JSON="+context)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		tree := map[string]string{}
		for _, id := range []string{"stage", "prod"} {
			for _, name := range []string{"rollout.sh", runtime.GOOS + "_" + runtime.GOARCH + "/rollout"} {
				content, err := os.ReadFile(filepath.Join(dir, "stacks", id, "assets", "web_rollout", name))
				if err != nil {
					t.Fatal(err)
				}
				tree[id+"/"+name] = string(content)
				for _, unwanted := range []string{project, "vcs.revision"} {
					if strings.Contains(string(content), unwanted) {
						t.Errorf("%s has %s in it", name, unwanted)
					}
				}
			}
		}
		trees = append(trees, tree)
	}
	for _, name := range slices.Sorted(maps.Keys(trees[0])) {
		if trees[0][name] != trees[1][name] {
			t.Errorf("%s is different the second time", name)
		}
	}
}
