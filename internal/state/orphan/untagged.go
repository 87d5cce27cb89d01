package orphan

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// untagged notes what the code has of types without tags and the state does
// not know, by the import id that the arguments spell. Where that takes another
// resource that does not exist, this one does not exist either. Where it takes none of
// the stack's, such as a DNS record in a zone that others share, nothing tells whose it is: it
// is not imported, or the next apply might change somebody else's.
func (f *finder) untagged(context.Context) error {
	for _, kind := range slices.Sorted(maps.Keys(f.config.Resource)) {
		t, listed := Types[kind]
		if listed && (!t.Untagged || t.ImportID == "") || !strings.HasPrefix(kind, "aws_") {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(f.config.Resource[kind])) {
			address := kind + "." + name
			if f.inState(address) {
				continue
			}
			if !listed {
				f.strays = append(f.strays, Stray{Reason: UnknownType, Address: address})
				continue
			}
			found, owned := resolved, false
			id, complete := t.fromArguments(func(argument string) string {
				expression := f.config.argument(kind, name, argument)
				value, r := f.resolve(expression)
				found = max(found, r)
				owned = owned || resourceReference.MatchString(expression)
				return value
			})
			switch {
			case found == absent:
			case found == resolved && complete && owned:
				f.note(Orphan{Address: address, ID: id, Unsure: true})
			case t.Repeatable || f.config.overwrites(kind, name):
			case found == resolved && complete:
				f.strays = append(f.strays, Stray{Reason: UnknownOwner, Found: id, Address: address})
			default:
				f.strays = append(f.strays, Stray{Reason: UnknownID, Address: address})
			}
		}
	}
	return nil
}

// resolution is what became of a reference; the greater is the worse.
type resolution int

const (
	resolved resolution = iota
	unclear             // its value is not known before Terraform evaluates it
	absent              // it leads to a resource that does not exist
)

// reference is an attribute of another resource, or of a data source, in an
// argument; resourceReference is one of a resource.
var (
	reference         = regexp.MustCompile(`\$\{((?:data\.)?\w+\.[\w-]+)\.(\w+)\}`)
	resourceReference = regexp.MustCompile(`\$\{aws_\w+\.[\w-]+\.\w+\}`)
)

// resolve is an argument with the values of its references.
func (f *finder) resolve(argument string) (string, resolution) {
	worst := resolved
	value := reference.ReplaceAllStringFunc(argument, func(match string) string {
		m := reference.FindStringSubmatch(match)
		value, r := f.attribute(m[1], m[2])
		worst = max(worst, r)
		return value
	})
	if strings.Contains(value, "${") {
		worst = max(worst, unclear)
	}
	return value, worst
}

// attribute is an attribute of what the state knows or what was found.
func (f *finder) attribute(address, name string) (string, resolution) {
	if value := f.file.Attribute(address, name); value != "" {
		return value, resolved
	}
	if partition := f.partition(); strings.HasPrefix(address, "data.aws_partition.") && name == "partition" && partition != "" {
		return partition, resolved
	}
	if strings.HasPrefix(address, "data.") || f.inState(address) {
		return "", unclear
	}
	i := slices.IndexFunc(f.found, func(o Orphan) bool { return o.Address == address })
	if i < 0 {
		return "", absent
	}
	o := f.found[i]
	kind, block, _ := strings.Cut(address, ".")
	argument := f.config.argument(kind, block, name)
	switch {
	case name == "arn" && o.arn != "":
		return o.arn, resolved
	case argument != "" && !strings.Contains(argument, "${"):
		return argument, resolved
	case Types[kind].ImportID == "{"+name+"}", name == "id" && strings.Count(Types[kind].ImportID, "{") == 1:
		return o.ID, resolved
	}
	return "", unclear
}

// partition is that of the stack's resources, as their ARNs say; "" if none is known.
func (f *finder) partition() string {
	arns := []string{}
	for _, o := range f.found {
		arns = append(arns, o.arn)
	}
	for _, r := range f.file.Resources {
		arns = append(arns, r.ARN)
	}
	for _, arn := range arns {
		if parts := strings.Split(arn, ":"); len(parts) > 1 {
			return parts[1]
		}
	}
	return ""
}
