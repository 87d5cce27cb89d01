package mysql

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	stdlog "log"
	"sync/atomic"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	gms "github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/mysql_db"
	vitess "github.com/dolthub/vitess/go/mysql"
	vitesslog "github.com/dolthub/vitess/go/vt/log"
	"github.com/sirupsen/logrus"

	"example.com/webserver-cluster/tests/localaws/databases"
)

// anyHost is the host part of the accounts that RDS makes.
const anyHost = "%"

// server is a databases.Server.
type server struct {
	options  databases.Options
	settings atomic.Pointer[databases.Settings]
	door     *door
	data     *memory.DbProvider
	engine   *sqle.Engine
	users    *users
	handler  *handler
	protocol gms.ProtocolListener
}

// The engine and its protocol tell of each connection and each failed query, to
// everybody; what matters goes to Options.Log.
func init() {
	logrus.SetOutput(io.Discard)
	quiet := stdlog.New(io.Discard, "", 0)
	vitesslog.Info, vitesslog.Infof = quiet.Print, quiet.Printf
	vitesslog.Warning, vitesslog.Warningf = quiet.Print, quiet.Printf
	vitesslog.Error, vitesslog.Errorf = quiet.Print, quiet.Printf

	// The engine's default is to let LOAD_FILE read any file of this machine.
	if err := sql.SystemVariables.AssignValues(map[string]any{"secure_file_priv": noFiles}); err != nil {
		panic(err)
	}
}

// noFiles is the folder that RDS lets nobody put files into; here there is none.
const noFiles = "/secure_file_priv/"

// Start starts a MySQL server on a free port of the loopback interface. It is a
// databases.Engine.
func Start(o databases.Options) (databases.Server, error) {
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	s := &server{options: o, data: memory.NewDBProvider(), users: &users{}}
	s.handler = &handler{server: s, transaction: make(chan struct{}, 1)}
	s.data.WithOption(memory.NativeIndexProvider(true))
	s.Set(o.Settings)
	s.engine = sqle.NewDefault(s.data)
	accounts := s.engine.Analyzer.Catalog.MySQLDb
	accounts.SetPersister(s.users)
	accounts.SetPlugins(map[string]mysql_db.PlaintextAuthPlugin{iamPlugin: iam{s}})
	if err := s.fill(); err != nil {
		return nil, fmt.Errorf("MySQL for %s: %w", o.Endpoint, err)
	}
	door, err := openDoor()
	if err != nil {
		return nil, fmt.Errorf("MySQL for %s: %w", o.Endpoint, err)
	}
	s.door = door
	if err := s.serve(); err != nil {
		door.Close()
		return nil, fmt.Errorf("MySQL for %s: %w", o.Endpoint, err)
	}
	return s, nil
}

// serve has the engine answer who comes through the door.
func (s *server) serve() error {
	h := s.handler
	config := gms.Config{
		Protocol:  "tcp",
		Listener:  s.door,
		Version:   s.options.Version,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{s.options.Certificate}, MinVersion: tls.VersionTLS12},
		Options: []gms.Option{func(e *sqle.Engine, sessions *gms.SessionManager, inner vitess.Handler) (*sqle.Engine, *gms.SessionManager, vitess.Handler) {
			h.Handler, h.sessions = inner, sessions
			return e, sessions, h
		}},
		ProtocolListenerFactory: func(c gms.Config, l vitess.ListenerConfig, events gms.ServerEventListener) (gms.ProtocolListener, error) {
			l.AuthServer = newAccounts(s)
			return gms.MySQLProtocolListenerFactory(c, l, events)
		},
	}
	listening, err := gms.NewServer(config, s.engine, sql.NewContext, s.session, nil)
	if err != nil {
		return err
	}
	s.protocol = listening.Listener
	go s.protocol.Accept()
	return nil
}

// session is a connection's. RDS's time zone is UTC, whatever this machine's is.
func (s *server) session(ctx context.Context, c *vitess.Conn, addr string) (sql.Session, error) {
	session, err := memory.NewSessionBuilder(s.data)(ctx, c, addr)
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]any{
		"require_secure_transport": s.settings.Load().RequireTLS,
		"time_zone":                "+00:00",
		"version":                  s.options.Version,
	} {
		if err := session.InitSessionVariable(sql.NewContext(ctx, sql.WithSession(session)), name, value); err != nil {
			return nil, err
		}
	}
	return session, nil
}

func (s *server) Addr() string { return s.door.Addr().String() }

func (s *server) Set(settings databases.Settings) { s.settings.Store(&settings) }

func (s *server) Down() { s.door.shut() }

func (s *server) Up() { s.door.open() }

func (s *server) Close() {
	s.door.shut()
	s.protocol.Close()
	s.engine.Close()
}
