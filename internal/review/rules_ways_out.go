package review

import (
	"fmt"
	"slices"
	"strings"
)

// byNAT is the way out of the instances that changes, or is no more.
var byNAT = by(func(j *judging, c *Change, _ Difference) effect {
	left, fetches, runs, ownScript := c.Action == Replace || text(c.after, "nat_gateway_id") != "", false, false, true
	for _, r := range j.after.Resources {
		left = left || r.Type == "aws_nat_gateway"
		fetches = fetches || r.Type == "aws_s3_object"
		if r.Type == "aws_launch_template" {
			runs, ownScript = true, ownScript && strings.Contains(j.script(r), needsNothing)
		}
	}
	const cut = "instances have no way to the internet and to AWS any more: "
	switch {
	case left:
		return look(outgoing, natGateways)
	case fetches && !j.endpoint("s3"):
		return interruption(cut+"those that are launched from now on cannot fetch the application", natGateways)
	case j.readsSecrets() && !j.endpoint("secretsmanager"):
		return interruption(cut+"their role may read a secret, such as the database's password, which servers cannot ask for", natGateways)
	case runs && !ownScript && !j.endpoint(""):
		return effect{level: Unknown, text: cut + "what their boot script fetches and servers ask for, no rule knows", source: natGateways}
	}
	return look("instances have no way to the internet and to AWS any more, unless there are VPC endpoints: Session Manager, a secret, a repository", natGateways)
})

// needsNothing is in the constructs' own boot script, which fetches nothing.
const needsNothing = "# Serves one page and a health path. Needs nothing from the network"

// script is the user data of a launch template, as far as the code has it.
func (j *judging) script(template Resource) string {
	script := fmt.Sprint(template.Arguments["user_data"])
	for _, r := range references(template.Arguments["user_data"]) {
		if name, is := strings.CutPrefix(r, "local."); is {
			script += fmt.Sprint(j.after.Locals[name])
		}
	}
	return script
}

// endpoint tells whether the code has a VPC endpoint, for a service if one is named.
func (j *judging) endpoint(service string) bool {
	for _, r := range j.after.Resources {
		if r.Type == "aws_vpc_endpoint" && (service == "" || strings.HasSuffix(text(r.Arguments, "service_name"), "."+service)) {
			return true
		}
	}
	return false
}

// readsSecrets tells whether a role of instances may ask Secrets Manager.
func (j *judging) readsSecrets() bool {
	var roles []string
	for _, r := range j.after.Resources {
		if r.Type == "aws_iam_instance_profile" {
			roles = append(roles, addresses(r.Arguments["role"])...)
		}
	}
	for address, r := range j.after.Resources {
		if r.Type != "aws_iam_role_policy" || !slices.ContainsFunc(addresses(r.Arguments["role"]), func(a string) bool { return slices.Contains(roles, a) }) {
			continue
		}
		granted, _ := j.policy(j.after, address, "policy", nil)
		if slices.ContainsFunc(granted, func(g grant) bool { return g.effect == allow && strings.HasPrefix(g.action, "secretsmanager:") }) {
			return true
		}
	}
	return false
}

// associationGone is a subnet that leaves its route table. If it stays, it falls back to the
// main route table of the VPC, which has no way out.
func associationGone(j *judging, c *Change, _ Difference) effect {
	code := c.code.Arguments // of a plan, as AWS has it
	if j.before != nil && j.before.Resources[c.Address].Arguments != nil {
		code = j.before.Resources[c.Address].Arguments
	}
	same := func(a, b map[string]any, argument string) bool {
		return text(a, argument) != "" && text(a, argument) == text(b, argument)
	}
	for address, change := range j.changes {
		refers := slices.Contains(addresses(code["subnet_id"]), address)
		if change.Type == "aws_subnet" && change.Action == Remove && (refers || text(change.before, "id") != "" && text(change.before, "id") == text(c.before, "subnet_id")) {
			return nothing("a subnet that goes")
		}
	}
	routed := false
	for _, s := range []*Stack{j.before, j.after} {
		if s == nil {
			continue
		}
		for address, r := range s.Resources {
			routed = routed || r.Type == "aws_route" && same(r.Arguments, code, "route_table_id")
			if s == j.after && r.Type == c.Type && address != c.Address && same(r.Arguments, code, "subnet_id") {
				return look("a subnet gets other routes; "+outgoing, vpcRoutes)
			}
		}
	}
	if !routed && len(references(code["route_table_id"])) > 0 {
		return nothing("a subnet falls back to the VPC's main route table, which leads nowhere else than its own")
	}
	return interruption("the subnet stays and falls back to the VPC's main route table, which has no way out: what is in it is cut off from the internet and from AWS, "+
		"and a load balancer there answers nobody", vpcMainTable)
}
