package mysql

import (
	"strings"

	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/vitess/go/vt/sqlparser"
)

// statement is what the handler has to know of one.
type statement struct {
	parsed sqlparser.Statement // nil if it cannot be parsed
	alone  bool                // it touches no table: it may sleep, or wait for GET_LOCK
	reads  bool                // it may read tables, and writes none
	writes bool                // it may write
}

// classify looks at the first statement of a query.
func classify(state *sql.Context, query string) statement {
	parsed, _, _, err := sql.GlobalParser.Parse(state, query, true)
	if err != nil {
		return statement{} // the engine says so
	}
	s := statement{parsed: parsed}
	switch parsed.(type) {
	case *sqlparser.Begin, *sqlparser.Commit, *sqlparser.Rollback:
	case *sqlparser.Select, *sqlparser.SetOp, *sqlparser.ParenSelect:
		s.reads = true
		s.alone = !hasTables(parsed)
	case *sqlparser.Show, *sqlparser.Explain, *sqlparser.Set, *sqlparser.Use:
		s.reads = true
	default:
		s.writes = true
	}
	return s
}

func hasTables(s sqlparser.Statement) bool {
	found := false
	sqlparser.Walk(func(node sqlparser.SQLNode) (bool, error) {
		switch n := node.(type) {
		case *sqlparser.AliasedTableExpr:
			name, plain := n.Expr.(sqlparser.TableName)
			found = found || !plain || !strings.EqualFold(name.Name.String(), "dual")
		case *sqlparser.Subquery, *sqlparser.JSONTableExpr, *sqlparser.TableFuncExpr:
			found = true
		}
		return !found, nil
	}, s)
	return found
}

// refuse returns the error of a statement that RDS does not let its master user
// run, and the engine would.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.MasterAccounts.html
func (s *server) refuse(parsed sqlparser.Statement) error {
	switch p := parsed.(type) {
	case *sqlparser.Set:
		for _, e := range p.Exprs {
			switch e.Scope {
			case sqlparser.SetScope_Global, sqlparser.SetScope_Persist, sqlparser.SetScope_PersistOnly:
				return missing("SUPER or SYSTEM_VARIABLES_ADMIN")
			}
		}
	case *sqlparser.Load:
		if !p.Local {
			return missing("FILE")
		}
	case *sqlparser.Select:
		if p.Into != nil && (p.Into.Outfile != "" || p.Into.Dumpfile != "") {
			return missing("FILE")
		}
	case *sqlparser.CreateUser:
		for _, user := range p.Users {
			if user.Auth1 != nil && user.Auth1.Plugin == iamPlugin && !s.settings.Load().IAM {
				return newError(errPluginNotLoaded, "Plugin '%s' is not loaded", iamPlugin)
			}
		}
	}
	return nil
}

func missing(privileges string) error {
	return newError(errMissing, "Access denied; you need (at least one of) the %s privilege(s) for this operation", privileges)
}
