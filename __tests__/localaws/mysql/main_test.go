package mysql_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"sync"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"example.com/webserver-cluster/tests/localaws/databases"
	"example.com/webserver-cluster/tests/localaws/mysql"
)

const endpoint = "book.aaaaaaaaaa.eu-central-1.rds.amazonaws.com"

// db is a server under test, and what a client of it needs.
type db struct {
	databases.Server
	ca *databases.CA

	mu       sync.Mutex
	password string
}

// start starts a server with the schema "book" and the master user "admin".
func start(t *testing.T, change func(*databases.Options)) *db {
	t.Helper()
	ca, err := databases.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := ca.Sign(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	d := &db{ca: ca, password: "first"}
	o := databases.Options{
		Endpoint: endpoint, Version: "8.4.6", Database: "book", User: "admin", Certificate: certificate,
		Password: func(context.Context) (string, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.password, nil
		},
		Token: func(context.Context, string, string) error { return errors.New("no tokens in this test") },
		Log:   t.Logf,
	}
	if change != nil {
		change(&o)
	}
	if d.Server, err = mysql.Start(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// rotate sets another password.
func (d *db) rotate(password string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.password = password
}

// client is a pool of connections as admin, over TLS with the endpoint's name
// verified. change may make it another one.
func (d *db) client(t *testing.T, change func(*driver.Config)) *sql.DB {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(d.ca.PEM()) {
		t.Fatal("the CA's PEM holds no certificate")
	}
	d.mu.Lock()
	c := driver.NewConfig()
	c.User, c.Passwd, c.DBName = "admin", d.password, "book"
	d.mu.Unlock()
	c.Net, c.Addr, c.ParseTime = "tcp", d.Addr(), true
	c.TLS = &tls.Config{RootCAs: roots, ServerName: endpoint}
	if change != nil {
		change(c)
	}
	connector, err := driver.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	pool := sql.OpenDB(connector)
	t.Cleanup(func() { pool.Close() })
	return pool
}

// exec runs statements that must succeed.
func exec(t *testing.T, on interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := on.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// one returns the only value of a query's only row.
func one[T any](t *testing.T, on interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, query string, args ...any) T {
	t.Helper()
	var value T
	if err := on.QueryRowContext(t.Context(), query, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// wantError fails the test unless err is MySQL's error of that number and state.
func wantError(t *testing.T, err error, number uint16, state string) {
	t.Helper()
	var e *driver.MySQLError
	if !errors.As(err, &e) || e.Number != number || string(e.SQLState[:]) != state {
		t.Errorf("got %v, want error %d (%s)", err, number, state)
	}
}
