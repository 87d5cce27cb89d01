package localaws

import (
	"cmp"
	"strings"
	"sync"
	"time"

	"example.com/webserver-cluster/tests/localaws/balancer"
	"example.com/webserver-cluster/tests/localaws/event"
	"example.com/webserver-cluster/tests/localaws/servers"
)

// addServers runs the instances as real servers and the load balancers as
// real proxies before them.
func (a *AWS) addServers(o Options) error {
	t := &teller{start: time.Now(), aws: a, tell: o.OnEvent, launched: map[string]event.Event{}}
	config := servers.Config{
		Kind:      o.ServerKind,
		AWS:       a.Config(),
		Outside:   a.Network,
		Environ:   []string{"AWS_ENDPOINT_URL=" + servicesURL},
		Clock:     a.Clock,
		Dir:       o.BuildDir,
		BootDelay: o.BootDelay,
		OnEvent:   t.event,
		Log:       o.Log,
	}
	if a.Databases != nil {
		config.Trusted = a.Databases.CA()
	}
	fleet, err := servers.New(config)
	if err != nil {
		return err
	}
	a.AtStop(fleet.Stop)
	fleet.Register(a.Front)
	a.Servers = fleet
	a.Network.fleet.Store(fleet)

	a.Balancers = balancer.New(balancer.Config{
		AWS:     a.MotoConfig(),
		Clock:   a.Clock,
		Dial:    a.Network.dialTarget,
		Zone:    a.Network.zoneOf,
		Admit:   a.Network.admit,
		Names:   a.certificateNames,
		OnEvent: t.event,
		Log:     o.Log,
	})
	a.Network.lbs.Store(a.Balancers)
	a.AtStop(a.Balancers.Stop)
	a.Balancers.Register(a.Front)
	return nil
}

// teller passes events on, one at a time, with what their source does not
// know.
type teller struct {
	start time.Time
	aws   *AWS
	tell  func(event.Event)

	mu       sync.Mutex
	launched map[string]event.Event // by instance
}

func (t *teller) event(e event.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if e.Kind == event.Launched {
		t.launched[e.Instance] = e
	}
	launched := t.launched[e.Instance]
	e.Time, e.AWSTime = time.Now(), t.aws.Clock.Since(t.start)
	e.Group, e.Version = cmp.Or(e.Group, launched.Group), cmp.Or(e.Version, launched.Version)
	if t.tell != nil {
		t.tell(e)
	}
}

// ServersOf says how Options.Servers would run instances here, in one or two
// sentences, and what that does not show. The error says what is missing for any.
func ServersOf() (string, error) {
	kind, why, err := servers.Choose("")
	if err != nil || kind == servers.Namespaces {
		return "Instances are processes in network namespaces, behind a load balancer that checks and drains.", err
	}
	text := "Instances are plain processes on 127.0.0.1, behind a load balancer that checks and drains. " +
		"They run the boot script with a folder of their own for its files, and show the same page, " +
		"but no private addresses, no users, no isolation from this machine, no instance that calls AWS, and no server in another language than Python."
	if why != nil {
		text += " For the rest it lacks this: " + strings.Join(strings.Fields(why.Error()), " ")
	}
	return text, nil
}
