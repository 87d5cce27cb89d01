// Package validation_test checks that wrong settings are named before anything
// is made: every fault at once, each with its place, its value and its rule.
package validation_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/faults"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/stacks"
)

var valid = project.Settings{
	Project: "webservers", Region: "eu-central-1", StateBucket: "state-bucket", LockTable: "lock-table",
}

func TestTheAppsOwnEnvironmentsAreValid(t *testing.T) {
	own, err := project.Load("../..")
	if err != nil {
		t.Fatal(err)
	}
	if err := stacks.Validate(own, stacks.Environments()); err != nil {
		t.Error(err)
	}
}

const pathRule = `must be a path of 1 to 1024 characters that starts with /, such as /health or /status?full=1, ` +
	"other characters than A-Z a-z 0-9 . _ ~ ! $ & ' ( ) * + , ; = : @ / ? - written as %XX"

// TestFaults changes stage and expects exactly the faults that follow.
func TestFaults(t *testing.T) {
	longName := strings.Repeat("x", 30)
	tests := []struct {
		name   string
		change func(*stacks.Environment)
		want   []string
	}{
		{"empty environment", func(e *stacks.Environment) { *e = stacks.Environment{Name: "empty"} }, []string{
			`empty.Network.CIDR: "": must be an IPv4 block such as 10.10.0.0/16`,
		}},
		{"name over the load balancer's limit", func(e *stacks.Environment) { e.Name = longName }, []string{
			`environment.Name: "` + longName + `": makes, behind the project's name, webservers-` + longName + `: that has 41 characters, and a load balancer's name can have 32`,
		}},
		{"name that is none", func(e *stacks.Environment) { e.Name = "Pre-Prod" }, []string{
			`environment.Name: "Pre-Prod": must be lower-case letters and digits, a letter first`,
		}},
		{"name of the state stack", func(e *stacks.Environment) { e.Name = "state" }, []string{
			`environment.Name: "state": is the name of another stack`,
		}},
		{"no IPv4 block", func(e *stacks.Environment) { e.Network.CIDR = "fd00::/16" }, []string{
			`stage.Network.CIDR: "fd00::/16": must be an IPv4 block such as 10.10.0.0/16`,
		}},
		{"block with host bits", func(e *stacks.Environment) { e.Network.CIDR = "10.10.1.0/16" }, []string{
			`stage.Network.CIDR: "10.10.1.0/16": has bits set behind its prefix; 10.10.0.0/16 is the block`,
		}},
		{"block too small", func(e *stacks.Environment) { e.Network.CIDR = "10.10.0.0/23" }, []string{
			`stage.Network.CIDR: "10.10.0.0/23": is too small for the subnets: each gets 1/32 of it and a load balancer's must be /27 or larger, so the block must be /22 or larger`,
		}},
		{"block too large", func(e *stacks.Environment) { e.Network.CIDR = "10.0.0.0/8" }, []string{
			`stage.Network.CIDR: "10.0.0.0/8": is larger than a VPC can be (/16)`,
		}},
		{"one zone", func(e *stacks.Environment) { e.Network.ZoneCount = 1 }, []string{
			`stage.Network.ZoneCount: 1: must be 2 to 6`,
		}},
		{"one named zone", func(e *stacks.Environment) { e.Network.Zones = []string{"eu-central-1a"} }, []string{
			`stage.Network.Zones: [eu-central-1a]: must name 2 to 6 zones`,
		}},
		{"zone named twice", func(e *stacks.Environment) { e.Network.Zones = []string{"eu-central-1a", "eu-central-1a"} }, []string{
			`stage.Network.Zones: "eu-central-1a": is named twice`,
		}},
		{"zones that contradict their number", func(e *stacks.Environment) {
			e.Network.ZoneCount, e.Network.Zones = 3, []string{"eu-central-1a", "eu-central-1b"}
		}, []string{
			`stage.Network.ZoneCount: 3: contradicts Zones, which names 2`,
		}},
		{"NAT and log retention", func(e *stacks.Environment) { e.Network.NAT, e.Network.FlowLogRetentionDays = "two", 31 }, []string{
			`stage.Network.NAT: "two": must be "none", "single" or "per-zone"`,
			`stage.Network.FlowLogRetentionDays: 31: is no number of days that CloudWatch Logs can keep logs: [1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653]`,
		}},

		{"minimum above maximum", func(e *stacks.Environment) { e.Cluster.MinSize, e.Cluster.MaxSize = 5, 4 }, []string{
			`stage.Cluster.MinSize: 5: must not be above MaxSize (4)`,
		}},
		{"one instance", func(e *stacks.Environment) { e.Cluster.MinSize = 1 }, []string{
			`stage.Cluster.MinSize: 1: must be 2 or more: one instance cannot survive the loss of its zone`,
		}},
		{"impossible percentages", func(e *stacks.Environment) {
			e.Cluster.CPUTarget, e.Cluster.MaxHealthyPercentage, e.Cluster.Checkpoints = 101, 100, []int{50, 20}
		}, []string{
			`stage.Cluster.CPUTarget: 101: must be 1 to 100 (percent)`,
			`stage.Cluster.MaxHealthyPercentage: 100: must be 101 to 200: 100 is the minimum, and only what is above lets a new instance start before an old one goes`,
			`stage.Cluster.Checkpoints: [50 20]: must be rising percentages from 1 to 100`,
			`stage.Cluster.Checkpoints: [50 20]: must end with 100, or the refresh ends before all instances are new`,
		}},
		{"schedules", func(e *stacks.Environment) {
			e.Cluster.Schedules = []constructs.Schedule{
				{Name: "a", Recurrence: "8 o'clock", TimeZone: "Mars/Olympus", MinSize: 2},
				{Name: "a", Recurrence: "0 8 * * *"},
				{Name: "b", Recurrence: "0 8 * * *", MinSize: 9, DesiredCapacity: 3},
			}
		}, []string{
			`stage.Cluster.Schedules[0].Recurrence: "8 o'clock": must be cron's five fields, such as "0 8 * * 1-5"`,
			`stage.Cluster.Schedules[0].TimeZone: "Mars/Olympus": must be a time zone of the IANA database, such as Europe/Berlin`,
			`stage.Cluster.Schedules[1].MinSize: 0: must be given, or MaxSize or DesiredCapacity: the schedule changes nothing`,
			`stage.Cluster.Schedules[1].Name: "a": is used twice`,
			`stage.Cluster.Schedules[2].MinSize: 9: must not be above MaxSize (4)`,
			`stage.Cluster.Schedules[2].DesiredCapacity: 3: must be MinSize (9) to MaxSize (4)`,
		}},
		{"image given twice", func(e *stacks.Environment) {
			e.Cluster.AMI, e.Cluster.AMIParameter, e.Cluster.PinAMI = "ami-01234567", "/image", true
		}, []string{
			`stage.Cluster.AMIParameter: "/image": contradicts AMI (ami-01234567): give one of the two`,
			`stage.Cluster.PinAMI: true: is for AMIParameter; AMI (ami-01234567) pins the image already`,
		}},
		{"instances", func(e *stacks.Environment) {
			e.Cluster.InstanceType, e.Cluster.AMI, e.Cluster.RootVolumeGiB, e.Cluster.ServerPort = "large", "ubuntu", 4, 80
		}, []string{
			`stage.Cluster.InstanceType: "large": must be an EC2 instance type such as t3.micro`,
			`stage.Cluster.AMI: "ubuntu": must be an image's id: ami- and 8 or 17 hexadecimal digits`,
			`stage.Cluster.RootVolumeGiB: 4: must be 8 (Amazon Linux 2023's own size) to 16384 (gp3's limit)`,
			`stage.Cluster.ServerPort: 80: must be 1024 to 65535`,
		}},
		{"boot script too long", func(e *stacks.Environment) { e.Cluster.UserData = "#!/bin/sh\n" + strings.Repeat("#", 16384) }, []string{
			`stage.Cluster.UserData: 16394: is its size in bytes, above EC2's limit of 16384`,
		}},
		{"boot script that does not run", func(e *stacks.Environment) { e.Cluster.UserData = "echo hello" }, []string{
			`stage.Cluster.UserData: "echo hello": must start with #!, or the instance does not run it`,
		}},
		{"text of two lines", func(e *stacks.Environment) { e.Cluster.ServerText = "a\nb" }, []string{
			`stage.Cluster.ServerText: "a\nb": must be one line of text, UTF-8 without control characters`,
		}},
		{"text that would end a part of the boot script", func(e *stacks.Environment) {
			e.Cluster.ServerText = "a\x00b"
		}, []string{
			`stage.Cluster.ServerText: "a\x00b": must be one line of text, UTF-8 without control characters`,
		}},
		{"health check path with a quote", func(e *stacks.Environment) { e.Cluster.HealthCheckPath = `/a"b` }, []string{
			`stage.Cluster.HealthCheckPath: "/a\"b": ` + pathRule,
		}},
		{"health check path with a backslash", func(e *stacks.Environment) { e.Cluster.HealthCheckPath = `/a\b` }, []string{
			`stage.Cluster.HealthCheckPath: "/a\\b": ` + pathRule,
		}},
		{"health check path with a fragment", func(e *stacks.Environment) { e.Cluster.HealthCheckPath = "/a#b" }, []string{
			`stage.Cluster.HealthCheckPath: "/a#b": ` + pathRule,
		}},
		{"health check path with a bad escape", func(e *stacks.Environment) { e.Cluster.HealthCheckPath = "/a%2" }, []string{
			`stage.Cluster.HealthCheckPath: "/a%2": ` + pathRule,
		}},
		{"load balancer", func(e *stacks.Environment) {
			e.Cluster.CertificateARN, e.Cluster.AccessLogsBucket = "my-certificate", "My_Bucket"
			e.Cluster.AllowedCIDRs = []string{"10.0.0.0/8", "10.1.0.0/16", "everyone"}
			e.Cluster.HealthCheckPath, e.Cluster.HealthCheckInterval = "health", 5*time.Second
		}, []string{
			`stage.Cluster.CertificateARN: "my-certificate": must be the ARN of an ACM certificate`,
			`stage.Cluster.AllowedCIDRs: "10.1.0.0/16": overlaps 10.0.0.0/8`,
			`stage.Cluster.AllowedCIDRs: "everyone": must be an IPv4 block such as 203.0.113.0/24`,
			`stage.Cluster.AccessLogsBucket: "My_Bucket": must be the name of an S3 bucket`,
			`stage.Cluster.HealthCheckPath: "health": ` + pathRule,
			`stage.Cluster.HealthCheckInterval: 5s: must be whole seconds from 10s to 5m0s`,
		}},
		{"draining shorter than a request", func(e *stacks.Environment) {
			e.Cluster.IdleTimeout, e.Cluster.DeregistrationDelay = time.Minute, 30*time.Second
		}, []string{
			`stage.Cluster.DeregistrationDelay: 30s: must be longer than IdleTimeout (1m0s), or replacing an instance cuts requests off`,
		}},
		{"no time to become healthy", func(e *stacks.Environment) {
			e.Cluster.Warmup, e.Cluster.HealthCheckGracePeriod = 20*time.Second, 30*time.Second
		}, []string{
			`stage.Cluster.Warmup: 20s: must be at least 30s, the time of 2 health checks, or a refresh goes on before an instance has passed them`,
			`stage.Cluster.HealthCheckGracePeriod: 30s: must not be above Warmup (20s), or a refresh goes on over instances whose health nobody has judged`,
		}},
		{"refresh preferences", func(e *stacks.Environment) {
			e.Cluster.MaxHealthyPercentage, e.Cluster.Warmup = 201, time.Minute+time.Millisecond
			e.Cluster.Checkpoints, e.Cluster.CheckpointDelay = []int{50, 100}, 49*time.Hour
		}, []string{
			`stage.Cluster.MaxHealthyPercentage: 201: must be 100 to 200`,
			`stage.Cluster.Warmup: 1m0.001s: must be whole seconds, 0 or more`,
			`stage.Cluster.CheckpointDelay: 49h0m0s: must be whole seconds from 0s to 48h0m0s`,
		}},
		// What follows from a wrong value is not wrong itself.
		{"only what was set is blamed: health checks", func(e *stacks.Environment) { e.Cluster.HealthCheckInterval = time.Hour }, []string{
			`stage.Cluster.HealthCheckInterval: 1h0m0s: must be whole seconds from 10s to 5m0s`,
		}},
		{"only what was set is blamed: warm-up", func(e *stacks.Environment) { e.Cluster.Warmup = 2 * time.Hour }, []string{
			`stage.Cluster.Warmup: 2h0m0s: must be at most 1h0m0s`,
		}},
		{"only what was set is blamed: idle time-out", func(e *stacks.Environment) { e.Cluster.IdleTimeout = time.Hour }, []string{
			`stage.Cluster.IdleTimeout: 1h0m0s: must be below 1h0m0s, the longest DeregistrationDelay, or replacing an instance cuts requests off`,
		}},
		{"pause without checkpoints", func(e *stacks.Environment) { e.Cluster.CheckpointDelay = time.Minute }, []string{
			`stage.Cluster.CheckpointDelay: 1m0s: is for checkpoints, and there are none`,
		}},

		{"database", func(e *stacks.Environment) {
			e.Database = constructs.MySQLProps{
				InstanceClass: "t4g.micro", EngineVersion: "5.7", DatabaseName: "my-app",
				StorageGiB: 10, MaxStorageGiB: 10, BackupRetentionDays: 36,
			}
		}, []string{
			`stage.Database.InstanceClass: "t4g.micro": must be a DB instance class such as db.t4g.micro`,
			`stage.Database.EngineVersion: "5.7": must be 8.4 or 8.4.N`,
			`stage.Database.DatabaseName: "my-app": must be 1 to 64 letters, digits and underscores, a letter first`,
			`stage.Database.StorageGiB: 10: must be 20 to 65536`,
			`stage.Database.MaxStorageGiB: 10: must be at least 10% above StorageGiB (10) and at most 65536`,
			`stage.Database.BackupRetentionDays: 36: must be 1 to 35`,
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := stacks.Stage
			test.change(&e)
			expectFaults(t, stacks.Validate(valid, []stacks.Environment{e}), test.want)
		})
	}
}

