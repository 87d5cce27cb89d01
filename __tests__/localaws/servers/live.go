package servers

import (
	"cmp"
	"context"
	"os"
	"time"

	"example.com/webserver-cluster/tests/localaws/event"
)

// server is a Server and its machine.
type server struct {
	Details
	machine *machine // nil until the boot delay is over
	cancel  context.CancelFunc
}

// launch makes a server of an instance.
func (f *Fleet) launch(s *server) {
	ctx, cancel := context.WithCancel(f.ctx)
	s.cancel = cancel
	s.State = Booting

	f.mu.Lock()
	image := f.images[s.Image]
	f.servers[s.ID] = s
	f.mu.Unlock()
	f.tell(s, event.Launched, "")

	f.done.Go(func() { f.live(ctx, s, image) })
}

// live is a server's life until it is terminated, that is until ctx is done.
func (f *Fleet) live(ctx context.Context, s *server, image Image) {
	defer func() {
		if f.ctx.Err() == nil { // it is not all that stops
			f.tell(s, event.Terminated, "")
		}
	}()
	if f.config.Clock.Sleep(ctx, cmp.Or(image.BootDelay, f.config.BootDelay)) != nil {
		return
	}
	m, err := f.start(s.ID, f.order(s.Server, s.UserData, image))
	if err != nil {
		f.booted(s, err)
		<-ctx.Done()
		return
	}
	f.mu.Lock()
	s.machine = m
	f.mu.Unlock()
	f.done.Go(func() { f.connect(s, m) })
	f.watch(ctx, s, m)
	<-ctx.Done()
	if f.ctx.Err() != nil { // all stops, with no time for niceties
		m.kill()
		return
	}
	m.shutDown(time.After(shutDownPatience))
}

// shutDownPatience is how long a terminated instance has to stop its services, in
// real time: above a unit's default. EC2 says "a few minutes".
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html
const shutDownPatience = 2 * time.Minute

// connect serves the machine's network, if it has one, until its end.
func (f *Fleet) connect(s *server, m *machine) {
	select {
	case file := <-m.network:
		n, err := newNetwork(file, f.config.Outside, func() Details { return f.details(s) })
		if err != nil {
			file.Close()
			f.config.Log("servers: network of %s: %v", s.ID, err)
			return
		}
		defer n.close()
		<-m.ended
	case <-m.ended:
	}
}

func (f *Fleet) details(s *server) Details {
	f.mu.Lock()
	defer f.mu.Unlock()
	return s.Details
}

// watch notes how the boot ends, and whether the machine ends on its own.
func (f *Fleet) watch(ctx context.Context, s *server, m *machine) {
	select {
	case err := <-m.booted:
		f.booted(s, err)
	case <-m.ended:
	case <-ctx.Done():
		return
	}
	select {
	case <-m.ended:
		f.setState(s, Down)
		f.tell(s, event.Killed, "")
	case <-ctx.Done():
	}
}

func (f *Fleet) booted(s *server, err error) {
	f.setState(s, Running)
	if err == nil {
		f.tell(s, event.Booted, "")
		return
	}
	f.mu.Lock()
	s.Fault = err.Error()
	f.mu.Unlock()
	f.config.Log("%s: %v", s.ID, err)
	f.tell(s, event.BootFailed, err.Error())
}

func (f *Fleet) setState(s *server, state State) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.State = state
}

// start starts a machine whose console is that of the instance id.
func (f *Fleet) start(id string, order bootOrder) (*machine, error) {
	console, err := os.Create(f.consolePath(id))
	if err != nil {
		return nil, err
	}
	defer console.Close() // the machine has a copy
	return startMachine(order, console)
}

func (f *Fleet) tell(s *server, kind event.Kind, detail string) {
	f.config.OnEvent(event.Event{
		Kind: kind, Instance: s.ID, Group: s.Group, Version: s.Version, Detail: detail,
	})
}
