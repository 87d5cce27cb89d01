package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsquery"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/localaws/scaling"
)

// TestMain makes the test binary the command itself where the variable is set.
func TestMain(m *testing.M) {
	if os.Getenv("BE_ROLLOUT_CHECK_AWS") != "" {
		main()
	}
	os.Exit(m.Run())
}

// factor is how fast AWS's time runs: its minute takes a second.
const factor = 60

// world is a local AWS with the command in front of it.
type world struct {
	*testing.T
	cloud *localaws.AWS
}

func newWorld(t *testing.T) world {
	cloud, err := localaws.Start(t.Context(), localaws.Options{TimeFactor: factor, BuildDir: t.TempDir(), Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	return world{t, cloud}
}

func (w world) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(w.Context(), os.Args[0], append([]string{"--region", "us-east-1", "--poll", "50ms", "--time-factor", strconv.Itoa(factor)}, args...)...)
	cmd.Env = append(append(os.Environ(), w.cloud.Environ()...), "BE_ROLLOUT_CHECK_AWS=1")
	return cmd
}

// result is what a run of the command left behind.
type result struct {
	code           int
	stdout, stderr string
}

func (w world) do(args ...string) result {
	cmd := w.command(args...)
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Run() // what it exits with is what callers look at
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// until runs the command until it says words, then signals it, and returns the
// run's name.
func (w world) until(words string, signal os.Signal, args ...string) (name string, code int) {
	cmd := w.command(args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		w.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	said := false
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		w.Log(lines.Text())
		if name == "" {
			name = regexp.MustCompile(namePrefix + `[0-9a-f]+`).FindString(lines.Text())
		}
		if !said && strings.Contains(lines.Text(), words) {
			said = true
			cmd.Process.Signal(signal)
		}
	}
	cmd.Wait()
	if !said {
		w.Fatalf("never said %q", words)
	}
	return name, cmd.ProcessState.ExitCode()
}

// left lists everything of the command's that is there, whatever it is called.
func (w world) left() (left []string) {
	w.Helper()
	ctx, cfg := w.Context(), w.cloud.MotoConfig()
	templates, err1 := ec2.NewFromConfig(cfg).DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{})
	instances, err2 := ec2.NewFromConfig(cfg).DescribeInstances(ctx, &ec2.DescribeInstancesInput{})
	groups, err3 := autoscaling.NewFromConfig(cfg).DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{})
	alarms, err4 := cloudwatch.NewFromConfig(cfg, func(o *cloudwatch.Options) {
		o.Protocol = awsquery.New(schemas.GraniteServiceVersion20100801) // moto does not know CBOR
	}).DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		w.Fatal(err)
	}
	for _, t := range templates.LaunchTemplates {
		left = append(left, *t.LaunchTemplateName)
	}
	for _, r := range instances.Reservations {
		for _, i := range r.Instances {
			if i.State.Name != types.InstanceStateNameTerminated {
				left = append(left, *i.InstanceId)
			}
		}
	}
	for _, g := range groups.AutoScalingGroups {
		left = append(left, *g.AutoScalingGroupName)
	}
	for _, a := range alarms.MetricAlarms {
		left = append(left, *a.AlarmName)
	}
	return left
}

