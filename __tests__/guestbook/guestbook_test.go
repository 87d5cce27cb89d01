// Package guestbook_test has the guest book of examples/guestbook run on a local AWS as
// on AWS: packed and deployed by the cdktf CLI, fetched by instances with their role's
// credentials, its entries kept in a MySQL behind security groups and TLS. While
// visitors write, new editions roll out, bad ones too, and RDS changes the password.
package guestbook_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/stacks"
	"example.com/webserver-cluster/tests/literal"
	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/localaws/mysql"
	"example.com/webserver-cluster/tests/usual"
	"example.com/webserver-cluster/tests/workcopy"
	"example.com/webserver-cluster/tests/zerodowntime"
)

var full = flag.Bool("full", false, "also an edition that starts too slowly, and a restart of the database under load")

// stage is the environment.
type stage struct {
	cloud   *localaws.AWS
	project *workcopy.Copy
	users   zerodowntime.Stage
	builds  string // folder with an edition of the guest book in each folder

	url, secret, database string // outputs
}

// build builds an edition of the guest book as README.md says.
func (s *stage) build(t *testing.T, edition string) string {
	t.Helper()
	dir := filepath.Join(s.builds, edition)
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.edition="+edition, "-o", filepath.Join(dir, "guestbook"), "./examples/guestbook")
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return dir
}

// deploy deploys an edition, started by command.
func (s *stage) deploy(ctx context.Context, dir string, command ...string) (string, error) {
	environment := literal.Literal{Environment: stacks.Environment{
		Name:    "stage",
		Network: constructs.NetworkProps{CIDR: "10.10.0.0/16"},
		Cluster: constructs.WebserverClusterProps{
			AMI:         "ami-00000000000000001", // no newer one comes in the meantime
			MinSize:     2,
			MaxSize:     4,
			Application: &constructs.Application{Path: dir, Command: command, Environment: map[string]string{"GREETING": "Welcome!"}},
			// Here AWS's time runs fast, and the guest book's does not: this leaves it 24 s to
			// boot and 18 s for an answer.
			Warmup:      4 * time.Minute,
			IdleTimeout: 3 * time.Minute,
		},
		Database: &constructs.MySQLProps{
			BackupRetentionDays: 1, SkipFinalSnapshot: true, DeleteAutomatedBackups: true, ApplyImmediately: true,
		},
	}}
	if err := environment.Write(s.project.Dir); err != nil {
		return "", err
	}
	return s.project.Cdktf(ctx, nil, "deploy", "stage", "--auto-approve", "--outputs-file", "outputs.json")
}

func start(t *testing.T) *stage {
	if err := localaws.CheckTools(t.Context()); err != nil {
		t.Fatal(err)
	}
	root, err := localaws.AppDir()
	if err != nil {
		t.Fatal(err)
	}
	settings, err := project.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "build", "guestbook-test")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	s := &stage{builds: filepath.Join(dir, "editions")}
	s.cloud, err = localaws.Start(context.WithoutCancel(t.Context()), localaws.Options{
		Region: settings.Region, TimeFactor: zerodowntime.DefaultTimeFactor, Servers: true, Databases: mysql.Start, OnEvent: s.users.Note, Log: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.cloud.Stop)
	if err := zerodowntime.MakeStateStore(t.Context(), s.cloud, settings); err != nil {
		t.Fatal(err)
	}
	s.project, err = workcopy.New(filepath.Join(dir, "project"), append(s.cloud.Environ(), fmt.Sprint("ROLLOUT_POLL=", s.cloud.Clock.Real(5*time.Second))))
	if err != nil {
		t.Fatal(err)
	}
	if output, err := s.deploy(t.Context(), s.build(t, "first"), "guestbook"); err != nil {
		t.Fatalf("%v\n%s\n%s", err, output, s.consoles())
	}
	content, err := os.ReadFile(filepath.Join(s.project.Dir, "outputs.json"))
	if err != nil {
		t.Fatal(err)
	}
	var outputs struct {
		Stage struct {
			URL      string `json:"url"`
			Secret   string `json:"database_secret_arn"`
			Database string `json:"database_address"`
		} `json:"stage"`
	}
	if err := json.Unmarshal(content, &outputs); err != nil {
		t.Fatal(err)
	}
	s.url, s.secret, s.database = outputs.Stage.URL, outputs.Stage.Secret, outputs.Stage.Database
	s.users.Attach(s.cloud, s.url, "<h1>Guest book</h1>", 12) // each answer asks the database
	return s
}

