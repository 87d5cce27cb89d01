package review

import (
	"fmt"
	"maps"
	"slices"
)

// Cost is how much there is of something that AWS charges for, before and after.
// Prices differ by region: see docs/operate.md.
type Cost struct {
	What   string `json:"what"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// costs returns what differs between two stacks, either of which may be nil.
func costs(before, after *Stack) []Cost {
	old, now := charged(before), charged(after)
	var all []Cost
	for _, what := range sortedKeys(old, now) {
		if a, b := old[what].String(), now[what].String(); a != b {
			all = append(all, Cost{What: what, Before: a, After: b})
		}
	}
	return all
}

// amount is how much there is of something: from least to most.
type amount struct{ least, most int }

func (a amount) String() string {
	if a.least == a.most {
		return fmt.Sprint(a.least)
	}
	return fmt.Sprintf("%d to %d", a.least, a.most)
}

// each are what is charged for by the number of resources.
var each = map[string]string{
	"aws_nat_gateway":             "NAT gateways",
	"aws_eip":                     "public IPv4 addresses of NAT gateways",
	"aws_lb":                      "load balancers",
	"aws_cloudwatch_metric_alarm": "alarms",
	"aws_cloudwatch_dashboard":    "dashboards",
	"aws_kms_key":                 "KMS keys",
	"aws_secretsmanager_secret":   "secrets",
}

// charged are the amounts of a stack by what they are of.
func charged(s *Stack) map[string]amount {
	all := map[string]amount{}
	if s == nil {
		return all
	}
	add := func(what string, least, most int) {
		all[what] = amount{all[what].least + least, all[what].most + most}
	}
	for _, address := range slices.Sorted(maps.Keys(s.Resources)) {
		r := s.Resources[address]
		switch r.Type {
		case "aws_autoscaling_group":
			least, _ := number(r.Arguments, "min_size")
			most, _ := number(r.Arguments, "max_size")
			add("instances, "+s.instanceType(r), int(least), int(most))
		case "aws_db_instance":
			n := 1
			if isTrue(r.Arguments, "multi_az") {
				n = 2 // with its standby
			}
			add("database instances, "+text(r.Arguments, "instance_class"), n, n)
			least, _ := number(r.Arguments, "allocated_storage")
			most, grows := number(r.Arguments, "max_allocated_storage")
			if !grows {
				most = least
			}
			add("database storage, GiB", n*int(least), n*int(most))
		default:
			if what := each[r.Type]; what != "" {
				add(what, 1, 1)
			}
		}
	}
	return all
}

// instanceType is that of a group's launch template.
func (s *Stack) instanceType(group Resource) string {
	kind := "of another launch template"
	for _, ref := range references(group.Arguments) {
		for address, r := range s.Resources {
			if r.Type == "aws_launch_template" && len(ref) > len(address) && ref[:len(address)] == address {
				kind = text(r.Arguments, "instance_type")
			}
		}
	}
	if _, mixed := group.Arguments["mixed_instances_policy"]; mixed {
		kind += " and others"
	}
	return kind
}
