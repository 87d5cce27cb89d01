package databases

import (
	"context"
	"crypto/tls"
)

// Engine starts the server of a DB instance; mysql.Start is one.
type Engine func(Options) (Server, error)

// Options say what a server shall be. All fields are needed but those that say
// otherwise.
type Options struct {
	Endpoint    string          // the DB instance's DNS name, for which Certificate was made
	Version     string          // the engine's version, such as "8.4.6"
	Database    string          // the schema that there is at first; "" for none
	User        string          // the master user
	Certificate tls.Certificate // what the server shows to clients
	Settings    Settings        // at first; see Server.Set
	Dump        Dump            // the data that there is at first, from Server.Dump; default none

	// Password returns the master user's password. It is asked at each login, so
	// that a rotation takes effect at once.
	Password func(context.Context) (string, error)

	// Token judges what a user of IAM authentication logs in with. An error, which
	// goes to the log alone, refuses the login.
	Token func(ctx context.Context, user, token string) error

	Log func(format string, args ...any) // told what MySQL writes into its error log; default nobody
}

// Settings are those that can change while a server runs. The zero value is
// RDS's default.
type Settings struct {
	RequireTLS bool // parameter require_secure_transport
	IAM        bool // EnableIAMDatabaseAuthentication
}

// Server is a database server on a loopback port. Its methods can be called from
// any goroutine.
type Server interface {
	// Addr is where it listens, such as 127.0.0.1:41234; it stays the same over
	// Down and Up.
	Addr() string

	// Set changes the settings, for logins from now on.
	Set(Settings)

	// Down closes all connections, undoes their transactions, and has new ones
	// refused until Up. A server that is down, or up, stays so.
	Down()
	Up()

	// Dump returns a copy of what is committed.
	Dump() (Dump, error)

	// Close ends the server and forgets its data.
	Close()
}

// Dump is the data of a server, to start another one with.
type Dump any