func TestEnvironmentsMustNotCollide(t *testing.T) {
	second := stacks.Stage
	second.Network.CIDR = "10.10.4.0/22"
	expectFaults(t, stacks.Validate(valid, []stacks.Environment{stacks.Stage, second}), []string{
		`environment.Name: "stage": is the name of another stack`,
		`stage.Network.CIDR: "10.10.4.0/22": overlaps 10.10.0.0/16 of stage`,
	})
}

func TestSettingsFaults(t *testing.T) {
	tests := []struct {
		name, context string
		want          []string
	}{
		{"none", `{}`, []string{
			`cdktf.json: context.project: "": must be lower-case letters, digits and single hyphens inside, a letter first`,
			`cdktf.json: context.region: "": must be an AWS region such as eu-central-1`,
			`cdktf.json: context.stateBucket: "": must not be empty`,
			`cdktf.json: context.lockTable: "": must not be empty`,
		}},
		{"misspelt, of a wrong type, impossible", `{"project": "My_Project", "region": "Frankfurt", "stateBucket": 7, "lockTable": "t", "bucket": "b", "stateLock": "none"}`, []string{
			`cdktf.json: context.bucket: "b": is no setting; settings are [alertEmail lockTable project region stateBucket stateLock]`,
			`cdktf.json: context.stateBucket: 7: must be a string`,
			`cdktf.json: context.project: "My_Project": must be lower-case letters, digits and single hyphens inside, a letter first`,
			`cdktf.json: context.region: "Frankfurt": must be an AWS region; did you mean eu-central-1?`,
			`cdktf.json: context.stateLock: "none": must be one of ["dynamodb" "both" "s3"]`,
		}},
		{"no object", `[]`, []string{`cdktf.json: "context": must be an object with the project's settings`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("CDKTF_CONTEXT_JSON", test.context)
			_, err := project.Load("../..")
			expectFaults(t, err, test.want)
		})
	}
	t.Run("their values", func(t *testing.T) {
		wrong := project.Settings{Project: "webservers", Region: "eu-central-1", StateBucket: "My.Bucket", LockTable: "t", AlertEmail: "nobody"}
		expectFaults(t, stacks.Validate(wrong, []stacks.Environment{stacks.Stage}), []string{
			`cdktf.json: context.stateBucket: "My.Bucket": must be 3 to 63 lower-case letters, digits and hyphens, no hyphen at either end`,
			`cdktf.json: context.lockTable: "t": must be 3 to 255 letters, digits, and _ . -`,
			`cdktf.json: context.alertEmail: "nobody": must be a plain e-mail address`,
		})
	})
}

