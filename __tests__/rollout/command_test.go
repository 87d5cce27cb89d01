package rollout_test

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.com/webserver-cluster/internal/rollout"
)

// environ leads the command to the wire, and away from anyone's profile.
func (w *wire) environ() []string {
	return append(os.Environ(), "AWS_ENDPOINT_URL="+w.URL, "AWS_REGION=eu-central-1", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret", "AWS_MAX_ATTEMPTS=1", "TZ=UTC")
}

func TestCommand(t *testing.T) {
	// The group of the wire, with nothing left to do.
	converged := newWire(t)
	converged.answer("DescribeAutoScalingGroups", strings.ReplaceAll(awsAnswers["DescribeAutoScalingGroups"], "<Version>4</Version>", "<Version>5</Version>"))
	converged.answer("DescribeTargetHealth", strings.ReplaceAll(awsAnswers["DescribeTargetHealth"], ">unhealthy<", ">healthy<"))
	converged.answer("DescribeInstanceRefreshes", "<InstanceRefreshes/>")
	converged.answer("DescribeScalingActivities", "<Activities/>")
	// A refresh that AWS never lists.
	unlisted := newWire(t)
	unlisted.answer("DescribeAutoScalingGroups", strings.ReplaceAll(awsAnswers["DescribeAutoScalingGroups"], "<ProcessName>Launch<", "<ProcessName>AlarmNotification<"))
	unlisted.answer("DescribeInstanceRefreshes", "<InstanceRefreshes/>")

	// Suspended, with an instance of version 4 and no refresh under way.
	suspended := newWire(t)
	suspended.answer("DescribeInstanceRefreshes", "<InstanceRefreshes/>")
	// Every refresh fails.
	failing := newWire(t)
	failing.answer("DescribeAutoScalingGroups", strings.ReplaceAll(awsAnswers["DescribeAutoScalingGroups"], "<ProcessName>Launch<", "<ProcessName>AlarmNotification<"))
	failing.answer("DescribeInstanceRefreshes", "<InstanceRefreshes><member><InstanceRefreshId>r-3</InstanceRefreshId><Status>Failed</Status><StatusReason>No capacity.</StatusReason></member></InstanceRefreshes>")

	noRegion := newWire(t).environ()
	noRegion = append(noRegion, "AWS_REGION=", "AWS_DEFAULT_REGION=", "AWS_CONFIG_FILE="+os.DevNull)
	noCredentials := newWire(t).environ()
	noCredentials = append(noCredentials, "AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_PROFILE=",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull)

	tests := []struct {
		name string
		args string
		env  []string
		code int
		want string // pattern in the output
	}{
		{"no group", "", converged.environ(), 2, `^rollout: --group is missing: the name of the Auto Scaling group\n$`},
		{"unknown flag", "--grup web", converged.environ(), 2, `^rollout: unknown flag: --grup\n$`},
		{"not a duration", "--group web --timeout soon", converged.environ(), 2, `invalid argument "soon" for "--timeout"`},
		{"stray word", "--group web web", converged.environ(), 2, `^rollout: unknown command "web"`},
		{"wrong values", "--group web --timeout 0s --poll -1s --template-version -1 --give-up-after -1", converged.environ(), 2,
			"^rollout: --template-version: -1: must be 1 or more\n--timeout: 0s: must be above 0\n--poll: -1s: must be above 0\n--give-up-after: -1: must be 0 or more\n$"},
		{"wrong preferences", `--group web --preferences {"CheckpointPercentages":[50]}`, converged.environ(), 2, `^rollout: --preferences.CheckpointPercentages: \[50\]: must end with 100, .*\n$`},
		{"preferences that do not exist", `--group web --preferences {"Warmup":60,"InstanceWarmup":"60"}`, converged.environ(), 2,
			`^rollout: --preferences.InstanceWarmup: "60": must be a whole number of seconds\n--preferences.Warmup: is no preference that can be set here: AlarmSpecification, .*\n$`},
		{"preferences cut off", "--group web --preferences {", converged.environ(), 2, `^rollout: --preferences: "{": must be JSON such as {"InstanceWarmup": 120}: unexpected end of JSON input\n$`},
		{"preferences of another kind", "--group web --preferences [50]", converged.environ(), 2, `^rollout: --preferences: "\[50\]": must be a JSON object such as {"InstanceWarmup": 120}\n$`},
		{"wrong values in the environment", "--group web", append(converged.environ(), "ROLLOUT_POLL=soon", "ROLLOUT_TIMEOUT=later"), 2,
			"^rollout: ROLLOUT_TIMEOUT: \"later\": time: invalid duration \"later\"\nROLLOUT_POLL: \"soon\": time: invalid duration \"soon\"\n$"},
		{"wrong preferences in the environment", "--group web", append(converged.environ(), `ROLLOUT_PREFERENCES={"InstanceWarmup":-1}`), 2,
			`^rollout: ROLLOUT_PREFERENCES.InstanceWarmup: -1s: must be whole seconds, 0 or more\n$`},
		{"a flag over the environment", "--group web --poll 10ms", append(converged.environ(), "ROLLOUT_POLL=soon"), 0, `done: `},
		{"pauses make the limit longer", `--group web --poll 10ms --preferences {"CheckpointPercentages":[50,100],"CheckpointDelay":600}`, suspended.environ(), 4, `gives up after 1h20m\n`},
		{"the limit that is given", "--group web --poll 10ms --timeout 90s", suspended.environ(), 4, `gives up after 1m30s\n`},
		{"rollback failed", "--group web --poll 10ms", failing.environ(), 5, `instance refresh r-3 Failed at 0 %: No capacity\.\n.*The rollback to version 4 failed, too: `},
		{"no region", "--group web", noRegion, 1, `^rollout: no AWS region: set AWS_REGION`},
		{"no credentials", "status --group web", noCredentials, 1, `^rollout: DescribeAutoScalingGroups for group web: .*sign in`},
		{"converged", "--group web", converged.environ(), 0,
			`(?s)group web launches version 5 of lt-1 and wants 2 instances\n.*100 %  old 0 \(0 healthy\), new 2 \(2 healthy\), wanted 2\n.*done: 2 of 2 instances run version 5 and are healthy after 0s\n$`},
		{"another version", "--group web --template lt-0a --template-version 6 --poll 10ms --timeout 50ms --rollback=false", unlisted.environ(), 4, `started instance refresh r-3 to version 6\n`},
		{"a template without a version", "--group web --template lt-0a", converged.environ(), 2, `^rollout: --template-version: is missing: it goes with --template\n$`},
		{"version 0", "--group web --template-version 0", converged.environ(), 2, `^rollout: --template-version: 0: must be 1 or more\n$`},
		{"a session name alone", "--group web --session-name ci", converged.environ(), 2, `^rollout: --session-name: "ci": goes with --role-arn, which is missing\n$`},
		{"wrong template", "--group web --template web --template-version 6", converged.environ(), 2, `^rollout: --template: "web": must be the id of a launch template, such as lt-0123456789abcdef0\n$`},
		{"wrong role", "--group web --role-arn deploy", converged.environ(), 2, `^rollout: --role-arn: "deploy": must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/deploy\n$`},
		{"an external id alone", "--group web --external-id 7", converged.environ(), 2, `^rollout: --external-id: "7": goes with --role-arn, which is missing\n$`},
		{"no such profile", "--group web --profile nobody", converged.environ(), 1, `^rollout: reading the AWS configuration: .*nobody`},
		{"credentials that end, nobody knows when", "--group web", append(converged.environ(), "AWS_SESSION_TOKEN=token"), 0, `! the credentials in the environment end at a time not known here and are not renewed`},
		{"credentials that end too early", "--group web", append(converged.environ(), "AWS_SESSION_TOKEN=token", "AWS_CREDENTIAL_EXPIRATION=2026-01-02T03:04:05Z"), 0, `end at 03:04:05 and are not renewed`},
		{"credentials that last", "--group web", append(converged.environ(), "AWS_SESSION_TOKEN=token", "AWS_CREDENTIAL_EXPIRATION=2126-01-02T03:04:05Z"), 0, `^[^!]*! suspended[^!]*done: `},
		{"status", "status --group web", newWire(t).environ(), 0, `(?s)^Auto Scaling group web launches version 5 of lt-1: 0 of 2 instances run version 5 and are healthy\..*` +
			`i-a.*eu-central-1a.*4.*InService.*protected from scale-in.*` +
			`i-c.*eu-central-1b.*5.*InService.*codes: \[500\].*` +
			`r-2.*InProgress.*50 %.*version 5.*2026-01-02 03:04:05.*` +
			`web-5xx.*ALARM.*Threshold crossed\..*` +
			`2026-01-02 03:05:00  ! Failed: Launching`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), binary, strings.Fields(test.args)...)
			cmd.Env = test.env
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			if !regexp.MustCompile(test.want).Match(out) {
				t.Errorf("%s\ndoes not match %s", out, test.want)
			}
			if bytes.Contains(out, []byte("goroutine")) {
				t.Errorf("a stack trace: %s", out)
			}
		})
	}
}

