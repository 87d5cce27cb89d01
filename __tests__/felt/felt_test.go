package felt

import (
	"path/filepath"
	"testing"
	"time"

	"example.com/webserver-cluster/tests/localaws"
)

// TestKinds shows of one change of each kind that what users feel is measured: a change
// that nobody feels, one that replaces the servers, and one that interrupts the database.
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
	env, err := world.Deploy(t.Context(), Small("stage", 10))
	if err != nil {
		t.Fatal(err)
	}
	config := Small("stage", 10)
	apply := func(name string) Measured {
		t.Helper()
		start := time.Now()
		m, err := env.Apply(t.Context(), name, config)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %v; in all %v", name, m, time.Since(start).Round(time.Second))
		if m.Refused != nil || m.DeployError != nil {
			t.Errorf("%s: %v %v", name, m.Refused, m.DeployError)
		}
		if m.Failed > 0 {
			t.Errorf("%s: %d requests failed, the first one: %v", name, m.Failed, m.Failures[0])
		}
		if len(m.Plan) == 0 || string(m.Before) == string(m.After) {
			t.Errorf("%s: there is no plan, or nothing has changed", name)
		}
		if m.Lowest != 2 {
			t.Errorf("%s: the lowest capacity was %d", name, m.Lowest)
		}
		return m
	}

	config.Environment.Network.Tags = map[string]string{"Team": "web"}
	if m := apply("tags"); m.Rollout != 0 || m.Database.Failed != 0 {
		t.Errorf("tags: %v", m)
	}
	config.Environment.Cluster.ServerText = "Hello again"
	if m := apply("boot script"); m.Rollout == 0 || m.Database.Failed != 0 {
		t.Errorf("boot script: %v", m)
	}
	config.Environment.Database.InstanceClass = "db.t4g.small"
	if m := apply("database class"); m.Rollout != 0 || m.Database.Failed == 0 || m.Database.GapOnAWS < 2*time.Minute || m.Database.DataLost {
		t.Errorf("database class: %v", m)
	}
}
