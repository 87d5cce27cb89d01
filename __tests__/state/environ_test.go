package state_test

import (
	"os"
	"testing"

	"example.com/webserver-cluster/tests/usual"
)

// A workspace of Terraform that is left over from elsewhere: nothing is planned,
// nothing synthesized, and no command looks at another state than a deploy would.
func TestWorkspaceLeftOver(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	p := newApp(t)
	p.env = []string{"TF_WORKSPACE=dev"}
	const says = `environment variable TF_WORKSPACE: "dev": Terraform would use another state, under another lock, than the stack's own`
	p.want(1, says)(p.cdktf("diff", "stage").result())
	if _, err := os.Stat(p.dir + "/cdktf.out/manifest.json"); !os.IsNotExist(err) {
		t.Errorf("it was synthesized: %v", err)
	}
	for _, args := range [][]string{{"check"}, {"bootstrap", "--yes"}, {"unlock", "stage", "--yes"}, {"adopt", "stage", "--yes"}, {"versions", "stage"}, {"rollback", "stage", "1", "--yes"}, {"lock-mode", "s3", "--yes"}} {
		p.want(1, says)(p.state(args...))
	}
	if calls := p.wire.calls(); len(calls) > 0 {
		t.Errorf("AWS was asked: %v", calls)
	}

	// Selected by a command instead.
	p.env = nil
	p.want(0)(p.cdktf("synth").result())
	must(t, os.MkdirAll(p.dir+"/cdktf.out/stacks/stage/.terraform", 0o755))
	must(t, os.WriteFile(p.dir+"/cdktf.out/stacks/stage/.terraform/environment", []byte("dev"), 0o644))
	const selected = "this workspace was selected earlier, and Terraform would use its state, not the stack's own: terraform -chdir=cdktf.out/stacks/stage workspace select default"
	p.want(1, selected)(p.state("check"))
	output, status := p.cdktf("diff", "stage").result()
	p.want(1, "this workspace was selected earlier")(output, status)

	// cdktf would run another app; the settings of another project.
	p.env = []string{"CDKTF_APP=false", "STATE_BACKEND=local"}
	p.want(1, "CDKTF_APP", "STATE_BACKEND")(p.state("check"))
	must(t, os.Remove(p.dir+"/cdktf.out/stacks/stage/.terraform/environment"))
	p.env = []string{`CDKTF_CONTEXT_JSON={"project":"other","region":"eu-central-1","stateBucket":"other-bucket","lockTable":"other"}`}
	p.want(1, "there is no bucket "+p.bucket)(p.state("check"))
}

// Another output folder: the local state of a bootstrap is found all the same.
func TestBootstrapInAnotherOutputFolder(t *testing.T) {
	if !*long {
		t.Skip("with -long only: a bootstrap takes more than a minute, and synth's TestOutputFolder has what the app does")
	}
	t.Parallel()
	p := newApp(t)
	p.env = []string{"CDKTF_OUTPUT=" + t.TempDir()}
	p.want(0, "are in the bucket "+p.bucket)(p.state("bootstrap", "--yes"))
	p.bootstrapped()
	if _, err := os.Stat(p.dir + "/cdktf.out"); !os.IsNotExist(err) {
		t.Errorf("cdktf.out was made: %v", err)
	}
}

// An editor has put a byte order mark before cdktf.json: the CLI fails with a trace,
// the commands of the project say what it is.
func TestByteOrderMark(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(1)})
	content, err := os.ReadFile(p.dir + "/cdktf.json")
	must(t, err)
	must(t, os.WriteFile(p.dir+"/cdktf.json", append([]byte("\xEF\xBB\xBF"), content...), 0o600))
	p.want(1, "SyntaxError: Unexpected token", "is not valid JSON")(p.cdktf("diff", "stage").result())
	p.want(1, "cdktf.json: begins with a byte order mark (BOM): save it as UTF-8 without one; cdktf cannot read it either")(p.state("check"))
}
