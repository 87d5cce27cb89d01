package localaws_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"example.com/webserver-cluster/tests/localaws"
)

// ran is how a run of the program aws ended.
type ran struct {
	status         int
	stdout, stderr string
	file           string // what it has written, if anything
}

// TestAWSCommand runs the program aws that instances have, which is this program under
// that name, and the AWS CLI, and compares the two.
func TestAWSCommand(t *testing.T) {
	cli, err := exec.LookPath("aws")
	if err != nil {
		t.Fatal("the AWS CLI is not on the PATH: this test compares with it")
	}
	cloud, err := localaws.Start(t.Context(), localaws.Options{BuildDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	objects := s3.NewFromConfig(cloud.Config())
	for _, call := range []func() error{
		func() error {
			_, err := objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("artefacts")})
			return err
		},
		func() error {
			_, err := objects.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("artefacts"), Key: aws.String("dir/app"), Body: strings.NewReader("code\n")})
			return err
		},
		func() error {
			_, err := secretsmanager.NewFromConfig(cloud.Config()).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("password"), SecretString: aws.String(`{"password": "s3kr1t"}`)})
			return err
		},
	} {
		if err := call(); err != nil {
			t.Fatal(err)
		}
	}
	run := func(program, name, args string) (r ran) {
		file := filepath.Join(t.TempDir(), "file")
		cmd := exec.Command(program)
		cmd.Args = append([]string{name}, strings.Fields(strings.ReplaceAll(args, "FILE", file))...)
		cmd.Env = append(os.Environ(), cloud.Environ()...)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		var exit *exec.ExitError
		if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		written, _ := os.ReadFile(file)
		return ran{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String(), string(written)}
	}
	for _, args := range []string{
		"s3api get-object --bucket artefacts --key dir/app FILE",
		"s3api get-object --bucket artefacts --key nosuch FILE",
		"s3api get-object --bucket nosuch --key dir/app FILE",
		"s3api get-object --bucket artefacts --key dir/app --query ContentLength FILE",
		"s3api get-object --bucket artefacts FILE",
		"s3 cp --only-show-errors s3://artefacts/dir/app FILE",
		"s3 cp s3://artefacts/dir/app -",
		"s3 cp --only-show-errors s3://artefacts/nosuch FILE",
		"secretsmanager get-secret-value --secret-id password",
		"secretsmanager get-secret-value --secret-id password --query SecretString --output text",
		"secretsmanager get-secret-value --secret-id password --version-stage AWSPREVIOUS",
		"secretsmanager get-secret-value --region eu-west-1 --secret-id password",
		"secretsmanager get-secret-value",
		"secretsmanager nosuch",
	} {
		own, other := run("/proc/self/exe", "aws", args), run(cli, cli, args)
		switch { // as version 1 ends, and version 2
		case other.status == 2:
			other.status = 252
		case other.status == 255 && strings.Contains(other.stderr, "An error occurred"):
			other.status = 254
		}
		if own.status != other.status || own.file != other.file {
			t.Errorf("%s: %+v, but the AWS CLI: %+v", args, own, other)
		}
		compareOutput(t, args, own.stdout, other.stdout)
		// What went wrong is said in the same words, but how s3 cp says it.
		if own.status == 254 && strings.TrimSpace(strings.TrimPrefix(other.stderr, "\naws: [ERROR]: ")) != strings.TrimSpace(own.stderr) {
			t.Errorf("%s: it says %q, the AWS CLI %q", args, own.stderr, other.stderr)
		}
	}
}

// compareOutput compares JSON by its fields: of an answer's headers some are not
// shown here, and times are written otherwise.
func compareOutput(t *testing.T, args, own, other string) {
	t.Helper()
	var a, b map[string]any
	if json.Unmarshal([]byte(own), &a) != nil || json.Unmarshal([]byte(other), &b) != nil {
		if own != other {
			t.Errorf("%s: it prints %q, the AWS CLI %q", args, own, other)
		}
		return
	}
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if _, there := b[name]; !there || !strings.HasSuffix(name, "Date") && name != "LastModified" && !reflect.DeepEqual(a[name], b[name]) {
			t.Errorf("%s: %s is %v, of the AWS CLI %v", args, name, a[name], b[name])
		}
	}
}
