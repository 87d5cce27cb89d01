// Package world is what an Auto Scaling group needs of AWS, in memory: EC2, the
// health of targets, alarms, the groups' settings. It tells a scaling.Engine when
// its answers change, so that in a testing/synctest bubble, where time does not
// pass but jumps, an hour of a group takes milliseconds.
//
//	synctest.Test(t, func(t *testing.T) {
//		w := world.New()
//		defer w.Stop()
//		w.Behave(2, world.Behaviour{Never: true})
//		w.Groups.CreateAutoScalingGroup(ctx, …)
//		time.Sleep(time.Hour)
//	})
//
// Nothing in it is random, and the engine never acts at the moment of a request,
// so a bubble that does the same has the same history.
package world

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"example.com/webserver-cluster/tests/localaws/clock"
	"example.com/webserver-cluster/tests/localaws/scaling"
)

// What there is in a new world.
const (
	Region      = "us-east-1"
	Template    = "lt-0123456789abcdef0" // with the versions that Versions has
	TargetGroup = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef"
	Subnets     = "subnet-a,subnet-b,subnet-c" // each in a zone of its own
)

const templateName = "web"

// HealthCheck is that of the target group.
type HealthCheck struct {
	Interval           time.Duration
	Healthy, Unhealthy int           // checks in a row
	Draining           time.Duration // the deregistration delay
}

// Behaviour is that of the instances of a version.
type Behaviour struct {
	Boot    time.Duration // from the launch to the instance's state running
	Serves  time.Duration // from the launch until its server answers health checks; default 30 s
	Never   bool          // its server never answers
	Breaks  time.Duration // from the launch until its server no longer answers; 0: never
	Dies    time.Duration // from the launch until it is terminated; 0: never
	Refusal error         // of RunInstances
}

// World is an account of AWS in one region.
type World struct {
	// Engine runs the groups; Groups are its actions, for tests and programs.
	Engine *scaling.Engine
	Groups *scaling.API

	mu         sync.Mutex
	check      HealthCheck
	behaviours map[string]Behaviour // by version
	versions   []time.Time          // when they were made
	instances  map[string]*instance
	launched   int
	targets    map[string]*target // by instance
	alarms     map[string]cloudwatchtypes.MetricAlarm
	settings   map[string]*types.AutoScalingGroup
	schedules  map[string][]types.ScheduledUpdateGroupAction
	ids        int
}

// New returns a world whose launch template has version 1. Its engine runs until
// Stop, which must be called before the bubble ends.
func New() *World {
	w := &World{
		check:      HealthCheck{Interval: 15 * time.Second, Healthy: 2, Unhealthy: 2, Draining: 30 * time.Second},
		behaviours: map[string]Behaviour{},
		versions:   []time.Time{time.Now().Add(-time.Hour)},
		instances:  map[string]*instance{},
		targets:    map[string]*target{},
		alarms:     map[string]cloudwatchtypes.MetricAlarm{},
		settings:   map[string]*types.AutoScalingGroup{},
		schedules:  map[string][]types.ScheduledUpdateGroupAction{},
	}
	w.Engine = scaling.New(scaling.Options{
		Clock: clock.New(1),
		Services: func(string) scaling.Services {
			return scaling.Services{Settings: w, EC2: w, Balancer: w, Alarms: w, States: w.states}
		},
		Region:  Region,
		Changes: w.changes,
		NewID:   w.newID,
	})
	w.Groups = w.Engine.API(Region)
	return w
}

// Stop ends the engine.
func (w *World) Stop() { w.Engine.Stop() }

func (w *World) newID() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids++
	return fmt.Sprintf("00000000-0000-0000-0000-%012d", w.ids)
}

// AddVersion adds a version to the launch template and returns its number.
func (w *World) AddVersion() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.versions = append(w.versions, time.Now())
	return len(w.versions)
}

// Behave says how instances of a version that are launched from now on behave.
func (w *World) Behave(version int, b Behaviour) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.behaviours[strconv.Itoa(version)] = b
}

// CheckHealth sets the target group's health check.
func (w *World) CheckHealth(c HealthCheck) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.check = c
}

// Kill terminates an instance, as a person or a failing host does.
func (w *World) Kill(id string) {
	w.change(id, func(i *instance) { i.state = ec2types.InstanceStateNameTerminated })
}

// Break has an instance's server no longer answer health checks, Repair has it
// answer again.
func (w *World) Break(id string) { w.change(id, func(i *instance) { i.broken = true }) }

// Repair undoes Break, and makes an instance serve that never would have.
func (w *World) Repair(id string) {
	w.change(id, func(i *instance) { i.broken, i.serves, i.breaks = false, time.Now(), time.Time{} })
}

// change does something to an instance, unless it is gone. What happened before
// has been noted then.
func (w *World) change(id string, do func(*instance)) {
	now := time.Now()
	w.mu.Lock()
	if i := w.instances[id]; i != nil && i.stateAt(now) != ec2types.InstanceStateNameTerminated {
		if t := w.targets[id]; t != nil {
			t.advance(now, i, w.check)
		}
		do(i)
	}
	w.mu.Unlock()
	w.Engine.Wake()
}

// changes is when an instance, a target or its draining goes on by itself.
func (w *World) changes(now time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	var next time.Time
	soonest := func(t time.Time) {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for id, i := range w.instances {
		if i.stateAt(now) == ec2types.InstanceStateNameTerminated && w.targets[id] == nil {
			continue
		}
		soonest(i.runs)
		soonest(i.dies)
		if t := w.targets[id]; t != nil {
			t.advance(now, i, w.check)
			soonest(t.next(now, i, w.check))
		}
	}
	return next
}
