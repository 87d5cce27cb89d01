package review

import (
	"fmt"
	"slices"
	"strings"
)

const (
	vpcRoutes    = "https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html"
	vpcDNS       = "https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html"
	natGateways  = "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-working-with.html"
	groupRules   = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"
	groupTracked = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html"
	flowLogs     = "https://docs.aws.amazon.com/vpc/latest/userguide/working-with-flow-logs.html"
	subnets      = "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-deleting.html"
	outgoing     = "what instances ask of the internet and of AWS is cut for some seconds; an Application is fetched that way when an instance starts"
)

// anybody are everybody's addresses.
var anybody = []string{"0.0.0.0/0", "::/0"}

// open is a security-group rule that lets everybody in: to the load balancer, or to what
// nobody but it should reach.
func (j *judging) open(c *Change) effect {
	from, _ := number(c.after, "from_port")
	to, _ := number(c.after, "to_port")
	for _, r := range j.after.Resources {
		if port, _ := number(r.Arguments, "port"); r.Type == "aws_lb_listener" && port == from && port == to {
			return look(fmt.Sprintf("everybody may connect to port %g of the load balancer", port), groupRules)
		}
	}
	if text(c.after, "ip_protocol") == "-1" {
		return atRisk("everybody may connect, to every port", groupRules)
	}
	return atRisk(fmt.Sprintf("everybody may connect to ports %g to %g, on which the load balancer has no listener", from, to), groupRules)
}

func (j *judging) opens(c *Change) bool {
	return c.Type == "aws_vpc_security_group_ingress_rule" && (slices.Contains(anybody, text(c.after, "cidr_ipv4")) || slices.Contains(anybody, text(c.after, "cidr_ipv6")))
}

// ruleMade is a security-group rule that comes.
func ruleMade(j *judging, c *Change, _ Difference) effect {
	if j.opens(c) {
		return j.open(c)
	}
	if c.Type == "aws_vpc_security_group_ingress_rule" {
		return look("more may connect", groupRules)
	}
	return nothing("more may be connected to")
}

// ruleChanged is a security-group rule that becomes another one.
func ruleChanged(j *judging, c *Change, d Difference) effect {
	if d.Path == "description" {
		return nothing("a description")
	}
	if e := j.open(c); j.opens(c) && (e.level == DataAtRisk || strings.HasPrefix(d.Path, "cidr_") && d.After != nil) {
		return e
	}
	return interruption("who was let in by this rule, and is not by another one, can open no connection", groupTracked)
}

var rule = kind{
	what: "security-group rule",
	made: by(ruleMade), removed: interruption("who was let in by this rule, and is not by another one, can open no connection", groupTracked),
	replaced:  interruption("who is let in by this rule can open no connection for some seconds", groupTracked),
	arguments: effects(nil, by(ruleChanged), "cidr_ipv4", "cidr_ipv6", "description", "from_port", "ip_protocol", "referenced_security_group_id", "to_port", "prefix_list_id"),
}

// route is one that comes, goes or changes: to the internet, or by a NAT gateway.
var route = by(func(j *judging, c *Change, _ Difference) effect {
	if c.Action == Create {
		return nothing("a route")
	}
	values := c.before
	if len(values) == 0 {
		values = c.code.Arguments
	}
	if text(values, "gateway_id") != "" {
		return interruption("the load balancer's subnets have no way to the internet: nobody gets an answer", vpcRoutes)
	}
	return byNAT.judge(j, c, Difference{})
})

// byNAT is the way out of the instances that changes, or is no more.
var byNAT = by(func(j *judging, c *Change, _ Difference) effect {
	left, fetches := c.Action == Replace || text(c.after, "nat_gateway_id") != "", false
	for _, r := range j.after.Resources {
		left = left || r.Type == "aws_nat_gateway"
		fetches = fetches || r.Type == "aws_s3_object"
	}
	switch {
	case left:
		return look(outgoing, natGateways)
	case fetches:
		return interruption("instances have no way to the internet and to AWS any more: those that are launched from now on cannot fetch the application", natGateways)
	}
	return look("instances have no way to the internet and to AWS any more, unless there are VPC endpoints: Session Manager, a secret, a repository", natGateways)
})

var networkKinds = map[string]kind{
	"aws_vpc": {
		what: "VPC", made: nothing("a VPC"), removed: interruption("everything in it goes", vpcRoutes), replaced: interruption("everything in it is made anew", vpcRoutes),
		arguments: effects(nil, interruption("whether names are resolved in the VPC: servers may not find the database, or AWS", vpcDNS), "enable_dns_support", "enable_dns_hostnames"),
	},
	"aws_subnet": {
		what: "subnet", made: nothing("a subnet"), removed: look("what is in this subnet has to leave it first", subnets),
		replaced:  interruption("what is in this subnet has to leave it first, or AWS refuses and the deploy fails", subnets),
		arguments: effects(nil, nothing("whether instances get public addresses; those here get none"), "map_public_ip_on_launch"),
	},
	"aws_internet_gateway": {
		what: "internet gateway", made: nothing("a way to the internet"),
		removed: interruption("nobody reaches the load balancer", vpcRoutes), replaced: interruption("nobody reaches the load balancer for some seconds", vpcRoutes),
		arguments: map[string]effect{"vpc_id": interruption("nobody reaches the load balancer of the former VPC", vpcRoutes)},
	},
	"aws_eip": {
		what: "address of a NAT gateway", made: nothing("an address"), removed: look("others see instances come from another address", natGateways),
		replaced: look("others see instances come from another address", natGateways),
	},
	"aws_nat_gateway": {
		what: "NAT gateway", made: nothing("a NAT gateway"), removed: byNAT, replaced: look(outgoing, natGateways),
	},
	"aws_route": {
		what: "route", made: route, removed: route, replaced: route,
		arguments: effects(nil, route, "gateway_id", "nat_gateway_id"),
	},
	"aws_route_table": {
		what: "route table", made: nothing("a route table"), removed: nothing("a route table that no subnet has any more"),
		replaced: interruption("its subnets have no routes for some seconds", vpcRoutes),
	},
	"aws_route_table_association": {
		what: "route table of a subnet", made: nothing("which routes a subnet has"), removed: nothing("a subnet that goes"),
		replaced:  interruption("a subnet has no routes of its own for some seconds", vpcRoutes),
		arguments: effects(nil, look("a subnet gets other routes; "+outgoing, vpcRoutes), "route_table_id"),
	},
	"aws_security_group": {
		what: "security group", made: nothing("a security group"), removed: nothing("a security group that nothing has any more"),
		replaced: interruption("another group: new connections are refused until its rules are there", groupRules),
	},
	"aws_default_security_group": {
		what: "default security group", made: nothing("nobody may connect by the VPC's default group"), removed: nothing("Terraform leaves it as it is"),
		replaced: nothing("nobody may connect by the VPC's default group"),
	},
	"aws_vpc_security_group_ingress_rule": rule,
	"aws_vpc_security_group_egress_rule":  rule,
	"aws_flow_log": {
		what: "flow log", made: nothing("whether connections are logged"), removed: look("connections are logged no more", flowLogs),
		replaced: nothing("connections are not logged for some seconds"),
	},
}
