package strict

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// generator makes values that are valid, and knows how to break them.
type generator struct {
	checker
	rand   *rand.Rand
	breaks []breaking
}

type breaking struct {
	path, how string
	apply     func()
}

// samples are tried where a pattern is to be matched.
var samples = []string{
	"a", "abc", "Abc-1", "1", "12", "123456789012", "/", "/a/", "a b", "true", "*", "2026-01-01", "i-0123456789abcdef0", "mw-0123456789abcdef0",
	"arn:aws:iam::123456789012:role/role", "arn:aws:secretsmanager:us-east-1:123456789012:secret:name-abcdef", "alias/name", "0123456789abcdef0123456789abcdef",
	"us-east-1", "12345678-1234-1234-1234-123456789012", "{}", strings.Repeat("a", 20), strings.Repeat("a", 36), "name@example.com", "arn:aws:rds:us-east-1:123456789012:db:name",
}

const deepest = 4

// value returns a valid value of a shape, nil if it finds none.
func (g *generator) value(sh *shape, path string, depth int) any {
	switch sh.Type {
	case "structure":
		out := map[string]any{}
		for _, name := range sortedKeys(sh.Members) {
			m := sh.Members[name]
			required := slices.Contains(sh.Required, name)
			if m.Location != "" || !required && (depth >= deepest || g.rand.IntN(3) > 0) {
				continue
			}
			at := g.join(path, name, m)
			v := g.value(g.shape(m), at, depth+1)
			if v == nil {
				if required {
					return nil
				}
				continue
			}
			out[name] = v
			g.breakable(g.shape(m), at, v, func(v any) { out[name] = v })
			if required {
				g.breaks = append(g.breaks, breaking{at, "missing", func() { delete(out, name) }})
			}
		}
		return out
	case "list":
		n := g.length(sh, 2)
		if depth >= 2*deepest && n > 0 {
			return nil
		}
		list := []any{}
		for i := range n {
			v := g.value(g.shape(sh.Member), g.proto.item(path, i+1), depth+1)
			if v == nil {
				return nil
			}
			list = append(list, v)
		}
		for i, v := range list {
			g.breakable(g.shape(sh.Member), g.proto.item(path, i+1), v, func(v any) { list[i] = v })
		}
		return list
	case "map":
		out := map[string]any{}
		for range g.length(sh, 1) {
			key, ok := g.value(g.shape(sh.Key), path, depth).(string)
			v := g.value(g.shape(sh.Value), path, 2*deepest)
			if !ok || v == nil {
				return nil
			}
			out[key] = v
		}
		g.breaks = slices.DeleteFunc(g.breaks, func(b breaking) bool { return strings.HasPrefix(b.path, path) }) // by keys
		return out
	case "boolean":
		return g.rand.IntN(2) == 0
	case "integer", "long", "float", "double":
		if len(sh.allowed) > 0 {
			return number(sh.allowed[g.rand.IntN(len(sh.allowed))])
		}
		low, high := bounds(sh, -1000, 1000)
		return number(fmt.Sprint(low + g.rand.IntN(high-low+1)))
	case "timestamp":
		return opaque{}
	case "blob":
		return []byte(strings.Repeat("b", g.length(sh, 5)))
	}
	return g.text(sh)
}

// text returns a string, nil if it finds none for a pattern.
func (g *generator) text(sh *shape) any {
	if len(sh.Enum) > 0 {
		return sh.Enum[g.rand.IntN(len(sh.Enum))]
	}
	if sh.pattern == nil {
		letters := []rune("aZ0 äß語😀+&=<%\"")
		var b strings.Builder
		for range g.length(sh, 8) {
			b.WriteRune(letters[g.rand.IntN(len(letters))])
		}
		return b.String()
	}
	match, err := sh.pattern()
	if err != nil {
		return nil
	}
	for _, i := range g.rand.Perm(len(samples)) {
		s := samples[i]
		if low, high := bounds(sh, 0, 1000); match(s) && len(s) >= low && len(s) <= high {
			return s
		}
	}
	return nil
}

func (g *generator) length(sh *shape, usual int) int {
	low, high := bounds(sh, 0, usual)
	return low + g.rand.IntN(min(high-low, usual)+1)
}

func bounds(sh *shape, low, high int) (int, int) {
	if sh.Min != nil {
		low = int(*sh.Min)
	}
	if sh.Max != nil {
		high = min(int(*sh.Max), max(high, low))
	}
	return low, max(low, high)
}

// breakable notes the ways to break a value.
func (g *generator) breakable(sh *shape, path string, v any, set func(any)) {
	note := func(how string, bad any) {
		g.breaks = append(g.breaks, breaking{path, how, func() { set(bad) }})
	}
	switch v.(type) {
	case string:
		const odd = "\x01no such value"
		match := func(string) bool { return true }
		if sh.pattern != nil {
			match, _ = sh.pattern()
		}
		if len(sh.Enum) > 0 || !match(odd) {
			note("a value", odd)
		}
		if len(sh.Enum) == 0 && sh.Max != nil && *sh.Max < 5000 {
			note("too long", strings.Repeat("a", int(*sh.Max)+1))
		}
		if len(sh.Enum) == 0 && sh.Min != nil && *sh.Min > 0 {
			note("too short", strings.Repeat("a", int(*sh.Min)-1))
		}
	case number:
		if len(sh.allowed) > 0 {
			note("a value", number("4"))
		}
		if sh.Max != nil {
			note("too great", number(plain(*sh.Max+1)))
		}
		if sh.Min != nil {
			note("too small", number(plain(*sh.Min-1)))
		}
	case bool:
		note("ill-typed", "perhaps")
	case []any:
		if sh.Min != nil && *sh.Min > 0 {
			note("too few", []any{})
		}
	}
}
