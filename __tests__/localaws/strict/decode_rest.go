package strict

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"example.com/webserver-cluster/tests/localaws/front"
)

// route is where an operation of a REST protocol is found,
// https://smithy.io/2.0/spec/http-bindings.html#http-trait.
type route struct {
	operation *operation
	segments  []string
	literals  url.Values // of the query
}

func routesOf(s *service) []route {
	var list []route
	for _, name := range sortedKeys(s.Operations) {
		op := s.Operations[name]
		path, rawQuery, _ := strings.Cut(op.HTTP.RequestURI, "?")
		literals, _ := url.ParseQuery(rawQuery)
		list = append(list, route{op, strings.Split(strings.Trim(path, "/"), "/"), literals})
	}
	return list
}

// labels returns what stands in the path for the route's labels; ok is false
// if the request is not the route's.
func (r route) labels(hr *http.Request) (labels map[string]string, ok bool) {
	if hr.Method != r.operation.HTTP.Method {
		return nil, false
	}
	given := hr.URL.Query()
	for key, values := range r.literals {
		if !given.Has(key) || values[0] != "" && given.Get(key) != values[0] {
			return nil, false
		}
	}
	labels = map[string]string{}
	path := strings.TrimPrefix(hr.URL.EscapedPath(), "/")
	for i, segment := range r.segments {
		rest := path
		if !strings.HasSuffix(segment, "+}") {
			path, rest, _ = strings.Cut(path, "/")
		} else if i == len(r.segments)-1 {
			rest = ""
		}
		name, isLabel := strings.CutPrefix(segment, "{")
		switch {
		case isLabel && path == "", !isLabel && path != segment:
			return nil, false
		case isLabel:
			labels[strings.TrimRight(name, "+}")], _ = url.PathUnescape(path)
		}
		path = rest
	}
	return labels, path == ""
}

// findRoute returns the operation of a REST request, and the labels in its path;
// nil if there is none. Several operations can have one path (PutObject,
// CopyObject): the request is the one's that it gives most of what it requires.
func findRoute(services []*service, r *front.Request) (*service, *operation, map[string]string) {
	var service *service
	var op *operation
	var labels map[string]string
	var best []int
	for _, s := range services {
		for _, rt := range s.routes {
			found, ok := rt.labels(r.HTTP)
			if !ok {
				continue
			}
			given, lacking := s.required(rt.operation, r.HTTP)
			score := []int{
				one(r.HTTP.URL.Query().Get("x-id") == rt.operation.Name), // SDKs say it
				len(rt.segments) - len(found), len(rt.literals), -lacking, given, one(!rt.operation.Deprecated),
			}
			if slices.Compare(score, best) > 0 {
				service, op, labels, best = s, rt.operation, found, score
			}
		}
	}
	return service, op, labels
}

func one(so bool) int {
	if so {
		return 1
	}
	return 0
}

// required counts the required headers and query parameters of an operation
// that the request gives and lacks.
func (s *service) required(op *operation, hr *http.Request) (given, lacking int) {
	if op.Input == nil {
		return 0, 0
	}
	sh := s.Shapes[op.Input.Shape]
	for _, name := range sh.Required {
		m := sh.Members[name]
		there := false
		switch m.Location {
		case "header":
			there = hr.Header.Get(m.LocationName) != ""
		case "querystring":
			there = hr.URL.Query().Has(m.LocationName)
		default:
			continue
		}
		if there {
			given++
		} else {
			lacking++
		}
	}
	return given, lacking
}

// malformedXML is S3's code for all that is wrong inside a body,
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList.
const malformedXML = "MalformedXML"

// blameBody gives that code to the faults inside the body.
func (c *checker) blameBody(sh *shape) {
	if c.proto != restXML {
		return
	}
	body := sh.Payload
	if body != "" {
		body = c.join("", body, sh.Members[body]) + "."
	}
	for i, f := range c.faults {
		if body != "" && strings.HasPrefix(f.Path+".", body) && f.Path+"." != body || f.kind == illTyped && f.Path+"." == body || f.kind == unknown {
			c.faults[i].code = malformedXML
		}
	}
}

