package database_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/tests/localaws"
)

const region = "eu-central-1"

// TestCommand runs the command as an operator does, against a state and a secret on the
// local AWS, and a database at the other end of a port forwarding.
func TestCommand(t *testing.T) {
	command := filepath.Join(t.TempDir(), "database")
	build := exec.Command("go", "build", "-o", command, "./cmd/database")
	build.Dir = filepath.Join("..", "..")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	cloud, err := localaws.Start(context.Background(), localaws.Options{Region: region})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	s := start(t)
	folder := t.TempDir()
	write(t, filepath.Join(folder, project.File), `{"context": {"project": "webservers", "region": "`+region+`", "stateBucket": "states", "lockTable": "locks"}}`)
	ca := filepath.Join(folder, "ca.pem")
	write(t, ca, string(s.bundle))
	write(t, filepath.Join(folder, "empty.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "NOTHING"})))

	secret, err := secretsmanager.NewFromConfig(cloud.Config()).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: aws.String("rds!db-1"), SecretString: aws.String(fmt.Sprintf(`{"username": "admin", "password": %q}`, password)),
	})
	if err != nil {
		t.Fatal(err)
	}
	states := s3.NewFromConfig(cloud.Config())
	if _, err := states.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("states"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: region}}); err != nil {
		t.Fatal(err)
	}
	outputs := map[string]string{"database_address": host, "database_port": "3306", "database_name": "shop", "database_secret_arn": *secret.ARN}
	save := func(stack string) {
		values := map[string]any{}
		for name, value := range outputs {
			values[name] = map[string]any{"type": "string", "value": value}
		}
		state, err := json.Marshal(map[string]any{"version": 4, "serial": 1, "lineage": "l", "outputs": values})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := states.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("states"), Key: aws.String(project.StateKey(stack)), Body: bytes.NewReader(state)}); err != nil {
			t.Fatal(err)
		}
	}
	save("plain")
	outputs["database_user"] = "app"
	save("stage")
	outputs = map[string]string{"url": "http://example.com"}
	save("bare")

	run := func(args ...string) (string, int) {
		cmd := exec.Command(command, args...)
		cmd.Dir, cmd.Env = folder, append(os.Environ(), cloud.Environ()...)
		output, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if strings.Contains(string(output), password) {
			t.Errorf("%v says the password: %s", args, output)
		}
		return string(output), cmd.ProcessState.ExitCode()
	}
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"user"}, 2, "database: accepts 1 arg(s), received 0\nSee: go run ./cmd/database user --help\n"},
		{[]string{"user", "stage", "--adress", "x"}, 2, "database: unknown flag: --adress\nSee: go run ./cmd/database user --help\n"},
		{[]string{"user", "stage", "--address", "13306"}, 2, `database: --address: "13306": must be HOST:PORT, such as 127.0.0.1:13306`},
		{[]string{"user", "stage", "--ca-file", "no.pem"}, 1, "database: --ca-file: open no.pem: no such file or directory\n"},
		{[]string{"user", "stage", "--ca-file", "empty.pem"}, 1, `database: --ca-file: "empty.pem": holds no certificate in PEM's form` + "\n"},
		{[]string{"user", "bare"}, 1, "database: bare: has no database\n"},
		{[]string{"user", "plain"}, 1, "database: plain: has no user of the application's own: set ApplicationUser in its Database and deploy\n"},
		// By RDS's own certificates, which have not signed this one.
		{[]string{"user", "stage", "--address", s.Addr()}, 1, "certificate signed by unknown authority"},
		{[]string{"user", "stage", "--address", s.Addr(), "--ca-file", ca}, 0, "The servers of stage log in to shop as app, with an IAM token.\n"},
		{[]string{"user", "stage", "--address", s.Addr(), "--ca-file", ca}, 0, "The servers of stage log in to shop as app, with an IAM token.\n"},
	} {
		if output, code := run(test.args...); code != test.code || !strings.Contains(output, test.want) {
			t.Errorf("%v: exit status %d, want %d; it says\n%s\nwant\n%s", test.args, code, test.code, output, test.want)
		}
	}
	if err := s.app(t, true).PingContext(t.Context()); err != nil {
		t.Errorf("the application cannot log in: %v", err)
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