// A signal ends the command, not the refresh.
func TestSignal(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		w := newWire(t)
		cmd := exec.CommandContext(t.Context(), binary, "--group", "web", "--poll", "20ms")
		cmd.Env = w.environ()
		var stderr strings.Builder
		cmd.Stderr = &stderr
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		stdout.Read(make([]byte, 1)) // the first line: it has begun
		time.Sleep(200 * time.Millisecond)
		cmd.Process.Signal(signal)
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 130 {
			t.Errorf("%s: exit code %d: %s", signal, code, stderr.String())
		}
		if want := "AWS goes on with instance refresh r-2 to version 5 (50 % done). Deploy again"; !strings.Contains(stderr.String(), want) {
			t.Errorf("%s: %q does not say %q", signal, stderr.String(), want)
		}
		if w.asked("CancelInstanceRefresh") != nil || w.asked("StartInstanceRefresh") != nil {
			t.Errorf("%s: changed the group", signal)
		}
	}
}

func TestRemaining(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	minute := func(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }
	four := version(4)
	active := func(percent int) rollout.Refresh {
		return rollout.Refresh{Status: "InProgress", Start: start, Percent: percent}
	}
	rollback := rollout.Refresh{Status: "Successful", Start: minute(-30), End: minute(-30), Desired: &four}
	before := rollout.Refresh{Status: "Successful", Start: minute(-60), End: minute(-50)}
	tests := []struct {
		name      string
		refreshes []rollout.Refresh
		want      time.Duration
	}{
		{"none under way", []rollout.Refresh{before}, 0},
		{"not begun", []rollout.Refresh{{Status: "Pending"}, before}, 0},
		{"the first one", []rollout.Refresh{active(0)}, 0},
		{"like the last one, which was no rollback", []rollout.Refresh{active(0), rollback, before}, 7 * time.Minute},
		{"by its pace", []rollout.Refresh{active(25), before}, 9 * time.Minute},
	}
	for _, test := range tests {
		if got := (rollout.Fleet{Refreshes: test.refreshes}).Remaining(minute(3)); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
