package validation_test

import (
	"testing"

	"example.com/webserver-cluster/constructs"
)

type networkProps = constructs.NetworkProps

// TestNetwork has CIDR, zones and the rest of a network.
func TestNetwork(t *testing.T) {
	inStage(t, network, []row[networkProps]{
		{func(p *networkProps) { p.CIDR = "" }, `stage.Network.CIDR: "": must be an IPv4 block such as 10.10.0.0/16`},
		{func(p *networkProps) { p.CIDR = "10.10.0.0" }, `stage.Network.CIDR: "10.10.0.0": must be an IPv4 block such as 10.10.0.0/16`},
		{func(p *networkProps) { p.CIDR = "fd00::/16" }, `stage.Network.CIDR: "fd00::/16": must be an IPv4 block such as 10.10.0.0/16`},
		{func(p *networkProps) { p.CIDR = "10.10.1.0/16" }, `stage.Network.CIDR: "10.10.1.0/16": has bits set behind its prefix; 10.10.0.0/16 is the block`},
		{func(p *networkProps) { p.CIDR = "10.0.0.0/8" }, `stage.Network.CIDR: "10.0.0.0/8": is larger than a VPC can be (/16)`},
		{func(p *networkProps) { p.CIDR = "10.10.0.0/23" }, `stage.Network.CIDR: "10.10.0.0/23": is too small for the subnets: each gets 1/32 of it and a load balancer's must be /27 or larger, so the block must be /22 or larger`},
		{func(p *networkProps) { p.CIDR = "10.10.0.0/28" }, `stage.Network.CIDR: "10.10.0.0/28": is too small for the subnets: each gets 1/32 of it and a load balancer's must be /27 or larger, so the block must be /22 or larger`},
		{func(p *networkProps) { p.CIDR = "${var.cidr}" }, `stage.Network.CIDR: "${var.cidr}": must be an IPv4 block such as 10.10.0.0/16`},
		{func(p *networkProps) { p.CIDR = "010.10.0.0/16" }, `stage.Network.CIDR: "010.10.0.0/16": must be an IPv4 block such as 10.10.0.0/16`},
		{func(p *networkProps) { p.CIDR = "127.0.0.0/16" }, `stage.Network.CIDR: "127.0.0.0/16": is in 127.0.0.0/8, which is for each host's own loopback: no instance can have such an address`},
		{func(p *networkProps) { p.CIDR = "169.254.0.0/16" }, `stage.Network.CIDR: "169.254.0.0/16": is in 169.254.0.0/16, which is for link-local addresses, where EC2 keeps its metadata and its DNS: no instance can have such an address`},
		{func(p *networkProps) { p.CIDR = "169.254.128.0/20" }, `stage.Network.CIDR: "169.254.128.0/20": is in 169.254.0.0/16, which is for link-local addresses, where EC2 keeps its metadata and its DNS: no instance can have such an address`},
		{func(p *networkProps) { p.CIDR = "224.0.0.0/16" }, `stage.Network.CIDR: "224.0.0.0/16": is in 224.0.0.0/4, which is for multicast: no instance can have such an address`},
		{func(p *networkProps) { p.CIDR = "239.255.0.0/16" }, `stage.Network.CIDR: "239.255.0.0/16": is in 224.0.0.0/4, which is for multicast: no instance can have such an address`},
		{func(p *networkProps) { p.CIDR = "240.0.0.0/16" }, `stage.Network.CIDR: "240.0.0.0/16": is in 240.0.0.0/4, which is for reserved addresses: no instance can have such an address`},
		{func(p *networkProps) { p.CIDR = "255.255.0.0/16" }, `stage.Network.CIDR: "255.255.0.0/16": is in 240.0.0.0/4, which is for reserved addresses: no instance can have such an address`},
		{func(p *networkProps) { p.CIDR = "0.0.0.0/16" }, `stage.Network.CIDR: "0.0.0.0/16": is in 0.0.0.0/8, which is for the hosts of "this network": no instance can have such an address`},
		{func(p *networkProps) { p.CIDR = "0.0.0.0/0" }, `stage.Network.CIDR: "0.0.0.0/0": is larger than a VPC can be (/16)`},
		{func(p *networkProps) { p.ZoneCount = 1 }, `stage.Network.ZoneCount: 1: must be 2 to 6`},
		{func(p *networkProps) { p.ZoneCount = 7 }, `stage.Network.ZoneCount: 7: must be 2 to 6`},
		{func(p *networkProps) { p.ZoneCount = -1 }, `stage.Network.ZoneCount: -1: must be 2 to 6`},
		{func(p *networkProps) { p.Zones = []string{"eu-central-1a"} }, `stage.Network.Zones: [eu-central-1a]: must name 2 to 6 zones`},
		{func(p *networkProps) { p.Zones = []string{"eu-central-1a", "eu-central-1a"} }, `stage.Network.Zones[1]: "eu-central-1a": is named twice`},
		{func(p *networkProps) { p.ZoneCount, p.Zones = 3, []string{"eu-central-1a", "eu-central-1b"} }, `stage.Network.ZoneCount: 3: contradicts Zones, which names 2`},
		{func(p *networkProps) { p.Zones = []string{"us-east-1a", "us-east-1b"} }, `stage.Network.Zones: [us-east-1a us-east-1b]: must be in eu-central-1, the region in cdktf.json`},
		{func(p *networkProps) { p.Zones = []string{"eu-central-1a", "eu-west-1a"} }, `stage.Network.Zones[1]: "eu-west-1a": is in another region than Zones[0] (eu-central-1a)`},
		{func(p *networkProps) { p.Zones = []string{"euc1-az1", "euc1-az2"} }, "stage.Network.Zones[0]: \"euc1-az1\": is a zone's id; must be its name, such as eu-central-1a\nstage.Network.Zones[1]: \"euc1-az2\": is a zone's id; must be its name, such as eu-central-1a"},
		{func(p *networkProps) { p.Zones = []string{"", "eu-central-1a"} }, `stage.Network.Zones[0]: "": must be a zone's name, such as eu-central-1a`},
		{func(p *networkProps) { p.Zones = []string{"a", "b"} }, "stage.Network.Zones[0]: \"a\": must be a zone's name, such as eu-central-1a\nstage.Network.Zones[1]: \"b\": must be a zone's name, such as eu-central-1a"},
		{func(p *networkProps) { p.Zones = []string{"eu-central-1", "eu-central-1a"} }, `stage.Network.Zones[0]: "eu-central-1": must be a zone's name, such as eu-central-1a`},
		{func(p *networkProps) { p.Zones = []string{"eu-central-1A", "eu-central-1b"} }, `stage.Network.Zones[0]: "eu-central-1A": must be a zone's name, such as eu-central-1a`},
		{func(p *networkProps) { p.Zones = []string{"us-east-1-wl1-bos-wlz-1", "eu-central-1b"} }, `stage.Network.Zones[0]: "us-east-1-wl1-bos-wlz-1": must be a zone's name, such as eu-central-1a`},
		{func(p *networkProps) { p.NAT = "two" }, `stage.Network.NAT: "two": must be "none", "single" or "per-zone"`},
		{func(p *networkProps) { p.NAT = "Single" }, `stage.Network.NAT: "Single": must be "none", "single" or "per-zone"`},
		{func(p *networkProps) { p.Tags = map[string]string{"aws:x": "x"} }, `stage.Network.Tags: "aws:x": must not begin with aws:, which AWS keeps for itself`},
		{func(p *networkProps) { p.FlowLogRetentionDays = 31 }, `stage.Network.FlowLogRetentionDays: 31: is no number of days that CloudWatch Logs can keep logs: [1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653]`},
		{func(p *networkProps) { p.FlowLogRetentionDays = -1 }, `stage.Network.FlowLogRetentionDays: -1: is no number of days that CloudWatch Logs can keep logs: [1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653]`},
		{func(p *networkProps) { p.FlowLogRetentionDays = 3654 }, `stage.Network.FlowLogRetentionDays: 3654: is no number of days that CloudWatch Logs can keep logs: [1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653]`},
	})
}

