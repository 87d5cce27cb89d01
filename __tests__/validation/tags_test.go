package validation_test

import (
	"fmt"
	"strings"
	"testing"

	"example.com/webserver-cluster/stacks"
)

// tags are so many.
func tags(n int) map[string]string {
	list := map[string]string{}
	for i := range n {
		list[fmt.Sprint("k", i)] = "v"
	}
	return list
}

// TestTagsTogether: what AWS counts is what a resource has in all.
func TestTagsTogether(t *testing.T) {
	const rule = "is their number together with the %s; a resource can have 48 besides those that it gets anyway"
	others := map[string]string{"CostCenter": "1", "Owner": "2", "Team": "3", "Unit": "4", "Site": "5", "Floor": "6"}
	inStage(t, itself, []row[stacks.Environment]{
		{func(e *stacks.Environment) { e.Tags, e.Cluster.Tags = tags(37), others }, ""},
		{func(e *stacks.Environment) { e.Cluster.Tags, e.Tags = tags(40), others }, fmt.Sprintf("stage.Cluster.Tags: 49: "+rule, "default tags")},
		{func(e *stacks.Environment) { e.Network.Tags, e.Tags = tags(40), others }, fmt.Sprintf("stage.Network.Tags: 49: "+rule, "environment's Tags")},
		{func(e *stacks.Environment) { e.Database.Tags, e.Tags = tags(40), others }, fmt.Sprintf("stage.Database.Tags: 49: "+rule, "environment's Tags")},
	})
}

// TestTags has keys and values of tags.
func TestTags(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { p.Tags = map[string]string{"": "x"} }, `stage.Cluster.Tags: "": is no key of a tag: 1 to 128 letters, digits, spaces and _ . : / = + - @`},
		{func(p *clusterProps) { p.Tags = map[string]string{"aws:x": "x"} }, `stage.Cluster.Tags: "aws:x": must not begin with aws:, which AWS keeps for itself`},
		{func(p *clusterProps) { p.Tags = map[string]string{"AWS:x": "x"} }, `stage.Cluster.Tags: "AWS:x": must not begin with aws:, which AWS keeps for itself`},
		{func(p *clusterProps) { p.Tags = map[string]string{strings.Repeat("k", 129): "x"} }, `stage.Cluster.Tags: "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"…: is no key of a tag: 1 to 128 letters, digits, spaces and _ . : / = + - @`},
		{func(p *clusterProps) { p.Tags = map[string]string{"k": strings.Repeat("v", 257)} }, `stage.Cluster.Tags[k]: "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"…: is no value of a tag: at most 256 letters, digits, spaces and _ . : / = + - @`},
		{func(p *clusterProps) { p.Tags = map[string]string{"a*b": "x"} }, `stage.Cluster.Tags: "a*b": is no key of a tag: 1 to 128 letters, digits, spaces and _ . : / = + - @`},
		{func(p *clusterProps) { p.Tags = map[string]string{"k": "a,b"} }, `stage.Cluster.Tags[k]: "a,b": is no value of a tag: at most 256 letters, digits, spaces and _ . : / = + - @`},
		{func(p *clusterProps) { p.Tags = map[string]string{"${x}": "x"} }, `stage.Cluster.Tags: "${x}": is no key of a tag: 1 to 128 letters, digits, spaces and _ . : / = + - @`},
		{func(p *clusterProps) { p.Tags = map[string]string{"k": "%{x}"} }, `stage.Cluster.Tags[k]: "%{x}": is no value of a tag: at most 256 letters, digits, spaces and _ . : / = + - @`},
		{func(p *clusterProps) { p.Tags = map[string]string{"Name": "x"} }, `stage.Cluster.Tags: "Name": is a tag that is set anyway`},
		{func(p *clusterProps) { p.Tags = map[string]string{"ApplicationDigest": "x"} }, `stage.Cluster.Tags: "ApplicationDigest": is a tag that is set anyway`},
		{func(p *clusterProps) { p.Tags = map[string]string{"TerraformName": "x"} }, `stage.Cluster.Tags: "TerraformName": is a tag that is set anyway`},
		{func(p *clusterProps) { p.Tags = map[string]string{"name": "x"} }, `stage.Cluster.Tags: "name": differs from the tag Name only in case, and IAM takes the two for one`},
		{func(p *clusterProps) { p.Tags = map[string]string{"Team": "x", "team": "y"} }, `stage.Cluster.Tags: "team": differs from the tag Team only in case, and IAM takes the two for one`},
		{func(p *clusterProps) { p.Tags = map[string]string{"project": "x"} }, `stage.Cluster.Tags: "project": differs from the tag Project only in case, and IAM takes the two for one`},
		{func(p *clusterProps) { p.Tags = map[string]string{"a\nb": "x\ty"} }, "stage.Cluster.Tags: \"a\\nb\": is no key of a tag: 1 to 128 letters, digits, spaces and _ . : / = + - @\nstage.Cluster.Tags[a\\nb]: \"x\\ty\": is no value of a tag: at most 256 letters, digits, spaces and _ . : / = + - @"},
		{func(p *clusterProps) { p.Tags = tags(41) }, `stage.Cluster.Tags: 41: is their number; a resource can have 40 besides those that it gets anyway`},
	})
}

// TestTagsValid has odd values that must pass.
func TestTagsValid(t *testing.T) {
	inStage(t, cluster, []row[clusterProps]{
		{func(p *clusterProps) { p.Tags = map[string]string{strings.Repeat("k", 128): strings.Repeat("v", 256)} }, ""},
		{func(p *clusterProps) { p.Tags = map[string]string{"Kostenstelle größer": ""} }, ""},
		{func(p *clusterProps) { p.Tags = map[string]string{"a_.:/=+-@ 1": "a_.:/=+-@ 1"} }, ""},
		{func(p *clusterProps) { p.Tags = map[string]string{"Owner": "${var.owner}"} }, ""},
		{func(p *clusterProps) { p.Tags = map[string]string{"Project": "x"} }, ""},
		{func(p *clusterProps) { p.Tags = tags(40) }, ""},
	})
}
