// Package orphan finds what a killed apply made on AWS and did not live to
// write into the state, and reads it in, so that the next apply neither makes
// it twice nor stumbles over it.
//
// Terraform writes the state at most every 20 seconds while it applies, and a
// resource only when it is complete (ten minutes for a database). What is lost
// with a killed process is therefore no rarity.
//
// Orphans are found by their tags: the provider's default_tags say which stack
// a resource belongs to, and project.TerraformNameTag which block of its configuration made it.
package orphan

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/state"
)

// Orphan is a resource on AWS that the state does not know.
type Orphan struct {
	Address string // in Terraform, such as aws_vpc.network_vpc
	ID      string // what `terraform import` knows it by
	Surplus bool   // the state has another one with that address: the next apply destroys this one
}

// Stray is a resource with the stack's tags that Terraform cannot take over.
type Stray struct{ ARN, Why string }

const (
	roleType    = "aws_iam_role"
	profileType = "aws_iam_instance_profile"
)

// Find returns the orphans of the stack whose synthesized configuration is in
// dir, sorted by address, and what else has the stack's tags but is not in file.
func Find(ctx context.Context, cfg aws.Config, dir string, file *state.File) ([]Orphan, []Stray, error) {
	c, err := readConfig(dir)
	if err != nil || len(c.Provider.AWS) == 0 { // a stack with nothing on AWS
		return nil, nil, err
	}
	f := finder{store: state.On(cfg, project.Settings{}), cfg: cfg, config: c, file: file}
	// routes comes last: it looks into the route tables found before.
	for _, find := range []func(context.Context) error{f.tagged, f.tagsOfEC2, f.groups, f.identities, f.named, f.routes} {
		if err := find(ctx); err != nil {
			return nil, nil, err
		}
	}
	slices.SortFunc(f.found, func(a, b Orphan) int { return strings.Compare(a.Address+a.ID, b.Address+b.ID) })
	return f.found, f.strays, nil
}

// finder gathers orphans from where AWS lists resources.
type finder struct {
	store  *state.Store // for its looks at any bucket and table
	cfg    aws.Config
	config config
	file   *state.File
	found  []Orphan
	strays []Stray
}

// add notes a resource by its name in the configuration, unless the state
// knows it.
func (f *finder) add(name, arn string) {
	kind := f.config.kind(name)
	id := importID(kind, arn)
	if f.knows(kind, id, arn) {
		return
	}
	// RDS gives a database that is restored the tags of the one it was. Whoever
	// restored it would not want the next deploy to destroy it.
	identifier := f.config.argument(kind, name, "identifier")
	switch {
	case kind == "":
		f.strays = append(f.strays, Stray{arn, "is not in the code: check out the code that made it and run this again, or delete it by hand"})
	case identifier != "" && identifier != id:
		f.strays = append(f.strays, Stray{arn, fmt.Sprintf("has the tags of %s.%s, but that is called %s: left alone", kind, name, identifier)})
	default:
		f.note(kind, name, id)
	}
}

// knows tells whether the state knows a resource; one of any type for kind "".
func (f *finder) knows(kind, id, arn string) bool {
	return slices.ContainsFunc(f.file.Resources, func(r state.Resource) bool {
		return arn != "" && r.ARN == arn || r.ID == id && (r.Type == kind || kind == "")
	})
}

// note adds an orphan that was not found before.
func (f *finder) note(kind, name, id string) {
	orphan := Orphan{Address: kind + "." + name, ID: id}
	orphan.Surplus = slices.ContainsFunc(f.file.Resources, func(r state.Resource) bool {
		return r.Address == orphan.Address && r.Deposed == ""
	})
	if !slices.Contains(f.found, orphan) {
		f.found = append(f.found, orphan)
	}
}