// TestNetworkValid has odd values that must pass.
func TestNetworkValid(t *testing.T) {
	inStage(t, network, []row[networkProps]{
		{func(p *networkProps) { p.CIDR = "10.10.0.0/22" }, ""},
		{func(p *networkProps) { p.CIDR = "172.17.0.0/16" }, ""},
		{func(p *networkProps) { p.CIDR = "172.31.0.0/16" }, ""},
		{func(p *networkProps) { p.CIDR = "192.168.0.0/16" }, ""},
		{func(p *networkProps) { p.CIDR = "100.64.0.0/16" }, ""},
		{func(p *networkProps) { p.CIDR = "198.19.0.0/16" }, ""},
		{func(p *networkProps) { p.CIDR = "203.0.112.0/22" }, ""},
		{func(p *networkProps) { p.CIDR = "8.8.0.0/16" }, ""},
		{func(p *networkProps) { p.ZoneCount = 6 }, ""},
		{func(p *networkProps) { p.ZoneCount, p.Zones = 2, []string{"eu-central-1c", "eu-central-1a"} }, ""},
		{func(p *networkProps) { p.Zones = []string{"eu-central-1a", "eu-central-1-ham-1a"} }, ""},
		{func(p *networkProps) { p.Zones = []string{"${data.x.names[0]}", "eu-central-1b"} }, ""},
		{func(p *networkProps) { p.NAT = constructs.NATNone }, ""},
		{func(p *networkProps) { p.FlowLogRetentionDays = 3653 }, ""},
	})
}
