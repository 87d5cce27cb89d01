package zerodowntime

import (
	"net"
	"slices"
	"time"

	"example.com/webserver-cluster/tests/localaws"
	"example.com/webserver-cluster/tests/localaws/event"
)

// Note takes in what a local AWS tells of a group's instances, for Attach: an
// option OnEvent.
func (s *Stage) Note(e event.Event) { s.fleet.note(e) }

// Attach makes of a Stage that has been told of all events an environment that
// somebody else has deployed onto cloud, for Under: users call it at url, and in
// every good answer there is page. They ask a part of what they ask in the scenarios:
// one of so many.
func (s *Stage) Attach(cloud *localaws.AWS, url, page string, oneOf int) {
	s.Cloud, s.URL, s.page = cloud, url, page
	// Only the images of the scenarios answer slowPath.
	s.streams = slices.DeleteFunc(slices.Clone(streams), func(s stream) bool { return s.path == slowPath })
	for i := range s.streams {
		s.streams[i].rate /= oneOf
	}
}

// Resolve has users find a name at a load balancer's address, as DNS would tell them. Over
// HTTPS, its certificate has to be for that name.
func (s *Stage) Resolve(name, address string) {
	s.hosts = map[string][]string{}
	for _, port := range []string{"80", "443"} {
		s.hosts[net.JoinHostPort(name, port)] = []string{net.JoinHostPort(address, port)}
	}
}

// Serving counts the instances that serve now, by the version of their launch
// template.
func (s *Stage) Serving() map[string]int {
	versions := map[string]int{}
	for _, l := range s.fleet.all(time.Now()) {
		if state, there := l.state(); there && state == Serving {
			versions[l.Version]++
		}
	}
	return versions
}
