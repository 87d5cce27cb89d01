package zerodowntime

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"example.com/webserver-cluster/constructs"
)

// scenario is something that happens to stage under load, and what users may
// notice of it. Each starts with a whole fleet.
type scenario struct {
	name  string
	short string // the climates in which it also runs without -full
	do    func(*trial)
	want  func(*trial)
}

var scenarios = []scenario{
	// Bad images and boot scripts reach nobody, good ones everybody: also
	// right after a bad one.
	{"server never starts", "unkind", deadImage, (*trial).ok},
	{"good image", "kind", goodImage, (*trial).ok},
	{"server answers 500", "", failingImage, (*trial).ok},
	{"good boot script", "", goodBootScript, (*trial).ok},
	{"server starts too slowly", "", slowImage, (*trial).ok},
	{"good image that boots slowly", "", patientImage, (*trial).ok},

	// Other things happen at the same time.
	{"new instance killed", "", killNew, (*trial).ok},
	{"serving instance killed", "", killServing, (*trial).failedUnnoticed},
	{"health checks flap", "", flap, (*trial).noneFailed},
	{"rollout killed and deploy repeated", "", killRollout, (*trial).ok},
	{"two deploys at once", "", twoDeploys, (*trial).ok},
	{"scale-out and schedule", "", resize, (*trial).ok},
	{"stage moves to Spot Instances and back", "", onSpot, (*trial).ok},
	{"another port and health-check path", "", otherChecks, (*trial).ok},

	// Counter-proofs: without what protects users, they do notice. Validation
	// refuses such settings, so that they are overrides.
	{"counter-proof: no draining", "kind", noDraining, (*trial).someFailed},
	{"counter-proof: min healthy 0", "", noMinimum, (*trial).someFailed},
	{"counter-proof: no warm-up", "", noWarmup, (*trial).someFailed},
}

func goodImage(tr *trial) { tr.deployOK(Config{Image: tr.nextImage()}) }

func goodBootScript(tr *trial) {
	tr.deployOK(Config{Image: tr.image, ServerText: page + ", second edition"})
}

func patientImage(tr *trial) { tr.deployOK(Config{Image: PatientImage}) }

// rolledBack is what a failed deploy says.
var rolledBack = []string{"the rollout failed: ", "new instances in a row did not get healthy: ", "Rolled back: 2 of 2 instances run version "}

func deadImage(tr *trial) { tr.deployBad(Config{Image: DeadImage}, rolledBack...) }

func failingImage(tr *trial) {
	tr.deployBad(Config{Image: FailingImage},
		slices.Concat(rolledBack, []string{"Health checks failed with these codes: [500]"})...)
}

func slowImage(tr *trial) { tr.deployBad(Config{Image: SlowImage}, rolledBack...) }

// killNew kills a new instance as soon as it has processes: before it serves.
func killNew(tr *trial) {
	c, start := Config{Image: tr.nextImage()}, time.Now()
	tr.wantOK(c, tr.during(c, func() {
		first := tr.stage.fresh(start)[0].Instance
		if !tr.await(first+" to boot", func() bool { return tr.stage.Cloud.Servers.Kill(first) == nil }) {
			tr.Errorf("%s was not killed", first)
		}
	}))
}

// killServing kills an instance that users talk to.
func killServing(tr *trial) {
	c := Config{Image: tr.nextImage()}
	tr.wantOK(c, tr.during(c, func() {
		tr.killed = time.Now()
		if err := tr.stage.Cloud.Servers.Kill(tr.stage.serving()[0]); err != nil {
			tr.Error(err)
		}
	}))
}

// failedUnnoticed wants no requests to have failed but those that were sent to
// a dead instance before the load balancer could know.
func (tr *trial) failedUnnoticed() {
	tr.Helper()
	dead := tr.lives(func(l Life) bool { return l.spans(Down) != nil })
	if len(dead) != 1 {
		tr.Fatalf("%d instances died while they served, want 1", len(dead))
	}
	noticed := dead[0].spans(Down)[0].To
	for _, f := range tr.run.Failures {
		if f.Failed.Before(tr.killed) || f.Sent.After(noticed) {
			tr.Errorf("failed although no instance was dead and trusted (%s to %s): %v", tr.killed.Format("15:04:05.000"), noticed.Format("15:04:05.000"), f)
		}
	}
	if n := tr.run.Lowest(); n < capacity-1 {
		tr.Errorf("the lowest capacity was %d, want %d", n, capacity-1)
	}
}

// flap has the health checks of one serving instance after the other fail for a
// while, during the rollout.
func flap(tr *trial) {
	c := Config{Image: tr.nextImage()}
	balancers := tr.stage.Cloud.Balancers
	tr.wantOK(c, tr.during(c, func() {
		defer balancers.SetFault(nil)
		for range 4 {
			if !tr.await("two instances to serve", func() bool { return len(tr.stage.serving()) >= 2 }) {
				tr.Errorf("less than two instances serve")
				return
			}
			victim := tr.stage.serving()[0]
			balancers.SetFault(func(target string) error {
				if target == victim {
					return errors.New("a health check that flaps")
				}
				return nil
			})
			tr.await(victim+" to fail its checks", func() bool { return !slices.Contains(tr.stage.serving(), victim) })
			balancers.SetFault(nil)
		}
	}))
}