// TestSettingsFile: what an editor makes of cdktf.json, and what a hand gets wrong.
func TestSettingsFile(t *testing.T) {
	good := "{\n  \"context\": {\n    \"project\": \"p\"\n  }\n}\n"
	utf16 := func(order string) string {
		var out strings.Builder
		for _, c := range []byte(good) {
			if order == "little" {
				out.WriteString(string([]byte{c, 0}))
			} else {
				out.WriteString(string([]byte{0, c}))
			}
		}
		return out.String()
	}
	for _, test := range []struct{ name, content, want string }{
		{"byte order mark", "\xEF\xBB\xBF" + good, "begins with a byte order mark (BOM): save it as UTF-8 without one; cdktf cannot read it either"},
		{"UTF-16 with a mark, little-endian", "\xFF\xFE" + utf16("little"), "is UTF-16 with a byte order mark (BOM): save it as UTF-8 without one; cdktf cannot read it either"},
		{"UTF-16 with a mark, big-endian", "\xFE\xFF" + utf16("big"), "is UTF-16 with a byte order mark (BOM): save it as UTF-8 without one; cdktf cannot read it either"},
		{"UTF-16, little-endian", utf16("little"), "is UTF-16 or UTF-32: save it as UTF-8; cdktf cannot read it either"},
		{"UTF-16, big-endian", utf16("big"), "is UTF-16 or UTF-32: save it as UTF-8; cdktf cannot read it either"},
		{"Latin-1", "{\n \"a\": \"\xFC\"\n}", "line 2, column 8: byte 0xfc is not UTF-8: save it as UTF-8"},
		{"comma missing", "{\n  \"ä\": 1 \"b\": 2\n}", `line 2, column 10: invalid character '"' after object key:value pair`},
		{"comma too many", "{\n  \"a\": 1,\n}", `line 3, column 1: invalid character '}' looking for beginning of object key string`},
		{"cut off", "{\n  \"a\": 1", "line 2, column 8: unexpected end of JSON input"},
		{"text behind", good + "}", `line 6, column 1: invalid character '}' after top-level value`},
		{"empty", "", "line 1, column 1: unexpected end of JSON input"},
		{"output that is no string", "{\n  \"output\": 7\n}", "line 2, column 13: must be a string, and is a number"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "cdktf.json"), []byte(test.content), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := project.LoadFile(dir)
			expectFaults(t, err, []string{"cdktf.json: " + test.want})
		})
	}
}

func expectFaults(t *testing.T, err error, want []string) {
	t.Helper()
	var got []string
	for _, fault := range faults.Each(err) {
		got = append(got, fault.Error())
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("faults are\n%s\nwant\n%s", g, w)
	}
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
		out, outdir, err := run(t, `{"project": "p", "region": "Frankfurt", "lockTable": "t"}`)
		if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 {
			t.Errorf("the app ended with %v, want exit status 1", err)
		}
		want := "cdktf.json: context.region: \"Frankfurt\": must be an AWS region; did you mean eu-central-1?\n" +
			"cdktf.json: context.stateBucket: \"\": must not be empty\n"
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
