package strict

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/aws/smithy-go/encoding/cbor"
)

// parseJSON reads a body of the JSON protocols; none means no members.
func parseJSON(body []byte) (any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return map[string]any{}, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}

// parseCBOR reads a body of the protocol RPC v2 CBOR as parseJSON reads one of
// JSON, but for blobs ([]byte) and timestamps (opaque).
func parseCBOR(body []byte) (any, error) {
	if len(body) == 0 {
		return map[string]any{}, nil
	}
	v, err := cbor.Decode(body)
	if err != nil {
		return nil, err
	}
	return fromCBOR(v), nil
}

func fromCBOR(v cbor.Value) any {
	switch v := v.(type) {
	case cbor.Map:
		m := map[string]any{}
		for key, value := range v {
			m[key] = fromCBOR(value)
		}
		return m
	case cbor.List:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = fromCBOR(item)
		}
		return list
	case cbor.String:
		return string(v)
	case cbor.Slice:
		return []byte(v)
	case cbor.Bool:
		return bool(v)
	case cbor.Uint:
		return json.Number(strconv.FormatUint(uint64(v), 10))
	case cbor.NegInt:
		return json.Number("-" + strconv.FormatUint(uint64(v), 10))
	case cbor.Float32:
		return json.Number(plain(float64(v)))
	case cbor.Float64:
		return json.Number(plain(float64(v)))
	case *cbor.Tag:
		return opaque{}
	}
	return nil // null or undefined
}

// json reads a value of the shape from a parsed body,
// https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html#shape-serialization.
func (c *checker) json(sh *shape, v any, path string) any {
	if v == nil {
		return nil
	}
	if v == (any)(opaque{}) {
		return v
	}
	wrong := func() any {
		c.illTyped(path, fmt.Sprint(v), map[string]string{
			"structure": "an object", "map": "an object", "list": "a list", "string": "a string", "character": "a string", "boolean": "a boolean",
			"integer": "an integer", "long": "an integer", "float": "a number", "double": "a number", "blob": "base64",
		}[sh.Type])
		return nil
	}
	switch sh.Type {
	case "structure":
		object, ok := v.(map[string]any)
		if !ok {
			return wrong()
		}
		out := map[string]any{}
		for _, name := range sortedKeys(sh.Members) {
			m := sh.Members[name]
			if m.Location != "" {
				continue // in a header or the path
			}
			if value, ok := object[c.proto.wireName(name, m)]; ok {
				out[name] = c.json(c.shape(m), value, c.join(path, name, m))
			}
		}
		return out
	case "list":
		items, ok := v.([]any)
		if !ok {
			return wrong()
		}
		list := make([]any, len(items))
		for i, item := range items {
			list[i] = c.json(c.shape(sh.Member), item, c.proto.item(path, i+1))
		}
		return list
	case "map":
		object, ok := v.(map[string]any)
		if !ok {
			return wrong()
		}
		out := map[string]any{}
		for _, key := range sortedKeys(object) {
			out[key] = c.json(c.shape(sh.Value), object[key], path+"."+key+".value")
		}
		return out
	case "string", "character":
		if s, ok := v.(string); ok {
			return s
		}
		return wrong()
	case "boolean":
		if b, ok := v.(bool); ok {
			return b
		}
		return wrong()
	case "integer", "long", "float", "double":
		n, ok := v.(json.Number)
		if !ok {
			if s, isText := v.(string); isText && (s == "NaN" || s == "Infinity" || s == "-Infinity") && (sh.Type == "float" || sh.Type == "double") {
				return opaque{}
			}
			return wrong()
		}
		return c.typed(sh, n.String(), path)
	case "blob":
		switch b := v.(type) {
		case []byte:
			return b
		case string:
			if decoded, err := base64.StdEncoding.DecodeString(b); err == nil {
				return decoded
			}
		}
		return wrong()
	}
	return opaque{} // timestamps, documents
}
