// Package database_test makes an application's user in a database server that answers as
// RDS does, and logs in as that user.
package database_test

import (
	"context"
	"crypto/x509"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"example.com/webserver-cluster/internal/database"
	"example.com/webserver-cluster/tests/localaws/databases"
	"example.com/webserver-cluster/tests/localaws/mysql"
)

const host, password, token = "shop.aaaaaaaaaa.eu-central-1.rds.amazonaws.com", "pass'word", "good"

// server is a database server with the database of an environment.
type server struct {
	databases.Server
	database.Target
	roots  *x509.CertPool
	bundle []byte // the same, in PEM's form
}

func start(t *testing.T) server {
	t.Helper()
	ca, err := databases.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := ca.Sign(host)
	if err != nil {
		t.Fatal(err)
	}
	s, err := mysql.Start(databases.Options{
		Endpoint: host, Version: "8.4.6", Database: "shop", User: "admin", Certificate: certificate, Log: t.Logf,
		Password: func(context.Context) (string, error) { return password, nil },
		Token: func(_ context.Context, _, got string) error {
			if got != token {
				return errors.New("not a good token")
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.Set(databases.Settings{RequireTLS: true, IAM: true})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.PEM())
	return server{s, database.Target{Host: host, Port: "3306", Name: "shop", User: "app", SecretARN: "arn"}, roots, ca.PEM()}
}

// master is the master user's way in.
func (s server) master(t *testing.T) *sql.DB {
	t.Helper()
	db, err := s.Open(database.Credentials{Username: "admin", Password: password}, s.Addr(), s.roots)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// app is the application's, with a token.
func (s server) app(t *testing.T, tls bool) *sql.DB {
	t.Helper()
	c := driver.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr, c.DBName, c.AllowCleartextPasswords = s.User, token, "tcp", s.Addr(), s.Name, true
	if tls {
		c.TLS = s.TLS(s.roots)
	}
	connector, err := driver.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

func TestUser(t *testing.T) {
	s := start(t)
	master := s.master(t)
	sqlExec(t, master, "CREATE DATABASE other", "CREATE TABLE other.secrets (id INT PRIMARY KEY)")
	make := func() []string {
		var done []string
		if err := s.MakeUser(t.Context(), master, func(statement string) { done = append(done, statement) }); err != nil {
			t.Fatal(err)
		}
		return done
	}
	first := make()
	if second := make(); !slices.Equal(first, second) || len(first) != 2 {
		t.Errorf("first it ran %q, then %q", first, second)
	}
	if text := strings.Join(first, "\n"); strings.Contains(text, password) {
		t.Errorf("the password is in what it says: %s", text)
	}

	// What an application does that changes its own schema.
	app := s.app(t, true)
	sqlExec(t, app,
		"CREATE TABLE guests (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(50))",
		"ALTER TABLE guests ADD COLUMN at TIMESTAMP NULL", "CREATE INDEX guests_name ON guests (name)",
		"CREATE TABLE visits (guest INT, FOREIGN KEY (guest) REFERENCES guests (id))",
		"INSERT INTO guests (name) VALUES ('Ada')", "UPDATE guests SET name = 'Grace'", "DELETE FROM guests", "DROP TABLE visits",
	)
	// And what it does not.
	for _, statement := range []string{"SELECT * FROM other.secrets", "CREATE USER another", "GRANT SELECT ON shop.* TO app"} {
		if _, err := app.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("the application may do %s", statement)
		}
	}
	if err := s.app(t, false).PingContext(t.Context()); err == nil {
		t.Error("the application's user logs in without TLS")
	}
}

// TestUserOfAnotherKind: a user with a password, who was there before, stays as he is.
func TestUserOfAnotherKind(t *testing.T) {
	s := start(t)
	sqlExec(t, s.master(t), "CREATE USER 'app'@'%' IDENTIFIED WITH caching_sha2_password BY 'secret'")
	err := s.MakeUser(t.Context(), s.master(t), func(string) {})
	var other *database.OtherPluginError
	if !errors.As(err, &other) || other.Plugin != "caching_sha2_password" {
		t.Errorf("got %v", err)
	}
}

// TestWithoutIAM: RDS has not turned it on yet.
func TestWithoutIAM(t *testing.T) {
	s := start(t)
	s.Set(databases.Settings{RequireTLS: true})
	err := s.MakeUser(t.Context(), s.master(t), func(statement string) { t.Errorf("ran %s", statement) })
	if err == nil || !strings.Contains(err.Error(), "IAM database authentication is off, or not on yet") {
		t.Errorf("got %v", err)
	}
}

// TestAnotherServer: by way of a port forwarding, too, it has to be the database itself.
func TestAnotherServer(t *testing.T) {
	s := start(t)
	s.Host = "other.aaaaaaaaaa.eu-central-1.rds.amazonaws.com"
	if err := s.master(t).PingContext(t.Context()); err == nil || !strings.Contains(err.Error(), s.Host) {
		t.Errorf("another name: got %v", err)
	}
	s = start(t)
	s.roots = x509.NewCertPool()
	if err := s.master(t).PingContext(t.Context()); err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("another authority: got %v", err)
	}
}

func sqlExec(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