// consoles are what the instances have printed.
func (s *stage) consoles() string {
	var text strings.Builder
	for _, server := range s.cloud.Servers.List() {
		fmt.Fprintf(&text, "-- %s %s\n%s\n", server.ID, server.State, s.cloud.Servers.Console(server.ID))
	}
	return text.String()
}

// under does something while visitors read and write. No request may fail, and every
// entry must be kept once.
func (s *stage) under(t *testing.T, name string, do func() error) {
	t.Helper()
	visitors := write(s.url, name)
	run, err := s.users.Under(name, func(*zerodowntime.Run) error { return do() })
	sent, failures := visitors.stop()
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	t.Logf("%v; %d entries written", run, len(sent))
	for _, failure := range run.Failures[:min(5, len(run.Failures))] {
		t.Errorf("%s: reading failed: %v", name, failure)
	}
	for _, failure := range failures[:min(5, len(failures))] {
		t.Errorf("%s: writing failed: %v", name, failure)
	}
	if len(sent) < 100 {
		t.Errorf("%s: only %d entries were written", name, len(sent))
	}
	kept := s.entries(t, name)
	for _, token := range sent {
		if n := kept[token]; n != 1 {
			t.Errorf("%s: the entry %s is there %d times", name, token, n)
		}
		delete(kept, token)
	}
	if len(kept) > 0 {
		t.Errorf("%s: %d entries are there that no visitor was told of: %.200v", name, len(kept), kept)
	}
	if t.Failed() {
		t.Log(s.consoles())
	}
}

// TestGuestbook goes through what happens to an application in its life.
func TestGuestbook(t *testing.T) {
	s := start(t)
	s.under(t, "second edition, and another password", func() error {
		rotated := make(chan error, 1)
		go func() {
			time.Sleep(5 * time.Second) // in the middle of the deploy
			_, err := secretsmanager.NewFromConfig(s.cloud.Config()).RotateSecret(t.Context(), &secretsmanager.RotateSecretInput{SecretId: &s.secret})
			rotated <- err
		}()
		output, err := s.deploy(t.Context(), s.build(t, "second"), "guestbook")
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, output)
		}
		return errors.Join(err, <-rotated)
	})
	s.serves(t, "second edition")
	s.closed(t)
	if usual.Run {
		return
	}

	s.under(t, "an edition that never starts", func() error {
		output, err := s.deploy(t.Context(), filepath.Join(s.builds, "second"), "/bin/false")
		if err == nil || !strings.Contains(output, "Rolled back: 2 of 2 instances run version 2") {
			return fmt.Errorf("the deploy ends with %v\n%s", err, output)
		}
		return nil
	})
	s.serves(t, "second edition")
	if !*full {
		return
	}
	s.under(t, "an edition that starts too slowly", func() error {
		output, err := s.deploy(t.Context(), filepath.Join(s.builds, "second"), "/bin/sh", "-c", "sleep 600; exec ./guestbook")
		if err == nil || !strings.Contains(output, "Rolled back: 2 of 2 instances run version 2") {
			return fmt.Errorf("the deploy ends with %v\n%s", err, output)
		}
		return nil
	})
	s.under(t, "the database restarts", func() error {
		id, _, _ := strings.Cut(s.database, ".")
		_, err := rds.NewFromConfig(s.cloud.Config()).RebootDBInstance(t.Context(), &rds.RebootDBInstanceInput{DBInstanceIdentifier: &id})
		time.Sleep(10 * time.Second)
		return err
	})
}

// serves checks what the page says.
func (s *stage) serves(t *testing.T, edition string) {
	t.Helper()
	for range 10 { // of more than one server
		if page, err := get(s.url); err != nil || !strings.Contains(page, edition) || !strings.Contains(page, "Welcome!") {
			t.Fatalf("the page is not the %s: %v\n%s", edition, err, page)
		}
	}
}

// closed checks that nothing secret lies about: neither in what instances print nor in
// the state nor in user data.
func (s *stage) closed(t *testing.T) {
	t.Helper()
	password := s.password(t)
	texts := map[string]string{"the consoles": s.consoles()}
	files, err := filepath.Glob(filepath.Join(s.project.Dir, "cdktf.out", "stacks", "stage", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if content, err := os.ReadFile(file); err == nil {
			texts[filepath.Base(file)] = string(content)
		}
	}
	state, err := s.project.Command(t.Context(), "terraform", "-chdir=cdktf.out/stacks/stage", "state", "pull").Output()
	if err != nil {
		t.Fatal(err)
	}
	texts["the state"] = string(state)
	for where, text := range texts {
		if strings.Contains(text, password) {
			t.Errorf("the database's password stands in %s", where)
		}
	}
}