// killRollout kills the command rollout on the way, and deploys again.
func killRollout(tr *trial) {
	c := Config{Image: tr.nextImage()}
	d := tr.during(c, func() {
		if !tr.await("rollout to run", func() bool { return kill("rollout") }) {
			tr.Errorf("rollout was not killed")
		}
	})
	if d.Err == nil || !strings.Contains(d.Output, "signal: killed") {
		tr.Errorf("the deploy whose rollout was killed ended with %v, want an error and signal: killed", d.Err)
	}
	tr.deployOK(c)
}

// kill ends a process of that name that this one has started, itself or
// through others. It returns false if there is none.
func kill(name string) bool {
	parents := map[int]int{}
	var found []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, err := os.ReadFile(path) // pid (comm) state ppid …, see proc_pid_stat(5)
		if err != nil {
			continue // it has ended
		}
		open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
		pid, _ := strconv.Atoi(strings.TrimSpace(string(stat[:open])))
		parents[pid], _ = strconv.Atoi(strings.Fields(string(stat[end+1:]))[1])
		if string(stat[open+1:end]) == name {
			found = append(found, pid)
		}
	}
	for _, pid := range found {
		for p := parents[pid]; p > 0; p = parents[p] {
			if p == os.Getpid() {
				return syscall.Kill(pid, syscall.SIGKILL) == nil
			}
		}
	}
	return false
}

// twoDeploys has two people deploy different images at once: one gets the lock,
// the other is told, and deploys again.
func twoDeploys(tr *trial) {
	first, second := Config{Image: tr.nextImage()}, Config{Image: PatientImage}
	other := make(chan Deploy, 1)
	go func() { other <- tr.stage.DeployAs(tr.Context(), "second", nil, second) }()
	mine := tr.deploy(first)
	theirs := <-other
	tr.note(second, theirs)
	loser, again := theirs, second
	if mine.Err != nil {
		loser, again = mine, first
	}
	if (mine.Err == nil) == (theirs.Err == nil) {
		tr.Errorf("the deploys ended with %v and %v, want one of them to succeed", mine.Err, theirs.Err)
	}
	if !strings.Contains(loser.Output, "Error acquiring the state lock") {
		tr.Errorf("the deploy that came too late does not say that the state is locked")
	}
	tr.deployOK(again)
}

// resize has a person and a schedule scale out in the middle of a rollout.
func resize(tr *trial) {
	c := Config{Image: tr.nextImage()}
	tr.wantOK(c, tr.during(c, func() {
		if err := tr.stage.Resize(tr.Context(), capacity+1); err != nil {
			tr.Error(err)
		}
		launched := func(n int) func() bool {
			return func() bool { return len(tr.stage.fresh(tr.run.Start)) >= n }
		}
		tr.await("a third new instance", launched(3))
		if err := tr.stage.Fire(tr.Context()); err != nil {
			tr.Error(err)
		}
	}))
	if n := len(tr.stage.serving()); n != ScheduledCapacity {
		tr.Errorf("%d instances serve, want the schedule's %d", n, ScheduledCapacity)
	}
	if err := tr.stage.Resize(tr.Context(), capacity); err != nil {
		tr.Error(err)
	}
	if !tr.await("the group to be small again", func() bool { return tr.stage.Whole(tr.Context(), tr.image) == nil }) {
		tr.Errorf("scaling in left %v", tr.stage.Whole(tr.Context(), tr.image))
	}
}

// onSpot has the group be one of Spot Instances, rolls an image out to those, and a bad
// one back.
func onSpot(tr *trial) {
	tr.deployOK(Config{Image: tr.nextImage(), Spot: &constructs.Spot{}})
	tr.deployOK(Config{Image: tr.nextImage(), Spot: &constructs.Spot{}})
	tr.deployBad(Config{Image: DeadImage, Spot: &constructs.Spot{}}, rolledBack...)
	tr.deployOK(Config{Image: tr.nextImage()})
}

// otherChecks wants what every running server would fail at once: the plan refuses it.
func otherChecks(tr *trial) {
	tr.deployBad(Config{Image: tr.image, HealthCheckPath: "/other", ServerPort: 8081},
		"The health-check path of running servers cannot change in one step: this one was made with /health, and the code says /other.",
		"The port of running servers cannot change: this one was made with 8080, and the code says 8081.")
}

// Attributes of the group and of its rollout, in the stack's JSON.
const (
	groupPath       = "resource.aws_autoscaling_group.web_group."
	policyPath      = groupPath + "instance_maintenance_policy."
	preferencesPath = "resource.terraform_data.web_rollout.provisioner.0.local-exec.environment.ROLLOUT_PREFERENCES"
)

func noDraining(tr *trial) {
	tr.deployOK(Config{Image: tr.nextImage(), Overrides: map[string]any{
		"resource.aws_lb_target_group.web_targets.deregistration_delay": "0",
	}})
}

func noMinimum(tr *trial) {
	// AWS allows 100 between the two.
	tr.deployOK(Config{Image: tr.nextImage(), Overrides: map[string]any{
		policyPath + "min_healthy_percentage": 0, policyPath + "max_healthy_percentage": 100,
		preferencesPath: `{"MinHealthyPercentage":0,"MaxHealthyPercentage":100,"InstanceWarmup":120}`,
	}})
}

// noWarmup has an image that takes a minute to boot, and nothing that waits for
// it: it counts as ready as soon as it is in service, for as long as the grace
// period has nobody look at its health.
func noWarmup(tr *trial) {
	tr.deploy(Config{Image: PatientImage, Overrides: map[string]any{
		groupPath + "default_instance_warmup": 0,
		preferencesPath:                       `{"MinHealthyPercentage":100,"MaxHealthyPercentage":200,"InstanceWarmup":0}`,
	}})
}
