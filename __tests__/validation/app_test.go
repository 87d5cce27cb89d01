package validation_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/stacks"
)

func TestTheAppsOwnEnvironmentsAreValid(t *testing.T) {
	own, err := project.Load("../..")
	if err != nil {
		t.Fatal(err)
	}
	if err := stacks.Validate(own, stacks.Environments()); err != nil {
		t.Error(err)
	}
}

// TestEnvironmentsMustNotCollide has what only several environments can get wrong.
func TestEnvironmentsMustNotCollide(t *testing.T) {
	second := stage
	second.Network.CIDR = "10.10.4.0/22"
	expectFaults(t, stacks.Validate(valid, []stacks.Environment{stage, second}), []string{
		`environment.Name: "stage": is the name of another stack`,
		`stage.Network.CIDR: "10.10.4.0/22": overlaps 10.10.0.0/16 of stage`,
	})
}

// TestTheApp runs the app as the cdktf CLI does.
func TestTheApp(t *testing.T) {
	app := filepath.Join(t.TempDir(), "app")
	build := exec.Command("go", "build", "-o", app, ".")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the app: %v\n%s", err, out)
	}
	run := func(t *testing.T, context string) (output, outdir string, err error) {
		outdir = filepath.Join(t.TempDir(), "cdktf.out")
		cmd := exec.Command(app)
		cmd.Dir = t.TempDir()
		cmd.Env = append(os.Environ(), "CDKTF_CONTEXT_JSON="+context, "CDKTF_OUTDIR="+outdir)
		out, err := cmd.CombinedOutput()
		return string(out), outdir, err
	}

	t.Run("names every fault, writes nothing, exits with 1", func(t *testing.T) {
		out, outdir, err := run(t, `{"project": "sg", "region": "Frankfurt", "lockTable": "t"}`)
		if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 {
			t.Errorf("the app ended with %v, want exit status 1", err)
		}
		want := "cdktf.json: context.region: \"Frankfurt\": must be an AWS region; did you mean eu-central-1?\n" +
			"cdktf.json: context.stateBucket: \"\": must not be empty\n" +
			"cdktf.json: context.lockTable: \"t\": must be 3 to 255 letters, digits, and _ . -\n" +
			"cdktf.json: context.project and environment.Name: \"sg-stage\": must not begin with sg-, which AWS keeps for the ids of security groups\n" +
			"cdktf.json: context.project and environment.Name: \"sg-prod\": must not begin with sg-, which AWS keeps for the ids of security groups\n"
		if out != want {
			t.Errorf("the app printed\n%s\nwant\n%s", out, want)
		}
		if _, err := os.Stat(outdir); !os.IsNotExist(err) {
			t.Errorf("the app wrote to %s", outdir)
		}
	})
	t.Run("names every variable that leads elsewhere, writes nothing, exits with 1", func(t *testing.T) {
		t.Setenv("TF_WORKSPACE", "dev")
		t.Setenv("TF_CLI_ARGS_apply", "-target=aws_vpc.network_vpc")
		out, outdir, err := run(t, `{"project": "p", "region": "Frankfurt", "stateBucket": "bucket", "lockTable": "table"}`)
		if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 {
			t.Errorf("the app ended with %v, want exit status 1", err)
		}
		lines := strings.Split(out, "\n")
		for i, want := range []string{`environment variable TF_WORKSPACE: "dev": `, `environment variable TF_CLI_ARGS_apply: "-target=aws_vpc.network_vpc": `, `cdktf.json: context.region: "Frankfurt": `, ""} {
			if i >= len(lines) || !strings.HasPrefix(lines[i], want) {
				t.Errorf("the app printed\n%s\nwant in line %d: %s", out, i+1, want)
			}
		}
		if _, err := os.Stat(outdir); !os.IsNotExist(err) {
			t.Errorf("the app wrote to %s", outdir)
		}
	})
	t.Run("turns a failure of jsii into a line", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir()) // no node
		out, _, err := run(t, `{"project": "p", "region": "eu-central-1", "stateBucket": "bucket", "lockTable": "table"}`)
		if err == nil {
			t.Error("the app succeeded without Node.js")
		}
		if strings.Contains(out, "goroutine") || !strings.Contains(out, "node") {
			t.Errorf("the app printed\n%s", out)
		}
	})
}
