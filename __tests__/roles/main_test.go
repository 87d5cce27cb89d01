// Package roles_test deploys with the IAM roles that the state stack makes for GitHub's
// workflows: with each what it is for, and nothing else. Terraform and the AWS provider are
// the real ones; the local AWS judges each request by the roles' policies.
package roles_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/jsii-runtime-go"
	"github.com/hashicorp/terraform-cdk-go/cdktf"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/fastjsii"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/stacks"
	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/localaws/access"
	"example.com/webserver-cluster/tests/provider"
)

const (
	repository = "acme/webservers"
	account    = "123456789012" // moto's
	// timeFactor makes a rollout's minutes seconds.
	timeFactor = 20
)

var settings = project.Settings{
	Project: "webservers", Region: "eu-central-1", StateBucket: "states-of-webservers", LockTable: "locks",
	StateLock: project.LockBoth, AlertEmail: "ops@example.com", GitHubRepository: repository,
}

// world is the local AWS with the state store and the roles, and what was asked of it.
type world struct {
	*testing.T
	cloud *localaws.AWS
	dir   string

	mu    sync.Mutex
	asked []access.Asked
}

func TestMain(m *testing.M) {
	code := m.Run()
	fastjsii.Close()
	os.Exit(code)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	if err := localaws.CheckTools(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A context that outlives the test's own, which ends before Cleanup.
	cloud, err := localaws.Start(context.Background(), localaws.Options{Region: settings.Region, TimeFactor: timeFactor})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	w := &world{T: t, cloud: cloud, dir: t.TempDir()}
	cloud.Access().OnAsked(func(a access.Asked) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.asked = append(w.asked, a)
	})
	return w
}

// stage is the stage of the app with all that a deploy can make, in a hosted zone that exists.
func (w *world) stage() stacks.Environment {
	w.Helper()
	zone := ""
	for i := 0; !strings.HasPrefix(zone, "Z"); i++ { // as all of AWS's do; moto takes any letter
		made, err := route53.NewFromConfig(w.cloud.Config()).CreateHostedZone(w.Context(), &route53.CreateHostedZoneInput{
			Name: aws.String("example.com"), CallerReference: aws.String(fmt.Sprint(i)),
		})
		if err != nil {
			w.Fatal(err)
		}
		zone = strings.TrimPrefix(*made.HostedZone.Id, "/hostedzone/")
	}
	application := filepath.Join(w.dir, "application")
	if err := os.MkdirAll(application, 0o755); err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(application, "serve"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		w.Fatal(err)
	}
	e := stacks.Stage
	database := *e.Database
	database.ApplicationUser = "app"
	e.Database = &database
	e.Cluster.ServerText, e.Cluster.PinAMI, e.Cluster.LogRetentionDays = "", true, 7
	e.Cluster.Application = &constructs.Application{Path: application, Command: []string{"serve"}}
	e.Cluster.Schedules = []constructs.Schedule{{Name: "night", Recurrence: "0 20 * * *", TimeZone: "Europe/Berlin", MinSize: 2}}
	e.Cluster.Domain = &constructs.Domain{Name: "shop.example.com", HostedZoneID: zone}
	return e
}

// synthesize writes the state stack and the environments' to a folder below the world's and
// returns the folder of the stacks.
func (w *world) synthesize(name string, environments ...stacks.Environment) string {
	w.Helper()
	if err := stacks.Validate(settings, environments); err != nil {
		w.Fatal(err)
	}
	w.Chdir(filepath.Join("..", ".."))
	defer w.Chdir(filepath.Join("__tests__", "roles"))
	out := filepath.Join(w.dir, name)
	app := cdktf.NewApp(&cdktf.AppConfig{Outdir: jsii.String(out)})
	stacks.NewStateStack(app, settings, environments)
	for _, e := range environments {
		stacks.NewEnvironment(app, settings, e)
	}
	constructs.Synthesize(app)
	return filepath.Join(out, "stacks")
}

// token is one that GitHub gives a job of a branch, but for the signature.
// https://docs.github.com/en/actions/reference/security/oidc
func token(subject, branch string) string {
	claims, err := json.Marshal(map[string]any{
		"iss": "https://token.actions.githubusercontent.com", "aud": "sts.amazonaws.com", "sub": subject, "exp": time.Now().Add(5 * time.Minute).Unix(),
		"ref": "refs/heads/" + branch,
	})
	if err != nil {
		panic(err)
	}
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + part(claims) + "." + part([]byte("unsigned"))
}

func roleARN(name string) string { return "arn:aws:iam::" + account + ":role/github/" + name }

// assume takes a role on with a token, as aws-actions/configure-aws-credentials does.
func (w *world) assume(role, subject, branch string, seconds int32) (aws.Config, error) {
	config := w.cloud.Config()
	config.Credentials = aws.AnonymousCredentials{}
	out, err := sts.NewFromConfig(config).AssumeRoleWithWebIdentity(w.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(roleARN(role)), RoleSessionName: aws.String("GitHubActions"), WebIdentityToken: aws.String(token(subject, branch)), DurationSeconds: &seconds,
	})
	if err != nil {
		return config, err
	}
	config.Credentials = credentials.NewStaticCredentialsProvider(*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	return config, nil
}

// worker is a job that has assumed a role.
type worker struct {
	*world
	config aws.Config
	env    []string
	stop   func()
}

func (w *world) as(role, subject string) *worker {
	w.Helper()
	config, err := w.assume(role, subject, "main", 3600)
	if err != nil {
		w.Fatal(err)
	}
	keys, err := config.Credentials.Retrieve(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return &worker{w, config, append(w.environ(),
		"AWS_ACCESS_KEY_ID="+keys.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+keys.SecretAccessKey, "AWS_SESSION_TOKEN="+keys.SessionToken), func() {}}
}

// person is whoever has the account's own rights.
func (w *world) person() *worker { return &worker{w, w.cloud.Config(), w.environ(), func() {}} }

func (w *world) environ() []string {
	return append(append(os.Environ(), w.cloud.Environ()...), provider.LessGC, fmt.Sprint("ROLLOUT_POLL=", w.cloud.Clock.Real(5*time.Second)))
}

// init prepares a stack's folder. What follows uses a provider that runs.
func (j *worker) init(dir string, args ...string) {
	j.Helper()
	j.terraform(dir, append([]string{"init"}, args...)...)
	j.stop()
	process, err := provider.Start(dir, j.env)
	if err != nil {
		j.Fatal(err)
	}
	j.stop = process.Stop
	j.Cleanup(process.Stop)
	j.env = append(slices.Clip(j.env), process.Environ()...)
}

func (j *worker) try(dir string, args ...string) (string, error) {
	cmd := exec.Command("terraform", append(args, "-no-color")...)
	cmd.Dir, cmd.Env = dir, j.env
	start := time.Now()
	output, err := cmd.CombinedOutput()
	j.Logf("terraform %v in %s: %v", args, filepath.Base(dir), time.Since(start).Round(time.Second))
	return string(output), err
}

func (j *worker) terraform(dir string, args ...string) string {
	j.Helper()
	output, err := j.try(dir, args...)
	if err != nil {
		j.Fatalf("terraform %v: %v\n%s%s", args, err, output, strings.Join(j.refusals(), "\n"))
	}
	return output
}

// refusals are what was refused so far.
func (w *world) refusals() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, a := range w.asked {
		if a.Refused != "" {
			all = append(all, a.Refused)
		}
	}
	return all
}
