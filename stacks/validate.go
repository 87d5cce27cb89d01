package stacks

import (
	"net/netip"
	"regexp"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/internal/faults"
	"example.com/webserver-cluster/internal/project"
)

var environmentName = regexp.MustCompile(`^[a-z][a-z0-9]*$`)

// maxName is the most characters of an environment's name on AWS, behind the
// project's.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
const maxName = 32

// made stands for the network that an environment makes: references, which are
// known only when it is there.
var made = constructs.Network{
	VPCID:             "${vpc}",
	PublicSubnetIDs:   []string{"${public_1}", "${public_2}"},
	PrivateSubnetIDs:  []string{"${private_1}", "${private_2}"},
	DatabaseSubnetIDs: []string{"${database_1}", "${database_2}"},
}

// checkSettings adds the faults of the settings' values, by their own names.
func checkSettings(f *faults.List, s project.Settings) {
	f.As(map[string]string{
		"BucketName": project.Place("stateBucket"),
		"TableName":  project.Place("lockTable"),
	}, stateStore(s).Validate())
	// Every environment has the same.
	f.As(map[string]string{"Email": project.Place("alertEmail")}, constructs.AlertsProps{Name: s.Project, Email: s.AlertEmail}.Validate())
}

// Validate returns every fault of the settings' values and of the environments
// together, or nil. It takes milliseconds; nothing is made yet.
func Validate(s project.Settings, environments []Environment) error {
	var f faults.List
	checkSettings(&f, s)
	names := map[string]bool{project.StateStack: true}
	type owner struct {
		name  string
		block netip.Prefix
	}
	var blocks []owner
	for _, e := range environments {
		if !environmentName.MatchString(e.Name) {
			f.Add("environment.Name", e.Name, "must be lower-case letters and digits, a letter first")
			continue
		}
		if names[e.Name] {
			f.Add("environment.Name", e.Name, "is the name of another stack")
		}
		names[e.Name] = true

		e.filledIn(&f)
		if name := s.Project + "-" + e.Name; len(name) > maxName {
			f.Add("environment.Name", e.Name, "makes, behind the project's name, %s: that has %d characters, and a load balancer's name can have %d", name, len(name), maxName)
			continue
		}
		e = e.named(s)
		e.Database.Network, e.Cluster.Network = &made, &made
		f.In(e.Name+".Network", e.Network.Validate())
		f.In(e.Name+".Cluster", e.Cluster.Validate())
		f.In(e.Name+".Database", e.Database.Validate())

		// Overlapping networks can never be connected, and by the time that
		// one wants to, both are full of servers.
		if block, err := netip.ParsePrefix(e.Network.CIDR); err == nil {
			for _, other := range blocks {
				if block.Overlaps(other.block) {
					f.Add(e.Name+".Network.CIDR", e.Network.CIDR, "overlaps %v of %s", other.block, other.name)
				}
			}
			blocks = append(blocks, owner{e.Name, block})
		}
	}
	return f.Err()
}

// filledIn adds a fault for each field that a literal sets and NewEnvironment
// would overwrite.
func (e Environment) filledIn(f *faults.List) {
	for _, field := range []struct {
		name  string
		given bool
	}{
		{"Network.Name", e.Network.Name != ""},
		{"Cluster.Name", e.Cluster.Name != ""},
		{"Cluster.Network", e.Cluster.Network != nil},
		{"Cluster.Database", e.Cluster.Database != nil},
		{"Cluster.Alerts", e.Cluster.Alerts != nil},
		{"Cluster.DefaultTags", e.Cluster.DefaultTags != nil},
		{"Database.Name", e.Database.Name != ""},
		{"Database.Network", e.Database.Network != nil},
	} {
		if field.given {
			f.Given(e.Name+"."+field.name, "follows from the environment: leave it out")
		}
	}
}
