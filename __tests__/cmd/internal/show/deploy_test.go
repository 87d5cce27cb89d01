package show

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// watch returns what is said of an output of cdktf.
func watch(output string) []string {
	var said []string
	d := newDeploy("", func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) })
	for line := range strings.SplitSeq(output, "\n") {
		d.Line(line)
	}
	return said
}

// TestDeploy: what happens is said of the stack in whose block it stands, also
// where the block's first line is empty.
func TestDeploy(t *testing.T) {
	const stageDone = "stage  aws_lb.web_lb: Creation complete after 1m2s [id=a]"
	for _, test := range []struct {
		name, output string
		want         []string
	}{
		{"the summary of another stack", stageDone + "\n\n\n2 Stacks deploying     0 Stacks done     0 Stacks waiting\n" +
			"prod\n      Apply complete! Resources: 74 added, 0 changed, 0 destroyed.\n\n      Outputs:\n",
			[]string{"stage    1 aws_lb.web_lb, 1m2s", "prod       Apply complete! Resources: 74 added, 0 changed, 0 destroyed."}},
		{"two lines of a block", stageDone + "\n       aws_vpc.a: Still creating... [30s elapsed]\nprod  aws_vpc.b: Still creating... [02m00s elapsed]",
			[]string{"stage    1 aws_lb.web_lb, 1m2s", "stage      still creating aws_vpc.a, 30s", "prod       still creating aws_vpc.b, 02m00s"}},
		{"not every ten seconds", "stage  aws_vpc.a: Still creating... [10s elapsed]\n       aws_vpc.a: Still creating... [1m20s elapsed]", nil},
		{"a name with a hyphen", "load-test\n           No changes. Your infrastructure matches the configuration.",
			[]string{"load-test     No changes. Your infrastructure matches the configuration."}},
		{"what the provider waits for", "prod  aws_lb.web_lb: Creating...\n      aws_vpc.a: Creating...",
			[]string{"prod       the AWS provider looks at the load balancer after 30 and 60 s"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, want := strings.Join(watch(test.output), "\n"), strings.Join(test.want, "\n"); got != want {
				t.Errorf("it says\n%s\nwant\n%s", got, want)
			}
		})
	}
	// A recorded deploy of both: the resources that it counts for a stack are as
	// many as Terraform says that it added to that stack.
	t.Run("recorded", func(t *testing.T) {
		output, err := os.ReadFile("testdata/deploy-stage-prod.txt")
		if err != nil {
			t.Fatal(err)
		}
		counted, added := map[string]string{}, map[string]string{}
		for _, line := range watch(string(output)) {
			if len(line) > Width-len(indent) {
				t.Errorf("%d columns: %s", len(indent+line), line)
			}
			if m := regexp.MustCompile(`^(\S+) +(\d+) \S+, `).FindStringSubmatch(line); m != nil {
				counted[m[1]] = m[2]
			} else if m := regexp.MustCompile(`^(\S+) +Apply complete! Resources: (\d+) added`).FindStringSubmatch(line); m != nil {
				added[m[1]] = m[2]
			}
		}
		if want := "map[prod:74 stage:58]"; fmt.Sprint(counted) != want || fmt.Sprint(added) != want {
			t.Errorf("counted %v, added %v, want %s", counted, added, want)
		}
	})
}

// TestSilence: whoever watches hears what is done, at least every so often.
func TestSilence(t *testing.T) {
	var said []string
	d := newDeploy("cdktf deploy", func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) })
	d.breakSilence(d.start.Add(silence - time.Second))
	d.breakSilence(d.start.Add(silence))
	d.breakSilence(d.start.Add(silence + time.Second))
	d.Line("stage  Initializing the backend...")
	d.breakSilence(d.start.Add(2 * silence))
	if got, want := strings.Join(said, "\n"), "           cdktf deploy: compiles and synthesizes, 15s so far\n           cdktf deploy: terraform init, 30s so far"; got != want {
		t.Errorf("it says\n%s\nwant\n%s", got, want)
	}
}

// TestHeard: what rollout says stands there to its last word on a narrow terminal.
func TestHeard(t *testing.T) {
	reason := "00:31:08  failed: 4 new instances in a row did not get healthy: i-00bc6c598e16b3ced (unhealthy in the target group), i-1"
	b := &Board{live: true}
	b.Hear("stage  terraform_data.web_rollout (local-exec): Executing: [\"sh\"]")
	b.Hear("stage  terraform_data.web_rollout (local-exec): " + reason)
	lines := b.heard(40)
	if got := strings.Join(lines, " "); got != reason {
		t.Errorf("of %q there is %q", reason, got)
	}
	for _, line := range lines {
		if len(line) > 40 {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
}
