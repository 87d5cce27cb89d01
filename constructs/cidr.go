package constructs

import (
	"net/netip"
	"slices"

	"example.com/webserver-cluster/internal/faults"
)

const (
	// A VPC's block is /16 at the most.
	// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
	largestVPC = 16
	// A load balancer's subnet is /27 at the least, so the VPC's block is /22.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer
	smallestVPC = 27 - subnetBits
)

// unusable are the blocks from which no instance can have an address. All others
// are AWS's to take, public ones too, and 172.17.0.0/16, of which AWS only says
// that Docker uses it.
// https://www.iana.org/assignments/iana-ipv4-special-registry/iana-ipv4-special-registry.xhtml
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
var unusable = []struct {
	block netip.Prefix
	what  string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "the hosts of \"this network\""},
	{netip.MustParsePrefix("127.0.0.0/8"), "each host's own loopback"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local addresses, where EC2 keeps its metadata and its DNS"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved addresses"},
}

// parseBlock parses an IPv4 block and adds a fault if it is none.
func parseBlock(f *faults.List, field, cidr, example string) (netip.Prefix, bool) {
	block, err := netip.ParsePrefix(cidr)
	switch {
	case err != nil || !block.Addr().Is4():
		f.Add(field, cidr, "must be an IPv4 block such as %s", example)
	case block != block.Masked():
		// AWS would clear the bits, and every plan would set them again.
		// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html
		f.Add(field, cidr, "has bits set behind its prefix; %v is the block", block.Masked())
	default:
		return block, true
	}
	return block, false
}

// checkVPCBlock checks the block of a VPC with the subnets of a Network.
func checkVPCBlock(f *faults.List, field, cidr string) {
	block, ok := parseBlock(f, field, cidr, "10.10.0.0/16")
	if !ok {
		return
	}
	for _, u := range unusable {
		if u.block.Bits() <= block.Bits() && u.block.Contains(block.Addr()) {
			f.Add(field, cidr, "is in %v, which is for %s: no instance can have such an address", u.block, u.what)
		}
	}
	switch {
	case block.Bits() < largestVPC:
		f.Add(field, cidr, "is larger than a VPC can be (/%d)", largestVPC)
	case block.Bits() > smallestVPC:
		f.Add(field, cidr, "is too small for the subnets: each gets 1/%d of it and a load balancer's must be /27 or larger, so the block must be /%d or larger",
			1<<subnetBits, smallestVPC)
	}
}

// checkAllowedBlocks checks the blocks that security group rules let in. AWS takes
// blocks that overlap, and refuses the same rule twice.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (InvalidPermission.Duplicate)
func checkAllowedBlocks(f *faults.List, field string, cidrs []string) {
	for i, cidr := range cidrs {
		if isToken(cidr) {
			continue
		}
		if _, ok := parseBlock(f, field, cidr, "203.0.113.0/24"); ok && slices.Contains(cidrs[:i], cidr) {
			f.Add(field, cidr, "is named twice")
		}
	}
}
