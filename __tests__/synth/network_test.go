package synth_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
)

const (
	balancerGroup = "${aws_security_group.web_lb_security_group.id}"
	instanceGroup = "${aws_security_group.web_instances_security_group.id}"
	databaseGroup = "${aws_security_group.mysql_security_group.id}"
	everywhere    = "0.0.0.0/0"
)

// rules returns the rules of a security group, of the kind "ingress" or
// "egress", as "source:port".
func (s stack) rules(kind, group string) map[string]bool {
	found := map[string]bool{}
	for name, rule := range s.all("aws_vpc_security_group_" + kind + "_rule") {
		if rule["security_group_id"] != group {
			continue
		}
		peer := rule["referenced_security_group_id"]
		if peer == nil {
			peer = rule["cidr_ipv4"]
		}
		if rule["from_port"] != rule["to_port"] || rule["ip_protocol"] != "tcp" {
			s.t.Errorf("%s opens more than one TCP port", name)
		}
		found[fmt.Sprintf("%v:%v", peer, rule["from_port"])] = true
	}
	return found
}

func expectRules(t *testing.T, got map[string]bool, want ...string) {
	t.Helper()
	wanted := map[string]bool{}
	for _, w := range want {
		wanted[w] = true
	}
	if fmt.Sprint(got) != fmt.Sprint(wanted) {
		t.Errorf("rules are %v, want %v", got, wanted)
	}
}

func TestTraffic(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		port := fmt.Sprint(cmp.Or(s.literal.Cluster.ServerPort, 8080))
		t.Run("the load balancer takes HTTP from anywhere and calls instances only", func(t *testing.T) {
			want := []string{everywhere + ":80"}
			if s.literal.Cluster.Domain != nil {
				want = append(want, everywhere+":443")
			}
			expectRules(t, s.rules("ingress", balancerGroup), want...)
			expectRules(t, s.rules("egress", balancerGroup), instanceGroup+":"+port)
		})
		t.Run("instances take traffic from the load balancer only", func(t *testing.T) {
			expectRules(t, s.rules("ingress", instanceGroup), balancerGroup+":"+port)
			expectRules(t, s.rules("egress", instanceGroup), everywhere+":443", databaseGroup+":3306")
		})
		t.Run("the database takes traffic from instances only and calls nobody", func(t *testing.T) {
			expectRules(t, s.rules("ingress", databaseGroup), instanceGroup+":3306")
			expectRules(t, s.rules("egress", databaseGroup))
		})
		t.Run("the default security group is closed", func(t *testing.T) {
			group := s.get("aws_default_security_group", "network_default_security_group")
			expect(t, group, nil, "ingress")
			expect(t, group, nil, "egress")
		})
		t.Run("no security group has rules of its own besides", func(t *testing.T) {
			groups := s.all("aws_security_group")
			if len(groups) != 3 {
				t.Errorf("there are %d security groups, and the tests above know 3", len(groups))
			}
			for name, group := range groups {
				if group["ingress"] != nil || group["egress"] != nil {
					t.Errorf("%s has inline rules", name)
				}
			}
		})
	})
}

func TestNetwork(t *testing.T) {
	environments(t, func(t *testing.T, s stack) {
		zones := len(s.get("aws_autoscaling_group", "web_group")["vpc_zone_identifier"].([]any))
		if zones < 2 {
			t.Errorf("the group stands in %d zone", zones)
		}
		tiers := map[string]int{}
		seen := map[any]bool{}
		for name, subnet := range s.all("aws_subnet") {
			tiers[strings.Split(name, "_")[1]]++
			if seen[subnet["cidr_block"]] {
				t.Errorf("%v is the block of two subnets", subnet["cidr_block"])
			}
			seen[subnet["cidr_block"]] = true
			expect(t, subnet, false, "map_public_ip_on_launch")
		}
		if want := fmt.Sprint(map[string]int{"public": zones, "private": zones, "database": zones}); fmt.Sprint(tiers) != want {
			t.Errorf("subnets by tier: %v, want %v", tiers, want)
		}
		for name, route := range s.all("aws_route") {
			if strings.Contains(name, "database") {
				t.Errorf("%s leads out of the database tier", name)
			}
			gateway := "nat_gateway_id"
			if strings.Contains(name, "public") {
				gateway = "gateway_id"
			}
			if route[gateway] == nil {
				t.Errorf("%s has no %s", name, gateway)
			}
		}
		log := s.get("aws_flow_log", "network_flow_log")
		expect(t, log, "ALL", "traffic_type")
		expect(t, log, "${aws_vpc.network_vpc.id}", "vpc_id")
	})
}
