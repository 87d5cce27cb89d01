package localaws

import (
	"net/netip"
	"testing"

	"example.com/webserver-cluster/tests/localaws/firewall"
)

// TestFreeAddress gives endpoints addresses from a subnet's end.
func TestFreeAddress(t *testing.T) {
	n := &Network{endpoints: map[string]*endpoint{}}
	for _, test := range []struct{ name, vpc, block, want string }{
		{"a", "vpc-1", "10.0.4.0/24", "10.0.4.254"},
		{"b", "vpc-1", "10.0.4.0/24", "10.0.4.253"},
		{"c", "vpc-1", "10.0.6.0/23", "10.0.7.254"},
		{"d", "vpc-2", "10.0.4.0/24", "10.0.4.254"}, // another VPC may have the same block
		{"e", "vpc-1", "10.0.4.0/24", "10.0.4.252"},
	} {
		party := firewall.Party{VPC: test.vpc, Addresses: []netip.Prefix{netip.MustParsePrefix(test.block)}}
		address := n.freeAddress(party)
		if address.String() != test.want {
			t.Errorf("%s: %v, want %s", test.name, address, test.want)
		}
		n.endpoints[test.name] = &endpoint{party: party, address: address}
	}
}
