package strict

import "example.com/webserver-cluster/tests/localaws/front"

// Input reads a request by its service's model: the operation's name, and what it is given,
// by member name (see checker for the kinds of value). Of a request that the models do not
// know, both are empty.
func (g *Gate) Input(r *front.Request) (operation string, input map[string]any, err error) {
	services, err := g.models.named(r.Service)
	if err != nil || len(services) == 0 {
		return "", nil, err
	}
	s, op, proto, labels := find(services, r)
	if s == nil || op == nil {
		return "", nil, nil
	}
	if op.Input != nil {
		input = (&checker{service: s, proto: proto}).input(op, r, labels)
	}
	return op.Name, input, nil
}
