package localaws_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"

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

// policy makes a managed policy and returns its ARN.
func (e *estate) policy(name, document string) string {
	e.Helper()
	out, err := e.iam.CreatePolicy(e.Context(), &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: &document})
	e.must(err)
	return *out.Policy.Arn
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

func (e *estate) waitFor(id, text string) {
	e.Helper()
	for deadline := time.Now().Add(estatePatience); !strings.Contains(e.cloud.Servers.Console(id), text); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			e.Fatalf("the console never has %q:\n%s", text, e.cloud.Servers.Console(id))
		}
	}
}
