package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/rds/auth"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/go-sql-driver/mysql"

	"example.com/webserver-cluster/internal/rdsca"
)

// entry is what a visitor has written.
type entry struct {
	Name, Text string
	Written    time.Time
}

// store keeps the entries.
type store struct {
	db *sql.DB

	preparing chan struct{} // a lock that a visitor can give up
	prepared  bool          // the tables are there
}

// openStore does not connect yet: the servers are healthy before the database is.
func openStore(ctx context.Context) (*store, error) {
	aws, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	trusted, err := rdsca.Pool()
	if err != nil {
		return nil, err
	}
	c := mysql.NewConfig()
	c.Net, c.Addr = "tcp", net.JoinHostPort(os.Getenv("DATABASE_HOST"), os.Getenv("DATABASE_PORT"))
	c.DBName, c.User = os.Getenv("DATABASE_NAME"), os.Getenv("DATABASE_USER")
	c.TLS = &tls.Config{RootCAs: trusted, ServerName: os.Getenv("DATABASE_HOST")}
	c.ParseTime, c.Collation = true, "utf8mb4_0900_ai_ci"
	c.Timeout, c.ReadTimeout, c.WriteTimeout = 5*time.Second, 10*time.Second, 10*time.Second
	l := &login{aws: aws, secret: os.Getenv("DATABASE_SECRET_ARN")}
	if err := c.Apply(mysql.BeforeConnect(l.fill)); err != nil {
		return nil, err
	}
	inner, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector{inner, l})
	// The smallest DB instance takes some sixty connections, of all servers together.
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	// After a failover, the name of the database leads elsewhere.
	db.SetConnMaxLifetime(5 * time.Minute)
	s := &store{db: db, preparing: make(chan struct{}, 1)}
	// So that the first visitor need not wait for it.
	go func() {
		if err := s.patiently(ctx, func(context.Context) error { return nil }); err != nil {
			slog.Error("preparing the tables", "error", err)
		}
	}()
	return s, nil
}

func (s *store) close() { s.db.Close() }

// login is how the guest book logs in: with the password in a secret, which RDS changes
// every seven days, or with an IAM token, which is good for fifteen minutes.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
type login struct {
	aws    aws.Config
	secret string // ARN; "" for tokens

	mu       sync.Mutex
	user     string
	password string // "" until it has been read
}

// fill gives a connection that is about to be made its user and password.
func (l *login) fill(ctx context.Context, c *mysql.Config) (err error) {
	if l.secret == "" {
		c.AllowCleartextPasswords = true // over TLS
		c.Passwd, err = auth.BuildAuthToken(ctx, c.Addr, l.aws.Region, c.User, l.aws.Credentials)
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.password == "" {
		out, err := secretsmanager.NewFromConfig(l.aws).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &l.secret})
		if err != nil {
			return fmt.Errorf("read the database's secret: %w", err)
		}
		var read struct{ Username, Password string }
		if err := json.Unmarshal([]byte(aws.ToString(out.SecretString)), &read); err != nil {
			return errors.New("the database's secret is no JSON") // whose text is nothing for a log
		}
		l.user, l.password = read.Username, read.Password
	}
	c.User, c.Passwd = cmp.Or(l.user, c.User), l.password
	return nil
}

// forget has the next connection read the secret anew.
func (l *login) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.password = ""
}

// connector connects once more, with the secret read anew, if the password is refused:
// it has changed since.
type connector struct {
	driver.Connector
	login *login
}

// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
const accessDenied = 1045

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	connection, err := c.Connector.Connect(ctx)
	if refused := new(mysql.MySQLError); errors.As(err, &refused) && refused.Number == accessDenied {
		slog.Info("the database refuses the password: reading the secret once more")
		c.login.forget()
		return c.Connector.Connect(ctx)
	}
	return connection, err
}

// schema are the steps that made the tables, oldest first. While a new version of the
// guest book rolls out, the one before serves beside it, and after a rollback it does
// alone. So a step only adds what the version before can do without: a table, an index,
// a column with a default. What nothing uses any more goes a release later.
var schema = []string{
	`CREATE TABLE entries (
		id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
		token VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE,
		name VARCHAR(60) NOT NULL,
		text VARCHAR(500) NOT NULL,
		written DATETIME(3) NOT NULL
	) DEFAULT CHARSET = utf8mb4`,
}

// prepare brings the tables to this version's schema, once, whoever of the servers is
// first.
func (s *store) prepare(ctx context.Context) error {
	select {
	case s.preparing <- struct{}{}:
		defer func() { <-s.preparing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.prepared {
		return nil
	}
	c, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	const steps = "SELECT COUNT(*) FROM schema_steps"
	var done int
	if err := c.QueryRowContext(ctx, steps).Scan(&done); err == nil && done >= len(schema) {
		s.prepared = true
		return nil
	}
	// The lock is the connection's.
	var got sql.NullInt64
	if err := c.QueryRowContext(ctx, "SELECT GET_LOCK('guestbook_schema', 5)").Scan(&got); err != nil {
		return err
	}
	if got.Int64 != 1 {
		return errors.New("another server is making the tables")
	}
	defer func() { // also if a visitor has gone in the meantime
		c.QueryRowContext(context.WithoutCancel(ctx), "SELECT RELEASE_LOCK('guestbook_schema')").Scan(&got)
	}()
	if _, err := c.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS schema_steps (step INT NOT NULL PRIMARY KEY)"); err != nil {
		return err
	}
	if err := c.QueryRowContext(ctx, steps).Scan(&done); err != nil {
		return err
	}
	for step := done; step < len(schema); step++ {
		if _, err := c.ExecContext(ctx, schema[step]); err != nil {
			return fmt.Errorf("step %d of the schema: %w", step, err)
		}
		if _, err := c.ExecContext(ctx, "INSERT INTO schema_steps (step) VALUES (?)", step); err != nil {
			return err
		}
	}
	s.prepared = true
	return nil
}

// newest are the last n entries, the newest first.
func (s *store) newest(ctx context.Context, n int) ([]entry, error) {
	var entries []entry
	return entries, s.patiently(ctx, func(ctx context.Context) error {
		entries = nil
		rows, err := s.db.QueryContext(ctx, "SELECT name, text, written FROM entries ORDER BY id DESC LIMIT ?", n)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e entry
			if err := rows.Scan(&e.Name, &e.Text, &e.Written); err != nil {
				return err
			}
			entries = append(entries, e)
		}
		return rows.Err()
	})
}

// add keeps an entry; the same token twice makes one. So it may be tried again when
// nobody knows whether the database has got it.
func (s *store) add(ctx context.Context, token string, e entry) error {
	return s.patiently(ctx, func(ctx context.Context) error {
		_, err := s.db.ExecContext(ctx, "INSERT INTO entries (token, name, text, written) VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE token = token",
			token, e.Name, e.Text, time.Now().UTC())
		return err
	})
}

// patience is how long a request waits for a database that restarts or fails over: less
// than the load balancer's IdleTimeout.
const patience = 20 * time.Second

// patiently does something with the tables, again and again until it succeeds or
// patience has ended.
func (s *store) patiently(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := s.prepare(ctx)
		if err == nil {
			err = do(ctx)
		}
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(500 * time.Millisecond):
		}
	}
}
