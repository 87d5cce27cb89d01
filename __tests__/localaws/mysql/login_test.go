package mysql_test

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"

	"example.com/webserver-cluster/tests/localaws/databases"
)

func TestLogin(t *testing.T) {
	d := start(t, nil)
	exec(t, d.client(t, nil),
		"CREATE USER native IDENTIFIED BY 'secret'",
		"CREATE USER sha2 IDENTIFIED WITH caching_sha2_password BY 'secret'",
		"GRANT SELECT ON book.* TO native, sha2",
	)
	as := func(user, password string, tls bool) func(*driver.Config) {
		return func(c *driver.Config) {
			c.User, c.Passwd = user, password
			if !tls {
				c.TLS = nil
			}
		}
	}
	for name, test := range map[string]struct {
		change func(*driver.Config)
		denied bool
	}{
		"master":                        {change: as("admin", "first", true)},
		"master without TLS":            {change: as("admin", "first", false)},
		"master, wrong password":        {as("admin", "second", true), true},
		"master, wrong password, plain": {as("admin", "second", false), true},
		"master, no password":           {as("admin", "", true), true},
		"nobody":                        {as("nobody", "first", true), true},
		"native":                        {change: as("native", "secret", true)},
		"native, wrong password":        {as("native", "wrong", true), true},
		"sha2":                          {change: as("sha2", "secret", true)},
		"sha2, wrong password":          {as("sha2", "wrong", true), true},
		"sha2, no password":             {as("sha2", "", true), true},
	} {
		t.Run(name, func(t *testing.T) {
			err := d.client(t, test.change).PingContext(t.Context())
			if test.denied {
				wantError(t, err, 1045, "28000")
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	_, err := d.client(t, as("sha2", "secret", true)).ExecContext(t.Context(), "CREATE TABLE t (id INT)")
	if err == nil {
		t.Error("a user that may only read has made a table")
	}
	err = d.client(t, func(c *driver.Config) { c.DBName = "other" }).PingContext(t.Context())
	wantError(t, err, 1049, "42000")
}

func TestTLS(t *testing.T) {
	d := start(t, func(o *databases.Options) { o.Settings.RequireTLS = true })
	if got := one[int](t, d.client(t, nil), "SELECT 1"); got != 1 {
		t.Errorf("got %d", got)
	}
	plain := d.client(t, func(c *driver.Config) { c.TLS = nil })
	wantError(t, plain.PingContext(t.Context()), 3159, "HY000")
	d.Set(databases.Settings{})
	if err := plain.PingContext(t.Context()); err != nil {
		t.Errorf("TLS is required no more: %v", err)
	}

	var wrongName, wrongCA *tls.CertificateVerificationError
	err := d.client(t, func(c *driver.Config) { c.TLS.ServerName = "else" + endpoint }).PingContext(t.Context())
	if !errors.As(err, &wrongName) {
		t.Errorf("another name: got %v", err)
	}
	err = d.client(t, func(c *driver.Config) { c.TLS.RootCAs = nil }).PingContext(t.Context())
	if !errors.As(err, &wrongCA) {
		t.Errorf("another CA: got %v", err)
	}
}

// TestRotation: logins need the new password at once, open connections go on.
func TestRotation(t *testing.T) {
	d := start(t, nil)
	old := d.client(t, nil)
	open, err := old.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	exec(t, open, "SET @before = 1")
	d.rotate("second")
	_, err = old.Conn(t.Context())
	wantError(t, err, 1045, "28000")
	if got := one[int](t, open, "SELECT @before"); got != 1 {
		t.Errorf("the open connection: got %d", got)
	}
	if err := d.client(t, nil).PingContext(t.Context()); err != nil {
		t.Errorf("the new password: %v", err)
	}
}

func TestNoPasswordToBeHad(t *testing.T) {
	d := start(t, func(o *databases.Options) {
		o.Password = func(context.Context) (string, error) { return "", errors.New("no such secret") }
	})
	wantError(t, d.client(t, nil).PingContext(t.Context()), 1045, "28000")
}

// TestRestart: while a server is down nobody gets in, afterwards everything is
// there that was committed.
func TestRestart(t *testing.T) {
	d := start(t, nil)
	c := d.client(t, nil)
	exec(t, c, "CREATE TABLE n (id INT PRIMARY KEY)", "INSERT INTO n VALUES (1)")
	tx, err := c.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, tx, "INSERT INTO n VALUES (2)")
	waiting := make(chan error)
	go func() {
		_, err := c.ExecContext(t.Context(), "INSERT INTO n VALUES (3)") // for the transaction
		waiting <- err
	}()
	time.Sleep(100 * time.Millisecond)
	d.Down()
	if err := <-waiting; err == nil {
		t.Error("a statement that waited succeeded")
	}
	if err := tx.Commit(); err == nil {
		t.Error("a transaction was committed while the server was down")
	}
	if err := c.PingContext(t.Context()); err == nil {
		t.Error("a login while the server was down")
	}
	if l, err := net.Listen("tcp", d.Addr()); err == nil {
		l.Close()
		t.Error("the port is not kept")
	}
	d.Up()
	if got := one[int](t, c, "SELECT SUM(id) FROM n"); got != 1 {
		t.Errorf("after the restart: got %d, want the committed 1", got)
	}
	exec(t, c, "INSERT INTO n VALUES (4)")
}

func TestClose(t *testing.T) {
	d := start(t, nil)
	c := d.client(t, nil)
	if err := c.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.Close()
	if err := c.PingContext(t.Context()); err == nil {
		t.Error("a closed server answers")
	}
	if conn, err := net.Dial("tcp", d.Addr()); err == nil {
		if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("the port of a closed server: read %v", err)
		}
	}
}

// TestIAM: a token opens the door to the users made for it, over TLS.
func TestIAM(t *testing.T) {
	var asked []string
	d := start(t, func(o *databases.Options) {
		o.Token = func(_ context.Context, user, token string) error {
			asked = append(asked, user)
			if token != "good" {
				return errors.New("not a good token")
			}
			return nil
		}
	})
	admin := d.client(t, nil)
	const create = "CREATE USER app IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS'"
	_, err := admin.ExecContext(t.Context(), create)
	wantError(t, err, 1524, "HY000")
	d.Set(databases.Settings{IAM: true})
	exec(t, admin, create, "GRANT SELECT ON book.* TO app")

	app := func(token string, tls bool) *sql.DB {
		return d.client(t, func(c *driver.Config) {
			c.User, c.Passwd, c.AllowCleartextPasswords = "app", token, true
			if !tls {
				c.TLS = nil
			}
		})
	}
	if err := app("good", true).PingContext(t.Context()); err != nil {
		t.Error(err)
	}
	wantError(t, app("bad", true).PingContext(t.Context()), 1045, "28000")
	if len(asked) != 2 || asked[0] != "app" {
		t.Errorf("asked for %q", asked)
	}
	if err := app("good", false).PingContext(t.Context()); err == nil {
		t.Error("a token went over the wire in clear text")
	}
	d.Set(databases.Settings{})
	wantError(t, app("good", true).PingContext(t.Context()), 1045, "28000")
	if len(asked) != 2 {
		t.Errorf("asked for %q", asked)
	}
}

// TestRefused is what the engine would do, and RDS does not let one do.
func TestRefused(t *testing.T) {
	c := start(t, nil).client(t, nil)
	for _, query := range []string{
		"SET GLOBAL max_connections = 1",
		"SELECT 1 INTO OUTFILE '/tmp/out'",
		"LOAD DATA INFILE '/etc/passwd' INTO TABLE t",
	} {
		_, err := c.ExecContext(t.Context(), query)
		wantError(t, err, 1227, "42000")
	}
	var content sql.NullString
	if err := c.QueryRowContext(t.Context(), "SELECT LOAD_FILE('/etc/hostname')").Scan(&content); err != nil || content.Valid {
		t.Errorf("LOAD_FILE: got %q, %v, want NULL", content.String, err)
	}
}
