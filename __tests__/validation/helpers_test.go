// Package validation_test checks that wrong settings are named before anything
// is made: every fault at once, each with its place, its value and its rule.
package validation_test

import (
	"strings"
	"testing"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/faults"
	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/stacks"
)

var valid = project.Settings{
	Project: "webservers", Region: "eu-central-1", StateBucket: "state-bucket", LockTable: "lock-table",
}

// stage is an environment of the tests' own: what they hold must not move with what
// the app's stage is.
var stage = stacks.Environment{
	Name:    "stage",
	Network: constructs.NetworkProps{CIDR: "10.10.0.0/16"},
	Cluster: constructs.WebserverClusterProps{
		InstanceType: "t3.micro", MinSize: 2, MaxSize: 4, ServerText: "Hello from stage",
	},
	Database: &constructs.MySQLProps{
		InstanceClass: "db.t4g.micro", BackupRetentionDays: 1,
		SkipFinalSnapshot: true, DeleteAutomatedBackups: true, ApplyImmediately: true,
	},
}

// row is a change of valid props, and the lines that a user sees then; none if what
// is there after the change is valid, too.
type row[Props any] struct {
	change func(*Props)
	want   string
}

// inStage runs rows on a part of the environment stage, as the app sees them.
func inStage[Props any](t *testing.T, part func(*stacks.Environment) *Props, rows []row[Props]) {
	run(t, rows, func(change func(*Props)) error {
		e := stage
		database := *stage.Database
		e.Database = &database
		change(part(&e))
		return stacks.Validate(valid, []stacks.Environment{e})
	})
}

// alone runs rows on the props of a construct, as an app of somebody else's sees them.
func alone[Props interface{ Validate() error }](t *testing.T, base Props, rows []row[Props]) {
	run(t, rows, func(change func(*Props)) error {
		props := base
		change(&props)
		return props.Validate()
	})
}

func run[Props any](t *testing.T, rows []row[Props], validate func(change func(*Props)) error) {
	t.Helper()
	for i, r := range rows {
		if got := lines(validate(r.change)); got != r.want {
			t.Errorf("row %d: faults are\n%s\nwant\n%s", i+1, got, r.want)
		}
	}
}

func cluster(e *stacks.Environment) *constructs.WebserverClusterProps { return &e.Cluster }
func network(e *stacks.Environment) *constructs.NetworkProps          { return &e.Network }
func database(e *stacks.Environment) *constructs.MySQLProps           { return e.Database }
func itself(e *stacks.Environment) *stacks.Environment                { return e }

// lines are the faults that err joins, a line each.
func lines(err error) string {
	var list []string
	for _, fault := range faults.Each(err) {
		list = append(list, fault.Error())
	}
	return strings.Join(list, "\n")
}

func expectFaults(t *testing.T, err error, want []string) {
	t.Helper()
	if got, w := lines(err), strings.Join(want, "\n"); got != w {
		t.Errorf("faults are\n%s\nwant\n%s", got, w)
	}
}
