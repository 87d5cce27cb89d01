package strict

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/smithy-go/encoding/cbor"
)

// form writes a value as Query or EC2 parameters.
func (g *generator) form(sh *shape, m *member, v any, name string, out url.Values) {
	below := func(part string) string { return strings.TrimPrefix(name+"."+part, ".") }
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 && name != "" {
			out.Set(name, "")
		}
		i := 0
		for _, key := range sortedKeys(v) {
			if sh.Type == "map" {
				i++
				entry := below(fmt.Sprintf("entry.%d.", i))
				if sh.Flattened || m.Flattened {
					entry = below(fmt.Sprintf("%d.", i))
				}
				out.Set(entry+g.proto.wireName("key", sh.Key), key)
				g.form(g.shape(sh.Value), sh.Value, v[key], entry+g.proto.wireName("value", sh.Value), out)
				continue
			}
			kid := sh.Members[key]
			g.form(g.shape(kid), kid, v[key], below(g.proto.wireName(key, kid)), out)
		}
	case []any:
		if len(v) == 0 {
			out.Set(name, "")
		}
		if g.proto == query && !sh.Flattened && !m.Flattened {
			part := sh.Member.LocationName
			if part == "" {
				part = "member"
			}
			name += "." + part
		}
		for i, item := range v {
			g.form(g.shape(sh.Member), sh.Member, item, fmt.Sprintf("%s.%d", name, i+1), out)
		}
	case opaque:
		out.Set(name, "2026-01-01T00:00:00Z")
	case []byte:
		out.Set(name, base64.StdEncoding.EncodeToString(v))
	default:
		out.Set(name, fmt.Sprint(v))
	}
}

// plain turns a value into what JSON, or CBOR, writes.
func (g *generator) plain(sh *shape, v any, binary bool) any {
	switch v := v.(type) {
	case map[string]any:
		object, items := map[string]any{}, cbor.Map{}
		for key, value := range v {
			kid := sh.Value
			name := key
			if sh.Type == "structure" {
				kid = sh.Members[key]
				name = g.proto.wireName(key, kid)
			}
			p := g.plain(g.shape(kid), value, binary)
			object[name] = p
			items[name], _ = p.(cbor.Value)
		}
		if binary {
			return items
		}
		return object
	case []any:
		list, items := make([]any, len(v)), make(cbor.List, len(v))
		for i, item := range v {
			list[i] = g.plain(g.shape(sh.Member), item, binary)
			items[i], _ = list[i].(cbor.Value)
		}
		if binary {
			return items
		}
		return list
	case string:
		if binary {
			return cbor.String(v)
		}
	case bool:
		if binary {
			return cbor.Bool(v)
		}
	case []byte:
		if binary {
			return cbor.Slice(v)
		}
	case opaque:
		if binary {
			return &cbor.Tag{ID: 1, Value: cbor.Uint(1)}
		}
		return 1767225600
	case number:
		if !binary {
			return json.Number(v)
		}
		n := int64(numeric(v))
		if n < 0 {
			return cbor.NegInt(-n)
		}
		return cbor.Uint(n)
	}
	return v
}
