package localaws_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"example.com/webserver-cluster/tests/localaws"
)

// askMetadata has a script define imds, which prints an item.
const askMetadata = `
base=http://169.254.169.254/latest
token=$(curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' $base/api/token)
imds() { curl -s -H "X-aws-ec2-metadata-token: $token" $base/$1; echo; }
`

// TestInstances has instances find out who they are, and reach what their role
// and their security groups let them.
func TestInstances(t *testing.T) {
	e := newEstate(t)
	secrets := secretsmanager.NewFromConfig(e.cloud.Config())
	secret, err := secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: aws.String("db/password"), SecretString: aws.String("s3kr1t")})
	e.must(err)
	objects := s3.NewFromConfig(e.cloud.Config())
	const bucket = "artefacts-of-a-test"
	_, err = objects.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucket)})
	e.must(err)
	_, err = objects.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: aws.String(bucket), VersioningConfiguration: &s3types.VersioningConfiguration{Status: s3types.BucketVersioningStatusEnabled}})
	e.must(err)
	var versions []string
	for _, text := range []string{"first", "second"} {
		out, err := objects.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String("app/code"), Body: strings.NewReader(text)})
		e.must(err)
		versions = append(versions, *out.VersionId)
	}
	e.profile("reader", fmt.Sprintf(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": %q},
		{"Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObjectVersion"], "Resource": "arn:aws:s3:::%s/app/*"}]}`, *secret.ARN, bucket))
	e.profile("other", `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}}`)

	database := e.group("database")
	open := e.group("open")
	e.letOut(open, 443, "0.0.0.0/0")
	e.letOut(open, 3306, database)
	e.letIn(database, 3306, open)
	closed := e.group("closed")
	e.letOut(closed, 3306, database) // and the database does not let it in

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	e.must(err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			fmt.Fprintln(conn, "I am the database")
			conn.Close()
		}
	}()
	e.must(e.cloud.Network.SetEndpoints(t.Context(), []localaws.Endpoint{{
		Name: "db.example.rds.amazonaws.com", Region: "us-east-1", Subnets: []string{e.subnet}, Groups: []string{database}, Port: 3306,
		Dial: func(ctx context.Context) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", listener.Addr().String())
		},
	}}))

	commands := fmt.Sprintf(`
aws secretsmanager get-secret-value --secret-id db/password --query SecretString --output text; echo "secret: $?"
aws s3api get-object --bucket %[1]s --key app/code --version-id %[2]s /tmp/code && cat /tmp/code; echo " object: $?"
aws s3 cp s3://%[1]s/app/code - ; echo " copy: $?"
aws s3 cp s3://%[1]s/app/nosuch - ; echo "missing: $?"
timeout 3 bash -c 'cat < /dev/tcp/db.example.rds.amazonaws.com/3306'; echo "database: $?"
`, bucket, versions[0])
	reader := e.launch("reader", "reader", open, askMetadata+`
curl -s -o /dev/null -w 'without a token: %{http_code}\n' $base/meta-data/instance-id
echo "i am $(imds meta-data/instance-id) in $(imds meta-data/placement/region), of $(imds meta-data/iam/security-credentials/)"
imds dynamic/instance-identity/document
hostname -f; getent hosts $(hostname)
`+commands)
	other := e.launch("other", "other", open, commands)
	nobody := e.launch("nobody", "", open, "aws secretsmanager get-secret-value --secret-id db/password; echo \"secret: $?\"")
	shut := e.launch("shut", "reader", closed, askMetadata+`
