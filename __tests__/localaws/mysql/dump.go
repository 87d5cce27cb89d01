package mysql

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/sql"

	"example.com/webserver-cluster/tests/localaws/databases"
)

// dump is what is committed in a server: a databases.Dump.
type dump struct {
	schemas []schema
	users   []byte
}

type schema struct {
	name   string
	tables []table
}

type table struct {
	name, create string
	rows         []sql.Row
}

// collation is MySQL's default since 8.0; the engine's is another one.
// https://dev.mysql.com/doc/refman/8.4/en/charset-server.html
const collation = " CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci"

// users keeps the accounts, in the engine's own form.
type users struct {
	mu   sync.Mutex
	data []byte
}

// Persist is called with each change.
func (u *users) Persist(_ *sql.Context, data []byte) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.data = slices.Clone(data)
	return nil
}

// system is a context for what the server itself does.
func (s *server) system() *sql.Context {
	base := sql.NewBaseSessionWithClientServer("localhost", sql.Client{User: s.options.User, Address: anyHost}, 0)
	return sql.NewContext(context.Background(), sql.WithSession(memory.NewSession(base, s.data)))
}

// query runs a statement of the server itself.
func (s *server) query(ctx *sql.Context, statement string) ([]sql.Row, error) {
	_, rows, _, err := s.engine.Query(ctx, statement)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", statement, err)
	}
	return sql.RowIterToRows(ctx, rows)
}

func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// Dump implements databases.Server.
func (s *server) Dump() (databases.Dump, error) {
	s.handler.statement.Lock()
	defer s.handler.statement.Unlock()
	s.users.mu.Lock()
	d := &dump{users: s.users.data}
	s.users.mu.Unlock()
	ctx := s.system()
	for _, db := range s.data.AllDatabases(ctx) {
		names, err := db.GetTableNames(ctx)
		if err != nil {
			return nil, err
		}
		slices.Sort(names)
		kept := schema{name: db.Name()}
		for _, name := range names {
			full := quoted(db.Name()) + "." + quoted(name)
			create, err := s.query(ctx, "SHOW CREATE TABLE "+full)
			if err != nil {
				return nil, err
			}
			rows, err := s.query(ctx, "SELECT * FROM "+full)
			if err != nil {
				return nil, err
			}
			kept.tables = append(kept.tables, table{name, create[0][1].(string), rows})
		}
		d.schemas = append(d.schemas, kept)
	}
	return d, nil
}

// fill gives a new server its master user and its data.
func (s *server) fill() error {
	ctx := s.system()
	accounts := s.engine.Analyzer.Catalog.MySQLDb
	given, _ := s.options.Dump.(*dump)
	if given != nil && given.users != nil {
		if err := accounts.LoadData(ctx, given.users); err != nil {
			return err
		}
		s.users.data = given.users
	}
	edit := accounts.Editor()
	accounts.AddSuperUser(edit, s.options.User, anyHost, "") // see master for its password
	edit.Close()
	if given == nil {
		if s.options.Database == "" {
			return nil
		}
		_, err := s.query(ctx, "CREATE DATABASE "+quoted(s.options.Database)+collation)
		return err
	}
	if _, err := s.query(ctx, "SET foreign_key_checks = 0"); err != nil {
		return err
	}
	for _, d := range given.schemas {
		if _, err := s.query(ctx, "CREATE DATABASE "+quoted(d.name)+collation); err != nil {
			return err
		}
		ctx.SetCurrentDatabase(d.name)
		for _, t := range d.tables {
			if _, err := s.query(ctx, t.create); err != nil {
				return err
			}
			if err := s.insert(ctx, d.name, t); err != nil {
				return fmt.Errorf("table %s.%s: %w", d.name, t.name, err)
			}
		}
	}
	return nil
}

// insert fills a table with the rows as they were.
func (s *server) insert(ctx *sql.Context, schema string, t table) error {
	if len(t.rows) == 0 {
		return nil
	}
	session := memory.SessionFromContext(ctx)
	transaction, err := session.StartTransaction(ctx, sql.ReadWrite)
	if err != nil {
		return err
	}
	db, err := s.data.Database(ctx, schema)
	if err != nil {
		return err
	}
	into, _, err := db.GetTableInsensitive(ctx, t.name)
	if err != nil {
		return err
	}
	inserter := into.(sql.InsertableTable).Inserter(ctx)
	inserter.StatementBegin(ctx)
	for _, row := range t.rows {
		if err := inserter.Insert(ctx, row); err != nil {
			return err
		}
	}
	if err := inserter.StatementComplete(ctx); err != nil {
		return err
	}
	if err := inserter.Close(ctx); err != nil {
		return err
	}
	return session.CommitTransaction(ctx, transaction)
}
