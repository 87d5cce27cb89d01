package mysql

import (
	"errors"

	vitess "github.com/dolthub/vitess/go/mysql"
)

// Errors of MySQL's, https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html.
const (
	errServerShutdown  = 1053
	errLockWait        = 1205
	errMissing         = 1227
	errPluginNotLoaded = 1524
	errSecureTransport = 3159
)

// general is the state of an error that has none of its own.
const general = "HY000"

// states holds the SQLSTATEs that the engine leaves out, by error.
var states = map[int]string{
	errServerShutdown: "08S01",
	errMissing:        "42000",
	1044:              "42000", // access to a schema denied
	1048:              "23000", // NULL in a NOT NULL column
	1049:              "42000", // no such schema
	1050:              "42S01", // table exists
	1054:              "42S22", // no such column
	1060:              "42S21", // column exists
	1061:              "42000", // key exists
	1062:              "23000", // duplicate entry
	1064:              "42000", // syntax
	1142:              "42000", // access to a table denied
	1146:              "42S02", // no such table
	1406:              "22001", // data too long
	1451:              "23000", // a row refers to this one
	1452:              "23000", // no row to refer to
}

// newError is MySQL's error of a number.
func newError(number int, format string, args ...any) error {
	return withState(vitess.NewSQLError(number, general, format, args...))
}

// withState gives an error of the engine its state.
func withState(err error) error {
	var e *vitess.SQLError
	if errors.As(err, &e) && states[e.Num] != "" {
		return &vitess.SQLError{Num: e.Num, State: states[e.Num], Message: e.Message, Query: e.Query}
	}
	return err
}
