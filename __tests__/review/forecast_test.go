package review_test

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/review"
	"example.com/webserver-cluster/stacks"
	"example.com/webserver-cluster/tests/felt"
)

const root = "../.."

// stackOf is the stack of an environment.
func stackOf(t *testing.T, c felt.Config) *review.Stack {
	t.Helper()
	settings, err := project.Load(root)
	if err != nil {
		log.Fatal(err)
	}
	content, err := json.Marshal(c.Settings)
	if err == nil {
		err = json.Unmarshal(content, &settings)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := stacks.Validate(settings, []stacks.Environment{c.Environment}); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "out")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	app := cdktf.NewApp(&cdktf.AppConfig{Outdir: jsii.String(dir)})
	stack := stacks.NewEnvironment(app, settings, c.Environment)
	for path, value := range c.Overrides {
		stack.AddOverride(jsii.String(path), value)
	}
	constructs.Synthesize(app)
	all, err := review.ReadStacks(dir)
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// TestForecasts: what the review says of each kind of change that package felt deploys
// for real, by the code alone.
func TestForecasts(t *testing.T) {
	for _, chain := range felt.Chains("Z0123456789ABCDEFGHIJ") {
		current := chain.Start
		before := stackOf(t, current)
		for _, k := range chain.Kinds {
			t.Run(k.Name, func(t *testing.T) {
				next := current
				k.Change(&next)
				after := stackOf(t, next)
				v := review.Judge(before, after, nil)
				if v.Level != k.Level {
					t.Errorf("the review says %q, want %q", v.Level, k.Level)
				}
				for _, f := range v.Findings {
					if f.Level > review.Nothing || f.Attention || t.Failed() {
						t.Log(fmt.Sprint(f.Level, " ", f.Address, " ", f.Path, ": ", f.Text))
					}
				}
				if k.Level != review.Refused && !k.Back {
					current, before = next, after
				}
			})
		}
	}
}
