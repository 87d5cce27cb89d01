package mysql

import (
	"cmp"
	"errors"
	"regexp"

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

// errGeneral is the engine's number where it has none of MySQL's.
const errGeneral = 1105

// numbers tells MySQL's numbers from the words of the engine: those that a
// program may wait for, such as one that adds a column which is there already.
var numbers = []struct {
	number int
	words  *regexp.Regexp
}{
	{1050, regexp.MustCompile(`^table with name .* already exists`)},
	{1052, regexp.MustCompile(`^ambiguous column name`)},
	{1054, regexp.MustCompile(`^column ".*" could not be found in any table in scope`)},
	{1060, regexp.MustCompile(`^Column ".*" already exists`)},
	{1061, regexp.MustCompile(`^Duplicate key name`)},
	{1064, regexp.MustCompile(`^syntax error at position`)},
	{1091, regexp.MustCompile(`^table ".*" does not have column`)},
	{1136, regexp.MustCompile(`^number of values does not match number of columns`)},
	{1264, regexp.MustCompile(`(?i)out of range`)},
	{1305, regexp.MustCompile(`^function: '.*' not found`)},
	{1364, regexp.MustCompile(`^Field '.*' doesn't have a default value`)},
	{1396, regexp.MustCompile(`^Operation (CREATE|ALTER|DROP) USER failed`)},
	{1406, regexp.MustCompile(`is too large for column`)},
	{1410, regexp.MustCompile(`^You are not allowed to create a user with GRANT`)},
	{3819, regexp.MustCompile(`^Check constraint`)},
}

// states are the SQLSTATEs of errors, which the engine leaves out; all others
// have the general one.
var states = map[int]string{
	errServerShutdown: "08S01",
	errMissing:        "42000",
	1044:              "42000", // access to a schema denied
	1048:              "23000", // NULL in a NOT NULL column
	1049:              "42000", // no such schema
	1050:              "42S01", // table exists
	1052:              "23000", // ambiguous column
	1054:              "42S22", // no such column
	1060:              "42S21", // column exists
	1061:              "42000", // key exists
	1062:              "23000", // duplicate entry
	1064:              "42000", // syntax
	1091:              "42000", // nothing to drop
	1136:              "21S01", // number of values
	1142:              "42000", // access to a table denied
	1146:              "42S02", // no such table
	1264:              "22003", // out of range
	1305:              "42000", // no such function
	1406:              "22001", // data too long
	1410:              "42000", // no user to grant to
	1451:              "23000", // a row refers to this one
	1452:              "23000", // no row to refer to
}

// newError is MySQL's error of a number.
func newError(number int, format string, args ...any) error {
	return asMySQL(vitess.NewSQLError(number, general, format, args...))
}

// asMySQL gives an error of the engine MySQL's number and state.
func asMySQL(err error) error {
	var e *vitess.SQLError
	if !errors.As(err, &e) {
		return err
	}
	number := e.Num
	if number == errGeneral {
		for _, known := range numbers {
			if known.words.MatchString(e.Message) {
				number = known.number
				break
			}
		}
	}
	return &vitess.SQLError{Num: number, State: cmp.Or(states[number], e.State), Message: e.Message, Query: e.Query}
}
