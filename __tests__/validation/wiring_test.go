package validation_test

import (
	"strings"
	"testing"

	"example.com/webserver-cluster/constructs"
)

// existing is what somebody else made.
var existing = constructs.WebserverClusterProps{
	Name: "web",
	Network: &constructs.Network{
		VPCID:            "vpc-0123456789abcdef0",
		PublicSubnetIDs:  []string{"subnet-0000000000000000a", "subnet-0000000000000000b"},
		PrivateSubnetIDs: []string{"subnet-0000000000000001a", "subnet-0000000000000001b"},
	},
}

// in has the cluster stand in another network.
func inNetwork(p *clusterProps, change func(*constructs.Network)) {
	n := *p.Network
	change(&n)
	p.Network = &n
}

// with has the cluster's database differ from a good one.
func withDatabase(p *clusterProps, change func(*constructs.MySQL)) {
	p.Database = &constructs.MySQL{Address: "db.example.com", Port: 3306, SecurityGroupID: "sg-0123456789abcdef0"}
	change(p.Database)
}

// TestWiring has what a cluster stands in and is wired to.
func TestWiring(t *testing.T) {
	alone(t, existing, []row[clusterProps]{
		{func(p *clusterProps) { p.Name = "" }, `Name: "": must be lower-case letters, digits and single hyphens inside, a letter first`},
		{func(p *clusterProps) { p.Name = "Web" }, `Name: "Web": must be lower-case letters, digits and single hyphens inside, a letter first`},
		{func(p *clusterProps) { p.Name = "web_1" }, `Name: "web_1": must be lower-case letters, digits and single hyphens inside, a letter first`},
		{func(p *clusterProps) { p.Name = "web-" }, `Name: "web-": must be lower-case letters, digits and single hyphens inside, a letter first`},
		{func(p *clusterProps) { p.Name = "a--b" }, `Name: "a--b": must be lower-case letters, digits and single hyphens inside, a letter first`},
		{func(p *clusterProps) { p.Name = "1web" }, `Name: "1web": must be lower-case letters, digits and single hyphens inside, a letter first`},
		{func(p *clusterProps) { p.Name = strings.Repeat("w", 33) }, `Name: "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww": has 33 characters; a load balancer's name can have 32`},
		{func(p *clusterProps) { p.Name = "internal-web" }, `Name: "internal-web": must not begin with internal-, which AWS keeps for itself`},
		{func(p *clusterProps) { p.Name = "sg-web" }, `Name: "sg-web": must not begin with sg-, which AWS keeps for the ids of security groups`},
		{func(p *clusterProps) { p.Name, p.PinAMI = "awsome", true }, `Name: "awsome": must not begin with aws, which AWS keeps for its own SSM parameters, when PinAMI makes one`},
		{func(p *clusterProps) { p.Name, p.PinAMI = "ssm-web", true }, `Name: "ssm-web": must not begin with ssm, which AWS keeps for its own SSM parameters, when PinAMI makes one`},
		{func(p *clusterProps) { p.Name = "${var.name}" }, `Name: "${var.name}": must be lower-case letters, digits and single hyphens inside, a letter first`},
		{func(p *clusterProps) { p.Network = nil }, `Network: is missing: the network that the cluster stands in`},
		{func(p *clusterProps) { p.Network = &constructs.Network{} }, "Network.VPCID: is missing: the VPC of the subnets\nNetwork.PrivateSubnetIDs: []: must be 2 or more, each in a zone of its own\nNetwork.PublicSubnetIDs: []: must be 2 or more, each in a zone of its own"},
		{func(p *clusterProps) { inNetwork(p, func(n *constructs.Network) { n.VPCID = "my-vpc" }) }, `Network.VPCID: "my-vpc": must be an id: vpc- and 8 or 17 hexadecimal digits`},
		{func(p *clusterProps) { inNetwork(p, func(n *constructs.Network) { n.VPCID = "vpc-1" }) }, `Network.VPCID: "vpc-1": must be an id: vpc- and 8 or 17 hexadecimal digits`},
		{func(p *clusterProps) {
			inNetwork(p, func(n *constructs.Network) { n.PrivateSubnetIDs = []string{"subnet-0000000000000001a"} })
		}, `Network.PrivateSubnetIDs: [subnet-0000000000000001a]: must be 2 or more, each in a zone of its own`},
		{func(p *clusterProps) {
			inNetwork(p, func(n *constructs.Network) {
				n.PrivateSubnetIDs = []string{"subnet-0000000000000001a", "subnet-0000000000000001a"}
			})
		}, `Network.PrivateSubnetIDs: "subnet-0000000000000001a": is named twice`},
		{func(p *clusterProps) {
			inNetwork(p, func(n *constructs.Network) { n.PrivateSubnetIDs = []string{"subnet-0000000000000001a", ""} })
		}, `Network.PrivateSubnetIDs[1]: is missing: a subnet`},
		{func(p *clusterProps) { inNetwork(p, func(n *constructs.Network) { n.PublicSubnetIDs = nil }) }, `Network.PublicSubnetIDs: []: must be 2 or more, each in a zone of its own`},
		{func(p *clusterProps) {
			inNetwork(p, func(n *constructs.Network) { n.PublicSubnetIDs = []string{"subnet-0000000000000001a", "10.0.0.0/24"} })
		}, `Network.PublicSubnetIDs[1]: "10.0.0.0/24": must be an id: subnet- and 8 or 17 hexadecimal digits`},
		{func(p *clusterProps) { withDatabase(p, func(d *constructs.MySQL) { d.Address = "" }) }, `Database.Address: is missing: the database's DNS name`},
		{func(p *clusterProps) { withDatabase(p, func(d *constructs.MySQL) { d.Address = "a\nb" }) }, `Database.Address: "a\nb": must be one line of text, UTF-8 without control characters`},
		{func(p *clusterProps) { withDatabase(p, func(d *constructs.MySQL) { d.Port = 0 }) }, `Database.Port: 0: must be a TCP port, 1 to 65535`},
		{func(p *clusterProps) { withDatabase(p, func(d *constructs.MySQL) { d.Port = 70000 }) }, `Database.Port: 70000: must be a TCP port, 1 to 65535`},
		{func(p *clusterProps) { withDatabase(p, func(d *constructs.MySQL) { d.SecurityGroupID = "" }) }, `Database.SecurityGroupID: is missing: the database's security group`},
		{func(p *clusterProps) { withDatabase(p, func(d *constructs.MySQL) { d.SecurityGroupID = "default" }) }, `Database.SecurityGroupID: "default": must be an id: sg- and 8 or 17 hexadecimal digits`},
		{func(p *clusterProps) { p.Alerts = &constructs.Alerts{} }, `Alerts.TopicARN: is missing: the SNS topic of the alarms`},
		{func(p *clusterProps) { p.Alerts = &constructs.Alerts{TopicARN: "ops"} }, `Alerts.TopicARN: "ops": must be the ARN of an SNS topic, such as arn:aws:sns:eu-central-1:111122223333:ops`},
		{func(p *clusterProps) {
			p.Alerts = &constructs.Alerts{TopicARN: "arn:aws:sqs:eu-central-1:111122223333:ops"}
		}, `Alerts.TopicARN: "arn:aws:sqs:eu-central-1:111122223333:ops": must be the ARN of an SNS topic, such as arn:aws:sns:eu-central-1:111122223333:ops`},
	})
}

