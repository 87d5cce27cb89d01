package felt

import (
	"path/filepath"
	"testing"
	"time"

	"example.com/webserver-cluster/tests/localaws"
)

// TestKinds shows of one change of each kind that what is felt is measured: a change that
// nobody feels, one that replaces the servers, and one that interrupts the database, in
// two environments side by side.
func TestKinds(t *testing.T) {
	root, err := localaws.AppDir()
	if err != nil {
		t.Fatal(err)
	}
	world, err := Start(t.Context(), Options{Dir: filepath.Join(root, "build", "felt-test"), Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Stop)

	t.Run("servers", func(t *testing.T) {
		t.Parallel()
		e := newChanges(t, world, Small("stage", 10))
		e.Environment.Network.Tags = map[string]string{"Team": "web"}
		if m := e.apply("tags"); m.Rollout != 0 || m.Database.Failed != 0 {
			t.Errorf("tags: %v", m)
		}
		e.Environment.Cluster.ServerText = "Hello again"
		if m := e.apply("boot script"); m.Rollout == 0 || m.Database.Failed != 0 {
			t.Errorf("boot script: %v", m)
		}
	})
	t.Run("database", func(t *testing.T) {
		t.Parallel()
		c := Small("prod", 20)
		c.Environment.Database.ApplyImmediately = false
		e := newChanges(t, world, c)
		e.Environment.Database.InstanceClass = "db.t4g.small"
		if m := e.apply("database class, later"); m.Rollout != 0 || m.Database.Failed != 0 {
			t.Errorf("database class: %v", m)
		}
		m, err := e.env.MaintenanceWindow(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("maintenance window: %v", m)
		interrupted(t, m)
		e.Environment.Database.InstanceClass, e.Environment.Database.ApplyImmediately = "db.t4g.medium", true
		interrupted(t, e.apply("database class, at once"))
	})
}

// interrupted checks that a change of class was felt by the database's client alone.
func interrupted(t *testing.T, m Measured) {
	t.Helper()
	if m.Rollout != 0 || m.Failed > 0 || m.Database.Failed == 0 || m.Database.GapOnAWS < 2*time.Minute || m.Database.DataLost {
		t.Errorf("another class: %v", m)
	}
}

// changes are those of an environment that no user may feel.
type changes struct {
	*testing.T
	Config
	env *Env
}

func newChanges(t *testing.T, world *World, c Config) *changes {
	env, err := world.Deploy(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return &changes{t, c, env}
}

func (c *changes) apply(name string) Measured {
	c.Helper()
	start := time.Now()
	m, err := c.env.Apply(c.Context(), name, c.Config)
	if err != nil {
		c.Fatal(err)
	}
	c.Logf("%s: %v; in all %v", name, m, time.Since(start).Round(time.Second))
	if m.Refused != nil || m.DeployError != nil {
		c.Errorf("%s: %v %v", name, m.Refused, m.DeployError)
	}
	if m.Failed > 0 {
		c.Errorf("%s: %d requests failed, the first one: %v", name, m.Failed, m.Failures[0])
	}
	if len(m.Plan) == 0 || string(m.Before) == string(m.After) {
		c.Errorf("%s: there is no plan, or nothing has changed", name)
	}
	if m.Requests < 100 || m.Lowest != 2 {
		c.Errorf("%s: %d requests, and the lowest capacity was %d", name, m.Requests, m.Lowest)
	}
	return m
}
