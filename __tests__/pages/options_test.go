package pages_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"example.com/webserver-cluster/constructs"
	"example.com/webserver-cluster/stacks"
)

// TestOptions: the page of options has each field that a literal can set, and no other.
func TestOptions(t *testing.T) {
	said := map[string]bool{}
	section := ""
	name := regexp.MustCompile("`([A-Z.][A-Za-z0-9.]*)`")
	for line := range strings.SplitSeq(read(t, "docs/options.md"), "\n") {
		if title, ok := strings.CutPrefix(line, "## "); ok {
			section, _, _ = strings.Cut(title, ":")
		}
		cells := strings.Split(line, "|")
		if len(cells) < 6 || strings.Contains(line, "---") {
			continue
		}
		group := ""
		for _, m := range name.FindAllStringSubmatch(cells[1], -1) {
			field := m[1]
			if strings.HasPrefix(field, ".") { // of the group that the one before it is in
				field = group + field
			}
			group, _, _ = strings.Cut(field, ".")
			said[section+"."+field] = true
		}
	}
	for section, part := range map[string]struct {
		props    any
		filledIn []string // by NewEnvironment
	}{
		"Environment": {stacks.Environment{}, []string{"Name", "Network", "Cluster"}},
		"Network":     {constructs.NetworkProps{}, []string{"Name", "PermissionsBoundaryARN"}},
		"Cluster":     {constructs.WebserverClusterProps{}, []string{"Name", "Environment", "Network", "Database", "Alerts", "RolloutPlatforms", "DefaultTags", "PermissionsBoundaryARN"}},
		"Database":    {constructs.MySQLProps{}, []string{"Name", "Network", "Alerts"}},
	} {
		want := map[string]bool{}
		fields(want, section, reflect.TypeOf(part.props))
		for _, field := range part.filledIn {
			delete(want, section+"."+field)
		}
		for field := range want {
			if !said[field] {
				t.Errorf("docs/options.md has no %s", field)
			}
			delete(said, field)
		}
	}
	for field := range said {
		t.Errorf("docs/options.md has %s, and there is no such field", field)
	}
}

// nested are the structs whose fields have rows of their own.
var nested = []reflect.Type{
	reflect.TypeFor[constructs.Application](), reflect.TypeFor[constructs.Domain](), reflect.TypeFor[constructs.Spot](),
	reflect.TypeFor[constructs.ClusterAlarms](), reflect.TypeFor[constructs.MySQLAlarms](), reflect.TypeFor[constructs.Restore](),
}

// fields adds the fields of a struct, by their names below prefix.
func fields(found map[string]bool, prefix string, of reflect.Type) {
	for i := range of.NumField() {
		f := of.Field(i)
		name, kind := prefix+"."+f.Name, f.Type
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		is := false
		for _, n := range nested {
			is = is || n == kind
		}
		if is {
			fields(found, name, kind)
		}
		if !is || f.Type.Kind() == reflect.Pointer {
			found[name] = true
		}
	}
}
