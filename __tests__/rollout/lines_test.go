package rollout_test

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// buffer is a bytes.Buffer for a writer and a reader at the same time.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// await waits until the buffer holds text.
func (b *buffer) await(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(b.String(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%q does not say %q", b.String(), text)
		}
	}
}

// TestLines: in a log there is a line when something has changed, and none because
// time has passed.
func TestLines(t *testing.T) {
	w := newWire(t)
	var out buffer
	cmd := exec.CommandContext(t.Context(), binary, "--group", "web", "--poll", "20ms")
	cmd.Env, cmd.Stdout, cmd.Stderr = w.environ(), &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out.await(t, "following instance refresh r-2")
	time.Sleep(1500 * time.Millisecond) // looks whose "about … left" differs
	w.answer("DescribeTargetHealth", strings.ReplaceAll(awsAnswers["DescribeTargetHealth"], ">unhealthy<", ">healthy<"))
	out.await(t, "new 1 (1 healthy)")
	w.answer("DescribeAutoScalingGroups", strings.ReplaceAll(awsAnswers["DescribeAutoScalingGroups"], "<Version>4</Version>", "<Version>5</Version>"))
	w.answer("DescribeInstanceRefreshes", strings.ReplaceAll(awsAnswers["DescribeInstanceRefreshes"], "InProgress", "Successful"))
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v", err)
	}
	want := `group web launches version 5 of lt-1 and wants 2 instances
expected to take about 16m, gives up after 1h20m
! suspended in the group: Launch; no instance is replaced meanwhile by one that serves
! Failed: Launching a new EC2 instance.  Status Reason: No capacity. Launching EC2 instance failed.
! Terminating EC2 instance: i-b: At 2026-01-02T03:06:00Z an instance was taken out of service in response to an ELB system health check failure.
 50 %  old 1 (1 healthy), new 1 (0 healthy), wanted 2, about … left; Waiting for instances to warm up.
following instance refresh r-2
 50 %  old 1 (1 healthy), new 1 (1 healthy), wanted 2, about … left; Waiting for instances to warm up.
100 %  old 0 (0 healthy), new 2 (2 healthy), wanted 2
done: 2 of 2 instances run version 5 and are healthy after …
`
	got := regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d  `).ReplaceAllString(out.String(), "")
	got = regexp.MustCompile(`(about|after) [\dhms]+( left|\n$)`).ReplaceAllString(got, "$1 …$2")
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
