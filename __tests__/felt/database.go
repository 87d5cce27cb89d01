package felt

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/go-sql-driver/mysql"

	"example.com/webserver-cluster/tests/localaws/servers"
)

// Database is what a client of the database felt. It has two connections, one that it
// keeps and one that is new for each query.
type Database struct {
	Queries  int           // of both
	Failed   int           // of them
	First    error         // the first failure
	Gap      time.Duration // the longest time without an answer on one of the connections, in real time; zero without a failure
	GapOnAWS time.Duration // the same, in AWS time
	DataLost bool          // what was written before the first change is no longer there
}

func (d Database) String() string {
	text := fmt.Sprintf("%d queries, %d failed, longest gap %v of AWS time", d.Queries, d.Failed, d.GapOnAWS.Round(time.Second))
	if d.DataLost {
		text += ", data lost"
	}
	return text
}

// How often the client queries on each of its connections, and how long it waits for an
// answer.
const (
	queryEvery    = 150 * time.Millisecond
	queryPatience = 5 * time.Second
)

// client queries the database until it is stopped.
type client struct {
	factor float64
	end    context.CancelFunc
	done   sync.WaitGroup

	mu    sync.Mutex
	found Database
}

// callDatabase starts a client; nil where there is no database.
func (e *Env) callDatabase(ctx context.Context) (*client, error) {
	if e.Outputs["database_address"] == "" {
		return nil, nil
	}
	db, err := e.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, fmt.Errorf("%s: the database before the change: %w", e.name, err)
	}
	c := &client{factor: e.world.Cloud.Clock.Factor()}
	ctx, c.end = context.WithCancel(ctx)
	c.done.Go(func() {
		defer db.Close()
		var streams sync.WaitGroup
		defer streams.Wait()
		streams.Go(func() { c.query(ctx, db, true) })
		streams.Go(func() { c.query(ctx, db, false) })
	})
	return c, nil
}

// query asks again and again, on one connection as long as it lasts, or on new ones.
func (c *client) query(ctx context.Context, db *sql.DB, keep bool) {
	var conn *sql.Conn
	last, interrupted := time.Now(), false
	for ; ctx.Err() == nil; time.Sleep(queryEvery) {
		ask := func() error {
			within, cancel := context.WithTimeout(ctx, queryPatience)
			defer cancel()
			if conn == nil {
				var err error
				if conn, err = db.Conn(within); err != nil {
					return err
				}
			}
			var one int
			return conn.QueryRowContext(within, "SELECT 1").Scan(&one)
		}
		err := ask()
		if (err != nil || !keep) && conn != nil {
			conn.Close() // no idle connection is kept: it ends
			conn = nil
		}
		if ctx.Err() != nil {
			err = nil // broken off by stop
		}
		interrupted = interrupted || err != nil
		c.note(err, time.Since(last), interrupted)
		if err == nil {
			last, interrupted = time.Now(), false
		}
	}
	if conn != nil {
		conn.Close()
	}
}

// note counts a query, and the time since the last answer if there was a failure in it.
func (c *client) note(err error, since time.Duration, interrupted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found.Queries++
	if err != nil {
		c.found.Failed++
		if c.found.First == nil {
			c.found.First = err
		}
	}
	if interrupted {
		c.found.Gap = max(c.found.Gap, since)
	}
}

// stop returns what the client has felt.
func (c *client) stop() *Database {
	if c == nil {
		return nil
	}
	c.end()
	c.done.Wait()
	c.found.GapOnAWS = time.Duration(float64(c.found.Gap) * c.factor)
	return &c.found
}

// open is the database as its master user has it, as an instance reaches it: through the
// security groups of both.
func (e *Env) open(ctx context.Context) (*sql.DB, error) {
	cloud := e.world.Cloud
	secretARN := e.Outputs["database_secret_arn"]
	out, err := secretsmanager.NewFromConfig(cloud.Config()).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &secretARN})
	if err != nil {
		return nil, err
	}
	var secret struct{ Username, Password string }
	if err := json.Unmarshal([]byte(*out.SecretString), &secret); err != nil {
		return nil, fmt.Errorf("%s: the database's secret: %w", e.name, err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(cloud.Databases.CA())
	host, port := e.Outputs["database_address"], e.Outputs["database_port"]
	c := mysql.NewConfig()
	c.Net, c.Addr, c.DBName, c.User, c.Passwd = "tcp", net.JoinHostPort(host, port), e.Outputs["database_name"], secret.Username, secret.Password
	c.TLS = &tls.Config{RootCAs: trusted, ServerName: host}
	c.Logger = &mysql.NopLogger{} // failures are counted
	c.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) { return e.dial(ctx, host, port) }
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxIdleConns(-1) // a connection that is given back ends: the next one is new
	return db, nil
}

// dial connects to a port of a host as one of the environment's instances.
func (e *Env) dial(ctx context.Context, host, port string) (net.Conn, error) {
	cloud := e.world.Cloud
	all := cloud.Servers.List()
	i := slices.IndexFunc(all, func(s servers.Server) bool { return e.owns(s.Group) && s.State == servers.Running })
	if i < 0 {
		return nil, errors.New("no instance runs that could connect")
	}
	address, known := cloud.Network.Lookup(all[i], host)
	if !known {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	to, err := netip.ParseAddrPort(net.JoinHostPort(address.String(), port))
	if err != nil {
		return nil, err
	}
	return cloud.Network.Dial(ctx, all[i], to)
}

// mark writes what has to be there after each change.
func (e *Env) mark(ctx context.Context) error {
	if e.Outputs["database_address"] == "" {
		return nil
	}
	db, err := e.open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(ctx, "CREATE TABLE felt (mark INT PRIMARY KEY)")
	if err == nil {
		_, err = db.ExecContext(ctx, "INSERT INTO felt VALUES (1)")
	}
	return err
}

// judgeData looks after a change whether the data is still there.
func (e *Env) judgeData(ctx context.Context, d *Database) error {
	if d == nil {
		return nil
	}
	if e.Outputs["database_address"] == "" {
		d.DataLost = true
		return nil
	}
	db, err := e.open(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	var one int
	err = db.QueryRowContext(ctx, "SELECT mark FROM felt").Scan(&one)
	var refused *mysql.MySQLError
	switch {
	case errors.Is(err, sql.ErrNoRows), errors.As(err, &refused) && refused.Number == noSuchTable:
		d.DataLost = true
		return e.mark(ctx) // for the next change
	}
	return err
}

// noSuchTable is ER_NO_SUCH_TABLE.
// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html#error_er_no_such_table
const noSuchTable = 1146
