package state_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The project's own stage, deployed by the real CLI, dies with its terminal
// again and again on its way. It is repaired each time, and one more deploy ends it.
func TestStageKilled(t *testing.T) {
	if !*long {
		t.Skip("with -long only: it deploys the real stage, which takes minutes")
	}
	t.Parallel()
	p := newApp(t)
	// A deploy runs a command of the project at its end.
	for _, name := range []string{"go.mod", "go.sum", "cmd", "internal"} {
		must(t, os.Symlink(filepath.Join(root, name), filepath.Join(p.dir, name)))
	}
	p.want(0)(p.state("bootstrap", "--yes"))

	// The CLI is killed; Terraform, in a terminal that the CLI made for it, loses that.
	deploy := func() *process { return p.cdktf("deploy", "stage", "--auto-approve") }
	imported := 0
	kills := []struct {
		kill
		saw string // by the next one to deploy
	}{
		{kill{name: "load balancer made, nobody told", at: is("CreateLoadBalancer"), acted: true}, sawLock},
		// Terraform writes what is complete every 20 s; the database takes longer.
		{kill{name: "state half written, digest not", at: isPut("/terraform.tfstate"), acted: true}, sawDigest},
		{kill{name: "group made, nobody told", at: is("CreateAutoScalingGroup"), acted: true}, sawLock},
		{kill{name: "all written, lock not released", at: isItem("PutItem", "-md5"), acted: true}, sawLock},
	}
	for _, k := range kills {
		p.killedIn(k.kill, deploy)
		within(t, time.Minute, "the lock is there", func() bool { return p.locks("stage") == 2 })
		p.want(1, k.saw)(deploy().result())
		output := p.want(0, "stage is unlocked")(p.state("unlock", "stage", "--yes"))
		n := strings.Count(output, " imported")
		t.Logf("%s: %d resources made and not recorded", k.name, n)
		imported += n
	}
	p.want(0)(deploy().result())
	if diff := p.want(0)(p.cdktf("diff", "stage").result()); strings.Contains(diff, "will be ") || strings.Contains(diff, "must be replaced") {
		t.Errorf("the next deploy would change something:\n%s", diff)
	}
	figure(t, "%d kills of the project's own stage, %d resources made and not recorded; afterwards %v", len(kills), imported, p.accounted("stage"))

	// Of the whole stage, the import reads all but what orphan.Types says it cannot know.
	p.lost("stage")

	// Nobody finds a password in the state.
	for path, value := range p.secrets("stage") {
		t.Errorf("the state holds %s: %q", path, value)
	}
}

// secret are names of attributes that hold a secret.
var secret = regexp.MustCompile(`(?i)password|secret|token|private_key`)

// harmless are those that look like one: whether there is a password, and
// where.
var harmless = regexp.MustCompile(`manage_master_user_password|master_user_secret|password_wo_version|_arn$|http_tokens`)

// secrets are the values in a stack's newest state that look like secrets, by
// where they are.
func (p *project) secrets(stack string) map[string]string {
	found := map[string]string{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, value := range v {
				walk(path+"."+key, value)
			}
		case []any:
			for i, value := range v {
				walk(fmt.Sprintf("%s[%d]", path, i), value)
			}
		case string:
			if v != "" && secret.MatchString(path) && !harmless.MatchString(path) {
				found[path] = v
			}
		}
	}
	for _, r := range p.newest(stack).Resources {
		for _, i := range r.Instances {
			walk(r.Type+"."+r.Name, i.Attributes)
		}
	}
	return found
}
