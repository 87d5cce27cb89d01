package strict

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// checker walks a request's values beside its shapes and collects the faults.
//
// A value is nil (absent), a structure or map (map[string]any; a structure by
// member name), a list ([]any), a string, a number (number, float64), a bool or
// a blob ([]byte).
type checker struct {
	service *service
	proto   protocol
	faults  []Fault
}

// number is an integer or decimal as it was written.
type number string

func (c *checker) shape(m *member) *shape { return c.service.Shapes[m.Shape] }

func (c *checker) add(f Fault) { c.faults = append(c.faults, f) }

func (c *checker) broken(sh *shape, path, value, rule string, args ...any) {
	f := Fault{Path: path, Value: value, Rule: fmt.Sprintf(rule, args...), code: sh.code}
	if sh.says != "" {
		f.Rule, f.kind = fmt.Sprintf("%s (%s: %q)", sh.says, path, shorten(value)), free
	}
	c.add(f)
}

func (c *checker) check(sh *shape, v any, path string) {
	switch v := v.(type) {
	case map[string]any:
		if sh.Type == "map" {
			c.size(sh, len(v), path, "{}")
			for _, key := range sortedKeys(v) {
				c.check(c.shape(sh.Key), key, path+".key")
				c.check(c.shape(sh.Value), v[key], path+"."+key+".value")
			}
			return
		}
		c.structure(sh, v, path)
	case []any:
		c.size(sh, len(v), path, "[]")
		for i, item := range v {
			if item != nil {
				c.check(c.shape(sh.Member), item, c.proto.item(path, i+1))
			}
		}
	case string:
		c.text(sh, v, path)
	case []byte:
		c.size(sh, len(v), path, "java.nio.HeapByteBuffer")
	case number:
		c.number(sh, v, path)
	}
}

func (c *checker) structure(sh *shape, v map[string]any, path string) {
	for _, name := range sh.Required {
		if v[name] == nil {
			c.add(Fault{Path: c.join(path, name, sh.Members[name]), kind: missing})
		}
	}
	for _, name := range sortedKeys(v) {
		if m := sh.Members[name]; m != nil && v[name] != nil {
			c.check(c.shape(m), v[name], c.join(path, name, m))
		}
	}
}

func (c *checker) join(path, name string, m *member) string {
	name = c.proto.pathName(name, m)
	if path == "" {
		return name
	}
	return path + "." + name
}

func (c *checker) text(sh *shape, v, path string) {
	if len(sh.Enum) > 0 && !slices.Contains(sh.Enum, v) {
		c.broken(sh, path, v, "Member must satisfy enum value set: [%s]", strings.Join(sh.Enum, ", "))
	}
	if len(sh.Enum) == 0 {
		c.size(sh, utf8.RuneCountInString(v), path, v)
	}
	if sh.pattern == nil {
		return
	}
	// A pattern that cannot be read judges nothing; a test compiles all of them.
	if match, err := sh.pattern(); err == nil && !match(v) {
		c.broken(sh, path, v, "Member must satisfy regular expression pattern: %s", sh.Pattern)
	}
}

func (c *checker) size(sh *shape, n int, path, shown string) {
	if sh.Min != nil && float64(n) < *sh.Min {
		c.broken(sh, path, shown, "Member must have length greater than or equal to %v", *sh.Min)
	}
	if sh.Max != nil && float64(n) > *sh.Max {
		c.broken(sh, path, shown, "Member must have length less than or equal to %s", plain(*sh.Max))
	}
}

func (c *checker) number(sh *shape, v number, path string) {
	n, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return // its type was refused already
	}
	if len(sh.allowed) > 0 && !slices.Contains(sh.allowed, string(v)) {
		c.broken(sh, path, string(v), "Member must satisfy enum value set: [%s]", strings.Join(sh.allowed, ", "))
	}
	if sh.Min != nil && n < *sh.Min {
		c.broken(sh, path, string(v), "Member must have value greater than or equal to %s", plain(*sh.Min))
	}
	if sh.Max != nil && n > *sh.Max {
		c.broken(sh, path, string(v), "Member must have value less than or equal to %s", plain(*sh.Max))
	}
}

func plain(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// typed turns a scalar written as text, in a form, an XML document or a header,
// into a value of its shape's type.
func (c *checker) typed(sh *shape, text, path string) any {
	switch sh.Type {
	case "boolean":
		// EC2 and RDS take either case.
		if lower := strings.ToLower(text); lower == "true" || lower == "false" {
			return lower == "true"
		}
		c.illTyped(path, text, "a boolean")
	case "integer", "long":
		bits := map[string]int{"integer": 32, "long": 64}[sh.Type]
		if _, err := strconv.ParseInt(text, 10, bits); err == nil {
			return number(text)
		}
		c.illTyped(path, text, "an integer")
	case "float", "double":
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			return number(text)
		}
		c.illTyped(path, text, "a number")
	case "blob":
		if b, err := base64.StdEncoding.DecodeString(text); err == nil {
			return b
		}
		c.illTyped(path, text, "base64")
	case "timestamp":
		return nil // many forms; what answers the request reads it
	case "string", "character":
		return text
	}
	return nil
}

func (c *checker) illTyped(path, value, want string) {
	c.add(Fault{Path: path, Value: value, Rule: "Member must be " + want, kind: illTyped})
}
