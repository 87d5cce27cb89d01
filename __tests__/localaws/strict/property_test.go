package strict

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/aws/smithy-go/encoding/cbor"

	"example.com/webserver-cluster/tests/localaws/front"
)

// TestProperty makes random requests of the services that a deploy calls, each
// valid by the model, and then breaks one constraint: the first passes, and of
// the second the gate says what is wrong.
func TestProperty(t *testing.T) {
	program, err := exec.LookPath("moto_server")
	if err != nil {
		t.Fatal(err)
	}
	m, err := FindModels(t.Context(), program)
	if err != nil {
		t.Fatal(err)
	}
	for name, proto := range map[string]protocol{
		"autoscaling": query, "elbv2": query, "rds": query, "iam": query, "sns": query, "sts": query, "ec2": ec2,
		"dynamodb": awsJSON, "ssm": awsJSON, "logs": awsJSON, "kms": awsJSON, "secretsmanager": awsJSON, "resourcegroupstaggingapi": awsJSON, "cloudwatch": cborRPC,
	} {
		t.Run(name, func(t *testing.T) {
			s := serviceNamed(t, m, name)
			valid, broken := 0, 0
			for seed := range uint64(400) {
				r := rand.New(rand.NewPCG(seed, 0))
				names := sortedKeys(s.Operations)
				op := s.Operations[names[r.IntN(len(names))]]
				if op.Input == nil {
					continue
				}
				gen := &generator{checker: checker{service: s, proto: proto}, rand: r}
				input := gen.value(gen.shape(op.Input), "", 0)
				if input == nil {
					continue // a pattern that no sample matches
				}
				valid++
				if faults := judged(t, gen, op, input); len(faults) > 0 {
					t.Errorf("seed %d: %s refused: %v\n%v", seed, op.Name, faults, input)
				}
				if len(gen.breaks) == 0 {
					continue
				}
				broken++
				b := gen.breaks[r.IntN(len(gen.breaks))]
				b.apply()
				if faults := judged(t, gen, op, input); !slices.ContainsFunc(faults, func(f Fault) bool { return f.Path == b.path }) {
					t.Errorf("seed %d: %s, broken at %s (%s), passes: %v\n%v", seed, op.Name, b.path, b.how, faults, input)
				}
			}
			if valid < 100 || broken < 50 {
				t.Errorf("%d valid and %d broken requests are too few to show anything", valid, broken)
			}
		})
	}
}

func serviceNamed(t *testing.T, m *Models, name string) *service {
	t.Helper()
	index, err := m.index()
	if err != nil {
		t.Fatal(err)
	}
	for _, folders := range index {
		for _, folder := range folders {
			if strings.Contains(folder, "/"+name+"/") {
				s, err := m.service(folder)
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
		}
	}
	t.Fatalf("no model of %s", name)
	return nil
}

// judged writes the input in the service's protocol and returns what the model
// finds wrong with it.
func judged(t *testing.T, gen *generator, op *operation, input any) []Fault {
	t.Helper()
	r := &front.Request{HTTP: httptest.NewRequest("POST", "/", nil), Action: op.Name}
	sh := gen.shape(op.Input)
	switch gen.proto {
	case query, ec2:
		r.Params = url.Values{"Action": {op.Name}, "Version": {"1"}}
		gen.form(sh, op.Input, input, "", r.Params)
	case awsJSON:
		body, err := json.Marshal(gen.plain(sh, input, false))
		if err != nil {
			t.Fatal(err)
		}
		r.Body = body
	case cborRPC:
		r.Body = cbor.Encode(gen.plain(sh, input, true).(cbor.Value))
	}
	c := &checker{service: gen.service, proto: gen.proto}
	if read := c.input(op, r, nil); read != nil {
		c.check(sh, read, "")
	}
	return c.faults
}

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

// TestPatterns: every pattern of the services that a deploy calls can be read.
func TestPatterns(t *testing.T) {
	program, err := exec.LookPath("moto_server")
	if err != nil {
		t.Fatal(err)
	}
	m, err := FindModels(t.Context(), program)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"autoscaling", "cloudwatch", "dynamodb", "ec2", "elbv2", "iam", "kms", "logs", "rds", "resourcegroupstaggingapi", "s3", "secretsmanager", "sns", "ssm", "sts"} {
		s := serviceNamed(t, m, name)
		for _, key := range sortedKeys(s.Shapes) {
			if sh := s.Shapes[key]; sh.pattern != nil {
				if _, err := sh.pattern(); err != nil {
					t.Errorf("%s %s: %v", name, key, err)
				}
			}
		}
	}
}
