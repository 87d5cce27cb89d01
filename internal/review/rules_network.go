package review

const (
	vpcRoutes    = "https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html"
	vpcDNS       = "https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html"
	vpcMainTable = "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html"
	natGateways  = "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-working-with.html"
	flowLogs     = "https://docs.aws.amazon.com/vpc/latest/userguide/working-with-flow-logs.html"
	subnets      = "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-deleting.html"
	outgoing     = "what instances ask of the internet and of AWS is cut for some seconds; an Application is fetched that way when an instance starts"
)

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
		what: "route table of a subnet", made: nothing("which routes a subnet has"), removed: by(associationGone),
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
	"aws_vpc_security_group_ingress_rule": groupRule("who was let in by this rule, and is not by another one, can open no connection", "who is let in by this rule can open no connection for some seconds"),
	"aws_vpc_security_group_egress_rule":  groupRule("what was called by this rule, and is not by another one, can be called no more", "what is called by this rule cannot be called for some seconds"),
	"aws_flow_log": {
		what: "flow log", made: nothing("whether connections are logged"), removed: look("connections are logged no more", flowLogs),
		replaced: nothing("connections are not logged for some seconds"),
	},
}
