package zerodowntime

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/localaws/scaling"
)

var (
	full       = flag.Bool("full", false, "all scenarios in all climates, not only a good image, a bad one and a counter-proof; an hour and a half")
	timeFactor = flag.Float64("factor", DefaultTimeFactor, "how fast AWS's time runs")
)

// climate is how the local AWS behaves where AWS documents nothing, or that it may be
// slow and refuse.
type climate struct {
	name string
	scaling.Climate
}

var climates = []climate{
	{"kind", scaling.Climate{}},
	{"lagging", scaling.Climate{Lag: 10 * time.Second}},
	{"unkind", scaling.Climate{UnkindSurplus: true, UnkindPurchases: true, Throttle: 0.3}},
}

// TestZeroDowntime deploys stage once and then goes through the scenarios in
// scenarios_test.go.
func TestZeroDowntime(t *testing.T) {
	if err := localaws.CheckTools(t.Context()); err != nil {
		t.Fatal(err)
	}
	root, err := localaws.AppDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, "build", "zerodowntime")
	start := time.Now()
	stage, err := Start(t.Context(), Options{Dir: dir, TimeFactor: *timeFactor, Log: t.Logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stage.Stop)
	t.Logf("the first deploy took %v", time.Since(start).Round(time.Second))

	var runs []*Run
	image := FirstImage
	try := func(s scenario, c climate) {
		name := s.name
		if c != climates[0] {
			name += ", " + c.name
		}
		t.Run(name, func(t *testing.T) {
			tr := &trial{T: t, stage: stage, image: image, climate: c}
			tr.settle()
			stage.Cloud.Scaling.SetClimate(c.Climate)
			defer stage.Cloud.Scaling.SetClimate(scaling.Climate{})
			run, err := stage.Under(name, func(r *Run) error {
				tr.run = r
				s.do(tr)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			image = tr.image
			t.Log(run)
			s.want(tr)
			for _, failure := range run.Failures[:min(5, len(run.Failures))] {
				t.Logf("failed: %v", failure)
			}
			if t.Failed() {
				tr.logDeploys()
			}
			if err := run.Picture(filepath.Join(dir, strings.NewReplacer(" ", "-", ":", "", ",", "").Replace(name)+".png")); err != nil {
				t.Error(err)
			}
			runs = append(runs, run)
		})
	}
	for _, c := range climates {
		for _, s := range scenarios {
			if *full || slices.Contains(strings.Fields(s.short), c.name) {
				try(s, c)
			}
		}
	}
	report := Report(runs)
	t.Logf("\n%s", report)
	if err := os.WriteFile(filepath.Join(dir, "report.md"), []byte(report), 0o644); err != nil {
		t.Error(err)
	}
}

// trial is a scenario under way.
type trial struct {
	*testing.T
	stage *Stage
	run   *Run
	climate
	image  string    // of the last deploy that succeeded
	killed time.Time // when an instance was killed
}

// nextImage is a good image that the fleet does not run.
func (tr *trial) nextImage() string {
	if tr.image == FirstImage {
		return NextImage
	}
	return FirstImage
}

// settle has the fleet be whole and of its usual size, whatever the scenario
// before has left.
func (tr *trial) settle() {
	tr.Helper()
	if err := tr.stage.Resize(tr.Context(), capacity); err != nil {
		tr.Fatal(err)
	}
	if tr.await("the fleet to be whole", func() bool { return tr.stage.Whole(tr.Context(), tr.image) == nil }) {
		return
	}
	tr.Logf("before the scenario: %v", tr.stage.Whole(tr.Context(), tr.image))
	if d := tr.stage.Deploy(tr.Context(), nil, Config{Image: tr.image}); d.Err != nil {
		tr.Fatalf("restoring the fleet: %v\n%s", d.Err, d.Output)
	}
}

// patience is real time that is enough for any single step of a deploy, also on
// a machine that has much else to do.
const patience = 5 * time.Minute

// await waits until condition holds.
func (tr *trial) await(what string, condition func() bool) bool {
	deadline := time.Now().Add(patience)
	for !condition() {
		if time.Now().After(deadline) || tr.Context().Err() != nil {
			tr.Logf("waited in vain for %s", what)
			return false
		}
		time.Sleep(20 * time.Millisecond)
	}
	return true
}

// deploy deploys a configuration and notes how that went.
func (tr *trial) deploy(c Config) Deploy {
	d := tr.stage.Deploy(tr.Context(), nil, c)
	tr.note(c, d)
	return d
}

func (tr *trial) note(c Config, d Deploy) {
	tr.run.Deploys = append(tr.run.Deploys, d)
	if d.Err == nil {
		tr.image = c.Image
	}
}

// deployOK deploys a configuration; its image has to be everywhere then.
func (tr *trial) deployOK(c Config) {
	tr.Helper()
	tr.wantOK(c, tr.deploy(c))
}

func (tr *trial) wantOK(c Config, d Deploy) {
	tr.Helper()
	tr.catchUp()
	if d.Err != nil {
		tr.Errorf("the deploy of %s failed: %v", c.Image, d.Err)
	} else if err := tr.stage.Whole(tr.Context(), c.Image); err != nil {
		tr.Errorf("after the deploy of %s: %v", c.Image, err)
	}
}

// deployBad deploys a configuration that has to fail with these words; the fleet
// has to be on the image before.
func (tr *trial) deployBad(c Config, words ...string) {
	tr.Helper()
	d := tr.deploy(c)
	if d.Err == nil {
		tr.Errorf("the deploy of a bad configuration succeeded")
		return
	}
	// Terraform breaks lines where it likes, with a frame around.
	said := strings.Join(strings.Fields(strings.NewReplacer("│", " ", "stage  ", " ").Replace(d.Output)), " ")
	for _, w := range words {
		if !strings.Contains(said, w) {
			tr.Errorf("the failed deploy does not say %q", w)
		}
	}
	tr.catchUp()
	if err := tr.stage.Whole(tr.Context(), tr.image); err != nil {
		tr.Errorf("after the failed deploy: %v", err)
	}
}

// catchUp waits until AWS shows what is now.
func (tr *trial) catchUp() { time.Sleep(2 * tr.stage.Cloud.Clock.Real(tr.Lag)) }

// during starts a deploy and, while it is under way, do, once its first new
// instance has been launched.
func (tr *trial) during(c Config, do func()) Deploy {
	tr.Helper()
	start := time.Now()
	done := make(chan Deploy, 1)
	go func() { done <- tr.stage.Deploy(tr.Context(), nil, c) }()
	if tr.await("the first new instance", func() bool { return len(tr.stage.fresh(start)) > 0 || len(done) > 0 }) {
		do()
	}
	d := <-done
	tr.note(c, d)
	return d
}

// ok wants every request answered and the capacity never below the group's.
func (tr *trial) ok() {
	tr.Helper()
	tr.noneFailed()
	if n := tr.run.Lowest(); n < capacity {
		tr.Errorf("the lowest capacity was %d, want %d or more", n, capacity)
	}
}

func (tr *trial) noneFailed() {
	tr.Helper()
	if n := len(tr.run.Failures); n > 0 {
		tr.Errorf("%d of %d requests failed, want none", n, tr.run.Sent())
	}
	if tr.run.Sent() == 0 {
		tr.Errorf("nobody sent a request")
	}
}

// someFailed wants the harness to have seen failures.
func (tr *trial) someFailed() {
	tr.Helper()
	if len(tr.run.Failures) == 0 {
		tr.Errorf("none of %d requests failed: the proof cannot fail", tr.run.Sent())
	}
}

// lives returns the instances of this trial that match.
func (tr *trial) lives(match func(Life) bool) []Life {
	return slices.DeleteFunc(slices.Clone(tr.run.Lives), func(l Life) bool { return !match(l) })
}

func (tr *trial) logDeploys() {
	for i, d := range tr.run.Deploys {
		lines := strings.Split(strings.TrimSpace(d.Output), "\n")
		tr.Logf("deploy %d: %v after %v; its last words:\n%s", i+1, d.Err, d.Took, strings.Join(lines[max(0, len(lines)-60):], "\n"))
	}
}
