package scaling

import (
	"strings"
	"time"

	"example.com/webserver-cluster/tests/localaws/front"
)

// Climate is how unkind the local AWS is where AWS documents nothing, or
// documents that it can be. The zero value is the kindest.
type Climate struct {
	// UnkindSurplus leaves it to the termination policy alone which instances go
	// when there are too many, and has it decide at the moment a refresh is
	// cancelled, fails or is rolled back, while the bad new instances are still
	// there. Otherwise what a refresh launched and then did not need goes first
	// while it is not ready. AWS documents neither.
	UnkindSurplus bool

	// UnkindPurchases has a group that loses its mixed instances policy replace its
	// Spot Instances, as one whose policy comes to want On-Demand Instances alone does.
	// Otherwise they stay. AWS documents neither.
	UnkindPurchases bool

	// Lag is the AWS time that passes until a change is seen: descriptions of
	// groups, instances, refreshes and activities show what was Lag ago; a group
	// takes the desired configuration of a successful refresh Lag after its end;
	// a new version of a launch template is not found for Lag. "Eventual
	// consistency" is EC2's: https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html.
	Lag time.Duration

	// Throttle is the share of Auto Scaling's calls, 0 to 1, that are refused
	// because there are too many: of one half, every second one.
	Throttle float64
}

// SetClimate changes the climate, of all groups at once.
func (e *Engine) SetClimate(c Climate) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.climate = c
	for _, g := range e.groups {
		g.climate = c
		if c.Lag == 0 {
			g.pictures = nil
		} else if g.pictures == nil {
			g.pictures = []picture{g.picture()} // of old
		}
	}
	e.Wake()
}

// Throttled returns an error if the climate refuses a call. SDKs try again.
// https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html has
// the code ThrottlingException; what Auto Scaling sends is
// "Throttling: Rate exceeded", as many have published.
func (e *Engine) Throttled() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls += e.climate.Throttle
	if e.climate.Throttle == 0 || e.calls < 1 {
		return nil
	}
	e.calls--
	return front.Errorf("Throttling", "Rate exceeded")
}

// Gate refuses requests over HTTP that the climate refuses, whoever would answer
// them.
func (e *Engine) Gate(r *front.Request) error {
	if r.Service != service {
		return nil
	}
	return e.Throttled()
}

// done is called after an action.
func (e *Engine) done(action string) {
	if strings.HasPrefix(action, "Describe") {
		return
	}
	e.mu.Lock()
	for _, g := range e.groups {
		g.remember()
	}
	e.mu.Unlock()
	e.Wake()
}

// remember keeps a picture of the group for descriptions that lag behind.
func (g *group) remember() {
	if g.climate.Lag == 0 {
		return
	}
	p := g.picture()
	p.taken = g.clock.Now()
	g.pictures = append(g.pictures, p)
	for len(g.pictures) > 1 && g.clock.Since(g.pictures[1].taken) >= g.climate.Lag {
		g.pictures = g.pictures[1:]
	}
}

// shown is the picture that descriptions show; there is none of a group that was
// made less than the lag ago.
func (g *group) shown() (picture, bool) {
	if g.climate.Lag == 0 {
		return g.picture(), true
	}
	for i := len(g.pictures) - 1; i >= 0; i-- {
		if p := g.pictures[i]; g.clock.Since(p.taken) >= g.climate.Lag {
			return p, true
		}
	}
	return picture{}, false
}
