package mysql_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	driver "github.com/go-sql-driver/mysql"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/localaws/mysql"
)

// cloud is a local AWS with a DB instance "book" in it.
type cloud struct {
	*localaws.AWS
	rds     *rds.Client
	secrets *secretsmanager.Client
}

func startCloud(t *testing.T) *cloud {
	t.Helper()
	c, err := localaws.Start(t.Context(), localaws.Options{BuildDir: t.TempDir(), TimeFactor: 60, Region: "eu-central-1", Databases: mysql.Start, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return &cloud{c, rds.NewFromConfig(c.Config()), secretsmanager.NewFromConfig(c.Config())}
}

// create makes a DB instance and returns it.
func (c *cloud) create(t *testing.T, change func(*rds.CreateDBInstanceInput)) types.DBInstance {
	t.Helper()
	in := &rds.CreateDBInstanceInput{
		DBInstanceIdentifier: aws.String("book"), DBInstanceClass: aws.String("db.t4g.micro"), Engine: aws.String("mysql"),
		EngineVersion: aws.String("8.4.6"), AllocatedStorage: aws.Int32(20), DBName: aws.String("book"),
		MasterUsername: aws.String("boss"), ManageMasterUserPassword: aws.Bool(true),
	}
	if change != nil {
		change(in)
	}
	out, err := c.rds.CreateDBInstance(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return *out.DBInstance
}

// credentials are those in the secret that RDS manages.
func (c *cloud) credentials(t *testing.T, i types.DBInstance) (user, password string) {
	t.Helper()
	out, err := c.secrets.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: i.MasterUserSecret.SecretArn})
	if err != nil {
		t.Fatal(err)
	}
	var content struct{ Username, Password string }
	if err := json.Unmarshal([]byte(*out.SecretString), &content); err != nil {
		t.Fatal(err)
	}
	return content.Username, content.Password
}

// open is a pool of connections to a DB instance's endpoint, over TLS.
func (c *cloud) open(t *testing.T, i types.DBInstance, user, password string, change func(*driver.Config)) *sql.DB {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(c.Databases.CA())
	config := driver.NewConfig()
	config.User, config.Passwd, config.DBName = user, password, "book"
	config.Net, config.Addr = "tcp", *i.Endpoint.Address+":3306"
	config.DialFunc = func(ctx context.Context, _, addr string) (net.Conn, error) { return c.Databases.Dial(ctx, addr) }
	config.TLS = &tls.Config{RootCAs: roots, ServerName: *i.Endpoint.Address}
	if change != nil {
		change(config)
	}
	connector, err := driver.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	pool := sql.OpenDB(connector)
	t.Cleanup(func() { pool.Close() })
	return pool
}

// master is a pool of the master user's, with the secret's present content.
func (c *cloud) master(t *testing.T, i types.DBInstance) *sql.DB {
	t.Helper()
	user, password := c.credentials(t, i)
	return c.open(t, i, user, password, nil)
}

// await waits until the DB instance is available again, after it was not.
func (c *cloud) await(t *testing.T, down *sql.DB, status string) {
	t.Helper()
	describe := func() string {
		out, err := c.rds.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String("book")})
		if err != nil {
			t.Fatal(err)
		}
		return *out.DBInstances[0].DBInstanceStatus
	}
	if got := describe(); got != status {
		t.Errorf("status: got %q, want %q", got, status)
	}
	if err := down.PingContext(t.Context()); err == nil {
		t.Error("it answers while it is " + status)
	}
	for deadline := time.Now().Add(30 * time.Second); describe() != "available"; {
		if time.Now().After(deadline) {
			t.Fatalf("%s after 30 s", describe())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func TestDBInstance(t *testing.T) {
	c := startCloud(t)
	i := c.create(t, nil)
	user, first := c.credentials(t, i)
	if user != "boss" || len(first) < 16 || strings.ContainsAny(first, `/'"@ `) {
		t.Errorf("secret: got user %q, password %q", user, first)
	}
	db := c.master(t, i)
	exec(t, db, "CREATE TABLE n (id INT PRIMARY KEY)", "INSERT INTO n VALUES (1)")

	t.Run("endpoints", func(t *testing.T) {
		all := c.Databases.Endpoints()
		if len(all) != 1 || all[0].Name != *i.Endpoint.Address || all[0].Port != 3306 || len(all[0].Groups) != 1 {
			t.Errorf("got %+v", all)
		}
		if _, err := c.Databases.Dial(t.Context(), "else.com:3306"); err == nil {
			t.Error("an unknown endpoint answers")
		}
		if _, err := c.Databases.Dial(t.Context(), *i.Endpoint.Address+":80"); err == nil {
			t.Error("port 80 answers")
		}
	})
	t.Run("rotation", func(t *testing.T) { testRotation(t, c, i) })
	t.Run("reboot", func(t *testing.T) {
		must(t)(c.rds.RebootDBInstance(t.Context(), &rds.RebootDBInstanceInput{DBInstanceIdentifier: aws.String("book")}))
		c.await(t, db, "rebooting")
	})
	db = c.master(t, i)
	t.Run("another class", func(t *testing.T) {
		must(t)(c.rds.ModifyDBInstance(t.Context(), &rds.ModifyDBInstanceInput{
			DBInstanceIdentifier: aws.String("book"), DBInstanceClass: aws.String("db.t4g.small"), ApplyImmediately: aws.Bool(true),
		}))
		c.await(t, db, "modifying")
	})
	t.Run("another name", func(t *testing.T) {
		rename := func(from, to string) types.DBInstance {
			out, err := c.rds.ModifyDBInstance(t.Context(), &rds.ModifyDBInstanceInput{DBInstanceIdentifier: &from, NewDBInstanceIdentifier: &to, ApplyImmediately: aws.Bool(true)})
			if err != nil {
				t.Fatal(err)
			}
			return *out.DBInstance
		}
		rename("book", "novel")
		if err := db.PingContext(t.Context()); err == nil {
			t.Error("it answers by its old name")
		}
		rename("novel", "book")
		c.await(t, db, "rebooting")
	})
	if got := one[int](t, db, "SELECT COUNT(*) FROM n"); got != 1 {
		t.Errorf("after its restarts it has %d rows", got)
	}
	t.Run("IAM", func(t *testing.T) { testToken(t, c, i) })
	t.Run("snapshots", func(t *testing.T) { testSnapshots(t, c, i) })
	must(t)(c.rds.DeleteDBInstance(t.Context(), &rds.DeleteDBInstanceInput{DBInstanceIdentifier: aws.String("book"), SkipFinalSnapshot: aws.Bool(true)}))
	if _, ok := c.Databases.Address(*i.Endpoint.Address); ok {
		t.Error("a deleted DB instance has a server")
	}
	if err := db.PingContext(t.Context()); err == nil {
		t.Error("a deleted DB instance answers")
	}
}

// must fails the test where a call has failed.
func must(t *testing.T) func(any, error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func testRotation(t *testing.T, c *cloud, i types.DBInstance) {
	for name, rotate := range map[string]func() error{
		"RotateSecret": func() error {
			_, err := c.secrets.RotateSecret(t.Context(), &secretsmanager.RotateSecretInput{SecretId: i.MasterUserSecret.SecretArn})
			return err
		},
		"ModifyDBInstance": func() error {
			_, err := c.rds.ModifyDBInstance(t.Context(), &rds.ModifyDBInstanceInput{
				DBInstanceIdentifier: i.DBInstanceIdentifier, RotateMasterUserPassword: aws.Bool(true), ApplyImmediately: aws.Bool(true),
			})
			return err
		},
	} {
		old := c.master(t, i)
		open, err := old.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := rotate(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, err = old.Conn(t.Context()) // the pool's only connection is in use
		wantError(t, err, 1045, "28000")
		if err := open.PingContext(t.Context()); err != nil {
			t.Errorf("%s: the open connection: %v", name, err)
		}
		if err := c.master(t, i).PingContext(t.Context()); err != nil {
			t.Errorf("%s: the new password: %v", name, err)
		}
	}
	_, err := c.rds.ModifyDBInstance(t.Context(), &rds.ModifyDBInstanceInput{DBInstanceIdentifier: i.DBInstanceIdentifier, RotateMasterUserPassword: aws.Bool(true)})
	if err == nil || !strings.Contains(err.Error(), "InvalidParameterCombination") {
		t.Errorf("a rotation without ApplyImmediately: got %v", err)
	}
}

func testToken(t *testing.T, c *cloud, i types.DBInstance) {
	must(t)(c.rds.ModifyDBInstance(t.Context(), &rds.ModifyDBInstanceInput{
		DBInstanceIdentifier: i.DBInstanceIdentifier, EnableIAMDatabaseAuthentication: aws.Bool(true), ApplyImmediately: aws.Bool(true),
	}))
	exec(t, c.master(t, i), "CREATE USER app IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS'", "GRANT SELECT ON book.* TO app")
	token, err := auth.BuildAuthToken(t.Context(), *i.Endpoint.Address+":3306", "eu-central-1", "app", c.Config().Credentials)
	if err != nil {
		t.Fatal(err)
	}
	clear := func(c *driver.Config) { c.AllowCleartextPasswords = true }
	if err := c.open(t, i, "app", token, clear).PingContext(t.Context()); err != nil {
		t.Error(err)
	}
	wantError(t, c.open(t, i, "app", token+"0", clear).PingContext(t.Context()), 1045, "28000")
}

func testSnapshots(t *testing.T, c *cloud, i types.DBInstance) {
	db := c.master(t, i)
	exec(t, db, book, "INSERT INTO entries (token, name, text) VALUES ('a', 'Zoë', 'before')", "DELETE FROM n", "INSERT INTO n VALUES (5)")
	must(t)(c.rds.CreateDBSnapshot(t.Context(), &rds.CreateDBSnapshotInput{DBInstanceIdentifier: i.DBInstanceIdentifier, DBSnapshotIdentifier: aws.String("kept")}))
	exec(t, db, "INSERT INTO entries (token, name, text) VALUES ('b', 'Zoë', 'after')")
	restored, err := c.rds.RestoreDBInstanceFromDBSnapshot(t.Context(), &rds.RestoreDBInstanceFromDBSnapshotInput{
		DBInstanceIdentifier: aws.String("restored"), DBSnapshotIdentifier: aws.String("kept"),
	})
	if err != nil {
		t.Fatal(err)
	}
	latest, err := c.rds.RestoreDBInstanceToPointInTime(t.Context(), &rds.RestoreDBInstanceToPointInTimeInput{
		SourceDBInstanceIdentifier: i.DBInstanceIdentifier, TargetDBInstanceIdentifier: aws.String("latest"), UseLatestRestorableTime: aws.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		instance *types.DBInstance
		entries  string
	}{{restored.DBInstance, "1 before"}, {latest.DBInstance, "1 before,2 after"}} {
		db := c.master(t, *test.instance)
		if got := one[string](t, db, "SELECT GROUP_CONCAT(CONCAT(id, ' ', text) ORDER BY id) FROM entries"); got != test.entries {
			t.Errorf("%s has %q, want %q", *test.instance.DBInstanceIdentifier, got, test.entries)
		}
		exec(t, db, "INSERT INTO entries (token, name, text) VALUES ('c', 'Zoë', 'new')", "INSERT IGNORE INTO entries (token, name, text) VALUES ('a', 'again', '')")
		if got := one[int](t, db, "SELECT COUNT(*) FROM entries"); got != len(strings.Split(test.entries, ","))+1 {
			t.Errorf("%s has %d entries", *test.instance.DBInstanceIdentifier, got)
		}
		exec(t, db, "DROP USER app") // came along
	}
	if got := one[int](t, db, "SELECT COUNT(*) FROM entries"); got != 2 {
		t.Errorf("the source has %d entries", got)
	}
	_, err = c.rds.RestoreDBInstanceToPointInTime(t.Context(), &rds.RestoreDBInstanceToPointInTimeInput{
		SourceDBInstanceIdentifier: i.DBInstanceIdentifier, TargetDBInstanceIdentifier: aws.String("earlier"), RestoreTime: aws.Time(time.Now().Add(-time.Hour)),
	})
	if err == nil || !strings.Contains(err.Error(), "keeps no data") {
		t.Errorf("a restore to an hour ago: got %v", err)
	}
}
