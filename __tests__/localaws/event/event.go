// Package event tells what happens to the servers of the local AWS, for tests
// and for pictures of a rollout.
package event

import "time"

// Kind is what happened to a server.
type Kind string

// From a server's launch to its end. Those from Initial to Draining are what
// a load balancer sees and happen once per target group.
const (
	Launched   Kind = "launched"   // the instance is there, and boots
	Booted     Kind = "booted"     // its user data has ended well
	BootFailed Kind = "bootfailed" // its user data has ended otherwise; Detail tells how
	Killed     Kind = "killed"     // its processes ended although nobody terminated it
	Terminated Kind = "terminated" // it is gone

	Initial   Kind = "initial"   // registered; the first health checks run
	Healthy   Kind = "healthy"   //
	Unhealthy Kind = "unhealthy" // Detail has the reason code and description
	Draining  Kind = "draining"  // deregistered: gets no new requests
	Unused    Kind = "unused"    // no longer a target
)

// Event is something that happened to a server.
type Event struct {
	Time     time.Time     // when, by the wall clock
	AWSTime  time.Duration // when, in AWS time since the local AWS started
	Kind     Kind          //
	Instance string        // its id, such as i-0123456789abcdef0
	Group    string        // name of its Auto Scaling group
	Version  string        // version of the launch template it was launched from, such as "3"
	Detail   string        // more, for people; may be empty
}
