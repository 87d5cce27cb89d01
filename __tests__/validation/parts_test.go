package validation_test

import (
	"strings"
	"testing"

	"example.com/webserver-cluster/constructs"
)

// Network and MySQL as parts of somebody else's app, which names them itself.

// TestNetworkAlone has the name of a network.
func TestNetworkAlone(t *testing.T) {
	alone(t, constructs.NetworkProps{Name: "n", CIDR: "10.0.0.0/16"}, []row[constructs.NetworkProps]{
		{func(p *constructs.NetworkProps) { p.Name = "" }, `Name: "": must be lower-case letters, digits and single hyphens inside, a letter first`},
		{func(p *constructs.NetworkProps) { p.Name = "n_1" }, `Name: "n_1": must be lower-case letters, digits and single hyphens inside, a letter first`},
		{func(p *constructs.NetworkProps) { p.Name = strings.Repeat("n", 201) }, `Name: "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn"…: has 201 characters; a name tag can have 200`},
		{func(p *constructs.NetworkProps) { p.Name, p.CIDR, p.NAT = "", "", "x" }, "Name: \"\": must be lower-case letters, digits and single hyphens inside, a letter first\nCIDR: \"\": must be an IPv4 block such as 10.10.0.0/16\nNAT: \"x\": must be \"none\", \"single\" or \"per-zone\""},
	})
}

// TestNetworkAloneValid has odd values that must pass.
func TestNetworkAloneValid(t *testing.T) {
	alone(t, constructs.NetworkProps{Name: "n", CIDR: "10.0.0.0/16"}, []row[constructs.NetworkProps]{
		{func(p *constructs.NetworkProps) { p.Name = "sg-n" }, ""},
	})
}

// TestMySQLAlone has the name and the network of a database.
func TestMySQLAlone(t *testing.T) {
	alone(t, constructs.MySQLProps{Name: "db", Network: &constructs.Network{VPCID: "vpc-01234567", DatabaseSubnetIDs: []string{"subnet-01234567", "subnet-89abcdef"}}}, []row[constructs.MySQLProps]{
		{func(p *constructs.MySQLProps) { p.Name = "" }, `Name: "": must be lower-case letters, digits and single hyphens inside, a letter first`},
		{func(p *constructs.MySQLProps) { p.Name = "Db" }, `Name: "Db": must be lower-case letters, digits and single hyphens inside, a letter first`},
		{func(p *constructs.MySQLProps) { p.Name = "sg-db" }, `Name: "sg-db": must not begin with sg-, which AWS keeps for the ids of security groups`},
		{func(p *constructs.MySQLProps) { p.Name = strings.Repeat("d", 64) }, `Name: "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd": has 64 characters; a DB instance's name can have 63`},
		{func(p *constructs.MySQLProps) { p.Network = nil }, `Network: is missing: the network that the database stands in`},
		{func(p *constructs.MySQLProps) { p.Network = &constructs.Network{} }, "Network.VPCID: is missing: the VPC of the subnets\nNetwork.DatabaseSubnetIDs: []: must be 2 or more, each in a zone of its own"},
		{func(p *constructs.MySQLProps) {
			p.Network = &constructs.Network{VPCID: "vpc", DatabaseSubnetIDs: []string{"subnet-01234567", "subnet-01234567"}}
		}, "Network.VPCID: \"vpc\": must be an id: vpc- and 8 or 17 hexadecimal digits\nNetwork.DatabaseSubnetIDs: \"subnet-01234567\": is named twice"},
	})
}

// TestMySQLAloneValid has odd values that must pass.
func TestMySQLAloneValid(t *testing.T) {
	alone(t, constructs.MySQLProps{Name: "db", Network: &constructs.Network{VPCID: "vpc-01234567", DatabaseSubnetIDs: []string{"subnet-01234567", "subnet-89abcdef"}}}, []row[constructs.MySQLProps]{
		{func(p *constructs.MySQLProps) { p.Name = strings.Repeat("d", 63) }, ""},
		{func(p *constructs.MySQLProps) {
			p.Network = &constructs.Network{VPCID: "${aws_vpc.x.id}", DatabaseSubnetIDs: []string{"#{TfToken[TOKEN.1]}"}}
		}, ""},
	})
}