// TestWiringValid has odd values that must pass.
func TestWiringValid(t *testing.T) {
	alone(t, existing, []row[clusterProps]{
		{func(p *clusterProps) { p.Name = strings.Repeat("w", 32) }, ""},
		{func(p *clusterProps) { p.Name = "sgweb" }, ""},
		{func(p *clusterProps) { p.Name = "awsome" }, ""},
		{func(p *clusterProps) { p.Name, p.PinAMI, p.AMI = "awsome", false, "ami-01234567" }, ""},
		{func(p *clusterProps) { p.Name = "internal" }, ""},
		{func(p *clusterProps) { inNetwork(p, func(n *constructs.Network) { n.VPCID = "vpc-01234567" }) }, ""},
		{func(p *clusterProps) {
			inNetwork(p, func(n *constructs.Network) { n.PrivateSubnetIDs = []string{"#{TfToken[TOKEN.0]}"} })
		}, ""},
		{func(p *clusterProps) {
			inNetwork(p, func(n *constructs.Network) { n.PrivateSubnetIDs = []string{"${data.x.ids[0]}", "${data.x.ids[1]}"} })
		}, ""},
		{func(p *clusterProps) {
			p.Internal = true
			inNetwork(p, func(n *constructs.Network) { n.PublicSubnetIDs = nil })
		}, ""},
		{func(p *clusterProps) {
			withDatabase(p, func(d *constructs.MySQL) { d.Address, d.SecurityGroupID = "${data.x.address}", "${data.x.id}" })
		}, ""},
		{func(p *clusterProps) {
			p.Alerts = &constructs.Alerts{TopicARN: "arn:aws:sns:eu-central-1:111122223333:ops"}
		}, ""},
		{func(p *clusterProps) { p.Alerts = &constructs.Alerts{TopicARN: "${data.x.arn}"} }, ""},
	})
}
