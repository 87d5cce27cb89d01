package review

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
)

const (
	groupRules   = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"
	groupTracked = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html"
)

// anybody are everybody's addresses.
var anybody = []string{"0.0.0.0/0", "::/0"}

// open is a security-group rule that lets everybody in: to the load balancer, or to what
// nobody but it should reach.
func (j *judging) open(c *Change) effect {
	from, _ := number(c.after, "from_port")
	to, _ := number(c.after, "to_port")
	ports := fmt.Sprintf("ports %g to %g", from, to)
	switch {
	case text(c.after, "ip_protocol") == "-1":
		ports = "every port"
	case from == to:
		ports = fmt.Sprintf("port %g", from)
	}
	member := j.member(c.code.Arguments["security_group_id"])
	if member != balancer {
		return atRisk(fmt.Sprintf("everybody may connect to %s of %s, past the load balancer and all that guards it", ports, member), groupRules)
	}
	for _, r := range j.after.Resources {
		if port, _ := number(r.Arguments, "port"); r.Type == "aws_lb_listener" && port == from && port == to {
			return look(fmt.Sprintf("everybody may connect to port %g of the load balancer", port), groupRules)
		}
	}
	return atRisk(fmt.Sprintf("everybody may connect to %s, on which the load balancer has no listener", ports), groupRules)
}

const balancer = "the load balancer"

// member is what has a security group, in words: the worst of it, if there is more.
func (j *judging) member(group any) string {
	has := func(kind, argument string) bool {
		for _, r := range j.after.Resources {
			for path, value := range flat(r.Arguments) {
				if r.Type == kind && plain(path) == argument && slices.ContainsFunc(list(value), func(v any) bool { return reflect.DeepEqual(v, group) }) {
					return true
				}
			}
		}
		return false
	}
	switch {
	case has("aws_db_instance", "vpc_security_group_ids"):
		return "the database"
	case has("aws_launch_template", "network_interfaces.security_groups"), has("aws_launch_template", "vpc_security_group_ids"):
		return "the instances"
	case has("aws_lb", "security_groups"):
		return balancer
	}
	return "whatever has this security group, which is not the load balancer's"
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

// groupRule is a security-group rule, and what it is when it is no more, for good or for
// some seconds.
func groupRule(gone, away string) kind {
	unless := func(text string) effect {
		return by(func(j *judging, c *Change, _ Difference) effect {
			if j.covered(c) {
				return nothing("another rule, which stays, lets through the same and more")
			}
			return interruption(text, groupTracked)
		})
	}
	changed := by(func(j *judging, c *Change, d Difference) effect {
		if d.Path == "description" {
			return nothing("a description")
		}
		if e := j.open(c); j.opens(c) && (e.level == DataAtRisk || strings.HasPrefix(d.Path, "cidr_") && d.After != nil) {
			return e
		}
		return unless(gone).judge(j, c, d)
	})
	return kind{
		what: "security-group rule", made: by(ruleMade), removed: unless(gone), replaced: unless(away),
		arguments: effects(nil, changed, "cidr_ipv4", "cidr_ipv6", "description", "from_port", "ip_protocol", "referenced_security_group_id", "to_port", "prefix_list_id"),
	}
}

// covered tells whether another rule of the same group, which stays as it is, lets through
// all that a rule did.
func (j *judging) covered(c *Change) bool {
	was := c.before
	if j.before != nil && j.before.Resources[c.Address].Arguments != nil {
		was = j.before.Resources[c.Address].Arguments // of a plan, as the others stand in the code
	}
	for address, r := range j.after.Resources {
		if change := j.changes[address]; r.Type != c.Type || address == c.Address || change != nil && !change.onlyTags() {
			continue
		}
		same := func(argument string) bool { return fmt.Sprint(r.Arguments[argument]) == fmt.Sprint(was[argument]) }
		ports := same("ip_protocol") && same("from_port") && same("to_port") || text(r.Arguments, "ip_protocol") == "-1"
		if same("security_group_id") && ports && (contains(r.Arguments, was, "cidr_ipv4") || contains(r.Arguments, was, "cidr_ipv6")) {
			return true
		}
	}
	return false
}

// contains tells whether a rule's block of addresses contains another rule's.
func contains(rule, other map[string]any, argument string) bool {
	block, err := netip.ParsePrefix(text(rule, argument))
	inner, otherErr := netip.ParsePrefix(text(other, argument))
	return err == nil && otherErr == nil && block.Bits() <= inner.Bits() && block.Contains(inner.Addr())
}
