package state_test

// servers is a stack with the kinds of resources that an environment has: some
// with a name of their own, some with one that AWS makes up, some that can
// have no tags. version changes what Terraform has to replace.
func servers(name string, version int) block {
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}}]}`
	createFirst := block{"create_before_destroy": true}
	resources := block{
		"aws_vpc":                            block{"network_vpc": block{"cidr_block": "10.1.0.0/16"}},
		"aws_subnet":                         block{"network_public_1": block{"vpc_id": "${aws_vpc.network_vpc.id}", "cidr_block": "10.1.0.0/24"}},
		"aws_internet_gateway":               block{"network_internet_gateway": block{"vpc_id": "${aws_vpc.network_vpc.id}"}},
		"aws_route_table":                    block{"network_public_routes": block{"vpc_id": "${aws_vpc.network_vpc.id}"}},
		"aws_route":                          block{"network_public_to_internet": block{"route_table_id": "${aws_route_table.network_public_routes.id}", "destination_cidr_block": "0.0.0.0/0", "gateway_id": "${aws_internet_gateway.network_internet_gateway.id}"}},
		"aws_route_table_association":        block{"network_public_1_association": block{"route_table_id": "${aws_route_table.network_public_routes.id}", "subnet_id": "${aws_subnet.network_public_1.id}"}},
		"aws_security_group":                 block{"web_instances_security_group": block{"name_prefix": name + "-", "vpc_id": "${aws_vpc.network_vpc.id}", "lifecycle": createFirst}},
		"aws_vpc_security_group_egress_rule": block{"web_instances_to_https": block{"security_group_id": "${aws_security_group.web_instances_security_group.id}", "ip_protocol": "-1", "cidr_ipv4": "0.0.0.0/0"}},
		"aws_sns_topic":                      block{"alerts_topic": block{"name": name + "-alerts"}},
		"aws_cloudwatch_log_group":           block{"network_flow_logs": block{"name": "/" + name + "/logs"}},
		"aws_iam_role":                       block{"web_role": block{"name_prefix": name + "-", "assume_role_policy": trust}},
		"aws_iam_instance_profile":           block{"web_profile": block{"name_prefix": name + "-", "role": "${aws_iam_role.web_role.name}"}},
		"aws_lb_target_group":                block{"web_targets": block{"name_prefix": "web-", "port": 8000 + version, "protocol": "HTTP", "vpc_id": "${aws_vpc.network_vpc.id}", "lifecycle": createFirst}},
		"aws_launch_template":                block{"web_template": block{"name_prefix": name + "-", "image_id": "ami-12c6146b", "instance_type": "t3.micro"}},
		"aws_autoscaling_group": block{"web_group": block{
			"name_prefix": name + "-", "min_size": 0, "max_size": 1,
			"vpc_zone_identifier": []string{"${aws_subnet.network_public_1.id}"},
			"target_group_arns":   []string{"${aws_lb_target_group.web_targets.arn}"},
			"launch_template":     []block{{"id": "${aws_launch_template.web_template.id}", "version": "${aws_launch_template.web_template.latest_version}"}},
		}},
	}
	for kind, named := range resources {
		for role, arguments := range named.(block) {
			tag(kind, role, name, arguments.(block))
		}
	}
	return resources
}

// nameTag is the tag with a resource's name in the configuration.
const nameTag = "TerraformName"

// tag gives a resource that tag, as the app does.
func tag(kind, role, project string, arguments block) {
	switch kind {
	case "aws_route", "aws_route_table_association": // have no tags
	case "aws_autoscaling_group":
		// The provider's default tags do not reach a group.
		arguments["tag"] = []block{
			{"key": nameTag, "value": role, "propagate_at_launch": false},
			{"key": "Project", "value": project, "propagate_at_launch": true},
			{"key": "Environment", "value": "stage", "propagate_at_launch": true},
		}
	default:
		arguments["tags"] = block{nameTag: role}
	}
}

// topics is a stack of cheap resources of AWS.
func topics(project string, roles ...string) block {
	named := block{}
	for _, role := range roles {
		named[role] = block{"name": project + "-" + role}
		tag("aws_sns_topic", role, project, named[role].(block))
	}
	return block{"aws_sns_topic": named}
}
