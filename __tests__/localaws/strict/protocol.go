package strict

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// protocol is how a request is written.
type protocol int

const (
	query protocol = iota
	ec2
	awsJSON
	cborRPC
	restXML
	restJSON
)

// pathName is a member's name in a fault's path.
func (p protocol) pathName(name string, m *member) string {
	switch p {
	case ec2, restXML:
		return p.wireName(name, m)
	}
	first := []rune(name)
	first[0] = unicode.ToLower(first[0])
	return string(first)
}

// wireName is a member's name in the request.
func (p protocol) wireName(name string, m *member) string {
	if m == nil {
		return name
	}
	if p == ec2 {
		// https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html#query-key-resolution
		if m.QueryName != "" {
			return m.QueryName
		}
		name = cmp.Or(m.LocationName, name)
		return strings.ToUpper(name[:1]) + name[1:]
	}
	return cmp.Or(m.LocationName, name)
}

// item is the path of a list's item.
func (p protocol) item(path string, i int) string {
	if p == ec2 || p == restXML {
		return fmt.Sprintf("%s.%d", path, i)
	}
	return fmt.Sprintf("%s.%d.member", path, i)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// opaque stands for a value that nothing judges, but that is there.
type opaque struct{}
