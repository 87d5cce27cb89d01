package state_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/webserver-cluster/tests/usual"
)

// data are n resources that exist in the state alone: what a test of locks needs.
func data(n int) block {
	resources := block{}
	for i := range n {
		resources[fmt.Sprintf("p%d", i+1)] = block{"input": i + 1}
	}
	return block{"terraform_data": resources}
}

// inGap tells whether Terraform found the lock taken and then, looking who has
// it, free: the holder was releasing it just then. It gives up, even with
// -lock-timeout, and says this, for the lock in the table or in the bucket.
// Nothing has happened; running it again is all it takes.
func inGap(output string) bool {
	return strings.Contains(output, "unexpected end of JSON input") || strings.Contains(output, "NoSuchKey")
}

// Many processes apply one stack at once, each its own part of it. Each must
// find what all before it wrote. Some wait for the lock, the others are told
// who has it and try again.
func TestTogether(t *testing.T) {
	t.Parallel()
	const processes = 20
	waiting := 3
	if *long {
		waiting = processes
	}
	p := newProject(t, map[string]block{"stage": data(processes)})
	p.init("stage")
	var told, gaps atomic.Int32
	start := time.Now()
	var group sync.WaitGroup
	for i := range processes {
		target := fmt.Sprintf("-target=terraform_data.p%d", i+1)
		group.Go(func() {
			for {
				args := []string{target}
				if i < waiting {
					args = append(args, "-lock-timeout=20m")
				}
				output, status := p.apply("stage", args...).result()
				switch {
				case status == 0:
					return
				case inGap(output):
					gaps.Add(1)
				case i >= waiting && strings.Contains(output, "Who:       "+me()) && strings.Contains(output, "Created:   "):
					told.Add(1)
					time.Sleep(2 * time.Second) // as long as a person takes, about
				default:
					t.Errorf("process %d: exit status %d:\n%s", i, status, output)
					return
				}
			}
		})
	}
	group.Wait()

	states := p.states("stage")
	for i, s := range states {
		if s.Serial != i+1 || len(s.addresses()) != i+1 || s.Lineage != states[0].Lineage {
			t.Errorf("version %d has serial %d, %d resources, lineage %s", i+1, s.Serial, len(s.addresses()), s.Lineage)
		}
	}
	last := states[len(states)-1]
	lost := processes - len(last.addresses())
	figure(t, "%d processes at once in %.0f s: %d waited with -lock-timeout, the others were told %d times who holds the lock, %d times it was being released: %d versions, serial %d, lost updates: %d",
		processes, time.Since(start).Seconds(), waiting, told.Load(), gaps.Load(), len(states), last.Serial, lost)
	if !*long && told.Load() == 0 {
		t.Error("nobody was told who holds the lock: they did not meet")
	}
	if lost != 0 || len(states) != processes {
		t.Errorf("lost updates: %d; versions: %d, want %d", lost, len(states), processes)
	}
}

// The counter-proof: without the lock, two applies at once lose an update, and this is
// how the test above would see it.
func TestTogetherWithoutLock(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(2)})
	p.init("stage")
	both := make(chan struct{})
	var arrived atomic.Int32
	p.wire.watch(func(c call, _ http.ResponseWriter, pass func()) {
		if isPut("/terraform.tfstate")(c) && arrived.Load() < 2 {
			if arrived.Add(1) == 2 {
				close(both)
			}
			select {
			case <-both:
			case <-time.After(time.Minute): // the other one has failed before
			}
		}
		pass()
	})
	first := p.apply("stage", "-lock=false", "-target=terraform_data.p1")
	second := p.apply("stage", "-lock=false", "-target=terraform_data.p2")
	p.want(0)(first.result())
	p.want(0)(second.result())
	lost := 2 - len(p.newest("stage").addresses())
	figure(t, "the counter-proof: 2 processes at once without a lock, lost updates: %d", lost)
	if lost != 1 {
		t.Errorf("lost updates: %d, want 1", lost)
	}
}

