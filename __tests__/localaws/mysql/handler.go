package mysql

import (
	"context"
	"sync"
	"time"

	gms "github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	vitess "github.com/dolthub/vitess/go/mysql"
	"github.com/dolthub/vitess/go/sqltypes"
	querypb "github.com/dolthub/vitess/go/vt/proto/query"
)

// lockWait is how long a statement waits for another connection's transaction,
// https://dev.mysql.com/doc/refman/8.4/en/innodb-parameters.html#sysvar_innodb_lock_wait_timeout.
const lockWait = 50 * time.Second

// handler runs the statements of all connections, one after the other. The
// engine's tables in memory know no concurrency: a session works on copies of
// the tables that it has touched, read or written, and its commit puts them
// in place of what others have committed since. So
//
//   - a transaction lasts alone, from its first statement on a table, and so
//     does a statement that writes outside one;
//   - a statement that only reads, outside one, does not wait for them. It sees
//     what was committed.
type handler struct {
	vitess.Handler
	server   *server
	sessions *gms.SessionManager

	statement   sync.Mutex    // held while the engine works
	transaction chan struct{} // full while somebody writes, or is in a transaction
	mu          sync.Mutex
	owner       *vitess.Conn // whose transaction it is; nil if nobody's
}

func (h *handler) ComQuery(ctx context.Context, c *vitess.Conn, query string, callback vitess.ResultSpoolFn) error {
	return h.run(ctx, c, query, func() error { return h.Handler.ComQuery(ctx, c, query, callback) })
}

func (h *handler) ComMultiQuery(ctx context.Context, c *vitess.Conn, query string, callback vitess.ResultSpoolFn) (rest string, err error) {
	err = h.run(ctx, c, query, func() error {
		rest, err = h.Handler.ComMultiQuery(ctx, c, query, callback)
		return err
	})
	return rest, err
}

func (h *handler) ComPrepare(ctx context.Context, c *vitess.Conn, query string, prepare *vitess.PrepareData) (fields []*querypb.Field, err error) {
	err = h.run(ctx, c, query, func() error {
		fields, err = h.Handler.ComPrepare(ctx, c, query, prepare)
		return err
	})
	return fields, err
}

func (h *handler) ComStmtExecute(ctx context.Context, c *vitess.Conn, prepare *vitess.PrepareData, callback func(*sqltypes.Result) error) error {
	return h.run(ctx, c, prepare.PrepareStmt, func() error { return h.Handler.ComStmtExecute(ctx, c, prepare, callback) })
}

func (h *handler) ComInitDB(c *vitess.Conn, schema string) error {
	h.statement.Lock()
	defer h.statement.Unlock()
	return asMySQL(h.Handler.ComInitDB(c, schema))
}

func (h *handler) ComResetConnection(c *vitess.Conn) error {
	h.statement.Lock()
	defer h.statement.Unlock()
	h.leave(c)
	return h.Handler.ComResetConnection(c)
}

func (h *handler) ConnectionClosed(c *vitess.Conn) {
	h.statement.Lock()
	defer h.statement.Unlock()
	h.Handler.ConnectionClosed(c)
	h.leave(c)
}

// run runs a statement of c, or prepares it, when it is its turn.
func (h *handler) run(ctx context.Context, c *vitess.Conn, query string, do func() error) error {
	state, err := h.sessions.NewContextWithQuery(ctx, c, query)
	if err != nil {
		return err
	}
	s := classify(state, query)
	if err := h.server.refuse(s.parsed); err != nil {
		return err
	}
	if s.alone {
		return asMySQL(do())
	}
	if s.writes || s.reads && inTransaction(state) {
		if err := h.enter(c); err != nil {
			return err
		}
	}
	h.statement.Lock()
	defer h.statement.Unlock()
	forget(state)
	defer func() {
		if forget(state) {
			h.leave(c)
		}
	}()
	return asMySQL(do())
}

// forget lets go of a transaction that has ended, by the statement or by an
// error. The engine leaves some behind, and would go on with the copies that
// they have of its tables.
func forget(state *sql.Context) (ended bool) {
	if inTransaction(state) {
		return false
	}
	state.SetTransaction(nil)
	state.SetIgnoreAutoCommit(false)
	return true
}

// inTransaction is whether a session's transaction goes on after a statement.
func inTransaction(state *sql.Context) bool {
	if state.GetTransaction() == nil {
		return false
	}
	if state.GetIgnoreAutoCommit() { // after START TRANSACTION
		return true
	}
	value, err := state.GetSessionVariable(state, sql.AutoCommitSessionVar)
	if err != nil {
		return false
	}
	on, err := sql.ConvertToBool(state, value)
	return err == nil && !on
}

// enter waits until nobody else writes or is in a transaction.
func (h *handler) enter(c *vitess.Conn) error {
	h.mu.Lock()
	mine := h.owner == c
	h.mu.Unlock()
	if mine {
		return nil
	}
	select {
	case h.transaction <- struct{}{}:
		h.mu.Lock()
		h.owner = c
		h.mu.Unlock()
		return nil
	case <-h.server.door.shutting():
		return newError(errServerShutdown, "Server shutdown in progress")
	case <-time.After(lockWait):
		return newError(errLockWait, "Lock wait timeout exceeded; try restarting transaction")
	}
}

// leave lets the next one in, if it was c's turn.
func (h *handler) leave(c *vitess.Conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.owner == c {
		h.owner = nil
		<-h.transaction
	}
}
