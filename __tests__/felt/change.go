package felt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"example.com/webserver-cluster/internal/review"
	"example.com/webserver-cluster/tests/zerodowntime"
)

// Measured is what users felt of a change.
type Measured struct {
	Requests int                    // of users
	Failed   int                    // of them
	Failures []zerodowntime.Failure // the same, one by one
	Lowest   int                    // the least number of instances that served at a time
	Took     time.Duration          // of the apply, in real time
	Rollout  time.Duration          // that instances came and went, in AWS time
	Replaced int                    // instances that went while others came

	// Database is what a client of the database felt; nil if there was none before.
	Database *Database

	// Refused is why the synth or the plan failed: nothing was changed then, nobody called,
	// and all else is zero.
	Refused error
	// DeployError is why the apply failed, with what it printed.
	DeployError error

	// What a forecast is made of, in Folder as before.tf.json, after.tf.json and
	// plan.json: the synthesized JSON, and the plan as "terraform show -json" has it.
	Before, After, Plan []byte
	Folder              string
}

func (m Measured) String() string {
	text := fmt.Sprintf("%d requests, %d failed, lowest capacity %d, %v (instances: %v of AWS time)",
		m.Requests, m.Failed, m.Lowest, m.Took.Round(time.Second), m.Rollout.Round(time.Second))
	if m.Database != nil {
		text += "; database: " + m.Database.String()
	}
	if err := errors.Join(m.Refused, m.DeployError); err != nil {
		_, reason, _ := strings.Cut(err.Error(), "Error:") // behind Terraform's warnings
		text += "; failed: " + shorten(strings.Join(strings.Fields(reason), " "))
	}
	return text
}

// shorten leaves the middle out of a long text: Terraform says what failed first, and what
// a command printed last.
func shorten(text string) string {
	const first, last = 200, 600
	if len(text) <= first+last {
		return text
	}
	return strings.ToValidUTF8(text[:first], "") + " … " + strings.ToValidUTF8(text[len(text)-last:], "")
}

// Apply deploys a change while users and a client of the database call. The error is one
// of this package's work, not of the deploy.
func (e *Env) Apply(ctx context.Context, name string, c Config) (Measured, error) {
	m := Measured{Before: e.deployed}
	var err error
	e.changes++
	m.Folder = filepath.Join(e.world.dir, fmt.Sprintf("%s-%d", e.name, e.changes))
	if m.Refused = e.synthesize(ctx, c); m.Refused != nil {
		return m, ctx.Err()
	}
	if m.After, err = e.synthesized(); err != nil {
		return m, err
	}
	if output, err := e.terraform(ctx, "plan", "-out=plan"); err != nil {
		m.Refused = fmt.Errorf("%w\n%s", err, output)
		return m, errors.Join(ctx.Err(), m.save())
	}
	if m.Plan, err = e.json(ctx, "show", "plan"); err != nil {
		return m, err
	}
	if err := m.save(); err != nil {
		return m, err
	}
	err = e.under(ctx, name, &m, func() error {
		if output, err := e.terraform(ctx, "apply", "plan"); err != nil {
			m.DeployError = fmt.Errorf("%w\n%s", err, output)
		} else {
			e.deployed = m.After
		}
		return nil
	})
	return m, err
}

// MaintenanceWindow has the database's maintenance window come, and the changes that wait
// for it.
func (e *Env) MaintenanceWindow(ctx context.Context) (Measured, error) {
	var m Measured
	id, _, _ := strings.Cut(e.Outputs["database_address"], ".")
	err := e.under(ctx, "maintenance window", &m, func() error {
		if err := e.world.Cloud.MaintenanceWindow(ctx, id); err != nil {
			return err
		}
		return e.awaitDatabase(ctx, id)
	})
	return m, err
}

// awaitDatabase waits until a DB instance serves again.
func (e *Env) awaitDatabase(ctx context.Context, id string) error {
	client := rds.NewFromConfig(e.world.Cloud.Config())
	for ; ; time.Sleep(queryEvery) {
		found, err := client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: &id})
		if err != nil {
			return err
		}
		if status := aws.ToString(found.DBInstances[0].DBInstanceStatus); status == "available" || status == "storage-optimization" {
			return nil
		}
	}
}

// under does something while users and a client of the database call.
func (e *Env) under(ctx context.Context, name string, m *Measured, do func() error) error {
	e.world.log("%s: %s", e.name, name)
	client, err := e.callDatabase(ctx)
	if err != nil {
		return err
	}
	run, err := e.users.Under(name, func(*zerodowntime.Run) error {
		start := time.Now()
		defer func() { m.Took = time.Since(start) }()
		return do()
	})
	m.Database = client.stop()
	m.Requests, m.Failures, m.Failed = run.Sent(), run.Failures, len(run.Failures)
	m.Lowest, m.Rollout, m.Replaced = run.Lowest(), run.Rollout(), replaced(run)
	if err := errors.Join(err, ctx.Err(), e.readOutputs(ctx)); err != nil {
		return err
	}
	return e.judgeData(ctx, m.Database)
}

// replaced is how many instances went in a run in which others came.
func replaced(run *zerodowntime.Run) (gone int) {
	came := false
	for _, l := range run.Lives {
		last := l.Spans[len(l.Spans)-1]
		switch {
		case l.Spans[0].From.After(run.Start):
			came = true
		case !last.To.IsZero() || last.State == zerodowntime.Draining:
			gone++
		}
	}
	if !came {
		return 0
	}
	return gone
}

// Level is what users felt, in the words of a review.
func (m Measured) Level() review.Level {
	switch {
	case m.Refused != nil || m.DeployError != nil:
		return review.Refused
	case m.Database != nil && m.Database.DataLost:
		return review.DataAtRisk
	case m.Failed > 0 || m.Database != nil && m.Database.Failed > 0:
		return review.Interruption
	case m.Replaced > 0:
		return review.Rolling
	}
	return review.Nothing
}

func (m Measured) save() error {
	err := os.MkdirAll(m.Folder, 0o755)
	for name, content := range map[string][]byte{"before.tf.json": m.Before, "after.tf.json": m.After, "plan.json": m.Plan} {
		err = errors.Join(err, os.WriteFile(filepath.Join(m.Folder, name), content, 0o644))
	}
	return err
}
