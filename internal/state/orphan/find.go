// Package orphan finds what a killed apply made on AWS and did not live to
// write into the state, and imports it, so that the next apply neither makes it
// twice nor fails because it exists.
//
// Terraform writes the state at most every 20 seconds while it applies, and a
// resource only when it is complete (ten minutes for a database). What is lost
// with a killed process is therefore no rarity.
//
// Orphans are found by their tags: the provider's default_tags say which stack
// a resource belongs to, and project.TerraformNameTag which block of its
// configuration made it. What AWS keeps no tags for is known by its arguments. What
// differs from one type of resource to the next is in Types.
package orphan

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"example.com/webserver-cluster/internal/project"
	"example.com/webserver-cluster/internal/state"
)

// Orphan is a resource on AWS that the state does not know.
type Orphan struct {
	Address string   // in Terraform, such as aws_vpc.network_vpc
	ID      string   // what `terraform import` takes
	Surplus bool     // the state has another one with that address: the next apply destroys this one
	Unsure  bool     // it has no tags: whether it exists, only the import tells
	Unread  []string // arguments in the code that the import cannot know: the next plan shows them as changes
	arn     string   // "" if not known
}

// Stray is a resource that is not imported, though it may be the stack's.
type Stray struct {
	Reason  Reason
	Found   string // its ARN, name or import id; "" if nothing is known
	Address string // of the block that it may belong to; "" if there is none
	Name    string // that the code gives to the resource of that address
}

// Reason is why a Stray is not imported.
type Reason int

const (
	NotInCode    Reason = iota // its tags name a block that the code does not have
	OtherName                  // its tags are copied from a resource of another name
	NotTagged                  // it has the name that the code gives, but not the stack's tags
	UnknownType                // its type is not in Types
	UnknownID                  // it has no tags, and the code does not tell its import id
	UnknownOwner               // it has no tags, and depends on nothing of the stack's
)

// Find returns the orphans of the stack whose synthesized configuration is in
// dir, sorted by address, and what else may be the stack's but is not in file.
func Find(ctx context.Context, cfg aws.Config, dir string, file *state.File) ([]Orphan, []Stray, error) {
	c, err := readConfig(dir)
	if err != nil || len(c.Provider.AWS) == 0 { // a stack with nothing on AWS
		return nil, nil, err
	}
	if i := c.identity(dir); !i.Own() {
		endpoint := cfg.BaseEndpoint
		if cfg, _, err = i.Config(ctx, cfg.Region); err != nil {
			return nil, nil, err
		}
		cfg.BaseEndpoint = endpoint
	}
	f := finder{store: state.On(cfg, project.Settings{}), cfg: cfg, config: c, file: file}
	// untagged comes last: its import ids have those of what was found before in them.
	for _, find := range []func(context.Context) error{f.tagged, f.tagsOfEC2, f.groups, f.roles, f.instanceProfiles, f.policies, f.openIDConnectProviders, f.buckets, f.tables, f.untagged} {
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
	t, listed := Types[kind]
	id := t.fromARN(arn)
	if f.knows(kind, id, arn) {
		return
	}
	address := kind + "." + name
	// Whoever restored a database would not want the next apply to destroy it.
	given := f.config.argument(kind, name, t.Name)
	switch {
	case kind == "":
		f.strays = append(f.strays, Stray{Reason: NotInCode, Found: arn})
	case !listed: // untagged says it, whether or not it was found
	case t.CopiedTags && given != "" && !strings.Contains(given, "${") && given != id:
		f.strays = append(f.strays, Stray{Reason: OtherName, Found: arn, Address: address, Name: given})
	default:
		f.note(Orphan{Address: address, ID: id, arn: arn})
	}
}

// knows tells whether the state knows a resource; one of any type for kind "".
func (f *finder) knows(kind, id, arn string) bool {
	return slices.ContainsFunc(f.file.Resources, func(r state.Resource) bool {
		return arn != "" && r.ARN == arn || r.ID == id && (r.Type == kind || kind == "")
	})
}

// note adds an orphan that was not found before.
func (f *finder) note(o Orphan) {
	o.Surplus = f.inState(o.Address)
	kind, name, _ := strings.Cut(o.Address, ".")
	for _, argument := range Types[kind].Unread {
		if f.config.Resource[kind][name][argument] != nil {
			o.Unread = append(o.Unread, argument)
		}
	}
	if !slices.ContainsFunc(f.found, func(other Orphan) bool { return other.Address == o.Address && other.ID == o.ID }) {
		f.found = append(f.found, o)
	}
}

// inState tells whether the state knows a resource of that address, and not
// only one that is to go.
func (f *finder) inState(address string) bool {
	return slices.ContainsFunc(f.file.Resources, func(r state.Resource) bool { return r.Address == address && r.Deposed == "" })
}
