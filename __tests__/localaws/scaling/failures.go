package scaling

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/smithy-go"
)

// LaunchFailure has launches fail as EC2 makes them fail.
type LaunchFailure struct {
	// Code is EC2's, such as InsufficientInstanceCapacity, VcpuLimitExceeded or
	// InvalidAMIID.NotFound. With one that begins with Client. or Server., such as
	// Client.InvalidKMSKey.InvalidState, the instance starts and ends at once.
	Code    string
	Message string // default: EC2's for the codes named above
	Version string // of the launch template that fails; default every one
	Type    string // of instances; default every one
	Zone    string // where launches fail; default everywhere
	Times   int    // default until FailLaunches(nil)
}

// FailLaunches has launches of all groups fail from now on, and no longer for nil.
func (e *Engine) FailLaunches(f *LaunchFailure) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if f != nil {
		copied := *f
		f = &copied
	}
	e.failure = f
	for _, g := range e.groups {
		g.failure = f
	}
}

// words are EC2's, as they stand in activity histories that people have published,
// and https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html.
var words = map[string]string{
	"InsufficientInstanceCapacity":        "We currently do not have sufficient %s capacity in the Availability Zone you requested (%s). Our system will be working on provisioning additional capacity.",
	"VcpuLimitExceeded":                   "You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit.",
	"InvalidAMIID.NotFound":               "The image id '[ami-00000000000000000]' does not exist",
	"Client.InvalidKMSKey.InvalidState":   "The KMS key provided is in an incorrect state",
	"Client.InternalError":                "Client error on launch",
	"Client.VolumeLimitExceeded":          "Volume limit exceeded",
	"Server.InsufficientInstanceCapacity": "Insufficient capacity to satisfy instance request",
}

// fails returns how the launch of m fails; nil if it does not.
func (g *group) fails(m *member) *smithy.GenericAPIError {
	f := g.failure
	if f == nil || f.Times < 0 || f.Version != "" && f.Version != m.template.version || f.Zone != "" && f.Zone != m.subnet.zone || f.Type != "" && f.Type != m.instanceType {
		return nil
	}
	if f.Times > 0 {
		if f.Times--; f.Times == 0 {
			f.Times = -1 // that was the last one
		}
	}
	e := &smithy.GenericAPIError{Code: f.Code, Message: f.Message}
	if e.Message == "" {
		e.Message = words[f.Code]
		if strings.Contains(e.Message, "%s") {
			e.Message = fmt.Sprintf(e.Message, "the requested", m.subnet.zone)
		}
	}
	return e
}

// atOnce tells whether an instance starts before it fails.
func atOnce(e *smithy.GenericAPIError) bool {
	return e != nil && (strings.HasPrefix(e.Code, "Client.") || strings.HasPrefix(e.Code, "Server."))
}

// launchFailed notes that EC2 has refused m.
func (g *group) launchFailed(m *member, now time.Time, err error) {
	g.remove(m)
	g.launchAfter = now.Add(g.clock.Real(retryLaunch))
	if code(err) == "InsufficientInstanceCapacity" {
		g.avoid[pool{m.instanceType, m.subnet.zone}] = now.Add(g.clock.Real(avoidZone))
	}
	message := strings.TrimSuffix(reason(err), ".")
	if g.policy() != nil {
		what := "On-Demand"
		if m.spot {
			what = "Spot"
		}
		message = fmt.Sprintf("Could not launch %s Instances. %s - %s", what, code(err), message)
	}
	message += ". Launching EC2 instance failed."
	end(m.activity, now, types.ScalingActivityStatusCodeFailed, message)
}

// pausing tells whether the next launch waits because one has failed.
func (g *group) pausing(now time.Time) bool {
	if now.Before(g.launchAfter) {
		g.wakeAt(g.launchAfter)
		return true
	}
	return false
}

// cancelLaunch notes that m, which EC2 has started, has ended before it was in
// service. The form is that of published histories.
func (g *group) cancelLaunch(m *member, now time.Time) {
	why := m.ended
	if why == "" {
		why = "Client.UserInitiatedShutdown: User initiated shutdown"
	}
	g.launchAfter = now.Add(g.clock.Real(retryLaunch))
	end(m.activity, now, types.ScalingActivityStatusCodeCancelled,
		"Instance became unhealthy while waiting for instance to be in InService state. Termination Reason: "+why)
}

// end ends an activity that did not succeed.
func end(a *types.Activity, now time.Time, status types.ScalingActivityStatusCode, message string) {
	a.StatusCode, a.Progress, a.EndTime = status, aws.Int32(100), aws.Time(now)
	a.StatusMessage = aws.String(message)
	a.Description = aws.String(aws.ToString(a.Description) + ".  Status Reason: " + message)
}

// avoidZone is how long other zones come first after one had no capacity. AWS
// gives no figure: https://docs.aws.amazon.com/autoscaling/ec2/userguide/auto-scaling-benefits.html#arch-AutoScalingMultiAZ
const avoidZone = 10 * time.Minute

// pool is a source of capacity: an instance type in a zone.
type pool struct{ kind, zone string }

// exhausted tells whether a pool has just had no capacity.
func (g *group) exhausted(p pool, now time.Time) bool { return now.Before(g.avoid[p]) }

// kindFor is the instance type to try in a zone: the first one that has capacity.
func (g *group) kindFor(p *types.MixedInstancesPolicy, zone string, now time.Time) string {
	of := kinds(p)
	for _, kind := range of {
		if !g.exhausted(pool{kind, zone}, now) {
			return kind
		}
	}
	return of[0]
}

// avoided tells whether a zone has just had no capacity for any type.
func (g *group) avoided(zone string, now time.Time) bool {
	return g.exhausted(pool{g.kindFor(g.policy(), zone, now), zone}, now)
}