echo "i am $(imds meta-data/instance-id)"
timeout 3 aws secretsmanager get-secret-value --secret-id db/password; echo "secret: $?"
timeout 3 bash -c 'cat < /dev/tcp/db.example.rds.amazonaws.com/3306'; echo "database: $?"
`)
	e.wantConsole(reader, "without a token: 401\n", "i am "+reader+" in us-east-1, of reader\n", `"accountId": "123456789012"`, `"instanceType": "t3.micro"`,
		"s3kr1t\nsecret: 0\n", "first object: 0\n", "second copy: 0\n", "(AccessDenied)", "missing: 1\n", "I am the database\ndatabase: 0\n", "the end\n")
	e.wantConsole(other, "An error occurred (AccessDeniedException) when calling the GetSecretValue operation: User: arn:aws:sts::123456789012:assumed-role/other/"+other+
		" is not authorized to perform: secretsmanager:GetSecretValue on resource: "+*secret.ARN, "secret: 254\n", "(AccessDenied) when calling the GetObject operation", "object: 254\n", "database: 0\n")
	e.wantConsole(nobody, "Unable to locate credentials", "secret: 253\n")
	e.wantConsole(shut, "i am "+shut+"\n", "secret: 124\n", "database: 124\n")
	if t.Failed() {
		return
	}

	// What the role may do is asked for each request, and so are the groups. Managed
	// policies count, and a boundary does.
	e.allow("other", `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}`)
	managed := e.policy("secrets", fmt.Sprintf(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "secretsmanager:Get*", "Resource": %q}}`, *secret.ARN))
	_, err = e.iam.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: aws.String("other"), PolicyArn: &managed})
	e.must(err)
	_, err = e.iam.PutRolePermissionsBoundary(t.Context(), &iam.PutRolePermissionsBoundaryInput{RoleName: aws.String("other"), PermissionsBoundary: &managed})
	e.must(err)
	_, err = e.ec2.RevokeSecurityGroupIngress(t.Context(), &ec2.RevokeSecurityGroupIngressInput{GroupId: &database, IpPermissions: rule(3306, open)})
	e.must(err)
	time.Sleep(1100 * time.Millisecond) // both are remembered for a second
	e.wantConsole(e.launch("again", "other", open, commands), "s3kr1t\nsecret: 0\n",
		"because no permissions boundary allows the s3:GetObjectVersion action", "object: 254\n", "database: 124\n")

	e.runApplication(open, bucket)

	// An instance that is terminated stops its services first.
	served := e.launch("served", "", open, `
cat > /etc/systemd/system/slow.service <<'UNIT'
[Service]
ExecStart=/bin/bash -c 'trap "sleep 0.3; echo stopped well; exit" TERM; echo ready; while :; do sleep 0.1; done'
UNIT
systemctl start slow`)
	e.console(served)
	e.waitFor(served, "ready\n")
	_, err = e.ec2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{served}})
	e.must(err)
	e.waitFor(served, "stopped well\n")
	if _, err := os.Stat("/tmp/code"); err == nil {
		t.Error("an instance has written to the host")
	}
}

// runApplication has an instance run the boot script that the app's instances get for an
// application of one's own.
func (e *estate) runApplication(group, bucket string) {
	e.Helper()
	const server = `#!/usr/bin/python3
import http.server, os, pwd, signal, sys
signal.signal(signal.SIGTERM, lambda *_: (print("application: stopped", flush=True), os._exit(0)))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        text = f"{os.environ['GREETING']} on {os.environ['PORT']}, {sys.argv[1]}, root: {os.getuid() == 0}, in {os.getcwd()}"
        self.wfile.write(text.encode())
http.server.HTTPServer(("", int(os.environ["PORT"])), Handler).serve_forever()
`
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	e.must(w.WriteHeader(&tar.Header{Name: "serve", Mode: 0o755, Size: int64(len(server)), Typeflag: tar.TypeReg}))
	_, err := w.Write([]byte(server))
	e.must(err)
	e.must(w.Close())
	digest := sha256.Sum256(packed.Bytes())
	object, err := s3.NewFromConfig(e.cloud.Config()).PutObject(e.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("app/application.tar"), Body: bytes.NewReader(packed.Bytes())})
	e.must(err)
	script, err := os.ReadFile("../../constructs/application.sh")
	e.must(err)
	text := strings.NewReplacer(
		"@FACTS@", "install -d /etc/webserver\necho 'PORT=\"80\"\nGREETING=\"hello world\"' > /etc/webserver/environment", "@FACTS_FILE@", "/etc/webserver/environment",
		"@REGION@", "us-east-1", "@BUCKET@", bucket, "@KEY@", "app/application.tar", "@VERSION@", *object.VersionId, "@DIGEST@", hex.EncodeToString(digest[:]),
		"@NAME@", "web", "@COMMAND@", `"/opt/application/serve" "5 $$"`, "@USER@", "application", "@CAPABILITIES@", "AmbientCapabilities=CAP_NET_BIND_SERVICE\n", "@STOP_SECONDS@", "60",
	).Replace(string(script))
	if left := regexp.MustCompile("@[A-Z_]+@").FindString(text); left != "" {
		e.Fatalf("the boot script has a %s that this test does not know", left)
	}
	id := e.launch("application", "reader", group, strings.TrimPrefix(text, "#!/bin/bash\n"))
	e.wantConsole(id, "the end\n")
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return e.cloud.Servers.Dial(ctx, id, 80)
	}}}
	page := ""
	for deadline := time.Now().Add(estatePatience); page == "" && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if resp, err := client.Get("http://application/"); err == nil {
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			page = string(body)
		}
	}
	if want := "hello world on 80, 5 $, root: False, in /opt/application"; page != want {
		e.Errorf("the application answers %q, want %q\n%s", page, want, e.cloud.Servers.Console(id))
	}
	_, err = e.ec2.TerminateInstances(e.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
	e.must(err)
	e.waitFor(id, "application: stopped\n")
}