// slow is a stack whose apply holds the lock until the test lets it go.
func slow() block {
	return block{"terraform_data": block{"slow": block{
		"provisioner": []block{{"local-exec": block{"command": "while [ ! -e go ]; do sleep 0.1; done"}}},
	}}}
}

// While one deploy is on, others of the environment fail at once, naming it,
// and another environment's do not even wait.
func TestOthersAreTold(t *testing.T) {
	t.Parallel()
	others := 3
	if *long {
		others = 19
	}
	p := newProject(t, map[string]block{"stage": slow(), "prod": data(1)})
	p.init("stage")
	p.init("prod")
	holder := p.apply("stage")
	within(t, 30*time.Second, "the lock is taken", func() bool { return p.locks("stage") == 2 })

	running := make([]*process, others)
	for i := range running {
		running[i] = p.apply("stage")
	}
	start := time.Now()
	p.want(0, "1 added")(p.apply("prod").result())
	prod := time.Since(start)
	for _, proc := range running {
		p.want(1, "Error acquiring the state lock", "Who: "+me(), "Created: "+time.Now().UTC().Format("2006-01-02"))(proc.result())
	}
	p.want(3, "stage is locked by "+me()+" since ")(p.state("adopt", "stage"))
	p.write(stackFolder("stage")+"/go", "")
	p.want(0)(holder.result())
	if s := p.newest("stage"); s.Serial != 1 {
		t.Errorf("serial %d, want 1", s.Serial)
	}
	figure(t, "%d deploys told who holds the lock; prod, deployed meanwhile, took %.1f s", others, prod.Seconds())
}

// The CLI tells who has the lock, since when, and what its id is: those of the
// holder, not of who asks.
func TestHolderIsNamed(t *testing.T) {
	t.Parallel()
	p := newProject(t, map[string]block{"stage": data(1)})
	since := p.lockedBy("stage", "alice@laptop")
	p.want(1, sawLock, "ID: "+aliceLock, "Who: alice@laptop", "Created: "+since.Format(time.DateTime))(p.cdktf("deploy", "stage", "--auto-approve").result())
	p.want(0, "state of stage none yet; locked by alice@laptop for 1h")(p.state("check", "stage"))
	if n := p.locks("stage"); n != 1 {
		t.Errorf("there are %d locks, want alice's", n)
	}
}

// Two people type cdktf deploy at the same moment.
func TestTogetherByCLI(t *testing.T) {
	t.Parallel()
	usual.Skip(t)
	stacks := map[string]block{"stage": data(1)}
	p := newProject(t, stacks)
	// Where a user of cdktf sets Terraform's options.
	p.env = []string{"TF_CLI_ARGS_apply=-lock-timeout=5m"}
	other := p.checkout(stacks)
	first := make(chan struct{})
	arrived := 0
	// Both find no state and want the lock before either has it.
	p.wire.watch(func(c call, _ http.ResponseWriter, pass func()) {
		if c.Action == http.MethodPut && strings.HasSuffix(c.Object, ".tflock") {
			p.wire.mu.Lock()
			if arrived++; arrived == 2 {
				close(first)
			}
			p.wire.mu.Unlock()
			select {
			case <-first:
			case <-time.After(time.Minute): // the other one has failed before
			}
		}
		pass()
	})
	a, b := p.cdktf("deploy", "stage", "--auto-approve"), other.cdktf("deploy", "stage", "--auto-approve")
	results := []string{p.want(0)(a.result()), p.want(0)(b.result())}
	made := 0
	for _, output := range results {
		if strings.Contains(output, "1 added") {
			made++
		}
	}
	s := p.newest("stage")
	figure(t, "2 cdktf deploys at once: made by %d of them, serial %d", made, s.Serial)
	if made != 1 || s.Serial != 1 {
		t.Errorf("made by %d deploys, serial %d; want 1 and 1:\n%s", made, s.Serial, strings.Join(results, "\n"))
	}
}
