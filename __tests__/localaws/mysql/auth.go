package mysql

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"net"
	"time"

	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/mysql_db"
	vitess "github.com/dolthub/vitess/go/mysql"
)

// iamPlugin authenticates the users that log in with a token of IAM's.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.DBAccounts.html
const iamPlugin = "AWSAuthenticationPlugin"

// accounts is who may log in, and how: an AuthServer. Exactly one of its methods
// handles a user, so that the answers are MySQL's and not the engine's.
type accounts struct {
	methods []vitess.AuthMethod
}

func newAccounts(s *server) *accounts {
	a := &accounts{methods: []vitess.AuthMethod{
		refusal{name: vitess.CachingSha2Password, handles: func(c *vitess.Conn, _ string) bool { return s.insecure(c) }, err: func(string, net.Addr, bool) error {
			return newError(errSecureTransport, "Connections using insecure transport are prohibited while --require_secure_transport=ON.")
		}},
		method{s, vitess.NewSha2CachingAuthMethod(master{s}, master{s}, master{s}), func(user string) bool { return user == s.options.User }},
	}}
	for _, m := range s.engine.Analyzer.Catalog.MySQLDb.AuthMethods() {
		a.methods = append(a.methods, method{s, m, func(user string) bool { return user != s.options.User }})
	}
	known := a.methods
	a.methods = append(a.methods, refusal{name: vitess.CachingSha2Password, err: denied, handles: func(c *vitess.Conn, user string) bool {
		for _, m := range known {
			if m.HandleUser(c, user) {
				return false
			}
		}
		return true
	}})
	return a
}

func (a *accounts) AuthMethods() []vitess.AuthMethod { return a.methods }

// DefaultAuthMethodDescription is MySQL 8.4's,
// https://dev.mysql.com/doc/refman/8.4/en/caching-sha2-pluggable-authentication.html.
func (a *accounts) DefaultAuthMethodDescription() vitess.AuthMethodDescription {
	return vitess.CachingSha2Password
}

// insecure is whether a connection lacks TLS and needs it.
func (s *server) insecure(c *vitess.Conn) bool {
	return s.settings.Load().RequireTLS && !c.TLSEnabled()
}

// denied is the error of a refused login, whatever the reason.
func denied(user string, from net.Addr, password bool) error {
	host, _, _ := net.SplitHostPort(from.String())
	using := "NO"
	if password {
		using = "YES"
	}
	return vitess.NewSQLError(vitess.ERAccessDeniedError, vitess.SSAccessDeniedError, "Access denied for user '%s'@'%s' (using password: %s)", user, host, using)
}

// method is a method for some of the users.
type method struct {
	server *server
	vitess.AuthMethod
	users func(string) bool
}

func (m method) HandleUser(c *vitess.Conn, user string) bool {
	if m.server.insecure(c) || !m.users(user) {
		return false
	}
	// The master user is known without a look at the engine's, which wants TLS
	// for this method where MySQL has keys of its own for those without.
	return user == m.server.options.User || m.AuthMethod.HandleUser(c, user)
}

func (m method) HandleAuthPluginData(c *vitess.Conn, user string, ours, theirs []byte, from net.Addr) (vitess.Getter, error) {
	getter, err := m.AuthMethod.HandleAuthPluginData(c, user, ours, theirs, from)
	if err != nil {
		m.server.options.Log("MySQL %s: %v", m.server.options.Endpoint, err)
		return nil, denied(user, from, len(theirs) > 1) // more than the 0 at its end
	}
	return getter, nil
}

// refusal is a method that refuses whom it handles.
type refusal struct {
	name    vitess.AuthMethodDescription
	handles func(*vitess.Conn, string) bool
	err     func(user string, from net.Addr, password bool) error
}

func (r refusal) Name() vitess.AuthMethodDescription          { return r.name }
func (r refusal) HandleUser(c *vitess.Conn, user string) bool { return r.handles(c, user) }
func (r refusal) AllowClearTextWithoutTLS() bool              { return true }
func (r refusal) AuthPluginData() ([]byte, error)             { return vitess.NewSalt() }
func (r refusal) HandleAuthPluginData(_ *vitess.Conn, user string, _, theirs []byte, from net.Addr) (vitess.Getter, error) {
	return nil, r.err(user, from, len(theirs) > 1)
}

// master checks the master user's password. The server knows it, so that it can
// always do what MySQL does with an account in its cache.
type master struct{ server *server }

func (m master) HandleUser(user string, _ net.Addr) bool { return user == m.server.options.User }

func (m master) UserEntryWithCacheHash(_ []*x509.Certificate, salt []byte, user string, scramble []byte, from net.Addr) (vitess.Getter, vitess.CacheState, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	password, err := m.server.options.Password(ctx)
	if err != nil {
		return nil, vitess.AuthRejected, err
	}
	once := sha256.Sum256([]byte(password))
	twice := sha256.Sum256(once[:])
	if len(scramble) != len(twice) || !vitess.VerifyHashedCachingSha2Password(scramble, salt, twice[:]) {
		return nil, vitess.AuthRejected, nil
	}
	return sql.MysqlConnectionUser{User: user, Host: anyHost}, vitess.AuthAccepted, nil
}

// UserEntryWithPassword is never asked: the cache above decides.
func (m master) UserEntryWithPassword(_ []*x509.Certificate, user, _ string, from net.Addr) (vitess.Getter, error) {
	return nil, denied(user, from, true)
}

// iam checks tokens.
type iam struct{ server *server }

func (i iam) Authenticate(_ *mysql_db.MySQLDb, user string, entry *mysql_db.User, token string) (bool, error) {
	s := i.server
	if !s.settings.Load().IAM {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := s.options.Token(ctx, user, token)
	return err == nil, err
}
