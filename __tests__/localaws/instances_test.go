package localaws_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/localaws/servers"
)

// estate is what instances are launched in.
type estate struct {
	*testing.T
	cloud  *localaws.AWS
	ec2    *ec2.Client
	iam    *iam.Client
	vpc    string
	subnet string
	image  string
}

const estatePatience = time.Minute

func newEstate(t *testing.T) *estate {
	t.Helper()
	cloud, err := localaws.Start(t.Context(), localaws.Options{
		BuildDir: t.TempDir(), TimeFactor: 60, Servers: true, BootDelay: time.Second, Log: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cloud.Stop)
	e := &estate{T: t, cloud: cloud, ec2: ec2.NewFromConfig(cloud.Config()), iam: iam.NewFromConfig(cloud.Config()), image: "ami-12c6146b"}
	subnets, err := e.ec2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	e.must(err)
	e.vpc, e.subnet = *subnets.Subnets[0].VpcId, *subnets.Subnets[0].SubnetId
	return e
}

func (e *estate) must(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// group makes a security group without rules.
func (e *estate) group(name string) string {
	e.Helper()
	out, err := e.ec2.CreateSecurityGroup(e.Context(), &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &name, VpcId: &e.vpc})
	e.must(err)
	_, err = e.ec2.RevokeSecurityGroupEgress(e.Context(), &ec2.RevokeSecurityGroupEgressInput{
		GroupId: out.GroupId, IpPermissions: []ec2types.IpPermission{{IpProtocol: aws.String("-1"), IpRanges: []ec2types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}},
	})
	e.must(err)
	return *out.GroupId
}

// rule is one for a TCP port to a block or a security group.
func rule(port int32, other string) []ec2types.IpPermission {
	p := ec2types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: &port, ToPort: &port}
	if strings.HasPrefix(other, "sg-") {
		p.UserIdGroupPairs = []ec2types.UserIdGroupPair{{GroupId: &other}}
	} else {
		p.IpRanges = []ec2types.IpRange{{CidrIp: &other}}
	}
	return []ec2types.IpPermission{p}
}

func (e *estate) letOut(group string, port int32, to string) {
	e.Helper()
	_, err := e.ec2.AuthorizeSecurityGroupEgress(e.Context(), &ec2.AuthorizeSecurityGroupEgressInput{GroupId: &group, IpPermissions: rule(port, to)})
	e.must(err)
}

func (e *estate) letIn(group string, port int32, from string) {
	e.Helper()
	_, err := e.ec2.AuthorizeSecurityGroupIngress(e.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: rule(port, from)})
	e.must(err)
}

// profile makes an instance profile with a role of the same name.
func (e *estate) profile(name, policy string) {
	e.Helper()
	const trust = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`
	_, err := e.iam.CreateRole(e.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trust)})
	e.must(err)
	_, err = e.iam.CreateInstanceProfile(e.Context(), &iam.CreateInstanceProfileInput{InstanceProfileName: &name})
	e.must(err)
	_, err = e.iam.AddRoleToInstanceProfile(e.Context(), &iam.AddRoleToInstanceProfileInput{InstanceProfileName: &name, RoleName: &name})
	e.must(err)
	e.allow(name, policy)
}

func (e *estate) allow(role, policy string) {
	e.Helper()
	_, err := e.iam.PutRolePolicy(e.Context(), &iam.PutRolePolicyInput{RoleName: &role, PolicyName: aws.String("own"), PolicyDocument: &policy})
	e.must(err)
}

// launch starts an instance, as the launch template has it that is made for it.
func (e *estate) launch(name, profile, group, script string) string {
	e.Helper()
	data := &ec2types.RequestLaunchTemplateData{
		ImageId:         &e.image,
		InstanceType:    ec2types.InstanceTypeT3Micro,
		UserData:        aws.String(base64.StdEncoding.EncodeToString([]byte("#!/bin/bash\nexport LC_ALL=C\n" + script + "\necho the end\n"))),
		MetadataOptions: &ec2types.LaunchTemplateInstanceMetadataOptionsRequest{HttpTokens: ec2types.LaunchTemplateHttpTokensStateRequired, HttpPutResponseHopLimit: aws.Int32(1)},
		NetworkInterfaces: []ec2types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{{
			DeviceIndex: aws.Int32(0), Groups: []string{group},
		}},
	}
	if profile != "" {
		data.IamInstanceProfile = &ec2types.LaunchTemplateIamInstanceProfileSpecificationRequest{Name: &profile}
	}
	template, err := e.ec2.CreateLaunchTemplate(e.Context(), &ec2.CreateLaunchTemplateInput{LaunchTemplateName: &name, LaunchTemplateData: data})
	e.must(err)
	out, err := e.ec2.RunInstances(e.Context(), &ec2.RunInstancesInput{
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1), SubnetId: &e.subnet,
		LaunchTemplate: &ec2types.LaunchTemplateSpecification{LaunchTemplateId: template.LaunchTemplate.LaunchTemplateId, Version: aws.String("1")},
	})
	e.must(err)
	return *out.Instances[0].InstanceId
}

// console waits for the end of an instance's user data and returns what it has
// printed.
func (e *estate) console(id string) string {
	e.Helper()
	for deadline := time.Now().Add(estatePatience); ; time.Sleep(50 * time.Millisecond) {
		if s, ok := e.cloud.Servers.Get(id); ok && s.State == servers.Running {
			return e.cloud.Servers.Console(id)
		}
		if time.Now().After(deadline) {
			e.Fatalf("the user data of %s does not end:\n%s", id, e.cloud.Servers.Console(id))
		}
	}
}

func (e *estate) wantConsole(id string, want ...string) {
	e.Helper()
	text := e.console(id)
	for _, w := range want {
		if !strings.Contains(text, w) {
			e.Errorf("the console has no %q:\n%s", w, text)
		}
	}
}

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
	e.must(e.cloud.Network.Attach(t.Context(), localaws.Endpoint{
		Name: "db.example.rds.amazonaws.com", Region: "us-east-1", Subnets: []string{e.subnet}, Groups: []string{database}, Port: 3306,
		Dial: func(ctx context.Context) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", listener.Addr().String())
		},
	}))

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

	// What the role may do is asked for each request, and so are the groups.
	e.allow("other", fmt.Sprintf(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "secretsmanager:Get*", "Resource": %q}}`, *secret.ARN))
	_, err = e.ec2.RevokeSecurityGroupIngress(t.Context(), &ec2.RevokeSecurityGroupIngressInput{GroupId: &database, IpPermissions: rule(3306, open)})
	e.must(err)
	time.Sleep(1100 * time.Millisecond) // both are remembered for a second
	e.wantConsole(e.launch("again", "other", open, commands), "s3kr1t\nsecret: 0\n", "object: 254\n", "database: 124\n")

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

func (e *estate) waitFor(id, text string) {
	e.Helper()
	for deadline := time.Now().Add(estatePatience); !strings.Contains(e.cloud.Servers.Console(id), text); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			e.Fatalf("the console never has %q:\n%s", text, e.cloud.Servers.Console(id))
		}
	}
}
