package localaws

import (
	"context"

	"example.com/webserver-cluster/tests/localaws/balancer"
	"example.com/webserver-cluster/tests/localaws/firewall"
	"example.com/webserver-cluster/tests/localaws/servers"
)

// DefaultClient is a public address (of TEST-NET-2): a rule for 0.0.0.0/0 covers it, one
// for a private network does not.
// https://www.rfc-editor.org/rfc/rfc5737
const DefaultClient = "198.51.100.10"

// admit judges whether this machine's clients may connect to a load balancer. Instances
// that call one that faces the internet are among them: they have a NAT gateway's
// address there, which is no private one either.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html
func (n *Network) admit(ctx context.Context, to balancer.Source, port int) error {
	party, err := n.firewall.In(ctx, to.Region, to.SecurityGroups, to.Subnets)
	if err != nil {
		n.log("firewall: %v", err)
		return err
	}
	allowed, err := n.firewall.Allows(ctx, firewall.Party{Addresses: firewall.At(n.client)}, party, port)
	switch {
	case err != nil:
		n.log("firewall: %v", err)
		return err
	case !allowed:
		n.tell("clients at %s may not connect to port %d of the load balancer: no rule of its security groups, %s, allows it", n.client, port, party)
		return servers.ErrDropped
	}
	return nil
}

// zoneOf is the Availability Zone of an instance; "" if it is not there.
func (n *Network) zoneOf(instance string) string {
	server, _ := n.fleet.Load().Get(instance)
	return server.Zone
}
