package mysql_test

import (
	"crypto/tls"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	driver "github.com/go-sql-driver/mysql"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/localaws/mysql"
	"example.com/webserver-cluster/tests/localaws/servers"
)

// visit is what this test does on an instance: it logs in as the master user, with
// what the role reads, and as "app", with a token of the role's.
func visit(t *testing.T) {
	c, err := config.LoadDefaultConfig(t.Context(), config.WithEC2IMDSRegion())
	if err != nil {
		t.Fatal(err)
	}
	out, err := secretsmanager.NewFromConfig(c).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: aws.String(os.Getenv("SECRET"))})
	if err != nil {
		t.Fatal(err)
	}
	var master struct{ Username, Password string }
	if err := json.Unmarshal([]byte(*out.SecretString), &master); err != nil {
		t.Fatal(err)
	}
	token, err := auth.BuildAuthToken(t.Context(), os.Getenv("VISIT")+":3306", c.Region, "app", c.Credentials)
	if err != nil {
		t.Fatal(err)
	}
	login := func(user, password, statement string) {
		dsn := driver.NewConfig()
		dsn.User, dsn.Passwd, dsn.Net, dsn.Addr = user, password, "tcp", os.Getenv("VISIT")+":3306"
		dsn.TLS, dsn.AllowCleartextPasswords = &tls.Config{ServerName: os.Getenv("VISIT")}, true
		connector, err := driver.NewConnector(dsn)
		if err != nil {
			t.Fatal(err)
		}
		pool := sql.OpenDB(connector)
		defer pool.Close()
		_, err = pool.ExecContext(t.Context(), statement)
		fmt.Printf("%s: %v\n", user, err)
	}
	login(master.Username, master.Password, "CREATE USER IF NOT EXISTS 'app' IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS'")
	login("app", token, "SELECT 1")
}

// TestFromInstance has an instance log in to a database as an application does: by its
// name, over TLS, with its role, as far as the role's policies let it.
func TestFromInstance(t *testing.T) {
	if os.Getenv("VISIT") != "" {
		visit(t)
		return
	}
	started, err := localaws.Start(t.Context(), localaws.Options{
		BuildDir: t.TempDir(), TimeFactor: 60, Region: "eu-central-1", Databases: mysql.Start, Servers: true, BootDelay: time.Second, Log: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(started.Stop)
	c := &cloud{started, rds.NewFromConfig(started.Config()), secretsmanager.NewFromConfig(started.Config())}
	compute, people := ec2.NewFromConfig(c.Config()), iam.NewFromConfig(c.Config())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	subnets, err := compute.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	must(err)
	_, err = c.rds.CreateDBSubnetGroup(t.Context(), &rds.CreateDBSubnetGroupInput{
		DBSubnetGroupName: aws.String("books"), DBSubnetGroupDescription: aws.String("books"), SubnetIds: []string{*subnets.Subnets[0].SubnetId, *subnets.Subnets[1].SubnetId},
	})
	must(err)
	db := c.create(t, func(in *rds.CreateDBInstanceInput) {
		in.EnableIAMDatabaseAuthentication, in.DBSubnetGroupName = aws.Bool(true), aws.String("books")
	})
	user := func(name string) string {
		return "arn:aws:rds-db:eu-central-1:123456789012:dbuser:" + aws.ToString(db.DbiResourceId) + "/" + name
	}
	run := func(name, dbUser string) string {
		t.Helper()
		const trust = `{"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}], "Version": "2012-10-17"}`
		_, err := people.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: aws.String(trust)})
		must(err)
		_, err = people.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("db"), PolicyDocument: aws.String(fmt.Sprintf(
			`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": %q}, {"Effect": "Allow", "Action": "rds-db:connect", "Resource": %q}]}`,
			*db.MasterUserSecret.SecretArn, user(dbUser)))})
		must(err)
		_, err = people.CreateInstanceProfile(t.Context(), &iam.CreateInstanceProfileInput{InstanceProfileName: &name})
		must(err)
		_, err = people.AddRoleToInstanceProfile(t.Context(), &iam.AddRoleToInstanceProfileInput{InstanceProfileName: &name, RoleName: &name})
		must(err)
		// The program aws of an instance is this one; by another name it is its tests.
		script := fmt.Sprintf("#!/bin/bash\nVISIT=%s SECRET=%s bash -c 'exec -a visit /usr/bin/aws -test.run=^TestFromInstance$'\n",
			*db.Endpoint.Address, *db.MasterUserSecret.SecretArn)
		out, err := compute.RunInstances(t.Context(), &ec2.RunInstancesInput{
			MinCount: aws.Int32(1), MaxCount: aws.Int32(1), ImageId: aws.String("ami-12c6146b"), SubnetId: subnets.Subnets[0].SubnetId,
			UserData: aws.String(base64.StdEncoding.EncodeToString([]byte(script))), IamInstanceProfile: &ec2types.IamInstanceProfileSpecification{Name: &name},
		})
		must(err)
		id := *out.Instances[0].InstanceId
		for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
			if s, ok := c.Servers.Get(id); ok && s.State == servers.Running {
				break
			}
		}
		return c.Servers.Console(id)
	}
	if console := run("app", "app"); !strings.Contains(console, "boss: <nil>\napp: <nil>\n") {
		t.Errorf("with the rights: %s", console)
	}
	if console := run("other", "other"); !strings.Contains(console, "boss: <nil>\napp: Error 1045") {
		t.Errorf("without the right to be app: %s", console)
	}
}