func TestAllAnswered(t *testing.T) {
	w := newWorld(t)
	for _, climate := range []struct {
		name string
		scaling.Climate
		surplus string // what goes by the policy Default
	}{
		{"kind", scaling.Climate{}, " 0 proven"},
		{"unkind", scaling.Climate{UnkindSurplus: true, Lag: 10 * time.Second, Throttle: 0.1}, " 2 proven"},
	} {
		t.Run(climate.name, func(t *testing.T) {
			w := world{t, w.cloud}
			w.cloud.Scaling.SetClimate(climate.Climate)
			defer w.cloud.Scaling.SetClimate(scaling.Climate{})
			r := w.do("--run", "--json")
			t.Log(r.stderr)
			if r.code != 0 {
				t.Errorf("exit code %d", r.code)
			}
			var got struct{ Answers []answer }
			if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
				t.Fatalf("%v in %s", err, r.stdout)
			}
			if len(got.Answers) != len(questions) {
				t.Fatalf("%d answers, want %d", len(got.Answers), len(questions))
			}
			for i, q := range questions {
				a := got.Answers[i]
				if !slices.Contains([]string{asAssumed, eitherWay}, a.Verdict) || a.Answer == "" {
					t.Errorf("%s is %s: %s", q.ID, a.Verdict, a.Answer)
				}
				if strings.HasSuffix(q.ID, "1") && a.Verdict == eitherWay && !strings.Contains(a.Answer, climate.surplus) {
					t.Errorf("%s: %s, want %s", q.ID, a.Answer, climate.surplus)
				}
			}
			if left := w.left(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestRemoval(t *testing.T) {
	w := newWorld(t)
	t.Run("a dry run", func(t *testing.T) {
		w := world{t, w.cloud}
		r := w.do()
		for _, want := range []string{"Nothing was made", "account 123456789012, region us-east-1", "t4g.nano", "(us-east-1a) and subnet-", "0.10 US dollars", "RUN=yes make rollout-check-aws"} {
			if !strings.Contains(r.stdout, want) {
				t.Errorf("does not say %q", want)
			}
		}
		if r.code != 0 || len(w.left()) > 0 {
			t.Errorf("exit code %d, left behind: %v\n%s%s", r.code, w.left(), r.stdout, r.stderr)
		}
	})
	t.Run("killed, then removed", func(t *testing.T) {
		w := world{t, w.cloud}
		name, _ := w.until("f   as assumed", syscall.SIGKILL, "--run")
		if left := w.left(); len(left) < 5 {
			t.Fatalf("there is only %v", left)
		}
		r := w.do("--remove", name)
		if left := w.left(); r.code != 0 || len(left) > 0 || !strings.Contains(r.stderr, "the Auto Scaling group") {
			t.Errorf("exit code %d, left behind: %v\n%s", r.code, left, r.stderr)
		}
		if r := w.do("--remove", name); r.code != 0 || !strings.Contains(r.stderr, "nothing called "+name+" was found") {
			t.Errorf("the second time: %d, %s", r.code, r.stderr)
		}
	})
	t.Run("Ctrl-C", func(t *testing.T) {
		w := world{t, w.cloud}
		_, code := w.until("e1 ", os.Interrupt, "--run")
		if left := w.left(); code != 130 || len(left) > 0 {
			t.Errorf("exit code %d, left behind: %v", code, left)
		}
	})
	t.Run("the time is up", func(t *testing.T) {
		w := world{t, w.cloud}
		r := w.do("--run", "--timeout", "1m", "--instance-type", "t3.nano")
		if left := w.left(); r.code != 1 || len(left) > 0 || !strings.Contains(r.stderr, "without an answer: a1, ") || !strings.Contains(r.stdout, "the time of 1m was up") {
			t.Errorf("exit code %d, left behind: %v\n%s%s", r.code, left, r.stdout, r.stderr)
		}
	})
}

func TestWrongFlags(t *testing.T) {
	for args, want := range map[string]string{
		"--region frankfurt":                    `--region: "frankfurt": must be an AWS region; did you mean eu-central-1?`,
		"--instance-type m5.large":              `--instance-type: "m5.large": must be t4g.nano or t3.nano`,
		"--subnets subnet-1":                    `--subnets: "subnet-1": must be two`,
		"--subnets subnet-1,web":                `--subnets: "web": must be the id of a subnet`,
		"--remove web":                          `--remove: "web": must be a name that a run printed`,
		"--remove rollout-check-01234567 --run": "does not go with --run",
		"--timeout 0s":                          "--timeout: 0s: must be above 0",
		"--poll -1s":                            "--poll: -1s: must be above 0",
		"--nonsense":                            "unknown flag: --nonsense",
		"web":                                   `"web": it takes flags only`,
	} {
		cmd := exec.Command(os.Args[0], strings.Fields(args)...)
		cmd.Env = append(os.Environ(), "BE_ROLLOUT_CHECK_AWS=1", "AWS_ENDPOINT_URL=http://127.0.0.1:1")
		out, _ := cmd.CombinedOutput()
		if code := cmd.ProcessState.ExitCode(); code != 2 || !strings.Contains(string(out), want) {
			t.Errorf("%s: exit code %d, %s", args, code, out)
		}
	}
}
