package state_test

import (
	"slices"
	"testing"

	"example.com/webserver-cluster/tests/usual"
)

// An apply is killed in the middle of it; one command repairs what it left, and
// the next apply ends as if nothing had happened.
func TestKilled(t *testing.T) {
	t.Parallel()
	kills := 0
	points := slices.Clone(stateKills)
	if usual.Run {
		points = slices.DeleteFunc(points, func(k kill) bool { return !k.cli })
	}
	for _, k := range points {
		t.Run(k.name, func(t *testing.T) {
			p := newProject(t, map[string]block{"stage": data(1)})
			p.init("stage")
			p.want(0)(p.apply("stage").result()) // so that there is a digest to lag behind
			p.stack("stage", "both", data(3))
			p.repaired(k)
			kills++
		})
	}
	figure(t, "%d kills of an apply between taking and releasing its lock; repaired by unlock and one more deploy: %d", len(points), kills)
}

// The same while it makes resources: none is forgotten, none made twice.
func TestKilledWhileMaking(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	kills, unrecorded := 0, 0
	var all account
	points := resourceKills[:1]
	if *long {
		points = append(resourceKills, stateKills...)
	}
	for _, k := range points {
		t.Run(k.name, func(t *testing.T) {
			p := newProject(t, nil)
			p.stack("stage", "both", servers(p.name, 1))
			p.init("stage")
			k.digest = false // there is none yet
			imported := p.repaired(k)
			a := p.complete("stage")
			t.Logf("%d resources made and not recorded; afterwards %v", imported, a)
			kills++
			unrecorded += imported
			all = account{all.there + a.there, all.unknown + a.unknown, all.twice + a.twice}
		})
	}
	figure(t, "%d kills of an apply that makes resources; %d resources made and not recorded; after unlock and one more deploy %v", kills, unrecorded, all)
}

// The same with the lock in one place only.
func TestKilledInOtherModes(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	for mode, points := range map[string][]kill{
		"dynamodb": {
			{name: "lock taken", at: isItem("PutItem", "/terraform.tfstate"), acted: true},
			{name: "state written, digest not", at: isPut("/terraform.tfstate"), acted: true, digest: true},
		},
		"s3": {
			{name: "lock taken", at: isPut(".tflock"), acted: true},
			{name: "state written", at: isPut("/terraform.tfstate"), acted: true},
		},
	} {
		if !*long {
			points = points[:1]
		}
		for _, k := range points {
			t.Run(mode+", "+k.name, func(t *testing.T) {
				p := newProject(t, nil)
				p.setting("stateLock", mode)
				p.stack("stage", mode, data(1))
				p.init("stage")
				p.want(0)(p.apply("stage").result())
				p.stack("stage", mode, data(3))
				p.repaired(k)
				if table := p.item(p.bucket+"/stage/terraform.tfstate-md5") != nil; table != (mode == "dynamodb") {
					t.Errorf("there is a digest in the table: %v", table)
				}
				p.want(0, "state of stage")(p.state("check"))
				p.want(0, "as serial ")(p.state("rollback", "stage", "1", "--yes"))
				p.want(0, "2 to add")(p.terraform("stage", "plan"))
			})
		}
	}
}