// rest reads the input of an operation from the parts of a request.
func (c *checker) rest(sh *shape, r *front.Request, labels map[string]string) map[string]any {
	out := map[string]any{}
	for _, name := range sortedKeys(sh.Members) {
		m := sh.Members[name]
		path, kind := c.join("", name, m), c.shape(m)
		switch m.Location {
		case "uri":
			if text, ok := labels[m.LocationName]; ok {
				out[name] = c.header(kind, text, path)
			}
		case "querystring":
			if r.HTTP.URL.Query().Has(m.LocationName) {
				out[name] = c.header(kind, r.HTTP.URL.Query().Get(m.LocationName), path)
			}
		case "header":
			if text := r.HTTP.Header.Get(m.LocationName); text != "" {
				out[name] = c.header(kind, text, path)
			}
		case "":
			if name == sh.Payload && len(r.Body) > 0 {
				out[name] = c.payload(kind, m, r.Body, path)
			}
		}
	}
	if sh.Payload == "" && len(r.Body) > 0 {
		body, _ := c.payload(sh, &member{}, r.Body, "").(map[string]any)
		for name, v := range body {
			out[name] = v
		}
	}
	return out
}

func (c *checker) header(sh *shape, text, path string) any {
	switch {
	case sh.Type == "list" || sh.Type == "map" || sh.Type == "timestamp":
		return opaque{}
	case text == "" && (sh.Type != "string" || len(sh.Enum) > 0):
		return nil
	}
	return c.typed(sh, text, path)
}

func (c *checker) payload(sh *shape, m *member, body []byte, path string) any {
	switch {
	case sh.Type == "string":
		return string(body)
	case sh.Type != "structure":
		return opaque{} // a blob or a stream
	case c.proto == restJSON:
		v, err := parseJSON(body)
		if err != nil {
			c.illTyped(path, string(body), "JSON")
			return nil
		}
		return c.json(sh, v, path)
	}
	doc := etree.NewDocument()
	err := doc.ReadFromBytes(body)
	if root := doc.Root(); err != nil || root == nil || m.LocationName != "" && root.Tag != m.LocationName {
		c.illTyped(path, string(body), "a document "+m.LocationName)
		return nil
	}
	return c.xml(sh, m, doc.Root(), path)
}

// xml reads a value of the shape from an element,
// https://smithy.io/2.0/spec/protocol-traits.html#xml-bindings.
func (c *checker) xml(sh *shape, m *member, e *etree.Element, path string) any {
	switch sh.Type {
	case "structure":
		return c.xmlStructure(sh, e, path)
	case "list":
		list := []any{}
		for i, item := range e.ChildElements() {
			list = append(list, c.xml(c.shape(sh.Member), sh.Member, item, c.proto.item(path, i+1)))
		}
		return list
	case "map", "timestamp":
		return opaque{}
	}
	text := e.Text()
	if sh.Type != "string" {
		text = strings.TrimSpace(text)
	}
	return c.typed(sh, text, path)
}

func (c *checker) xmlStructure(sh *shape, e *etree.Element, path string) any {
	out, used := map[string]any{}, map[string]bool{}
	for _, name := range sortedKeys(sh.Members) {
		m := sh.Members[name]
		kind, at := c.shape(m), c.join(path, name, m)
		if m.Location != "" {
			continue
		}
		wire := c.proto.wireName(name, m)
		if m.XMLAttribute {
			if e.SelectAttr(wire) != nil {
				out[name] = opaque{}
			}
			continue
		}
		flat := kind.Type == "list" && (kind.Flattened || m.Flattened)
		used[wire] = true
		children := e.SelectElements(wire)
		switch {
		case len(children) == 0:
		case flat:
			list := []any{}
			for i, child := range children {
				list = append(list, c.xml(c.shape(kind.Member), kind.Member, child, c.proto.item(at, i+1)))
			}
			out[name] = list
		default:
			out[name] = c.xml(kind, m, children[0], at)
		}
	}
	for _, child := range e.ChildElements() {
		if !used[child.Tag] {
			c.add(Fault{Path: c.join(path, child.Tag, nil), Value: strings.TrimSpace(child.Text()), Rule: "Member is not recognized", kind: unknown})
		}
	}
	return out
}
