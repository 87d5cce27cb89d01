package database

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

// plugin authenticates a user by IAM.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.DBAccounts.html
const plugin = "AWSAuthenticationPlugin"

// privileges are what an application needs that keeps data and changes its own schema
// when a new version starts: rows, tables, indexes, foreign keys. Nothing that reaches
// beyond its database, gives rights to others, or leaves code behind (routines, triggers,
// events).
const privileges = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES"

// Open opens the database as the master user, by way of address: the other end of a port
// forwarding, or "" for the database's own endpoint. Whatever the way, TLS verifies that
// it is this endpoint which answers, by certificates of roots.
func (t Target) Open(master Credentials, address string, roots *x509.CertPool) (*sql.DB, error) {
	config := mysql.NewConfig()
	config.User, config.Passwd = master.Username, master.Password
	config.Net, config.Addr = "tcp", address
	if address == "" {
		config.Addr = t.Endpoint()
	}
	config.TLS = t.TLS(roots)
	config.Timeout, config.ReadTimeout, config.WriteTimeout = 10*time.Second, time.Minute, time.Minute
	// What goes wrong comes as an error, too.
	config.Logger = log.New(io.Discard, "", 0)
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// TLS verifies that the database's endpoint answers, by certificates of roots.
func (t Target) TLS(roots *x509.CertPool) *tls.Config {
	return &tls.Config{ServerName: t.Host, RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// OtherPluginError is that there is a user of the application's name who does not log in
// with IAM.
type OtherPluginError struct{ User, Plugin string }

func (e *OtherPluginError) Error() string {
	return fmt.Sprintf("there is a user %s who logs in by %s and not by IAM: take another ApplicationUser, or drop that one", e.User, e.Plugin)
}

// MakeUser makes the application's user and gives him his rights: those on his database,
// and no others. Whoever is there already keeps what he has besides; run again, it
// changes nothing. It calls done with each statement that it has run.
func (t Target) MakeUser(ctx context.Context, db *sql.DB, done func(statement string)) error {
	user := quoteText(t.User) + "@'%'"
	run := func(statement string) error {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return explain(statement, err)
		}
		done(statement)
		return nil
	}
	// A token is a password for a quarter of an hour: never in clear text. Of one who was
	// there before, without REQUIRE SSL, the instance asks the same.
	if err := run("CREATE USER IF NOT EXISTS " + user + " IDENTIFIED WITH " + plugin + " AS 'RDS' REQUIRE SSL"); err != nil {
		return err
	}
	// Who was there before may be another one.
	var found string
	if err := db.QueryRowContext(ctx, "SELECT plugin FROM mysql.user WHERE user = ? AND host = '%'", t.User).Scan(&found); err != nil {
		return fmt.Errorf("looking at the user: %w", err)
	}
	if found != plugin {
		return &OtherPluginError{t.User, found}
	}
	return run("GRANT " + privileges + " ON " + quoteName(t.Name) + ".* TO " + user)
}

// noPlugin is MySQL's ER_PLUGIN_IS_NOT_LOADED.
// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html#error_er_plugin_is_not_loaded
const noPlugin = 1524

func explain(statement string, err error) error {
	var failed *mysql.MySQLError
	if errors.As(err, &failed) && failed.Number == noPlugin {
		return fmt.Errorf("IAM database authentication is off, or not on yet: RDS turns it on in the maintenance window, or at once with ApplyImmediately (%w)", err)
	}
	return fmt.Errorf("%s: %w", statement, err)
}

// quoteText writes a text as SQL does.
// https://dev.mysql.com/doc/refman/8.4/en/string-literals.html
func quoteText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(s) + "'"
}

// quoteName writes the name of a database as SQL does. In a GRANT, _ and % in it would
// stand for any characters.
// https://dev.mysql.com/doc/refman/8.4/en/grant.html#grant-quoting
func quoteName(s string) string {
	return "`" + strings.NewReplacer("`", "``", "_", `\_`, "%", `\%`).Replace(s) + "`"
}
