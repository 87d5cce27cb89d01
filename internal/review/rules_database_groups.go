package review

import (
	"fmt"
	"slices"
)

const (
	rdsVPC         = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.VPC2VPC.html"
	rdsSubnets     = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSubnetGroup.html"
	rdsParameters  = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/parameter-groups-overview.html"
	rdsDeleteGroup = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBParameterGroup.html"
	rdsTLS         = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/mysql-ssl-connections.require-ssl.html"
)

// subnetGroup is another group of subnets for a DB instance. AWS refuses one in the same
// VPC (InvalidVPCNetworkStateFault): it is another one only if a VPC is made, and not if
// one gets other tags.
// https://github.com/hashicorp/terraform-provider-aws/issues/512
func subnetGroup(j *judging, _ *Change, _ Difference) effect {
	for _, change := range j.changes {
		if change.Type == "aws_vpc" && (change.Action == Create || change.Action == Replace) {
			return interruption("another VPC: the database does not answer while RDS moves it there", rdsModify)
		}
	}
	return refusedByAWS("AWS moves a database to another VPC, but not to other subnets of its own: the deploy fails when it comes to this", rdsVPC)
}

// parameter is a DB parameter that changes.
func parameter(_ *judging, c *Change, _ Difference) effect {
	old, now := parameters(c.before), parameters(c.after)
	worst := nothing("")
	for _, name := range sortedKeys(old, now) {
		if old[name] == now[name] {
			continue
		}
		e, known := knownParameters[name]
		if !known {
			e = func(string) effect {
				return effect{level: Unknown, text: "no rule knows the parameter " + name + ": static ones wait for a restart, dynamic ones take effect at once", source: rdsParameters}
			}
		}
		if e := e(now[name]); worst.text == "" || e.level > worst.level {
			worst = e
		}
	}
	return worst
}

// knownParameters are the effects of parameters by their new values.
var knownParameters = map[string]func(value string) effect{
	"require_secure_transport": func(value string) effect {
		if value == "1" {
			return interruption("clients that do not encrypt are refused", rdsTLS)
		}
		return atRisk("clients may connect without encryption", rdsTLS)
	},
	"slow_query_log":  func(string) effect { return nothing("whether slow queries are logged") },
	"long_query_time": func(string) effect { return nothing("which queries are called slow") },
	"log_output":      func(string) effect { return nothing("where logs go") },
}

// parameters are the values of a parameter group by their names.
func parameters(values map[string]any) map[string]string {
	all := map[string]string{}
	list, _ := values["parameter"].([]any)
	for _, p := range list {
		if block, ok := p.(map[string]any); ok {
			all[text(block, "name")] = fmt.Sprint(block["value"])
		}
	}
	return all
}

// parametersReplaced is another parameter group of a database, which has it at once, unless
// it gets the next major version in its maintenance window: until then it keeps the former
// group, of its present version's family.
// https://github.com/hashicorp/terraform/issues/29233
// https://github.com/hashicorp/terraform-provider-aws/pull/47121
func parametersReplaced(j *judging, c *Change, _ Difference) effect {
	for _, change := range j.changes {
		uses := func(ref string) bool { return ref == c.Address+".name" || ref == c.Address+".id" }
		if change.Type != "aws_db_instance" || !slices.ContainsFunc(references(change.code.Arguments["parameter_group_name"]), uses) {
			continue
		}
		if change.upgraded() && !isTrue(change.after, "apply_immediately") {
			return refusedByAWS("the database keeps the former parameter group until it has its next major version, "+change.when()+
				", and AWS does not delete a group that is in use: the deploy fails when it comes to this. Set ApplyImmediately, or deploy again after the window", rdsDeleteGroup)
		}
	}
	return look("another parameter group, whose parameters take effect when the database is restarted next", rdsParameters)
}

// upgraded tells whether a database gets another major version.
func (c *Change) upgraded() bool {
	return slices.ContainsFunc(c.Differences, func(d Difference) bool {
		return d.Path == "engine_version" && !d.Unknown && major(fmt.Sprint(d.Before)) != major(fmt.Sprint(d.After))
	})
}

var databaseGroupKinds = map[string]kind{
	"aws_db_parameter_group": {
		what: "parameter group", made: nothing("parameters"), removed: nothing("parameters that no database has any more"),
		replaced:  by(parametersReplaced),
		arguments: map[string]effect{"parameter": by(parameter), "description": nothing("a description")},
	},
	"aws_db_subnet_group": {
		what: "subnets of the database", made: nothing("subnets of the database"), removed: nothing("subnets that no database has any more"),
		replaced: nothing("subnets of the database, by another name"),
		arguments: map[string]effect{
			"description": nothing("a description"),
			"subnet_ids": zones(nothing("where RDS may put the database and its standby"), effect{level: Unknown, source: rdsSubnets,
				text: "a subnet leaves the database's: AWS refuses it (SubnetAlreadyInUse) if the database or its standby stands there"}),
		},
	},
}
