package state_test

import (
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// tfstate is what these tests read of a state.
type tfstate struct {
	Serial    int
	Lineage   string
	Resources []struct {
		Mode, Type, Name string
		Instances        []struct {
			Deposed    string
			Attributes map[string]any
		}
	}
}

// addresses are those of all resources in the state, sorted by Terraform.
func (s tfstate) addresses() []string {
	var list []string
	for _, r := range s.Resources {
		if r.Mode == "managed" {
			list = append(list, r.Type+"."+r.Name)
		}
	}
	return list
}

// states are the versions of a stack's state, oldest first.
func (p *project) states(stack string) []tfstate {
	p.t.Helper()
	client, key := s3.NewFromConfig(cloud.Config()), stack+"/terraform.tfstate"
	output, err := client.ListObjectVersions(p.t.Context(), &s3.ListObjectVersionsInput{Bucket: &p.bucket, Prefix: &key})
	must(p.t, err)
	var list []tfstate
	for _, v := range output.Versions {
		if *v.Key != key {
			continue
		}
		object, err := client.GetObject(p.t.Context(), &s3.GetObjectInput{Bucket: &p.bucket, Key: &key, VersionId: v.VersionId})
		must(p.t, err)
		var s tfstate
		must(p.t, json.NewDecoder(object.Body).Decode(&s))
		list = append([]tfstate{s}, list...)
	}
	return list
}

// newest is the newest state of a stack.
func (p *project) newest(stack string) tfstate {
	p.t.Helper()
	states := p.states(stack)
	if len(states) == 0 {
		p.t.Fatalf("%s has no state", stack)
	}
	return states[len(states)-1]
}
