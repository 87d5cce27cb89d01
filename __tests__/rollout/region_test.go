package rollout_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRegion: by hand, in a shell that says another region, the command asks in
// the region that the app deploys to.
func TestRegion(t *testing.T) {
	w := newWire(t) // its environment says eu-central-1
	w.answer("DescribeAutoScalingGroups", "<AutoScalingGroups/>")
	const elsewhere = `{"context": {"region": "eusc-de-east-1", "anything": 7}}`
	for _, test := range []struct {
		name, file, args string
		code             int
		want             string
	}{
		{"no cdktf.json", "", "", 1, "eu-central-1"},
		{"cdktf.json", elsewhere, "", 1, "eusc-de-east-1"},
		{"flag", elsewhere, "--region us-west-2", 1, "us-west-2"},
		{"flag beside a broken cdktf.json", "{", "--region us-west-2", 1, "us-west-2"},
		{"no region in cdktf.json", `{"context": {}}`, "", 1, "eu-central-1"},
		{"no context in cdktf.json", `{"app": "go run ."}`, "", 1, "eu-central-1"},

		{"broken cdktf.json", `{"context": `, "", 2, "rollout: cdktf.json: line 1, column 12: unexpected end of JSON input"},
		{"cdktf.json with a byte order mark", "\ufeff" + elsewhere, "", 2, "rollout: cdktf.json: begins with a byte order mark (BOM): save it as UTF-8 without one; cdktf cannot read it either"},
		{"not a string", `{"context": {"region": 7}}`, "", 2, "rollout: cdktf.json: context: json: cannot unmarshal number"},
		{"no region of AWS", `{"context": {"region": "eu-centrl-1"}}`, "", 2, `rollout: cdktf.json: context.region: "eu-centrl-1": must be an AWS region; did you mean eu-central-1?`},
		{"no region of AWS in the flag", "", "--region Frankfurt", 2, `rollout: --region: "Frankfurt": must be an AWS region; did you mean eu-central-1?`},
	} {
		for _, verb := range []string{"", "status "} {
			t.Run(verb+test.name, func(t *testing.T) {
				dir := t.TempDir()
				if test.file != "" {
					if err := os.WriteFile(filepath.Join(dir, "cdktf.json"), []byte(test.file), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				cmd := exec.CommandContext(t.Context(), binary, strings.Fields(verb+"--group web "+test.args)...)
				cmd.Dir, cmd.Env = dir, w.environ()
				output, _ := cmd.CombinedOutput()
				if code := cmd.ProcessState.ExitCode(); code != test.code || !strings.Contains(string(output), test.want) {
					t.Errorf("exit code %d, want %d; said\n%swant %s", code, test.code, output, test.want)
				}
			})
		}
	}
}
